"""kill -9 of helpers under load: no message is lost or doubled, no session
ends, and nobody sees worse than a 451."""
import os
import pwd
import signal
import threading
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, HELPERS, KILLED, PATIENCE, scaled
from harness.load import Load, untraced
from harness.pop3 import Failed, Pop3, fetch, patient
from harness.smtp import Smtp, deliver

MESSAGES = scaled(2000, 60)
BODY = b"Subject: k\r\n\r\nx\r\n"


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.cases_under_valgrind(2)
def test_killed_under_smtp_load(make_pair, helper):
    pair = make_pair(users=1)
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=20, seed=helper,
                size=10_000).start()

    def reaches(count):
        proc.wait_until("the load goes on", lambda: len(load.accepted) >=
                        count or load.ended, 60 * PATIENCE)

    for part in range(1, 4):
        reaches(part * MESSAGES // 4)
        pair.kill_helper(helper)
    reaches(MESSAGES)
    load.stop(300 * PATIENCE)
    assert load.ended == [], "no session ends"
    assert set(load.codes) <= {250, 451}, load.codes
    load.check(fetch(pair.pop3_port, "u0"))


@pytest.mark.parametrize("helper", sorted(HELPERS, key="mailbox".__ne__))
@pytest.mark.cases_under_valgrind(1)
def test_killed_under_pop3_sessions(make_pair, helper):
    """A session that is logged in lives on, and sees the same maildrop."""
    pair = make_pair(users=1)
    for n in range(10):
        assert deliver(pair.smtp_port, b"Subject: %d\r\n\r\n" % n,
                       f"u0@{DOMAIN}").code == 250
    with Pop3(pair.pop3_port, user="u0", timeout=60 * PATIENCE) as pop3:
        want = pop3.all()
        for _ in range(3):
            pair.kill_helper(helper)
            assert patient(lambda: pop3.all()) == want
        with pytest.raises(Failed, match="IN-USE"):
            patient(lambda: Pop3(pair.pop3_port, user="u0"), "IN-USE")
        pop3.cmd("DELE 1")
        pair.kill_helper(helper)
        pop3.quit()
    assert fetch(pair.pop3_port, "u0") == want[1:]


@pytest.mark.cases_under_valgrind(0)
def test_logins_while_accounts_is_killed(make_pair):
    pair = make_pair(users=4)
    wrong, stop = [], threading.Event()

    def log_in(user):
        while not stop.is_set():
            try:
                Pop3(pair.pop3_port, user=user).quit()
            except Failed as error:
                if not str(error).startswith("[SYS/TEMP]"):
                    wrong.append(str(error))
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=log_in, args=(u,))
               for u in pair.users]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            time.sleep(0.2)
            pair.kill_helper("accounts")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    for user in pair.users:
        patient(lambda: Pop3(pair.pop3_port, user=user).quit())


def test_all_helpers_away_and_back(make_pair):
    """With no helpers at all: 451 and [SYS/TEMP], and then all is well."""
    timeouts = {"timeouts": {"helper": f"{PATIENCE}s"}}
    pair = make_pair(users=1, smtpd=timeouts, pop3d=timeouts)
    with Smtp(pair.smtp_port) as smtp, Pop3(pair.pop3_port) as pop3:
        smtp.hello()
        pair.stop("helpers")
        smtp.cmd("MAIL FROM:<a@b.example>")
        reply = smtp.cmd(f"RCPT TO:<u0@{DOMAIN}>")
        assert reply.code == 451 and reply.enhanced[0] == "4"
        with pytest.raises(Failed, match=r"^\[SYS/TEMP\]"):
            pop3.login("u0")
        pair.start("helpers")
        smtp.cmd("RSET")
        patient(lambda: pop3.login("u0"))
        smtp.cmd("MAIL FROM:<a@b.example>")
        proc.wait_until("a mailbox is found", lambda: smtp.cmd(
            f"RCPT TO:<u0@{DOMAIN}>").code == 250)
        assert smtp.data(BODY).code == 250
        pop3.quit()
        smtp.cmd("QUIT")
    assert [untraced(m) for m in fetch(pair.pop3_port, "u0")] == [BODY]


@pytest.mark.parametrize("service", ["smtpd", "pop3d"])
@pytest.mark.cases_under_valgrind(1)
def test_client_process_is_started_again(make_pair, service):
    pair = make_pair(users=1)
    old = pair.pid(f"{service}/client")
    pair.allow(KILLED)
    os.kill(old, signal.SIGKILL)
    proc.wait_until("a new client process", lambda: pair.pid(
        f"{service}/client") not in (None, old), 30 * PATIENCE)
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250
    assert len(fetch(pair.pop3_port, "u0")) == 1


def test_sigterm_while_accounts_starts(make_pair):
    """It waits for a hash then, from hashers that may have ended before."""
    pair = make_pair(users=1)
    old, uid = pair.pid("accounts"), str(pwd.getpwnam(HELPERS["hasher"]).pw_uid)
    hashers = [child for child in proc.children(pair.pid("helpers"))
               if uid in proc.status(child)["Uid"].split()]
    assert hashers
    pair.allow(KILLED, r"process\.end process=accounts child=\d+ status=0")
    for pid in hashers:
        os.kill(pid, signal.SIGSTOP)
    try:
        os.kill(old, signal.SIGKILL)
        new = proc.wait_until("a new accounts", lambda: pair.pid(
            "accounts") not in (None, old) and pair.pid("accounts"),
            30 * PATIENCE)
        os.kill(new, signal.SIGTERM)
        proc.wait_until("it ends", lambda: not proc.alive(new),
                        4 * PATIENCE, least=0)
    finally:
        for pid in hashers:
            os.kill(pid, signal.SIGCONT)
    patient(lambda: Pop3(pair.pop3_port, user="u0").quit())
