"""SIGKILL at each system call of one step: what was answered is there, what
was not is sent again, and nothing is there twice."""
import shutil

import pytest

from fault.crash.check import size_of
from fault.store import Store, calls, temporary

SETUP = ["batch:3:700:0", "batch:1:5000:2", "batch:1:34000:2"]
SIZES = {1: 700, 2: 700, 3: 700, 4: 5000, 5: 34000}
# Each step, and the messages that it delivers.
STEPS = {
    "delivery": ("batch:1:900:2", [(6, 900, 2)]),
    "large delivery": ("batch:1:40000:2", [(6, 40000, 2)]),
    "batch of 8": ("batch:8:900:2", [(t, 900, 2) for t in range(6, 14)]),
    "expunge": (f"expunge:4:1:{size_of(4, 5000)}", []),
    "expunge, removal": (f"expunge:4:1:{size_of(4, 5000)} remove", []),
    "expunge, checkpoint": (f"expunge:4:1:{size_of(4, 5000)} checkpoint", []),
    "checkpoint": ("checkpoint", []),
    "delivery to a new owner": ("batch:1:900:4", [(6, 900, 4)]),
}


@pytest.fixture
def work():
    path = temporary()
    yield path
    shutil.rmtree(path)


def again(message):
    trace, size, count = message
    return f"again:{trace}:{size_of(trace, size)}:{count}"


def kill_at_each(store, work, step, when, options):
    """Kills the step by each of these injections; what went wrong."""
    _, messages = STEPS.get(step, (None, []))
    steps = ["mark", *STEPS[step][0].split(), "mark"] if step in STEPS else \
        ["mark"]
    wrong, killed = [], 0
    for inject in when:
        trial = store.copy(f"{work}/trial")
        code = trial.run(*steps, **options,
                         strace=("-e", f"inject={inject}"))
        killed += code == -9 or code == 137
        # smtpd sends what it has no answer to again.
        late = [again(m) for m in messages
                if ("u0", m[0]) not in trial.promises.there]
        code = trial.run(*late, boot=options["boot"])
        found = trial.wrong()
        if code or found or any(("u0", m[0]) not in trial.promises.there
                                for m in messages):
            wrong.append((inject, code, found[:3], trial.said))
    return wrong, killed


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_call(work, step):
    store = Store(f"{work}/store")
    setup = SETUP if "new" not in step else ["batch:3:700:2"]
    store.must(*setup)
    options = {"boot": "boot-1", "first": 6}
    found = calls(store, f"{work}/trial", "mark", *STEPS[step][0].split(),
                  "mark", **options)
    when = [f"{name}:signal=SIGKILL:when={n}" for name, n in found]
    if "checkpoint" in step:
        when += [f"syncfs:signal=SIGKILL:when={n}" for n in (1, 2)]
    wrong, killed = kill_at_each(store, work, step, when, options)
    # A thread beside makes its calls when it comes to: not always as many.
    assert killed >= len(when) * 9 // 10, f"{killed} of {len(when)}"
    assert not wrong, f"{len(wrong)} of {len(when)}: {wrong[:3]}"


@pytest.mark.parametrize("boot", ["boot-1", "boot-2"])
def test_replay_is_killed_at_each_call(work, boot):
    """After a kill before the names were given, or a loss of power, which
    took all names of one owner with it."""
    store = Store(f"{work}/store")
    store.must(*SETUP, f"expunge:1:0:{size_of(1, 700)}")
    if boot == "boot-2":
        shutil.rmtree(store.path / "mail" / "u1")
        # That one was synced by itself: it can't be lost.
        del store.promises.there["u1", 5]
    else:
        code = store.run("batch:8:900:2", first=6, boot=boot,
                         strace=("-e", "inject=linkat:signal=SIGKILL:when=4"))
        assert code in (-9, 137)
    options = {"boot": boot, "first": 20}
    found = calls(store, f"{work}/trial", "mark", **options)
    when = [f"{name}:signal=SIGKILL:when={n}" for name, n in found
            if name != "execve"]
    wrong, killed = kill_at_each(store, work, "replay", when, options)
    assert killed >= len(when) - 2
    assert not wrong, f"{len(wrong)} of {len(when)}: {wrong[:3]}"
