"""A pop3d before other servers: users whose mailbox a backend has."""
import base64
import contextlib
import ctypes
import json
import os
import re
import socket

import pytest

from harness import proc
from harness.auth import Scram
from harness.backend import Back
from harness.daemons import DOMAIN, PATIENCE, Pair, free_ports, running
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import deliver


class Front(Pair):
    """The server that users speak to, which trusts back's authority."""

    def __init__(self, back, servers=(), pop3d=None):
        self.ports = {"implicit": back.pop3s_port, "stls": back.pop3_port,
                      "none": back.pop3_port}
        every = [f"{host}:{port}" for host in ("localhost", "127.0.0.1")
                 for port in set(self.ports.values())]
        super().__init__(
            users=0,
            pop3d={"backends": {"ca": back.ca.pem}, **(pop3d or {})},
            helpers={"backends": {"servers": [*every, *servers]}})

    def lead(self, user, *options, tls="implicit", host="localhost"):
        """A user of ours whose mailbox is at back."""
        self.must("user", "backend", *options, "--tls", tls,
                  f"{user}@{DOMAIN}", f"{host}:{self.ports[tls]}")


@pytest.fixture(scope="module")
def back():
    with running(Back()) as pair:
        yield pair


@pytest.fixture(scope="module")
def module_front(back):
    with running(Front(back)) as pair:
        yield pair


@pytest.fixture
def front(module_front, back):
    yield module_front
    module_front.check()
    back.check()


@pytest.fixture
def ann(back, user_names):
    """A user of back, with a letter, and not yet one of front."""
    name = next(user_names)
    back.add_user(name)
    assert deliver(back.smtp_port, b"Subject: one\r\n\r\n.one\r\n",
                   f"{name}@{DOMAIN}").code == 250
    return name


@pytest.fixture(scope="module")
def user_names():
    return iter([f"m{n}" for n in range(1000)])


def line_of(pair, name, pattern):
    """The last line of a log that has this pattern."""
    def find():
        return [line for line in pair.log(name).read_text().splitlines()
                if re.search(pattern, line)]
    return proc.wait_until(f"{pattern} in the log of {name}", find)[-1]


@pytest.mark.parametrize("tls", ["implicit", "stls", "none"])
def test_session_at_the_backend(front, back, ann, tls):
    """All commands reach the backend, and its mailbox is the one."""
    front.lead(ann, "--new", tls=tls)
    with Pop3(front.pop3_port, user=ann) as pop3:
        assert pop3.stat()[0] == 1
        assert list(pop3.uidl()) == [1]
        assert pop3.retr(1).endswith(b"\r\n.one\r\n")
        assert "IMPLEMENTATION ringmail" in pop3.multi("CAPA").decode()
        pop3.cmd("DELE 1")
        pop3.quit()
    assert fetch(back.pop3_port, ann) == []
    line = line_of(front, "pop3d", f"login .*{ann}@.*backend=")
    assert ("TLSv1" in line) == (tls != "none")
    assert "backend.end" in line_of(front, "pop3d", f"backend.end.*{ann}@")


def test_who_the_client_is(front, back, ann):
    """The backend hears the client's own address, and of one proxy less."""
    front.lead(ann, "--new")
    with Pop3(front.pop3_port, user=ann, source="127.0.0.7") as pop3:
        pop3.quit()
    ours = line_of(front, "pop3d", f"login .*{ann}@")
    session = re.search(r"session=(\w+)", ours).group(1)
    theirs = line_of(back, "pop3d", f"proxy_session={session}")
    assert "client=127.0.0.7" in theirs


def b64(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mechanisms_that_show_the_password(front, back, ann, mechanism):
    front.lead(ann, "--new")
    with Pop3(front.pop3_port) as pop3:
        if mechanism == "PLAIN":
            pop3.cmd("AUTH PLAIN " + b64(f"\0{ann}\0pw"))
        else:
            for line in ("AUTH LOGIN", b64(ann)):
                pop3.send(line.encode() + b"\r\n")
                assert pop3.line().startswith(b"+ ")
            pop3.cmd(b64("pw"))
        assert pop3.stat()[0] == 1
        pop3.quit()


def test_password_is_judged_here_first(front, back, ann):
    """A user with a password of ours is led on only after it was right."""
    front.add_user(ann)
    front.lead(ann)
    assert len(fetch(front.pop3_port, ann)) == 1

    def sessions():
        """Of his, at the backend."""
        return [line for line in back.log("pop3d").read_text().splitlines()
                if "session.end" in line and f"{ann}@" in line]
    proc.wait_until("the session there has ended", sessions, 10 * PATIENCE)
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"\[AUTH\]"):
            pop3.login(ann, "wrong")
    assert len(sessions()) == 1
    assert not re.search(f"login.refused.*{ann}", back.log("pop3d").read_text())


def test_wrong_password_at_the_backend(front, back, ann):
    """It is counted here as well, and said as any other."""
    front.lead(ann, "--new")
    with Pop3(front.pop3_port) as pop3:
        for _ in range(2):
            with pytest.raises(Failed, match=r"\[AUTH\] wrong user name"):
                pop3.login(ann, "wrong")
        pop3.login(ann)
        assert pop3.stat()[0] == 1
    line = line_of(front, "helpers", f"login.denied.*{ann}@.*by=backend")
    assert int(re.search(r"delay_ms=(\d+)", line).group(1)) > 0


def test_coming_home(front, back, ann):
    """Without its backend the mailbox is ours; a password was learned."""
    front.lead(ann, "--new", "--learn")
    assert f"{ann}@{DOMAIN}: localhost:" in front.must("user", "backends")
    assert {"user": f"{ann}@{DOMAIN}", "backend": [
        f"localhost:{front.ports['implicit']}", "tls=implicit", "there",
        "learn"]} in json.loads(front.must("--json", "user", "backends"))
    assert len(fetch(front.pop3_port, ann)) == 1
    proc.wait_until("it is learned", lambda: re.search(
        f"user.upgraded.*{ann}@", front.log("helpers").read_text()), 30)
    front.must("user", "backend", f"{ann}@{DOMAIN}", "none")
    assert ann not in front.must("user", "backends")
    assert fetch(front.pop3_port, ann) == []
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"\[AUTH\]"):
            pop3.login(ann, "wrong")


def test_without_a_password_here_nobody_comes_home(front, back, ann):
    front.lead(ann, "--new")
    assert len(fetch(front.pop3_port, ann)) == 1
    front.must("user", "backend", f"{ann}@{DOMAIN}", "none")
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"\[AUTH\]"):
            pop3.login(ann)


def test_another_name_there(front, back, ann):
    front.must("user", "backend", "--new", "--as", ann, "--tls", "implicit",
               f"other-{ann}@{DOMAIN}", f"localhost:{back.pop3s_port}")
    assert len(fetch(front.pop3_port, f"other-{ann}")) == 1


def test_large_letter_is_octet_for_octet(front, back, ann):
    """20 MB, with the commands behind it sent at once."""
    body = bytes(range(32, 127)) * 10 + b"\r\n"
    letter = b"Subject: large\r\n\r\n" + body * (20_000_000 // len(body))
    assert deliver(back.smtp_port, letter, f"{ann}@{DOMAIN}").code == 250
    front.lead(ann, "--new")
    with Pop3(front.pop3_port) as pop3:
        pop3.cmd(f"USER {ann}")
        pop3.send(b"PASS pw\r\nRETR 2\r\nSTAT\r\nQUIT\r\n")
        pop3.reply()
        pop3.reply()
        assert pop3.lines().endswith(letter)
        assert pop3.reply().startswith("2 ")
        pop3.reply()
        assert pop3.file.read() == b""


def test_certificate_must_be_good(front, back, ann):
    """Not for the name that was meant: nothing is said to that server."""
    front.lead(ann, "--new", host="127.0.0.1")
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"\[SYS/TEMP\] your mailbox's"):
            pop3.login(ann)
    line = line_of(front, "pop3d", f"backend.failed.*{ann}@")
    assert "certificate" in line and "127.0.0.1:" in line


def test_backend_is_down(back, ann):
    port = free_ports(1)[0]
    with running(Front(back, [f"localhost:{port}"])) as front:
        front.must("user", "backend", "--new", "--tls", "stls",
                   f"{ann}@{DOMAIN}", f"localhost:{port}")
        with Pop3(front.pop3_port) as pop3:
            with pytest.raises(Failed, match=r"\[SYS/TEMP\]"):
                pop3.login(ann)
        assert "refused" in line_of(front, "pop3d", "backend.failed")


def ours_too(pid, port):
    """The socket of a process that leads to this port, as one of ours."""
    pidfd, call = os.pidfd_open(pid), ctypes.CDLL(None, use_errno=True).syscall
    for fd, what in proc.descriptors(pid).items():
        if what.startswith("socket:"):
            copy = call(438, pidfd, fd, 0)  # pidfd_getfd
            assert copy != -1, os.strerror(ctypes.get_errno())
            copy = socket.socket(fileno=copy)
            with contextlib.suppress(OSError):  # not connected
                if (copy.family != socket.AF_UNIX and
                        copy.getpeername()[1] == port):
                    os.close(pidfd)
                    return copy
            copy.close()
    raise AssertionError(f"nothing leads to port {port}")


def test_socket_is_held_by_another(front, back, ann):
    """As by the helper that has dialled it, where that comes late to close
    it: what becomes of it after the session's end harms nobody."""
    front.lead(ann, "--new")
    client = front.pid("pop3d/client")
    with Pop3(front.pop3_port, user=ann) as pop3:
        held = ours_too(client, back.pop3s_port)
        pop3.quit()
    line_of(front, "pop3d", f"session.end .*{ann}@")
    held.close()
    assert len(fetch(front.pop3_port, ann)) == 1
    assert front.pid("pop3d/client") == client


def test_servers_that_the_conf_does_not_name(front, ann):
    done = front.mailctl("user", "backend", "--new", f"{ann}@{DOMAIN}",
                         "pop.example.org:110")
    assert done.returncode == 1 and "helpers.conf" in done.stderr


def test_scram_shows_no_password(front, back, ann):
    """The client hears which mechanisms would do."""
    front.add_user(ann)
    front.lead(ann)
    with Pop3(front.pop3_port) as pop3:
        scram = Scram("SCRAM-SHA-256", ann)
        pop3.send(f"AUTH SCRAM-SHA-256 {scram.first()}\r\n".encode())
        challenge = base64.b64decode(pop3.line()[2:])
        pop3.send(scram.final(challenge).encode() + b"\r\n")
        assert pop3.line().startswith(b"+ ")
        with pytest.raises(Failed, match=r"SYS/PERM.*PLAIN or USER"):
            pop3.cmd("")
