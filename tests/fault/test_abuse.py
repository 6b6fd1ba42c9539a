"""Clients that mean harm cost little: memory has a bound, time grows with what
they send and no faster, and others are served meanwhile.

Here they are few, and times are not looked at; make abuse (ABUSE=1) is the
whole of it: ten thousand slow senders, a million commands and so on.
"""
import contextlib
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, Pair, running
from harness.pop3 import fetch
from harness.smtp import Smtp, deliver

FULL = os.environ.get("RINGMAIL_ABUSE") == "1"
DRIVER = pathlib.Path(__file__).with_name("abuse.py")
# Of each kind: how many here, in make abuse, and what one may leave behind in
# the client process's memory, in octets.
SIZES = {"slow": (200, 10_000, 40_000), "crowd": (300, 1000, 4000),
         "commands": (5000, 1_000_000, 1), "recipients": (5000, 100_000, 20),
         "header": (20_000, 500_000, 4)}
HOLD = ("slow", "crowd")  # until they are told to end
SPARE = 4 << 20  # octets of memory, whatever comes
STEPS = 4  # the smaller of two sizes is this part of the larger
LINEAR = 1.5  # times as dear may one of many be as one of few
TWICE = 2.0  # times as long may a good client wait
TRIES = 3  # since others use this machine, too


class Attack:
    """The driver at work, with the lowest priority, so that what we measure is
    the server's."""

    def __init__(self, kind, port, number):
        self.process = subprocess.Popen(
            ["nice", "-n", "19", sys.executable, DRIVER, kind, str(port),
             str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.seen = None
        assert self.line(600) == "ready\n"

    def line(self, seconds):
        assert select.select([self.process.stdout], [], [], seconds)[0], \
            "the driver hangs"
        return self.process.stdout.readline()

    def goes_on(self):
        return not select.select([self.process.stdout], [], [], 0)[0]

    def end(self):
        """What it saw."""
        if self.process.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write("\n")
                self.process.stdin.flush()
        self.seen = json.loads(self.line(600))
        assert self.process.wait(60) == 0
        return self.seen

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextlib.contextmanager
def attack(*args):
    made = Attack(*args)
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def shared_pair():
    """One for all, as it comes but for who is a balancer."""
    with running(Pair(users=2, smtpd={
            "trust": {"proxy": ["127.0.0.3"]},
            "limits": {"sessions": 19_000, "message_size": "35M"}})) as made:
        yield made


@pytest.fixture
def pair(pair):
    for user in pair.users:
        fetch(pair.pop3_port, user, delete=True)
    for _ in range(20):  # warm
        assert deliver(pair.smtp_port, b"x\r\n", f"u1@{DOMAIN}").code == 250
    return pair


def seconds(pair):
    """What smtpd's client process has used of processors."""
    folder = pathlib.Path(f"/proc/{pair.pid('smtpd/client')}/task")
    return sum(int((thread / "schedstat").read_text().split()[0])
               for thread in folder.iterdir()) / 1e9


def good_client(pair, times=5):
    """What whole sessions with a message take, in seconds."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        assert deliver(pair.smtp_port, b"Subject: good\r\n\r\n",
                       f"u1@{DOMAIN}").code == 250
        taken.append(time.monotonic() - start)
    return taken


class Watch:
    """What an attack does to the client process and to a good client."""

    def __init__(self, pair):
        self.pair = pair
        self.client = pair.pid("smtpd/client")
        self.usual = good_client(pair)
        self.waited = []
        self.begin = self.most = proc.resident(self.client)

    def look(self):
        self.waited += good_client(self.pair)
        self.most = max(self.most, proc.resident(self.client))

    def interleave(self, enemy):
        """With it and without it in turn: what others do on this machine
        slows both."""
        while enemy.goes_on():
            self.look()
            enemy.process.send_signal(signal.SIGSTOP)
            self.usual += good_client(self.pair)
            enemy.process.send_signal(signal.SIGCONT)
            time.sleep(0.05)

    @property
    def memory(self):
        """What it grew by at most, in octets."""
        return (self.most - self.begin) * 1024

    @property
    def ratio(self):
        return statistics.median(self.waited) / statistics.median(self.usual)


def run(pair, kind, number):
    """One attack to its end: what it saw, what the server took of processors
    for it, and what was watched."""
    watch = Watch(pair)
    used = seconds(pair)
    with attack(kind, pair.smtp_port, number) as enemy:
        if kind in HOLD:
            for _ in range(4):
                watch.look()
        elif FULL:
            watch.interleave(enemy)
        else:
            watch.look()
        seen = enemy.end()
    used = seconds(pair) - used
    if kind in HOLD:
        watch.usual += good_client(pair, 15)
    # What the good client's own messages cost.
    before = seconds(pair)
    good_client(pair, 10)
    used -= (seconds(pair) - before) / 10 * (
        len(watch.waited) + len(watch.usual))
    print(json.dumps({
        "kind": kind, "number": number, "cpu_s": round(used, 3),
        "memory_KiB": watch.memory // 1024,
        "usual_ms": round(statistics.median(watch.usual) * 1e3, 2),
        "waited_ms": round(statistics.median(watch.waited) * 1e3, 2)}))
    assert pair.pid("smtpd/client") == watch.client, "smtpd died"
    return seen, used, watch


def look(pair, kind):
    """An attack of its size; in make abuse also a smaller one before it, which
    shows how its cost grows.  What it saw."""
    few, many, each = SIZES[kind]
    number = many if FULL else few
    if FULL:
        _, used, _ = run(pair, kind, number // STEPS)
    for _ in range(TRIES if FULL else 1):
        seen, later, watch = run(pair, kind, number)
        if watch.ratio < TWICE:
            break
    assert watch.memory < SPARE + each * number, f"{watch.memory} octets"
    if FULL:
        # What is below a few hundredths of a second says nothing.
        assert later < STEPS * LINEAR * max(used, 0.03), (used, later)
        assert watch.ratio < TWICE, f"a good client waits {watch.ratio:.2f}"
    return seen


def test_slow_senders(pair):
    assert look(pair, "slow") == {"lost": 0}
    proc.wait_until("they are gone", lambda: len(proc.descriptors(
        pair.pid("smtpd/client"))) < 100, 60)
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()


def test_crowd_of_one_address(pair):
    """Its share of sessions is 100; the others are turned away."""
    codes = look(pair, "crowd")["codes"]
    assert codes["220"] == 100 and set(codes) == {"220", "421"}


def test_bad_commands(pair):
    number = SIZES["commands"][FULL]
    # 20 are suffered; the one that ends the session gets 421 beside.
    assert look(pair, "commands")["sessions"] == pytest.approx(
        number / 21, abs=1)


def test_recipients(pair):
    number = SIZES["recipients"][FULL]
    codes = look(pair, "recipients")["codes"]
    assert codes == {"250": 100, "452": number - 100, "end 250": 1}


def test_header_lines(pair):
    number = SIZES["header"][FULL]
    assert look(pair, "header") == {"code": 250}
    letter = max(fetch(pair.pop3_port, "u0"), key=len)
    lines = [f"X-{n}: y" for n in range(number)]
    assert letter.decode().split("\r\n")[-number - 3:] == \
        [*lines, "", "body", ""]
