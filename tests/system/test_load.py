"""Two thousand messages at once, octet for octet, and nothing left over."""
import re
import socketserver
import subprocess
import threading

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.load import Load, untraced
from harness.pop3 import Pop3, fetch
from harness.smtp import deliver
from harness.tools import smtp_source

MESSAGES, SESSIONS, LENGTH = scaled(2000, 40), 20, 10_000
WORKERS = 2  # of pop3d
LOOKS = 10  # in turn, that see the same: then it rests


class Recorder(socketserver.StreamRequestHandler):
    """An SMTP server that keeps the messages it gets, as they were sent."""

    def handle(self):
        self.wfile.write(b"220 recorder\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line[:1] == b"." else line)
                self.server.messages.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT"
                             else b"250 ok\r\n")


def recorded(length):
    """What smtp-source sends as a message of that length."""
    server = socketserver.TCPServer(("127.0.0.1", 0), Recorder)
    server.messages = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    subprocess.run([*smtp_source(), "-m", "1", "-l", str(length),
                    "-f", "s@remote.example", "-t", f"u0@{DOMAIN}",
                    f"127.0.0.1:{server.server_address[1]}"], check=True)
    server.shutdown()
    server.server_close()
    return server.messages[0]


def plain(message):
    """Without what smtp-source makes anew for each message."""
    return re.sub(rb"^(Date|Message-Id): [^\r]*\r\n", b"", message,
                  flags=re.M | re.I)


def settled(pair):
    """What the processes hold once nobody is connected and nothing is on its
    way: the files that QUIT removes go behind its answer, and their folder
    opens and closes meanwhile."""
    mail = proc.kind(f"{pair.mail}/")
    ports = {pair.smtp_port, pair.pop3_port}
    looks = []

    def now():
        return {name: (proc.shape(pid), len(proc.threads(pid)))
                for name, pid in pair.pids().items()}

    def still():
        shapes = now()
        busy = proc.connected(ports) or any(
            kind.startswith(mail) for shape, _ in shapes.values()
            for kind in shape)
        if busy or looks and looks[-1] != shapes:
            looks.clear()
        if not busy:
            looks.append(shapes)
        return len(looks) >= LOOKS and shapes

    try:
        return proc.wait_until("the services are at rest", still,
                               30 * PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}; they hold {now()}") from None


def removed(pair, user):
    """Waits until no letter's file is there."""
    proc.wait_until("the files have gone", lambda: not any(
        [*(pair.maildir(user) / sub).iterdir()] for sub in ("new", "cur")),
        30 * PATIENCE)


def warm(pair):
    """What the services make at first use and keep is made: each worker of
    pop3d has read a letter, and so shares memory with its mailbox helper."""
    assert deliver(pair.smtp_port, b"x\r\n", f"u0@{DOMAIN}").code == 250

    def shelves():
        assert len(fetch(pair.pop3_port, "u0")) == 1
        shape = proc.shape(pair.pid("mailbox"))
        return shape["/memfd:shelf (deleted)"] == WORKERS

    proc.wait_until("each worker has read a letter", shelves, 30 * PATIENCE)
    fetch(pair.pop3_port, "u0", delete=True)
    removed(pair, "u0")


@pytest.mark.cases_under_valgrind(0)
def test_smtp_source_then_pop3(make_pair):
    pair = make_pair(users=1, pop3d={"workers": WORKERS})
    warm(pair)
    before = settled(pair)
    done = subprocess.run(
        [*smtp_source(), "-s", str(SESSIONS), "-m", str(MESSAGES),
         "-l", str(LENGTH), "-f", "s@remote.example", "-t", f"u0@{DOMAIN}",
         f"127.0.0.1:{pair.smtp_port}"], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120 * PATIENCE,
        check=False)
    assert (done.returncode, done.stdout) == (0, "")
    want = plain(recorded(LENGTH))
    with Pop3(pair.pop3_port, user="u0", timeout=60 * PATIENCE) as pop3:
        sizes = pop3.list()
        assert len(sizes) == MESSAGES
        assert pop3.stat() == (MESSAGES, sum(sizes.values()))
        assert len(set(pop3.uidl().values())) == MESSAGES
        for number, octets in sizes.items():
            message = pop3.retr(number)
            assert len(message) == octets
            assert plain(untraced(message)) == want
        pop3.quit()
    assert len([*(pair.maildir("u0") / "tmp").iterdir()]) == 0
    assert settled(pair) == before, "descriptors or threads are left over"


def test_messages_of_every_kind(make_pair):
    pair = make_pair(users=4)
    load = Load(pair.smtp_port, [f"{u}@{DOMAIN}" for u in pair.users],
                sessions=20, seed=7, count=scaled(1000, 40)).start()
    load.wait(300 * PATIENCE)
    assert not load.ended and set(load.codes) == {250}, \
        (load.ended, load.codes)
    load.check([m for u in pair.users for m in fetch(pair.pop3_port, u)])


def test_sessions_leave_nothing_behind(make_pair):
    """Sessions that come and go in turn: fibers, stacks, descriptors and
    memory are where they were after the first ones."""
    pair = make_pair(users=1, pop3d={"workers": WORKERS})
    warm(pair)
    sizes = []
    for _ in range(4):
        Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=20,
             count=scaled(200, 20)).start().wait(60 * PATIENCE)
        fetch(pair.pop3_port, "u0", delete=True)
        removed(pair, "u0")
        sizes.append((settled(pair), {
            name: (proc.mappings(pid), proc.resident(pid))
            for name, pid in pair.pids().items()}))
    (held, early), (held_late, late) = sizes[1], sizes[-1]
    assert held_late == held
    for name in early:
        assert late[name][0] <= early[name][0] + 16, f"{name}: mappings"
        assert late[name][1] <= early[name][1] * 1.5 + 8192, \
            f"{name}: memory"
