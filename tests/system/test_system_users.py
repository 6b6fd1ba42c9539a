"""System users: mail in ~/Maildir, with their own uid, beside virtual ones;
and what an owner who lays traps there can do: harm himself."""
import contextlib
import os
import pathlib
import shutil
import tempfile
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Smtp, deliver
from harness.system_users import system_user

BODY = b"Subject: to a system user\r\n\r\n.x\r\n"
# Two runs on one machine must not share them.
LOGINS = [f"rm{os.getpid()}-ann", f"rm{os.getpid()}-eve"]


class Users:
    """Two system users, with homes of their own, and the services."""

    def __init__(self, pair, homes):
        self.pair = pair
        self.homes = homes

    def maildir(self, login):
        return self.homes / login / "Maildir"

    def send(self, *logins, size=0):
        body = BODY + (b"z" * 70 + b"\r\n") * (size // 72)
        return deliver(self.pair.smtp_port, body,
                       *(f"{login}@{DOMAIN}" for login in logins)).code

    def fetch(self, login):
        return fetch(self.pair.pop3_port, login)


@pytest.fixture
def users(make_pair):
    homes = pathlib.Path(tempfile.mkdtemp(prefix="ringmail-homes-",
                                          dir="/var/tmp"))
    homes.chmod(0o755)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, homes, ignore_errors=True)
        for login in LOGINS:
            stack.enter_context(system_user(
                login, "-m", "-k", "/nonexistent", "-d", homes / login))
            (homes / login).chmod(0o700)
        pair = make_pair(helpers={"mail": {"homes": [homes]}})
        for login in LOGINS:
            pair.must("user", "add", "--system", f"{login}@{DOMAIN}",
                      stdin="pw\n")
        yield Users(pair, homes)


def test_mail_goes_home(users):
    ann, eve = LOGINS
    assert users.send(ann) == 250
    assert users.send(ann, eve, "u0") == 250
    assert users.send(ann, size=100000) == 250
    assert [len(users.fetch(n)) for n in (ann, eve, "u0")] == [3, 1, 1]
    home = (users.homes / ann).stat()
    for path in users.maildir(ann).rglob("*"):
        stat = path.stat()
        assert (stat.st_uid, stat.st_gid) == (home.st_uid, home.st_gid)
        assert stat.st_mode & 0o077 == 0
        # An inode is shared by mailboxes of one owner alone.
        assert path.is_dir() or stat.st_nlink == 1
    with Pop3(users.pair.pop3_port, user=ann) as pop3:
        pop3.cmd("DELE 1")
        pop3.quit()
    assert len(users.fetch(ann)) == 2
    users.pair.kill_helper("mailbox")
    assert users.send(ann) == 250
    assert len(users.fetch(ann)) == 3


def test_who_may_be_one(users):
    pair = users.pair
    for name in ("root", "daemon", "nobody-of-this-name", "www-data"):
        done = pair.mailctl("user", "add", "--system", f"{name}@{DOMAIN}",
                            stdin="pw\n")
        assert done.returncode != 0 and done.stderr
    done = pair.mailctl("user", "add", "--system", f"{LOGINS[0]}@{DOMAIN}",
                        stdin="pw\n")
    assert "already" in done.stderr
    assert pair.mailctl("user", "add", "--system").returncode != 0


def swap(path, make):
    """Puts something else in the place of a path."""
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    make(path)


def traps(users):
    """Functions that lay one each in eve's home."""
    ann, eve = (users.maildir(login) for login in LOGINS)
    yield lambda: swap(eve, lambda p: p.symlink_to(ann))
    yield lambda: swap(eve / "new", lambda p: p.symlink_to(ann / "new"))
    yield lambda: swap(eve / "new", lambda p: p.symlink_to("/etc"))
    yield lambda: swap(eve / "new", os.mkfifo)
    yield lambda: swap(eve / "cur", os.mkfifo)
    yield lambda: swap(eve / "new", lambda p: p.write_text("x"))
    yield lambda: swap(eve.parent, lambda p: p.symlink_to(ann.parent))
    yield lambda: (eve / "new").chmod(0)
    yield lambda: eve.chmod(0)
    yield lambda: eve.parent.chmod(0)


@pytest.mark.parametrize("number", range(10))
@pytest.mark.cases_under_valgrind(1)
def test_traps_harm_their_owner_alone(users, number):
    ann, eve = LOGINS
    assert users.send(ann) == 250
    assert users.send(eve) == 250
    before = sorted(users.maildir(ann).rglob("*"))
    list(traps(users))[number]()
    began = time.monotonic()
    assert users.send(eve) in (250, 451)
    try:
        Pop3(users.pair.pop3_port, user=eve).close()
    except Failed:
        pass
    assert sorted(users.maildir(ann).rglob("*")) == before
    assert users.send(ann) == 250
    assert len(users.fetch(ann)) == 2
    assert time.monotonic() - began < 20 * PATIENCE
    assert proc.alive(users.pair.pid("mailbox"))


def test_letters_that_are_none(users):
    """Links, FIFOs and folders among the letters."""
    ann, eve = LOGINS
    assert users.send(ann) == 250
    assert users.send(eve) == 250
    new = users.maildir(eve) / "new"
    secret = next((users.maildir(ann) / "new").iterdir())
    (new / "1.link,S=10,W=10").symlink_to(secret)
    (new / "2.root,S=10,W=10").symlink_to("/etc/shadow")
    os.mkfifo(new / "3.fifo,S=10,W=10", 0o666)
    (new / "4.folder,S=10,W=10").mkdir()
    with Pop3(users.pair.pop3_port, user=eve) as pop3:
        count, _ = pop3.stat()
        got = []
        for n in range(1, count + 1):
            try:
                got.append(pop3.retr(n))
            except Failed:
                pass
        pop3.quit()
    assert len(got) == 1 and got[0].endswith(b"\r\n.x\r\n")


def test_quota_of_a_system_user(users):
    ann = LOGINS[0]
    users.pair.must("user", "quota", f"{ann}@{DOMAIN}", "1M,1")
    assert users.send(ann) == 250
    file = users.maildir(ann) / "maildirsize"
    assert file.read_text().startswith("1048576S,1C\n")
    assert file.stat().st_uid == (users.homes / ann).stat().st_uid
    # What stands in it decides nothing.
    file.write_text("0S\n-1000 -1000\n")
    with Smtp(users.pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert smtp.cmd(f"RCPT TO:<{ann}@{DOMAIN}>").code == 452
