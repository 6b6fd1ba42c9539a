"""When sessions become scarce: who has shown least gives his place away, and
time-outs shrink; what was announced stays true."""
import contextlib
import socket
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, RUNNER
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp
from harness.tls import TlsPair

PLACES = 24
BALANCER = "127.0.0.3"
BAD, GOOD = "192.0.2.66", "198.51.100.1"
CONF = {"trust": {"proxy": [BALANCER]}, "workers": 2,
        "log": {"level": "debug"},
        "limits": {"sessions": PLACES, "address_sessions": 1000}}
# A worker chooses among its own sessions: where each is to be compared with
# each, there is one.
TOGETHER = {**CONF, "workers": 1}
BODY = b"Subject: pressure\r\n\r\nx\r\n"


def header(address):
    return f"PROXY TCP4 {address} 192.0.2.1 40000 25\r\n".encode()


def smtp_from(pair, address):
    """An SMTP session of a client at this address, behind a balancer."""
    session = Smtp(pair.smtp_port, greet=False, source=BALANCER)
    session.send(header(address))
    session.greeting = session.reply()
    return session


def pop3_from(pair, address, user=None):
    session = Pop3(pair.pop3_port, source=BALANCER, first=header(address))
    if user:
        session.login(user)
    return session


def deliver(session, user="u0"):
    session.hello()
    session.envelope("s@remote.example", f"{user}@{DOMAIN}")
    assert session.data(BODY).code == 250


def settle(pair):
    """The session that saw whether they serve is over."""
    proc.wait_until("smtpd is empty", lambda: "client.closed" in
                    pair.log("smtpd").read_text(), 20 * PATIENCE)
    proc.wait_until("pop3d is empty", lambda: "session.end" in
                    pair.log("pop3d").read_text(), 20 * PATIENCE)
    return pair


def turned_away(sessions):
    """Those whose server has said its last words and hung up."""
    gone = []
    for session in sessions:
        session.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            data = session.sock.recv(4096, socket.MSG_PEEK)
            assert data.startswith((b"421 4.3.2 ", b"-ERR [SYS/TEMP] ")), data
            gone.append(session)
        session.sock.setblocking(True)
    return gone


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("accept", ["reuseport", "balance"])
@pytest.mark.cases_under_valgrind(1)
def test_one_address_holds_all_places_of_smtpd(make_pair, stack, accept):
    pair = settle(make_pair(users=1, smtpd={**CONF, "accept": accept}))
    bad = [stack.enter_context(smtp_from(pair, BAD)) for _ in range(PLACES)]
    announced = {tuple(session.hello().lines[1:]) for session in bad}
    good = [stack.enter_context(smtp_from(pair, GOOD)) for _ in range(4)]
    for session in good:
        announced.add(tuple(session.hello().lines[1:]))
        deliver(session)
    assert len(announced) == 1, "what is announced does not shrink"
    proc.wait_until("as many are gone", lambda: len(turned_away(
        [s for s in bad if s.sock.fileno() != -1])) == 4 or None)
    assert "client.turned_away" in pair.tail("smtpd")
    assert all(session.cmd("NOOP").code == 250 for session in good)


def test_who_has_brought_mail_stays(make_pair, stack):
    pair = settle(make_pair(users=1, smtpd=TOGETHER))
    proven = stack.enter_context(smtp_from(pair, BAD))
    deliver(proven)
    bad = [stack.enter_context(smtp_from(pair, BAD))
           for _ in range(PLACES - 1)]
    wrong = bad[PLACES // 2:]
    for session in wrong:
        for _ in range(5):
            assert session.cmd("NONSENSE").code == 500
    for _ in range(3):
        deliver(stack.enter_context(smtp_from(pair, GOOD)))
    gone = proc.wait_until("three are gone", lambda: turned_away(wrong))
    assert not turned_away(bad[:PLACES // 2]), "errors count for most"
    assert gone and proven.cmd("NOOP").code == 250


@pytest.mark.skipif(bool(RUNNER), reason="many users, and nothing new to it")
def test_pop3_users_keep_their_places(make_pair, stack):
    """RFC 1939 3: who is in his maildrop has ten minutes; who is not, has
    not."""
    pair = settle(make_pair(
        users=PLACES // 2 + 3, smtpd=CONF,
        pop3d={**TOGETHER, "plaintext_login": "yes"},
        helpers={"accounts": {"plaintext_login": "yes"}}))
    users = [stack.enter_context(pop3_from(pair, BAD, f"u{n}"))
             for n in range(PLACES // 2)]
    idle = [stack.enter_context(pop3_from(pair, BAD))
            for _ in range(PLACES // 2)]
    for n in range(PLACES // 2, PLACES // 2 + 3):
        users.append(stack.enter_context(pop3_from(pair, GOOD, f"u{n}")))
    proc.wait_until("some are gone", lambda: turned_away(idle))
    for session in users:
        assert session.stat() == (0, 0)


def test_nobody_deserves_less(make_pair, stack):
    """All places are those of users: the next one is turned away itself."""
    pair = settle(make_pair(users=3, smtpd=CONF, pop3d={
        **CONF, "limits": {"sessions": 3, "address_sessions": 0}}))
    users = [stack.enter_context(Pop3(pair.pop3_port, user=f"u{n}"))
             for n in range(3)]
    with pytest.raises(Failed, match=r"\[SYS/TEMP\]"):
        Pop3(pair.pop3_port)
    for session in users:
        assert session.stat() == (0, 0)


@pytest.mark.skipif(PATIENCE > 1, reason="a checker is too slow for its times")
def test_timeouts_shrink(make_pair, stack):
    """A silent client has the whole time while there is room, and a 32nd of
    it when all places are taken; one that has brought mail has twice that."""
    limits = {"sessions": 8, "address_sessions": 1000}
    pair = settle(make_pair(users=1, smtpd={
        **CONF, "timeouts": {"command": "64s"}, "limits": limits,
        "auth": {"mx": "yes"}}, pop3d={
            **CONF, "timeouts": {"idle": "64s"}, "limits": limits}))
    silent = stack.enter_context(smtp_from(pair, BAD))
    time.sleep(1)
    assert silent.cmd("NOOP").code == 250
    good = stack.enter_context(smtp_from(pair, GOOD))
    deliver(good)
    for _ in range(6):
        asked = stack.enter_context(smtp_from(pair, BAD))
    begin = time.monotonic()
    assert silent.cmd("NOOP").code == 250
    # In the midst of a login as well.
    asked.hello()
    assert asked.cmd("AUTH SCRAM-SHA-256").code == 334
    for _ in range(8):
        pop3 = stack.enter_context(pop3_from(pair, BAD))
    pop3.send(b"AUTH SCRAM-SHA-256\r\n")
    assert pop3.line() == b"+ "
    assert silent.reply().code == asked.reply().code == 421
    assert pop3.sock.recv(4096) == b""
    assert 1.9 < time.monotonic() - begin < 20


def test_handshakes_that_do_not_go_on(make_pair, stack):
    """Who connects where TLS begins, and is silent, holds no place either,
    and is gone at once, not when its handshake's time is over."""
    pair = settle(make_pair(TlsPair, users=1, smtpd={
        **CONF, "timeouts": {"handshake": "5m"}}))
    bad = [stack.enter_context(Smtp(pair.smtps_port, greet=False,
                                    source=BALANCER)) for _ in range(PLACES)]
    for session in bad:
        session.send(header(BAD))
    for _ in range(4):
        deliver(proc.wait_until("a good one is let in", lambda: let_in(
            pair, stack), 20 * PATIENCE))
    assert proc.wait_until("as many are gone", lambda: sum(
        hung_up(session) for session in bad) >= 4, 20 * PATIENCE)


def let_in(pair, stack):
    """A good client's session, or None where it was turned away: the others
    were not yet known for whom they are."""
    session = stack.enter_context(smtp_from(pair, GOOD))
    return session if session.greeting.code == 220 else None


def hung_up(session):
    session.sock.setblocking(False)
    try:
        return session.sock.recv(100) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
