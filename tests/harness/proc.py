"""What /proc tells about processes."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

PROC = pathlib.Path("/proc")
LISTENS = "0A"  # a state of /proc/net/tcp
TICK = os.sysconf("SC_CLK_TCK")


def status(pid, thread=None):
    """The fields of /proc/PID/status, or of one thread's."""
    path = PROC / str(pid)
    if thread is not None:
        path = path / "task" / str(thread)
    text = (path / "status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


def threads(pid):
    return sorted(int(t) for t in os.listdir(PROC / str(pid) / "task"))


def alive(pid):
    """Whether it runs: a zombie does not."""
    try:
        return status(pid)["State"][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return False


def stat(pid):
    """The fields of /proc/PID/stat behind the name."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def parents():
    """Each process's pid, state, and parent."""
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                state, parent = stat(entry.name)[:2]
                yield int(entry.name), state, int(parent)


def children(pid):
    """The pids of the processes whose parent is pid."""
    return sorted(child for child, state, parent in parents()
                  if parent == pid and state not in "ZX")


def tree(pid):
    """The pids of a process and all that come from it."""
    below = {}
    for child, _, parent in parents():
        below.setdefault(parent, []).append(child)
    found = [pid]
    for one in found:
        found += below.get(one, [])
    return found


def cpu(pid):
    """Seconds of CPU time that a tree of processes has taken; those of
    processes that ended count once their parent knows."""
    ticks = 0
    for one in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ticks += sum(int(field) for field in stat(one)[11:15])
    return ticks / TICK


def memory(pid, *kinds):
    """KiB of each process of a tree, by its name and pid: the sum of these
    lines of smaps_rollup."""
    sizes = {}
    for one in tree(pid):
        # It may have ended meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            name = (PROC / str(one) / "comm").read_text().strip()
            text = (PROC / str(one) / "smaps_rollup").read_text()
            sizes[f"{name} {one}"] = sum(
                int(line.split()[1]) for line in text.splitlines()
                if line.split(":")[0] in kinds)
    return sizes


def descriptors(pid):
    """What each open descriptor leads to, by number."""
    folder, found = PROC / str(pid) / "fd", {}
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(folder / name)
        except FileNotFoundError:
            pass
    return found


def kind(what):
    """What a descriptor leads to, without what differs by nature."""
    return re.sub(r"\d+", "N", what)


def shape(pid):
    """Open descriptors by their kind."""
    kinds = [kind(d) for d in descriptors(pid).values()]
    return {name: kinds.count(name) for name in set(kinds)}


def connected(ports):
    """How many connections to these ports of IPv4 a process holds open."""
    rows = (PROC / "net" / "tcp").read_text().splitlines()[1:]
    fields = [row.split() for row in rows]
    return sum(int(f[1].rpartition(":")[2], 16) in ports
               and f[3] != LISTENS and f[9] != "0" for f in fields)


def resident(pid):
    """Resident memory in KiB."""
    return int(status(pid)["VmRSS"].split()[0])


def mappings(pid):
    """How many memory mappings there are: each fiber's stack is one."""
    return len((PROC / str(pid) / "maps").read_text().splitlines())


def end(process, seconds):
    """Ends a process that we started; whether it ended by itself in time."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def wait_until(what, condition, seconds=60.0, least=60.0):
    """Waits for condition() to be true and returns its value.  What comes on
    a busy machine may be late: the least limit is for what never comes."""
    seconds = max(seconds, least)
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def settled(what, measure, rest=0.5, seconds=30.0):
    """Waits until what measure() gives stays as it is for rest seconds, and
    returns it."""
    begun = time.monotonic()
    since, value = begun, measure()
    while time.monotonic() < since + rest:
        if time.monotonic() > begun + seconds:
            raise AssertionError(f"{what}: no rest within {seconds} s")
        time.sleep(0.02)
        now = measure()
        if now != value:
            since, value = time.monotonic(), now
    return value
