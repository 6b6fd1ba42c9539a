"""Metrics where systemd starts the services: the helpers have no network, the
resolver is a service of its own, and a watchdog looks after them."""
import ctypes
import os
import signal
import sys

import pytest

from harness import proc
from harness.activate import LAUNCHER, Manager, listener
from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER
from harness.metrics import ask, scrape, value
from harness.smtp import deliver

CLONE_NEWNET = 0x40000000
pytestmark = pytest.mark.skipif(
    bool(RUNNER), reason="the same under a checker, but slow")


def leave_the_network():
    """As PrivateNetwork= has it."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        os._exit(99)


@pytest.fixture
def pair(make_pair):
    """Its helpers have what was passed to them, as .manager hears."""
    made = make_pair(users=1, smtpd={"client_names": True})
    made.stop("helpers")
    with listener() as sock, Manager(made.folder) as made.manager:
        made.port = sock.getsockname()[1]
        conf = made.conf("helpers")
        conf.write_text(f'{conf.read_text()}metrics {{\n'
                        f'    listen = {{"127.0.0.1:{made.port}"}}\n}}\n')
        program = [BUILD / "bin" / "helpers", "-c", conf]
        made.spawn(
            "helpers", [sys.executable, "-c", LAUNCHER, str(sock.fileno()),
                        *program, "-x", "resolver"],
            pass_fds=[sock.fileno()], preexec_fn=leave_the_network,
            env={**os.environ, "NOTIFY_SOCKET": made.manager.path,
                 "WATCHDOG_USEC": str(int(400_000 * PATIENCE))})
        made.spawn("resolver", [*program, "-o", "resolver"])
        made.manager.hear("READY=1")
        proc.wait_until("both are shown", lambda: value(
            scrape(made.port), "ringmail_up") == 2, 30 * PATIENCE)
        yield made
        made.stop("resolver")
        made.stop("helpers")
    conf.write_text(conf.read_text().partition("metrics {")[0])
    made.start("helpers")


def test_resolver_of_its_own(pair):
    """What the others see of it is shown; of itself, nothing is, and nobody
    says that it is away."""
    assert deliver(pair.smtp_port, b"\r\n", f"u0@{DOMAIN}").code == 250
    now = scrape(pair.port)
    assert value(now, "ringmail_request_seconds", "_count", process="smtpd",
                 helper="resolver") > 0
    for family in now.values():
        for _, labels in family.samples:
            assert ("process", "resolver") not in labels, family.name
    assert "is away" not in ask(pair.port, "/")[2]


def test_watchdog_lets_metrics_hang(pair):
    """No mail hangs on it: the others are not started anew for it."""
    pid = pair.pid("metrics")
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(12):  # of four in the watchdog's time
            pair.manager.hear("WATCHDOG=1")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "watchdog.silent" not in pair.log("helpers").read_text()
    assert scrape(pair.port)
