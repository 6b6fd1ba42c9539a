"""System calls of the store fail, one at a time: the answer is right, nothing
is lost, nothing comes that was refused, and all is well afterwards."""
import os
import random
import shutil

import pytest

from fault.crash.check import size_of
from fault.store import Store, calls, temporary

LONG = float(os.environ.get("RINGMAIL_FAULT_LONG", "1"))
SETUP = ["batch:3:700:2", "batch:1:5000:2"]
STEPS = ["mark", "batch:1:900:2", "batch:1:800:4", "batch:1:40000:2",
         "batch:4:600:0", f"expunge:2:1:{size_of(2, 700)}", "checkpoint",
         "batch:1:500:2", "mark"]
ERRORS = ["EIO", "ENOSPC", "EDQUOT", "EMFILE", "ENOMEM", "EROFS"]
# What the store asks of the disk; the rest is the driver's own.
ASKED = {"openat", "openat2", "write", "pwrite64", "pwritev", "fdatasync",
         "fsync", "syncfs", "linkat", "unlinkat", "mkdirat", "ftruncate",
         "fcntl", "newfstatat", "getrandom", "flock", "getdents64",
         "pread64", "faccessat2", "setresuid"}
FULL = {"ENOSPC", "EDQUOT"}
# Where a lack of room can show before the promise.
ROOM = {"openat", "write", "mkdirat", "linkat"}


@pytest.fixture
def work():
    path = temporary()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def store(work):
    store = Store(f"{work}/store")
    store.must(*SETUP)
    return store


def answers(store, error, call):
    """The answers of the last run that are not right."""
    wrong = []
    for line in store.said.splitlines():
        code = line.split()[0]
        if not code.isdigit() or code == "250":
            continue
        right = {"451"} if error not in FULL else \
            {"452"} if call in ROOM else {"451", "452"}
        if code not in right:
            wrong.append(f"{call} {error}: {line}")
    return wrong


def afterwards(store, refused, boot, first=50):
    """Starts anew and delivers something; what is wrong then."""
    code = store.run("batch:2:400:2", boot=boot, first=first)
    wrong = store.wrong()
    if code or ("u0", first) not in store.promises.there:
        wrong.append(f"no delivery afterwards: {code} {store.said}")
    wrong += [f"{trace} was refused, and is there" for trace, _, _ in refused
              if store.holds(trace)]
    return wrong


def try_fault(store, work, call, number, error):
    """One fault; what went wrong."""
    trial = store.copy(f"{work}/trial")
    code = trial.run(*STEPS, first=5, strace=(
        "-e", f"inject={call}:error={error}:when={number}"))
    if code == 4 and call == "write":
        return []  # to standard output
    if code not in (0, 3):
        return [f"the driver ended with {code}: {trial.log[-300:]}"]
    wrong = answers(trial, error, call)
    if code == 0:
        # Nothing that was refused is there, and the process goes on.
        wrong += [f"{t} was refused, and is there"
                  for t, _, _ in trial.refused() if trial.holds(t)]
        wrong += trial.wrong()
    refused = trial.refused()
    stopped = trial.copy(f"{work}/stopped")
    wrong += afterwards(trial, refused, "boot-1")
    wrong += [f"after a stop: {w}" for w in
              afterwards(stopped, refused, "boot-2")]
    return [f"{call}:{error}:{number}: {w}" for w in wrong]


def test_each_call_fails(store, work):
    found = [(call, n) for call, n in
             calls(store, f"{work}/trial", *STEPS, first=5) if call in ASKED]
    found += [("syncfs", 3), ("syncfs", 4)]
    assert len({call for call, _ in found}) >= 10, found
    faults = [(call, n, error) for call, n in found for error in ERRORS]
    rng = random.Random(5)
    faults = rng.sample(faults, min(len(faults), round(250 * LONG)))
    wrong = [w for fault in faults for w in try_fault(store, work, *fault)]
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def test_start_fails(work):
    """Each call of a start and a replay fails: the next start makes up.  127:
    it was one of the dynamic linker."""
    store = Store(f"{work}/store")
    store.must(*SETUP)
    shutil.rmtree(store.path / "mail" / "u1")
    found = [(call, n) for call, n in
             calls(store, f"{work}/trial", "mark", boot="boot-2")
             if call in ASKED - {"openat"}]
    rng = random.Random(6)
    faults = [(c, n, e) for c, n in found for e in ERRORS]
    # Each read of the journal: what it can't read must not be given up.
    reads = [f for f in faults if f[0] == "pread64"]
    assert reads
    faults = reads + rng.sample(faults, min(len(faults), round(80 * LONG)))
    wrong = []
    for call, number, error in faults:
        trial = store.copy(f"{work}/trial")
        code = trial.run(boot="boot-2", strace=(
            "-e", f"inject={call}:error={error}:when={number}"))
        if code not in (0, 3, 127) and (code, call) != (4, "write"):
            wrong.append(f"{call}:{error}:{number}: ended with {code}")
        wrong += [f"{call}:{error}:{number}: {w}"
                  for w in afterwards(trial, [], "boot-2")]
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def test_memory_runs_out(store, work):
    """Each allocation of all steps fails once."""
    wrong, ends, harmless, number = [], set(), 0, 0
    while harmless < 20:  # in a row: no allocation has such a number
        number += 1
        trial = store.copy(f"{work}/trial")
        code = trial.run(*STEPS, first=5, plant=f"memory:{number}")
        ends.add(code)
        refused = trial.refused()
        # 4: it was the driver's own.
        found = answers(trial, "ENOMEM", "malloc")
        if code not in (0, 3, 4):
            found.append(f"ended with {code}")
        found += trial.wrong() + afterwards(trial, refused, "boot-1")
        wrong += [f"{number}: {w}" for w in found]
        harmless = 0 if code or refused else harmless + 1
        assert number < 500
    assert 3 in ends, "the store needs memory"
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def test_short_writes(store):
    store.must(*STEPS, first=5, plant="short")
    assert not store.refused() and not store.wrong()
    code = store.run("batch:1:700:2", boot="boot-2", first=50, plant="short")
    assert code == 0 and not store.wrong()


def test_lasting_fault_passes(store):
    """All syncs fail for a while, over several starts."""
    for _ in range(3):
        code = store.run("batch:2:900:2", first=5, strace=(
            "-e", "inject=fdatasync:error=EIO:when=1+"))
        assert code == 3 and not store.wrong()
    assert afterwards(store, [(5, 0, 0), (6, 0, 0)], "boot-1") == []
