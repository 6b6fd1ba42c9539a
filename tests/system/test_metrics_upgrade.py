"""What is counted while old processes end beside new ones, and after: nothing
twice, nothing lost, and nobody who asks is refused."""
import re
import threading
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, RUNNER, free_ports, scaled
from harness.load import Load
from harness.metrics import ask, parse, scrape, total, value
from harness.pop3 import Pop3
from harness.smtp import Smtp, deliver
from harness.upgrade import count, install, replaceable, upgrade, \
    upgrade_helpers

LETTER = b"Subject: counted\r\n\r\nbody\r\n"
GROWS = ("_total", "_count", "_sum", "_bucket")
pytestmark = pytest.mark.skipif(
    bool(RUNNER), reason="exec leaves the checker behind")


@pytest.fixture
def pair(make_pair, monkeypatch):
    """Services whose programs can be replaced, and their metrics shown."""
    port, = free_ports(1)
    made = make_pair(users=2, smtpd={"workers": 2}, helpers={
        "metrics": {"listen": [f"127.0.0.1:{port}"]}})
    conf = made.conf("helpers")
    made.port, made.socket = port, made.folder / "metrics.sock"
    conf.write_text(conf.read_text().replace(
        f'"127.0.0.1:{port}"', f'"127.0.0.1:{port}", "{made.socket}"'))
    replaceable(made, monkeypatch)
    up(made)
    return made


def up(pair):
    """Waits until both services have handed their memory over."""
    proc.wait_until("both are shown", lambda: value(
        scrape(pair.port), "ringmail_up") == 2, 30 * PATIENCE)


class Watcher:
    """Asks all the time, here and there.  Each must be answered, and what only
    grows must never fall."""

    def __init__(self, *where):
        self.asked, self.faults, self.last = 0, [], {}
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.watch, args=[at])
                        for at in where]
        for thread in self.threads:
            thread.start()

    def watch(self, where):
        while not self.stopping.is_set():
            try:
                status, _, text = ask(where, timeout=20 * PATIENCE)
                self.look(where, parse(text))
                self.asked += status == 200
            except (OSError, AssertionError) as error:
                self.faults.append(f"{where}: {error!r}")
            time.sleep(0.005)

    def look(self, where, families):
        for name, family in families.items():
            for (suffix, labels), now in family.samples.items():
                if suffix not in GROWS:
                    continue
                key = (where, name, suffix, labels)
                if now < self.last.get(key, 0):
                    self.faults.append(f"{key}: {self.last[key]} then {now}")
                self.last[key] = now

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.faults, self.faults[:5]
        return self.asked


def messages(pair):
    return total(scrape(pair.port), "ringmail_messages", result="good")


def sessions(pair):
    return value(scrape(pair.port), "ringmail_sessions", process="smtpd")


def read_memories(pair):
    """Of how many processes, beside the helpers, metrics reads the counters."""
    maps = (proc.PROC / str(pair.pid("metrics")) / "maps").read_text()
    found = re.findall(r"^\S+ (\S+) \S+ \S+ (\d+) +/memfd:ringmail-meter",
                       maps, re.M)
    own = {inode for rights, inode in found if rights.startswith("rw")}
    return len({inode for _, inode in found} - own)


def send(smtp, to):
    smtp.cmd("MAIL FROM:<>")
    smtp.cmd(f"RCPT TO:<{to}>")
    smtp.cmd("DATA")
    smtp.send(LETTER + b".\r\n")
    assert smtp.reply().code == 250


def test_old_and_new_process(pair):
    """Both count; the old one's numbers stay after its end, and the helpers'
    after an upgrade of theirs meanwhile."""
    to = f"u0@{DOMAIN}"
    with Smtp(pair.smtp_port) as first:
        first.hello()
        send(first, to)
        old = upgrade(pair, "smtpd")
        proc.wait_until("both hand over", lambda: total(
            scrape(pair.port), "ringmail_process_starts",
            process="smtpd") == 2, 20 * PATIENCE)
        assert deliver(pair.smtp_port, LETTER, to).code == 250
        send(first, to)
        assert (messages(pair), sessions(pair)) == (3, 1)
        assert read_memories(pair) == 3
        before = scrape(pair.port)
        upgrade_helpers(pair)
        up(pair)
        proc.wait_until("both hand over again", lambda: messages(pair) == 3,
                        20 * PATIENCE)
        after = scrape(pair.port)
        for name in ("batch_messages", "journal_sync_seconds"):
            assert value(after, f"ringmail_{name}", "_count") == \
                value(before, f"ringmail_{name}", "_count") > 0, name
        for name in ("mailbox", "accounts", "metrics"):
            assert total(after, "ringmail_process_starts", process=name) == \
                total(before, "ringmail_process_starts", process=name) + 1
        send(first, to)
        with Smtp(pair.smtp_port) as second:
            second.hello()
            assert (messages(pair), sessions(pair)) == (4, 2)
    proc.wait_until("the old one has left", lambda: not proc.alive(old),
                    20 * PATIENCE)
    proc.wait_until("no session is left", lambda: sessions(pair) == 0,
                    20 * PATIENCE)
    assert messages(pair) == 4
    proc.wait_until("the old one's memory is let go", lambda:
                    read_memories(pair) == 2, 30 * PATIENCE)
    assert messages(pair) == 4, "but what it has counted is kept"
    upgrade_helpers(pair)
    up(pair)
    assert deliver(pair.smtp_port, LETTER, to).code == 250
    now = scrape(pair.port)
    assert total(now, "ringmail_messages", result="good") == 5
    assert value(now, "ringmail_batch_messages", "_sum") == 5


def test_upgrades_of_all_under_load(pair):
    """All three at once: no asker is refused, no number falls, each message is
    counted once."""
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=3,
                size=2000).start()
    watcher = Watcher(pair.port, pair.socket)
    rounds = scaled(4, 2)
    for n in range(1, rounds + 1):
        old = pair.pid("metrics")
        for name in ("smtpd", "pop3d", "helpers"):
            install(pair, name)
        pair.must("upgrade")
        for name in ("smtpd", "pop3d"):
            proc.wait_until(f"{name} is upgraded", lambda s=name, n=n: count(
                pair, s, "upgrade.done") == n, 30 * PATIENCE)
        proc.wait_until("a new metrics", lambda o=old: pair.pid("metrics")
                        not in (None, o), 30 * PATIENCE)
        with Pop3(pair.pop3_port, user="u1", timeout=20 * PATIENCE) as p:
            p.stat()
    load.stop()
    assert not load.ended, load.ended
    assert set(load.codes) <= {250, 451}, load.codes
    proc.wait_until("the old ones have left", lambda: len(
        proc.children(pair.pid("smtpd"))) == 1, 20 * PATIENCE)
    up(pair)
    assert watcher.stop() > 0
    now = scrape(pair.port)
    assert total(now, "ringmail_messages", result="good") == load.codes[250]
    assert total(now, "ringmail_logins", result="good") == rounds
    for name in ("smtpd", "mailbox"):
        assert total(now, "ringmail_process_starts", process=name) == \
            rounds + 1
