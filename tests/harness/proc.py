"""What /proc tells about processes."""
import os
import pathlib
import re
import signal
import time

PROC = pathlib.Path("/proc")
LISTENS = "0A"  # a state of /proc/net/tcp


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


def children(pid):
    """The pids of the processes whose parent is pid."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if int(parent) == pid and state not in "ZX":
            found.append(int(entry.name))
    return sorted(found)


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
    except Exception:  # whatever it is, it may not outlive the test
        process.kill()
        process.wait()
        return False
    return True


def wait_until(what, condition, seconds=10.0):
    """Waits for condition() to be true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
