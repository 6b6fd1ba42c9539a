"""Limits that need more than one conversation to be seen."""
import contextlib
import os
import signal

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp

BALANCER = "127.0.0.3"
BODY = b"Subject: limit\r\n\r\nx\r\n"


def pop3_from(pair, address):
    return Pop3(pair.pop3_port, source=BALANCER,
                first=f"PROXY TCP4 {address} 192.0.2.1 1 110\r\n".encode())


def test_sessions_of_a_network_in_pop3d(make_pair):
    """Two of a /24, and others beside them; a place is free when one ends."""
    pair = make_pair(users=0, pop3d={
        "trust": {"proxy": [BALANCER]},
        "limits": {"address_sessions": 0, "network_sessions": 2}})
    with pop3_from(pair, "192.0.2.5") as first, \
            pop3_from(pair, "192.0.2.6"), pop3_from(pair, "192.0.3.7"):
        with pytest.raises(Failed, match=r"^\[SYS/TEMP\] too many"):
            pop3_from(pair, "192.0.2.7")
        first.quit()

        def has_room():
            with contextlib.suppress(Failed):
                pop3_from(pair, "192.0.2.7").close()
                return True
            return False
        proc.wait_until("there is room", has_room, 10 * PATIENCE)


def test_all_sessions_of_smtpd(make_pair):
    """421 to the next one, where all that are there have brought mail."""
    pair = make_pair(users=1, smtpd={
        "limits": {"sessions": 2}, "log": {"level": "debug"}})
    proc.wait_until("smtpd is empty", lambda: "client.closed" in
                    pair.log("smtpd").read_text(), 20 * PATIENCE)
    with Smtp(pair.smtp_port) as one, Smtp(pair.smtp_port) as two:
        for session in (one, two):
            session.hello()
            session.envelope("a@remote.example", f"u0@{DOMAIN}")
            assert session.data(BODY).code == 250
        with Smtp(pair.smtp_port) as late:
            assert late.greeting.code == 421
            assert late.greeting.enhanced == "4.3.2" and late.closed()
        assert one.cmd("NOOP").code == two.cmd("NOOP").code == 250


def test_the_end_of_data_is_answered_in_time(make_pair):
    """RFC 5321 4.5.3.2.6: the client waits ten minutes, and we answer before
    that whatever the helper does."""
    pair = make_pair(users=1, smtpd={"timeouts": {
        "commit": f"{PATIENCE + 1}s"}})
    mailbox = pair.pid("mailbox")
    with Smtp(pair.smtp_port) as session:
        session.hello()
        session.envelope("a@remote.example", f"u0@{DOMAIN}")
        os.kill(mailbox, signal.SIGSTOP)
        try:
            reply = session.data(BODY)
            assert reply.code == 451 and reply.enhanced[0] == "4"
        finally:
            os.kill(mailbox, signal.SIGCONT)
        session.envelope("a@remote.example", f"u0@{DOMAIN}")
        assert session.data(BODY).code == 250
