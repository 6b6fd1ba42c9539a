"""Bars of mailctl, on a terminal alone: a helper that is stopped for a while
makes its work long."""
import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import termios
import time

import pytest

from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER
from harness.smtp import deliver

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
BAR = rb"\r%s \[[# ]{30}\] %s\x1b\[K"
# What is counted when it began, and what is not.
COUNTED = BAR % (b"%s", rb" +\d+ %% \(\d+ of \d+ %s\)")
ALIVE = BAR % (b"%s", rb"\d+ s")


class Terminal:
    """mailctl with standard error on a terminal; what was shown there."""

    def __init__(self, pair, *args, columns=0, term="xterm"):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self.shown = b""
        self.process = subprocess.Popen(
            [BUILD / "bin" / "mailctl", "-c", pair.conf("helpers"), *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
            text=True, env={**os.environ, "TERM": term})
        os.close(slave)

    def read(self, until=None, seconds=60 * PATIENCE):
        """Reads up to the pattern, or to the end."""
        deadline = time.monotonic() + seconds
        while until is None or not re.search(until, self.shown):
            assert time.monotonic() < deadline, (until, self.shown)
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:
                assert until is None, (until, self.shown)
                return

    def end(self):
        """Its exit code, and what it said on standard output."""
        self.read()
        os.close(self.master)
        said = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(), said


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def screen(shown):
    """What is left on the line in the end, and on those before it."""
    return [line.rsplit(b"\x1b[K")[-1].strip()
            for line in shown.split(b"\n")]


@pytest.fixture
def users(pair, tmp_path):
    """A file of users, in more than one request."""
    pair.mailctl("domain", "add", "bar.test")
    file = tmp_path / "users.csv"
    file.write_text("user\n" + "".join(
        f"u{n}@bar.test\n" for n in range(250)))
    return str(file)


def test_an_import_shows_how_far_it_is(pair, users):
    with stopped(pair.pid("accounts")):
        terminal = Terminal(pair, "user", "import", users)
        terminal.read(until=COUNTED % (b"checking", b"lines"))
    code, said = terminal.end()
    assert code == 0 and "250 added" in said, terminal.shown
    # The bar has gone when the command ends.
    assert screen(terminal.shown) == [b""], terminal.shown
    # What is wrong is said on a line of its own.
    with open(users, "a", encoding="ascii") as file:
        file.write("nobody@nowhere.test\n")
    with stopped(pair.pid("accounts")):
        terminal = Terminal(pair, "user", "import", users)
        terminal.read(until=COUNTED % (b"checking", b"lines"))
    code, said = terminal.end()
    assert code == 1 and not said
    lines = screen(terminal.shown)
    assert lines[0].startswith(f"{users}:252: nobody@nowhere.test".encode())
    assert lines[-2:] == [b"mailctl: nothing was changed", b""], lines


@pytest.mark.parametrize("args,said", [
    (["mailbox", "check"], "the index"), (["mailbox", "repair"], "letters"),
    (["mailbox", "import-xuidl"], "UIDLs found")])
def test_work_on_a_mailbox_shows_that_it_goes_on(pair, user, args, said):
    name = f"{user}@{DOMAIN}"
    with stopped(pair.pid("mailbox")):
        terminal = Terminal(pair, *args, name)
        terminal.read(until=ALIVE % name.encode())
    code, text = terminal.end()
    assert code == 0 and said in text, (text, terminal.shown)
    assert screen(terminal.shown) == [b""], terminal.shown


@pytest.mark.parametrize("columns", [10, 40])
def test_a_bar_fits_into_a_narrow_terminal(pair, user, columns):
    """Wrapped, it could not be taken away."""
    with stopped(pair.pid("mailbox")):
        terminal = Terminal(pair, "mailbox", "check", f"{user}@{DOMAIN}",
                            columns=columns)
        terminal.read(until=rb"\r[^\r]* \d+ s\x1b\[K")
    assert terminal.end()[0] == 0
    drawn = re.findall(rb"\r([^\r]*?)\x1b\[K", terminal.shown)
    assert user.encode() in terminal.shown or columns == 10
    assert 0 < max(map(len, drawn)) < columns, terminal.shown


def test_there_is_none_on_a_dumb_terminal(pair, user):
    name = f"{user}@{DOMAIN}"
    with stopped(pair.pid("mailbox")):
        dumb = Terminal(pair, "mailbox", "check", name, term="dumb")
        shows = Terminal(pair, "mailbox", "check", name)
        shows.read(until=ALIVE % name.encode())
    assert shows.end()[0] == dumb.end()[0] == 0
    assert dumb.shown == b""


@contextlib.contextmanager
def between(pair, path, numbers):
    """Takes a request before the mailbox helper does, shows these numbers
    where it would; lets it have the request at the end, and gives the numbers
    that it left."""
    kind, left = socket.SOCK_SEQPACKET, []
    with socket.socket(socket.AF_UNIX, kind) as listener, \
            socket.socket(socket.AF_UNIX, kind) as helper:
        listener.settimeout(60 * PATIENCE)
        listener.bind(str(path))
        listener.listen(1)
        helper.connect(str(pair.run / "admin" / "mailbox"))

        def take():
            """Its connection, and the file that came along."""
            client, _ = listener.accept()
            request, (fd,), _, _ = socket.recv_fds(client, 65536, 1)
            os.pwrite(fd, struct.pack("=II", *numbers), 0)
            return client, request, fd
        taken = []
        thread = threading.Thread(target=lambda: taken.extend(take()))
        thread.start()
        yield left
        thread.join()
        client, request, fd = taken
        with client:
            socket.send_fds(helper, [request], [fd])
            client.send(helper.recv(65536))
        left += struct.unpack("=II", os.pread(fd, 8, 0))
        os.close(fd)


@pytest.mark.parametrize("verb", ["check", "repair", "import-xuidl"])
def test_work_on_a_mailbox_shows_how_far_it_is(pair, user, tmp_path, verb):
    name = f"{user}@{DOMAIN}"
    for _ in range(2):
        deliver(pair.smtp_port, b"Subject: x\r\n\r\nx\r\n", name)
    pair.must("mailbox", "repair", name)
    with between(pair, tmp_path / "s", (4, 3)) as left:
        terminal = Terminal(pair, "-S", str(tmp_path / "s"), "mailbox", verb,
                            name)
        terminal.read(until=BAR % (name.encode(), rb" 75 % \(3 of 4 letters"
                                   rb"\)"))
    code, said = terminal.end()
    assert code == 0, (said, terminal.shown)
    assert left == [0, 0], "the helper has not told"


def test_a_backup_shows_what_was_written(pair, tmp_path):
    with stopped(pair.pid("accounts")):
        terminal = Terminal(pair, "backup", str(tmp_path))
        terminal.read(until=rb"writing \[[# ]{30}\] \d+ s \(\d+ octets\)")
    code, text = terminal.end()
    assert code == 0 and "written" in text, (text, terminal.shown)
    assert screen(terminal.shown) == [b""], terminal.shown


def test_there_is_none_in_a_pipe_or_with_json(pair, user):
    """The helper stands still for longer than it takes for a bar to show."""
    name = f"{user}@{DOMAIN}"
    with stopped(pair.pid("mailbox")):
        plain = subprocess.Popen(
            [BUILD / "bin" / "mailctl", "-c", pair.conf("helpers"),
             "mailbox", "check", name], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        silent = Terminal(pair, "--json", "mailbox", "check", name)
        shows = Terminal(pair, "mailbox", "check", name)
        shows.read(until=ALIVE % name.encode())
    code, text = silent.end()
    assert code == 0 and json.loads(text)["index"]
    assert silent.shown == b""
    assert shows.end()[0] == 0
    said, complaint = plain.communicate(timeout=60 * PATIENCE)
    assert plain.returncode == 0 and said and complaint == ""
