"""pop3d before Dovecot: users whose mailbox it still has."""
import re
import subprocess

import pytest

from harness import dovecot
from harness.daemons import DOMAIN, Pair, free_ports, running
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import deliver
from harness.tls import Authority

pytestmark = pytest.mark.skipif(
    dovecot.missing(), reason="dovecot-pop3d is not installed")

LETTER = b"Subject: there\r\n\r\n.dot\r\n"


class Front(Pair):
    """Users whose mailboxes are at a port of Dovecot's."""

    def __init__(self, ca, port):
        self.back = port
        super().__init__(
            users=0, pop3d={"backends": {"ca": ca.pem}},
            helpers={"backends": {"servers": [f"localhost:{port}"]}})

    def lead(self, user, tls):
        self.must("user", "backend", "--new", "--learn", "--tls", tls,
                  f"{user}@{DOMAIN}", f"localhost:{self.back}")


@pytest.fixture(scope="module")
def ca():
    authority = Authority()
    yield authority
    authority.remove()


@pytest.fixture
def back(pair, user, address, ca):
    """Dovecot over a mailbox with a letter, with STLS."""
    assert deliver(pair.smtp_port, LETTER, address).code == 250
    path = ca.make("dovecot", "localhost")
    with dovecot.serve(pair, "ssl = yes\nlogin_trusted_networks = 127.0.0.1"
                       f"\nssl_cert = <{path}"
                       f"\nssl_key = <{ca.keys}/dovecot.pem") as ports:
        yield ports


@pytest.mark.parametrize("tls", ["stls", "none"])
def test_dovecot_behind(back, ca, user, tls):
    """A whole session, and the client's address in Dovecot's log."""
    with running(Front(ca, back.pop3)) as front:
        front.lead(user, tls)
        with Pop3(front.pop3_port, user=user, source="127.0.0.9") as pop3:
            assert pop3.stat()[0] == 1
            assert list(pop3.uidl()) == [1]
            assert pop3.retr(1).endswith(LETTER)
            pop3.send(b"NOOP\r\nDELE 1\r\nSTAT\r\nQUIT\r\n")
            replies = [pop3.reply() for _ in range(4)]
            assert replies[2].startswith("0 ") and pop3.file.read() == b""
        login, = re.findall(r"Login: user=<.*", back.log.read_text())
        assert "rip=127.0.0.9" in login and f"<{user}@{DOMAIN}>" in login
        assert ("TLS" in login) == (tls == "stls")
        with Pop3(front.pop3_port) as pop3:
            with pytest.raises(Failed, match=r"\[AUTH\]"):
                pop3.login(user, "wrong")
        assert fetch(front.pop3_port, user) == []


def test_curl_and_dovecot(back, ca, user):
    """A client with a mind of its own: CAPA, AUTH PLAIN, RETR."""
    with running(Front(ca, back.pop3)) as front:
        front.lead(user, "stls")
        done = subprocess.run(
            ["curl", "-sS", "--login-options", "AUTH=PLAIN", "--user",
             f"{user}@{DOMAIN}:pw",
             f"pop3://127.0.0.1:{front.pop3_port}/1"],
            stdout=subprocess.PIPE, check=True, timeout=60)
        assert done.stdout.endswith(LETTER)


def test_dovecot_is_away(ca, user):
    port, = free_ports(1)
    with running(Front(ca, port)) as front:
        front.lead(user, "stls")
        with Pop3(front.pop3_port) as pop3:
            with pytest.raises(Failed, match=r"\[SYS/TEMP\]"):
                pop3.login(user)
