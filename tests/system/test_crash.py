"""kill -9 of everything at once, as a crash of all software would: what got
250 is there afterwards, and nothing half-written is visible."""
import os
import random
import time

import pytest

from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.load import Load, numbers
from harness.pop3 import Failed, Pop3
from harness.smtp import Closed

ROUNDS = scaled(30, 3)
SEED = int(os.environ.get("RINGMAIL_SEED", time.time_ns() % 1_000_000))


class Deleter:
    """POP3 sessions that delete letters, and know what they were told."""

    def __init__(self, port):
        self.port = port
        self.gone = set()  # QUIT was answered with +OK
        self.maybe = set()  # QUIT was sent

    def run(self, user, most):
        """Deletes some of what is there now; a crash may come at any time."""
        try:
            with Pop3(self.port, user=user, timeout=60 * PATIENCE) as pop3:
                asked = set()
                for number in list(pop3.list())[:most]:
                    asked |= set(numbers([pop3.multi(f"TOP {number} 0")]))
                    pop3.cmd(f"DELE {number}")
                self.maybe |= asked
                pop3.quit()
                self.gone |= asked
        except (Closed, Failed, OSError):
            pass

    def sweep(self, user, keep):
        """Reads all that is there, and deletes all but some of it."""
        with Pop3(self.port, user=user, timeout=60 * PATIENCE) as pop3:
            found = pop3.all()
            swept = found[:len(found) - keep] if len(found) > keep else []
            for number in range(1, len(swept) + 1):
                pop3.cmd(f"DELE {number}")
            pop3.quit()
        back = self.gone & set(numbers(found))
        assert not back, f"deleted with +OK and there again: {list(back)[:9]}"
        self.gone |= set(numbers(swept))
        self.maybe |= self.gone
        return found


def look(pair, load, deleter, before):
    """Everything that is there, checked against what was promised; before:
    what had been deleted, or maybe, when the crash came."""
    found = []
    for user in pair.users:
        assert list((pair.maildir(user) / "tmp").iterdir()) == [], \
            "something half-written is left in tmp"
        found += deleter.sweep(user, keep=10)
    load.accepted -= before
    load.check(found, exactly=False)


@pytest.mark.parametrize("checkpoint", ["100ms", "30s"])
@pytest.mark.cases_under_valgrind(1)
def test_everything_killed_at_once(make_pair, checkpoint):
    print(f"RINGMAIL_SEED={SEED}")
    rng = random.Random(f"{SEED}/{checkpoint}")
    pair = make_pair(users=2, helpers={"journal": {
        "checkpoint": checkpoint, "size": "4M"}})
    deleter = Deleter(pair.pop3_port)
    sent, accepted, first, total = {}, set(), 0, 0
    for _ in range((ROUNDS + 1) // 2):
        load = Load(pair.smtp_port, [f"{u}@{DOMAIN}" for u in pair.users],
                    sessions=10, seed=SEED, first=first)
        load.sent, load.accepted = sent, accepted
        load.start()
        end = time.monotonic() + rng.uniform(0.05, 1.0) * PATIENCE
        while time.monotonic() < end:
            if rng.random() < 0.5:
                deleter.run(rng.choice(pair.users), rng.randint(1, 20))
            time.sleep(rng.uniform(0, 0.1))
        pair.kill_all()
        load.stop()
        first, total = load.next, total + load.codes[250]
        pair.start()
        look(pair, load, deleter, set(deleter.maybe))
    assert total > 10 and deleter.gone, "the rounds were too short to tell"


@pytest.mark.cases_under_valgrind(0)
def test_killed_while_at_rest(make_pair):
    """What was read and deleted before a crash stays as it was."""
    pair = make_pair(users=1)
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=4,
                count=20).start().wait(60 * PATIENCE)
    with Pop3(pair.pop3_port, user="u0") as pop3:
        uids = list(pop3.uidl().values())
        for number in (1, 5, 20):
            pop3.cmd(f"DELE {number}")
        pop3.quit()
    for _ in range(2):
        pair.kill_all()
        pair.start()
        with Pop3(pair.pop3_port, user="u0") as pop3:
            now = list(pop3.uidl().values())
            messages = pop3.all()
            pop3.quit()
        assert now == uids[1:4] + uids[5:19]
        load.accepted &= set(numbers(messages))
        load.check(messages)
