"""Several mailbox helpers: each has its mailboxes, none waits for another, a
message for many of them is there for all or for none, and their number may
change."""
import os
import re
import signal

import pytest

from harness import proc
from harness.daemons import DOMAIN, KILLED, PATIENCE, scaled
from harness.load import Load, numbers
from harness.pop3 import Pop3, fetch
from harness.smtp import Smtp, deliver

MESSAGE = b"Subject: h\r\n\r\nx\r\n"
LARGE = MESSAGE + b"y" * 70 + b"\r\n" * 20_000
MESSAGES = scaled(600, 30)


def share(user, count):
    """The number of the helper that has the mailbox: helpers/share.c."""
    value = 0xcbf29ce484222325
    for octet in f"{DOMAIN}/{user}".encode():
        value = (value ^ octet) * 0x100000001b3 % 2**64
    value = (value ^ value >> 33) * 0xff51afd7ed558ccd % 2**64
    return (value ^ value >> 33) % count


def by_helper(users, count):
    """One user of each helper."""
    found = {share(user, count): user for user in users}
    assert len(found) == count, "users enough for all helpers"
    return [found[k] for k in range(count)]


def send(pair, users, message=MESSAGE):
    with Smtp(pair.smtp_port, timeout=60 * PATIENCE) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.example>")
        for user in users:
            assert smtp.cmd(f"RCPT TO:<{user}@{DOMAIN}>").code == 250
        smtp.cmd("DATA")
        return smtp.cmd(message + b".").code


def change(pair, count, kill=False):
    """Another number of helpers, from a new start on."""
    if kill:
        pair.allow(KILLED)
        parent = pair.processes.pop("helpers")
        pids = [parent.pid, *proc.children(parent.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        parent.wait()
        proc.wait_until("all are dead",
                        lambda: not any(map(proc.alive, pids)))
    else:
        pair.stop("helpers")
    conf = pair.conf("helpers")
    text, n = re.subn(r'( helpers = )"\d+"', rf'\1"{count}"',
                      conf.read_text())
    assert n == 1
    conf.write_text(text)
    pair.start("helpers")


@pytest.fixture
def three(make_pair):
    return make_pair(users=9, helpers={"mail": {"helpers": 3}})


def test_each_mailbox_is_served(three):
    pids = {three.pid(name) for name in ("mailbox.0", "mailbox.1",
                                         "mailbox.2")}
    assert None not in pids and len(pids) == 3
    by_helper(three.users, 3)
    assert send(three, three.users) == 250
    assert send(three, three.users, LARGE) == 250
    for user in three.users:
        small, large = fetch(three.pop3_port, user, delete=True)
        assert small.endswith(MESSAGE) and large.endswith(LARGE)
        assert fetch(three.pop3_port, user) == []
        assert three.must("mailbox", "list", f"{user}@{DOMAIN}") == ""
    assert sorted(p.name for p in three.run.glob("*/mailbox*")) == \
        sorted(["mailbox", "mailbox.1", "mailbox.2"] * 3)


def test_quota_and_lock_in_each(three):
    for user in by_helper(three.users, 3):
        three.must("user", "quota", f"{user}@{DOMAIN}", "10M,1")
        assert send(three, [user]) == 250
        with Smtp(three.smtp_port) as smtp:
            smtp.hello()
            smtp.cmd("MAIL FROM:<a@b.example>")
            assert smtp.cmd(f"RCPT TO:<{user}@{DOMAIN}>").code == 452
        with Pop3(three.pop3_port, user=user):
            with pytest.raises(Exception, match="IN-USE"):
                Pop3(three.pop3_port, user=user)


def test_a_helper_that_hangs_or_dies_holds_up_no_other(three):
    stuck, *others = [by_helper(three.users, 3)[k] for k in (1, 0, 2)]
    assert send(three, [stuck, *others]) == 250
    pid = three.pid("mailbox.1")
    os.kill(pid, signal.SIGSTOP)
    for user in others:
        assert deliver(three.smtp_port, MESSAGE,
                       f"{user}@{DOMAIN}").code == 250
        assert len(fetch(three.pop3_port, user)) == 2
    three.allow(KILLED)
    os.kill(pid, signal.SIGKILL)
    for user in others:
        assert len(fetch(three.pop3_port, user)) == 2
    proc.wait_until("a new one", lambda: three.pid("mailbox.1") not in
                    (None, pid), 40 * PATIENCE)
    assert send(three, [stuck, *others]) == 250
    assert len(fetch(three.pop3_port, stuck)) == 2


def test_all_or_none_over_helpers(three):
    users = by_helper(three.users, 3)
    assert send(three, users) == 250
    for user in users:
        assert len(fetch(three.pop3_port, user, delete=True)) == 1
    for broken in users:
        new = three.maildir(broken) / "new"
        new.rmdir()
        new.symlink_to("/tmp")
        for message in (MESSAGE, LARGE):
            assert send(three, users, message) == 451
        new.unlink()
        for user in users:
            assert fetch(three.pop3_port, user) == []
    assert send(three, users) == 250
    for user in users:
        assert len(fetch(three.pop3_port, user)) == 1


def check_all(pair, load, users, exactly):
    """Each message that got 250 is in each mailbox, once."""
    for user in users:
        load.check(fetch(pair.pop3_port, user), exactly)


@pytest.mark.parametrize("victim", ["mailbox.0", "mailbox.1"])
@pytest.mark.cases_under_valgrind(1)
def test_killed_under_load(make_pair, victim):
    """Messages for both: 250 means that both have it."""
    pair = make_pair(users=8, helpers={"mail": {"helpers": 2}})
    users = by_helper(pair.users, 2)
    pair.must("alias", "add", f"all@{DOMAIN}",
              *(f"{user}@{DOMAIN}" for user in users))
    load = Load(pair.smtp_port, [f"all@{DOMAIN}"], sessions=8,
                seed=victim).start()
    for part in range(1, 4):
        proc.wait_until("the load goes on", lambda: len(load.accepted) >=
                        part * MESSAGES // 4 or load.ended, 120 * PATIENCE)
        pair.kill_helper(victim)
    proc.wait_until("the load goes on", lambda: len(load.accepted) >=
                    MESSAGES or load.ended, 120 * PATIENCE)
    load.stop(300 * PATIENCE)
    assert load.ended == [] and set(load.codes) <= {250, 451}, load.codes
    check_all(pair, load, users, exactly=True)


@pytest.mark.parametrize("kill", [False, True], ids=["stop", "kill"])
@pytest.mark.cases_under_valgrind(1)
def test_their_number_changes_under_load(make_pair, kill):
    """1, 3, 1: nothing is lost or doubled; what replays is done before
    anybody is served."""
    pair = make_pair(users=6, helpers={"mail": {"helpers": 1}})
    load = Load(pair.smtp_port, [f"{u}@{DOMAIN}" for u in pair.users],
                sessions=8, seed=str(kill)).start()
    for turn, count in enumerate([3, 1, 2, 1], 1):
        proc.wait_until("the load goes on", lambda: len(load.accepted) >=
                        turn * MESSAGES // 5 or load.ended, 120 * PATIENCE)
        before = {n for n in list(load.accepted) if n % len(pair.users) == 0}
        change(pair, count, kill)
        found = numbers(fetch(pair.pop3_port, pair.users[0]))
        assert before <= set(found), "what was accepted is seen at once"
    load.stop(300 * PATIENCE)
    assert load.ended == [] and set(load.codes) <= {250, 451}, load.codes
    load.check([m for user in pair.users
                for m in fetch(pair.pop3_port, user)],
               exactly=load.codes[451] == 0)
    folders = pair.folder / "state" / "mailbox"
    assert (folders / "layout").read_text() == "1\n"
    assert [p for p in folders.glob("*/journal.*")
            if p.parent.name != "0"] == []
