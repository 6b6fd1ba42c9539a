"""Backends that are old, slow, broken, or mean."""
import re
import socket
import threading
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, Pair, free_ports, running
from harness.pop3 import Failed, Pop3
from harness.smtp import Closed

BACKEND = 2 if PATIENCE == 1 else 4  # seconds that one has
GREETING = b"+OK ready\r\n"
CAPA = b"+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n" \
    b"PIPELINING\r\nEXPIRE NEVER\r\nUTF8\r\nLANG\r\nSASL PLAIN\r\n.\r\n"


class Script:
    """A server that answers each command by what a dict says: octets, or a
    function of the connection; None hangs up.  Serves until it is closed."""

    def __init__(self, port, greeting=GREETING, **answers):
        self.answers = {"CAPA": CAPA, "AUTH": b"+OK in\r\n", **answers}
        self.greeting = greeting
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as lines:
                try:
                    self.talk(peer, lines)
                except OSError:
                    pass

    def talk(self, peer, lines):
        if not self.answer(peer, self.greeting):
            return
        for line in lines:
            self.heard.append(line)
            verb = line.split()[0].decode() if line.split() else ""
            if not self.answer(peer, self.answers.get(verb, b"+OK\r\n")):
                return

    @staticmethod
    def answer(peer, what):
        if callable(what):
            return what(peer)
        if what is None:
            return False
        peer.sendall(what)
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


def sleep(_):
    time.sleep(BACKEND + 1)
    return False


def flood(peer):
    while True:
        peer.sendall(b"x" * 65536)


def endless(peer):
    peer.sendall(b"+OK\r\n")
    while True:
        peer.sendall(b"A\r\n" * 1000)


class Front(Pair):
    """A user, ann, whose mailbox is at a port where a Script listens, and
    loop, whose mailbox is where he comes from."""

    def __init__(self):
        self.back, = free_ports(1)
        super().__init__(
            users=0, pop3d={"timeouts": {"backend": f"{BACKEND}s",
                                         "failed_login": "0s"},
                            "log": {"rate": 0}},
            helpers={})

    def lay_down(self, changes):
        changes["helpers"]["backends"] = {"servers": [
            f"127.0.0.1:{self.back}", f"127.0.0.1:{self.pop3_port}"]}
        super().lay_down(changes)

    def populate(self):
        super().populate()
        for name, port in (("ann", self.back), ("loop", self.pop3_port)):
            self.must("user", "backend", "--new", "--tls", "none",
                      f"{name}@{DOMAIN}", f"127.0.0.1:{port}")
        return self

    def why(self):
        found = re.findall(r"backend\.(?:failed|denied) .*why=(.*)",
                           self.log("pop3d").read_text())
        return found[-1] if found else ""


@pytest.fixture(scope="module")
def shared_pair():
    with running(Front()) as made:
        yield made


@pytest.fixture
def front(pair):
    return pair


def refused(front, match):
    """The login fails so; the session lives on."""
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=match):
            pop3.login("ann")
        pop3.multi("CAPA")
        pop3.quit()


AWAY = r"\[SYS/TEMP\] your mailbox's server"
WRONGS = {
    "hang-up": (None, "it hung up"),
    "garbage": (b"\xff\xfe\x00\r\n", "NUL"),
    "other": (b"220 smtp\r\n", "no POP3"),
    "slow": (sleep, "timed out"),
    "line": (flood, "timed out"),
    "refusal": (b"-ERR [SYS/TEMP] no\r\n", ""),
}


# A server may refuse CAPA.
CASES = [(step, wrong) for step in ("greeting", "CAPA", "AUTH")
         for wrong in WRONGS if (step, wrong) != ("CAPA", "refusal")]


@pytest.mark.parametrize("step,wrong", CASES)
def test_failures_before_the_login(front, step, wrong):
    what, why = WRONGS[wrong]
    with Script(front.back, **{step: what}):
        refused(front, AWAY)
    assert why in front.why()


def test_capabilities_without_end(front):
    with Script(front.back, CAPA=endless):
        refused(front, AWAY)
    assert "no end" in front.why()


@pytest.mark.parametrize("said,answer", [
    (b"-ERR [AUTH] no", r"\[AUTH\] wrong"),
    (b"-ERR [IN-USE] busy", r"\[IN-USE\]"),
    (b"-ERR [LOGIN-DELAY] soon", r"\[LOGIN-DELAY\]"),
    (b"-ERR [SYS/PERM] never", r"\[SYS/PERM\]"),
    (b"-ERR something else", AWAY)])
def test_refusals(front, said, answer):
    with Script(front.back, AUTH=said + b"\r\n"):
        refused(front, answer)


def test_refusal_that_shows_the_password(front):
    """It is not for our log."""
    with Script(front.back, AUTH=b"-ERR [AUTH] bad s3cret!\r\n"):
        with Pop3(front.pop3_port) as pop3:
            with pytest.raises(Failed, match="AUTH"):
                pop3.login("ann", "s3cret!")
    assert "s3cret!" not in front.log("pop3d").read_text()
    assert "s3cret!" not in front.log("helpers").read_text()


def test_server_of_rfc_1939_alone(front):
    """No CAPA, no AUTH, no codes: USER and PASS, and what lacks is logged."""
    with Script(front.back, CAPA=b"-ERR what\r\n") as back:
        with Pop3(front.pop3_port, user="ann", password="a b") as pop3:
            assert pop3.cmd("NOOP") == ""
    assert back.heard[1:4] == [f"USER ann@{DOMAIN}\r\n".encode(),
                               b"PASS a b\r\n", b"NOOP\r\n"]
    assert "backend.lacks" in front.log("pop3d").read_text()
    with Script(front.back, CAPA=b"-ERR what\r\n", PASS=b"-ERR no\r\n"):
        refused(front, r"\[AUTH\]")


def test_what_the_client_said_goes_on(front):
    """XCLIENT where it is offered; UTF8 and LANG; pipelined commands."""
    with Script(front.back, greeting=b"+OK [XCLIENT] hi\r\n") as back:
        with Pop3(front.pop3_port) as pop3:
            pop3.cmd("UTF8")
            pop3.cmd("LANG de")
            pop3.cmd("USER ann")
            pop3.send(b"PASS pw\r\nSTAT\r\nLIST\r\n")
            for _ in range(3):
                pop3.reply()
    heard = b"".join(back.heard).decode()
    assert re.search(r"XCLIENT ADDR=127.0.0.1 PORT=\d+ SESSION=\w+ TTL=4\r\n"
                     r"UTF8\r\nLANG de\r\nAUTH PLAIN \S+\r\nSTAT\r\nLIST",
                     heard)


def test_long_password_has_a_line_of_its_own(front):
    """RFC 5034 4: a command has 255 octets."""
    with Script(front.back, AUTH=b"+ \r\n") as back:
        with Pop3(front.pop3_port) as pop3:
            pop3.login("ann", "p" * 230)
    assert back.heard[1] == b"AUTH PLAIN\r\n" and len(back.heard[2]) > 255


def hang_up_in_letter(peer):
    peer.sendall(b"+OK\r\nhalf a let")
    return False


def test_backend_that_closes_in_a_letter(front):
    """The client sees what came, and the end."""
    with Script(front.back, RETR=hang_up_in_letter):
        with Pop3(front.pop3_port, user="ann") as pop3:
            pop3.cmd("RETR 1")
            with pytest.raises(Closed):
                pop3.lines()
    proc.wait_until("it is logged", lambda: "closed by the backend" in
                    front.log("pop3d").read_text())


def test_client_that_does_not_read_stops_the_backend(front):
    """Bounded memory, whatever the backend sends."""
    sent = [0]

    def pour(peer):
        peer.sendall(b"+OK\r\n")
        peer.settimeout(2)
        try:
            while sent[0] < 1 << 28:
                sent[0] += peer.send(b"x" * 65536)
        except OSError:
            pass
        return False
    with Script(front.back, RETR=pour):
        with Pop3(front.pop3_port, user="ann") as pop3:
            before = proc.resident(front.pid("pop3d/client"))
            pop3.send(b"RETR 1\r\n")
            proc.wait_until("it sends", lambda: sent[0])
            proc.settled("what it sends", lambda: sent[0])
            assert proc.resident(front.pid("pop3d/client")) - before < 4096
    assert 0 < sent[0] < 1 << 26


def test_backend_that_hands_the_user_back(front):
    """A circle ends, also where nobody counts its turns."""
    with Pop3(front.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"\[SYS/TEMP\]"):
            pop3.login("loop")
    assert "of this user are under way" in front.log("pop3d").read_text()


def test_helpers_that_die_end_no_session(front):
    """Who is logged in stays so; who comes, comes in once they are back."""
    with Script(front.back), Pop3(front.pop3_port, user="ann") as pop3:
        for name in ("resolver", "accounts"):
            front.kill_helper(name)
        assert pop3.cmd("NOOP") == ""
    with Script(front.back), Pop3(front.pop3_port, user="ann") as pop3:
        assert pop3.cmd("NOOP") == ""


def test_service_ends_with_sessions_at_backends(front):
    with Script(front.back), Pop3(front.pop3_port, user="ann") as pop3:
        front.stop("pop3d")
        with pytest.raises((Closed, OSError)):
            pop3.cmd("NOOP")
        front.start("pop3d")
    assert "why=shutdown" in front.log("pop3d").read_text()
