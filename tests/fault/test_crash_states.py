"""The machine stops: in each state that the disk may be left in, what was
promised is there after recovery, once, and whole."""
import os
import random
import shutil
import subprocess
import tempfile

import pytest

from fault.crash import disk
from fault.crash.check import DRIVER, Promises, Recovery, size_of
from fault.crash.trace import Recording

LONG = float(os.environ.get("RINGMAIL_FAULT_LONG", "1"))
ROUNDS = 4
# A first run that fills both journals some times; its successors after a
# kill, and after another machine's start.
SMALL = [f"batch:{n}:{size}:0" for n, size in
         [(1, 900), (3, 700), (1, 5000), (8, 600)]]
FIRST = [*SMALL, "batch:1:34000:2", f"expunge:2:1:{size_of(2, 700)}",
         "checkpoint", *SMALL, "batch:1:20000:3", "batch:2:15000:1",
         f"expunge:5:0:{size_of(5, 5000)}",
         f"expunge:18:0:{size_of(18, 700)}", "batch:3:9000:2", "remove",
         f"expunge:17:0:{size_of(17, 700)}", "checkpoint", "batch:2:300:2",
         f"expunge:4:1:{size_of(4, 700)}", "batch:1:60000:3"]
AGAIN = [f"again:34:{size_of(34, 300)}:2", "batch:2:800:0", "checkpoint",
         f"expunge:35:0:{size_of(35, 300)}", "batch:1:30000:1",
         f"expunge:33:1:{size_of(33, 9000)}", "batch:2:12000:2", "remove",
         "batch:1:700:2"]


@pytest.fixture
def folder():
    """A place in memory: what is durable is the model's affair."""
    path = tempfile.mkdtemp(prefix="ringmail-crash-", dir="/dev/shm")
    try:
        yield path
    finally:
        shutil.rmtree(path)


def record(folder, *options, runs=(("boot-1", 1, FIRST),)):
    """Records the driver's runs in a folder that is empty before."""
    home = f"{folder}/live"
    for sub in ("", "/mail", "/journal"):
        os.mkdir(home + sub)
    recording = Recording(home)
    for boot, first, steps in runs:
        code = recording.run([DRIVER, *options, "-b", boot, "-t", str(first),
                              home, *steps], stderr=subprocess.DEVNULL)
        assert code == 0, f"the driver ended with {code}"
    return recording


def explore(recording, recovery, states, seed, promises=None, enough=None):
    """Tries so many states, over all moments and as often as it takes; (how
    many were tried, what was wrong).  Ends when enough are found to be
    wrong.  The more are tried, the more of them are the same: after
    ROUNDS over all moments it ends with fewer."""
    rng = random.Random(seed)
    points = len(recording.operations) - recording.loaded + 1
    most = max(6, round(2 * states / points))
    tried, wrong = set(), []
    for turn in range(ROUNDS):
        for k, found in moments(recording, recovery, rng, most, tried,
                                promises.copy() if promises else Promises()):
            wrong += [(k, w[:3]) for w in found]
            if (enough and len(wrong) >= enough) or \
                    (turn and len(tried) >= states):
                return len(tried), wrong[:enough]
        if len(tried) >= states:
            break
    return len(tried), wrong


def moments(recording, recovery, rng, most, tried, promises):
    """Tries up to `most` states of each moment that were not tried yet;
    yields the moment and what was wrong in them."""
    operations = recording.operations
    for k, pending in disk.pending_at(recording):
        if k > recording.loaded and operations[k - 1][0] == "say":
            promises.hear(operations[k - 1][1])
        found = []
        for choice in disk.choices(pending, operations, rng, most):
            files = disk.image(recording, k, pending, choice)
            key = disk.digest(files), len(promises.there), \
                len(promises.gone)
            if key not in tried:
                tried.add(key)
                found.append(recovery.wrong(files, promises))
        yield k, [wrong for wrong in found if wrong]


@pytest.fixture
def recovery(folder):
    recovery = Recovery(f"{folder}/state")
    yield recovery
    recovery.stop()


@pytest.fixture
def tell(capsys):
    """Prints a line, passed tests or not."""
    def tell(line):
        with capsys.disabled():
            print(f" [{line}]", end="", flush=True)
    return tell


def test_every_state_keeps_the_promise(folder, recovery, tell):
    recording = record(folder, runs=[
        ("boot-1", 1, FIRST), ("boot-1", 100, AGAIN), ("boot-0", 200, AGAIN)])
    tried, wrong = explore(recording, recovery, 5000 * LONG, seed=1)
    tell(f"{tried} states")
    assert not wrong, f"{len(wrong)} of {tried} states: {wrong[:5]}"
    assert tried >= 5000 * max(1, LONG / 2)


def test_states_of_a_recovery(folder, recovery, tell):
    """The machine stops again while it recovers."""
    recording = record(folder)
    rng = random.Random(2)
    operations = recording.operations
    points = list(disk.pending_at(recording))
    total = 0
    # Of one moment, several choices of what was lost may be tried.
    for k, pending in rng.choices(points[len(points) // 3:],
                                  k=round(20 * LONG)):
        promises = Promises(o[1] for o in operations[:k] if o[0] == "say")
        choice = rng.choice(list(disk.choices(pending, operations, rng, 12)))
        recovery.lay_down(disk.image(recording, k, pending, choice))
        again = Recording(recovery.folder)
        assert again.run([DRIVER, "-b", "boot-1a", "-t", "50",
                          recovery.folder, "batch:1:400:2"],
                         stderr=subprocess.DEVNULL) == 0
        tried, wrong = explore(again, recovery, 150, 3, promises)
        total += tried
        assert not wrong, f"{len(wrong)} of {tried} states: {wrong[:5]}"
    tell(f"{total} states")


@pytest.mark.parametrize("fault", ["fdatasync:error=EIO:when=3",
                                   "fdatasync:error=EIO:when=7",
                                   "syncfs:error=EIO:when=1+",
                                   "fsync:error=EIO:when=3"])
def test_states_after_a_failed_sync(folder, recovery, tell, fault):
    """What a failed sync was to write is gone, though the programs still see
    it: the machine stops after the restart that follows."""
    setup = ["batch:4:700:4", "batch:1:34000:2"]
    recording = record(folder, runs=[("boot-1", 1, setup)])
    for boot, first, steps, inject in [
            ("boot-1", 20, ["batch:3:900:3", "checkpoint", *SMALL,
                            "batch:1:40000:2", "checkpoint"],
             ["-e", f"inject={fault}"]),
            ("boot-1", 50, ["batch:2:500:2", "checkpoint", "batch:1:500:2",
                            "checkpoint"], [])]:
        code = recording.run(
            [DRIVER, "-b", boot, "-t", str(first), f"{folder}/live", *steps],
            inject, stderr=subprocess.DEVNULL)
        assert code == (3 if inject else 0)
    tried, wrong = explore(recording, recovery, 500 * LONG, seed=5)
    tell(f"{tried} states")
    assert not wrong, f"{len(wrong)} of {tried} states: {wrong[:5]}"


@pytest.mark.parametrize("plant", ["no-sync", "no-folder-sync", "early"])
def test_planted_bug_is_caught(folder, recovery, plant):
    """The test is able to fail: it finds each of these bugs."""
    recording = record(folder, "-p", plant,
                       runs=[("boot-1", 1, [*SMALL, "batch:1:9000:2"])])
    tried, wrong = explore(recording, recovery, 1500, seed=4, enough=20)
    assert len(wrong) == 20, f"{plant}: {len(wrong)} of {tried} states"
    assert any("lost" in text for _, found in wrong for text in found)
    clean = record_clean(folder)
    assert not explore(clean, recovery, 200, seed=4)[1]


def record_clean(folder):
    """The same steps without the plant."""
    shutil.rmtree(f"{folder}/live")
    return record(folder, runs=[("boot-1", 1, [*SMALL, "batch:1:9000:2"])])
