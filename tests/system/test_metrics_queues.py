"""What is shown while a thread hangs, or a process is away."""
import contextlib
import ctypes
import os
import signal

import pytest

from harness import proc
from harness.daemons import PATIENCE, RUNNER, free_ports
from harness.metrics import scrape, value
from harness.smtp import Smtp

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
COUNT = 6
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no thread is its own")


def trace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    if libc.ptrace(request, thread, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} {thread}")


@contextlib.contextmanager
def stopped(threads):
    """Threads that stand still, while the others of their process run."""
    with contextlib.ExitStack() as stack:
        for thread in threads:
            # One that works may hold what the others need.
            proc.wait_until(f"{thread} sleeps", lambda t=thread: proc.status(
                t)["State"][0] == "S", 30 * PATIENCE)
            trace(SEIZE, thread)
            trace(INTERRUPT, thread)
            os.waitpid(thread, WALL)
            stack.callback(trace, DETACH, thread)
        yield


def test_connections_that_wait_for_their_worker(make_pair):
    """Worker 0 accepts, and hands half of them to one that sleeps: they are
    shown as long as they wait, and are served then."""
    port, = free_ports(1)
    pair = make_pair(users=0, smtpd={"accept": "balance", "workers": 2},
                     helpers={"metrics": {"listen": [f"127.0.0.1:{port}"]}})

    def shown(name, suffix=""):
        return value(scrape(port), f"ringmail_{name}", suffix, process="smtpd")

    def begun():
        return shown("sessions_opened", "_total")

    proc.wait_until("it is shown", lambda: shown("up") == 1, 30 * PATIENCE)
    proc.wait_until("it rests", lambda: shown("sessions") == 0, 30 * PATIENCE)
    before = begun()
    client = pair.pid("smtpd/client")
    others = [t for t in proc.threads(client) if t != client]
    with contextlib.ExitStack() as stack:
        with stopped(others):
            waiting = [stack.enter_context(Smtp(pair.smtp_port, greet=False))
                       for _ in range(COUNT)]
            proc.wait_until("half of them have begun", lambda: (
                shown("sessions"), begun() - before) == (COUNT, COUNT / 2),
                30 * PATIENCE)
            assert shown("connections_queued") == COUNT / 2
        for smtp in waiting:
            assert smtp.reply().code == 220
        assert shown("connections_queued") == 0
        assert begun() - before == shown("sessions") == COUNT
    proc.wait_until("they have left", lambda: shown("sessions") == 0,
                    30 * PATIENCE)


def test_a_helper_that_is_away_has_nothing(make_pair):
    """It dies until its next start has to wait: meanwhile no fiber is shown,
    no journal, no request, and all that it has counted."""
    port, = free_ports(1)
    pair = make_pair(users=0, helpers={
        "metrics": {"listen": [f"127.0.0.1:{port}"]}})
    pair.allow(r"process\.end .*signal=9")

    def shown(name, suffix=""):
        return value(scrape(port), f"ringmail_{name}", suffix,
                     process="mailbox")

    def processes():
        return len(proc.children(pair.pid("helpers")))

    def is_away():
        pid = pair.pid("mailbox")
        if pid and shown("fibers") > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return processes() == all_there - 1 and shown("fibers") == 0 and \
            processes() == all_there - 1

    all_there = processes()
    assert shown("fibers") > 0 and shown("journal_size_bytes") > 0
    proc.wait_until("none is shown", is_away, 60 * PATIENCE)
    proc.wait_until("it is back", lambda: shown("fibers") > 0, 60 * PATIENCE)
    assert shown("journal_size_bytes") > 0
    assert shown("process_starts", "_total") >= 2
