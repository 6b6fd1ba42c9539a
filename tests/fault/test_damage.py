"""Octets of the journal and of the accounts' database change on the disk:
nothing wrong is served, and nothing is lost without a line in the log."""
import os
import pathlib
import random
import shutil
import subprocess

import pytest

from fault.crash.check import NAME, body, size_of
from fault.store import Store, temporary
from harness.daemons import BUILD

LONG = float(os.environ.get("RINGMAIL_FAULT_LONG", "1"))
FLIPS = round(100 * LONG)
KV_DRIVER = BUILD / "fault" / "kv_driver"


@pytest.fixture
def work():
    path = temporary()
    yield path
    shutil.rmtree(path)


def flip(path, rng):
    """Changes one octet, of those that hold something where most are zero;
    says which."""
    data = bytearray(path.read_bytes())
    places = [i for i, octet in enumerate(data) if octet] \
        if rng.random() < 0.8 else range(len(data))
    at = rng.choice(places)
    data[at] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return f"{path.name} at {at}"


def test_journal(work):
    store = Store(f"{work}/store")
    store.must("batch:3:700:2", "batch:4:3000:0", "checkpoint",
               "batch:2:900:2", f"expunge:8:0:{size_of(8, 900)}",
               "batch:3:600:2")
    for new in store.path.glob("mail/*/new"):
        shutil.rmtree(new)
    lost_before = Store.copy(store, f"{work}/clean")
    lost_before.must(boot="boot-2")
    whole = {f.relative_to(lost_before.path)
             for f in lost_before.path.glob("mail/*/new/*")}
    assert len(whole) >= 9, "the checkpoint leaves what follows it"
    rng, wrong, lost = random.Random(7), [], 0
    for _ in range(FLIPS):
        trial = store.copy(f"{work}/trial")
        what = flip(trial.path / "journal" / f"journal.{rng.randrange(2)}",
                    rng)
        if trial.run(boot="boot-2"):
            wrong.append(f"{what}: {trial.said}")
        there = set(trial.path.glob("mail/*/new/*"))
        names = {f.relative_to(trial.path) for f in there}
        for file in there:
            match = NAME.fullmatch(file.name)
            if not match or file.read_bytes() != body(
                    int(match.group(1), 16), int(match.group(2))):
                wrong.append(f"{what}: {file.name} is wrong")
        if whole - names:
            lost += 1
            if " error ringmail" not in trial.log or \
                    "journal.damaged" not in trial.log:
                wrong.append(f"{what}: {len(whole - names)} lost in silence")
    assert lost > FLIPS / 10, "flips do harm"
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def kv(folder, *args):
    return subprocess.run([KV_DRIVER, folder, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          errors="replace")


@pytest.mark.parametrize("closed", [True, False])
def test_accounts_database(work, closed):
    """closed: the helper ended in good order; else its log is needed."""
    folder = f"{work}/kv"
    os.mkdir(folder)
    assert kv(folder, "fill", "60").returncode == 0
    if closed:
        assert kv(folder, "show").returncode == 0
    shutil.copytree(folder, f"{work}/copy")
    want = kv(f"{work}/copy", "show").stdout
    assert want.count("\n") == 60
    rng, wrong, found = random.Random(8), [], 0
    for _ in range(FLIPS // 2):
        trial = f"{work}/trial"
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(folder, trial)
        files = sorted(p for p in (store_files(trial)) if p.stat().st_size)
        what = flip(rng.choice(files), rng)
        done = kv(trial, "show")
        if done.stdout == want and done.returncode == 0:
            continue
        found += 1
        if done.returncode == 0 or " error " not in done.stderr:
            wrong.append(f"{what}: {done.returncode}, "
                         f"{done.stdout.count(chr(10))} keys, {done.stderr}")
    assert found, "flips do harm"
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def test_accounts_log_alone(work):
    """Changes in a row go to the tables later: until then the log has them,
    and a kill loses none."""
    for count in (1, 7, 60, 61):
        folder = f"{work}/kv{count}"
        os.mkdir(folder)
        assert kv(folder, "fast", str(count)).returncode == 0
        for _ in range(2):
            done = kv(folder, "show")
            assert done.returncode == 0 and done.stdout.count("\n") == count


def test_end_of_the_accounts_log(work):
    """The last transaction is in the tables already: a log that ends before
    it must not be recovered from, since that would tear them."""
    folder, trial = f"{work}/kv", f"{work}/trial"
    os.mkdir(folder)
    assert kv(folder, "fill", "60").returncode == 0
    want = kv(folder, "show").stdout
    assert want.count("\n") == 60
    data = (pathlib.Path(folder) / "log.0000000001").read_bytes()
    # What the last commit says of itself can't be told from a torn end.
    end = data.rfind(b"h" * 256) + 256
    wrong, refused = [], 0
    for at in range(end - 9000, end, max(1, round(150 / LONG))):
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(folder, trial)
        spoilt = bytearray(data)
        spoilt[at] ^= 8
        (pathlib.Path(trial) / "log.0000000001").write_bytes(spoilt)
        done = kv(trial, "show")
        refused += done.returncode != 0 and "ends before" in done.stderr
        if done.returncode == 0 and done.stdout != want:
            wrong.append(f"{at}: {done.stdout.count(chr(10))} keys")
        elif done.returncode and " error " not in done.stderr:
            wrong.append(f"{at}: no word of it")
    assert refused
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


def store_files(folder):
    """What lasts: not the lock, nor what each start makes anew."""
    for name in os.listdir(folder):
        if not name.startswith("__db") and (name.endswith(".db") or
                                            name.startswith("log.")):
            yield pathlib.Path(folder) / name
