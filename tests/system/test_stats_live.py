"""mailctl stats and top beside a real metrics helper and real traffic."""
import collections
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER, Pair, \
    free_ports, running
from harness.load import Load
from harness.metrics import scrape, total, value
from harness.pop3 import Pop3
from harness.smtp import Smtp, deliver

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
CLEAR = b"\x1b[H\x1b[2J"


@pytest.fixture(scope="module")
def pair():
    port, = free_ports(1)
    made = Pair(helpers={"metrics": {"listen": [f"127.0.0.1:{port}"]}})
    conf = made.conf("helpers")
    made.port, made.socket = port, made.folder / "metrics.sock"
    conf.write_text(conf.read_text().replace(
        f'"127.0.0.1:{port}"', f'"127.0.0.1:{port}", "{made.socket}"'))
    with running(made):
        proc.wait_until("both are shown", lambda: value(
            scrape(port), "ringmail_up") == 2, 30 * PATIENCE)
        yield made
        made.check()


@contextlib.contextmanager
def traffic(pair):
    """Mail comes in and goes out until the end."""
    stopping = threading.Event()
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=3,
                size=500).start()

    def fetch():
        while not stopping.is_set():
            with Pop3(pair.pop3_port, user="u0",
                      timeout=30 * PATIENCE) as p:
                count, _ = p.stat()
                if count > 0:
                    p.multi("RETR 1")
                    p.cmd("DELE 1")
                p.quit()
    fetching = threading.Thread(target=fetch)
    fetching.start()
    try:
        yield load
    finally:
        stopping.set()
        load.stop()
        fetching.join()
    assert not load.ended, load.ended


class Screen:
    """What mailctl top paints on a terminal."""

    def __init__(self, pair, *args):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 80, 0, 0))
        self.process = subprocess.Popen(
            [BUILD / "bin" / "mailctl", "-c", pair.conf("helpers"), "top",
             *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
        os.close(slave)
        self.seen = b""

    def read(self):
        """Until the end of what was painted by now; the last whole screen."""
        self.seen += os.read(self.master, 65536)
        whole = self.seen.split(CLEAR)[1:-1]
        return whole[-1].decode() if whole else ""

    def until(self, *patterns):
        """The first screen that has all of them."""
        def look():
            text = self.read()
            return all(re.search(p, text) for p in patterns) and text
        return proc.wait_until(f"a screen with {patterns}", look,
                               30 * PATIENCE)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the other end is closed
            while os.read(self.master, 65536):
                pass
        os.close(self.master)
        return self.process.wait(30 * PATIENCE)


def half_of(family):
    """The bound within which half of what a histogram has counted lies."""
    counts = collections.Counter()
    for (suffix, labels), count in family.samples.items():
        if suffix == "_bucket":
            counts[float(dict(labels)["le"])] += count
    return next(bound for bound in sorted(counts)
                if 2 * counts[bound] >= counts[float("inf")])


def test_stats_says_what_was_counted(pair):
    """By the conf's address, by the UNIX socket, and as JSON: the same."""
    assert deliver(pair.smtp_port, b"\r\n", f"u1@{DOMAIN}").code == 250
    with Pop3(pair.pop3_port, user="u1") as p, Smtp(pair.smtp_port):
        p.multi("RETR 1")
        now = scrape(pair.port)
        for args in ([], ["--from", f"127.0.0.1:{pair.port}"],
                     ["--from", str(pair.socket)]):
            said = pair.must("stats", *args)
            assert "smtpd  1 sessions" in said
            assert "pop3d  1 sessions" in said
            taken = total(now, "ringmail_messages", result="good")
            assert re.search(rf"messages +taken {taken:.1f}", said), said
            assert re.search(r"logins +good [1-9]", said)
            assert re.search(r"messages +fetched [1-9]", said)
            assert re.search(r"until durable +half <\d+ [mu]?s", said)
            assert re.search(r"mailbox +waiting 0  99 % <\d+ [mu]?s", said)
            half = half_of(now["ringmail_batch_messages"])
            assert re.search(rf"batches +half <= {half:g} messages", said), \
                (half, said)
            assert re.search(r"queues +0 deliveries, 0 logins, 0 handshakes, "
                             r"0 connections", said)
        samples = json.loads(pair.must("--json", "stats"))
    have = {(s["name"], s["labels"]): s["value"] for s in samples}
    assert have["ringmail_sessions", 'process="smtpd"'] == 1
    shown = sum(len(family.samples) for family in now.values())
    assert len(have) == len(samples) >= shown
    assert not any("rate" in s for s in samples)


def test_top_on_a_terminal(pair):
    """Rates, sessions, latencies, batches, while traffic goes on; the screen
    outlives the helper that it asks."""
    pair.allow(r"process\.end .*signal=9")
    screen = Screen(pair, "1")
    with traffic(pair), Smtp(pair.smtp_port):
        text = screen.until(
            r"smtpd +[4-9] sessions; ", r"taken [1-9][0-9.]*/s",
            r"fetched (0\.[1-9]|[1-9])", r"pop3d  [01] sessions; ",
            r"logins +good (0\.[1-9]|[1-9])", r"until durable +half <\d",
            r"accounts +waiting \d+  99 % <\d", r"batches +half <= \d",
            r"journal sync +half <\d", r"octets +in [1-9]\d*/s")
        assert max(map(len, text.splitlines())) <= 80, text
        pair.kill_helper("metrics")
        screen.seen = CLEAR
        screen.until(r"taken [1-9][0-9.]*/s")
    screen.seen = CLEAR
    screen.until(r"smtpd +0 sessions; ", r"taken 0\.0/s")
    assert screen.end() == 0


def test_top_as_json(pair):
    with traffic(pair):
        samples = json.loads(pair.must("--json", "top", "1"))
    rates = {(s["name"], s["labels"]): s["rate"] for s in samples
             if "rate" in s}
    assert rates["ringmail_messages_total",
                 'process="smtpd",result="good"'] > 0
    assert all(name.endswith("_total") for name, _ in rates)
