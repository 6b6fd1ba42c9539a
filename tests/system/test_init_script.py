"""The script for machines without systemd, as an administrator calls it."""
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, ROOT, RUNNER
from harness.pop3 import Failed, Pop3, fetch, patient
from harness.smtp import Closed, deliver

pytestmark = pytest.mark.skipif(
    bool(RUNNER) or BUILD.name != "build",
    reason="nothing here depends on how it was built")
NAMES = ["helpers", "smtpd", "pop3d"]
BODY = b"Subject: script\r\n\r\nx\r\n"


@pytest.fixture
def service(make_pair):
    """A function that calls the script for services of our own, and what they
    are; all end with the test."""
    pair = make_pair(users=1)
    pair.stop()
    script = pair.folder / "ringmail.init"
    text = (ROOT / "etc" / "ringmail.init").read_text()
    for name, value in (("programs", BUILD / "bin"), ("conf", pair.folder),
                        ("pids", pair.folder / "pids"),
                        ("logs", pair.folder / "logs")):
        text, times = re.subn(rf"^{name}=.*$", f"{name}={value}", text,
                              flags=re.M)
        assert times == 1, name
    assert text.count("\tmailctl -c") == 1
    script.write_text(text.replace("\tmailctl -c",
                                   f"\t{BUILD}/bin/mailctl -c"))

    def call(*args):
        return subprocess.run(["sh", script, *args], text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60 * PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    yield call, pair
    call("stop")
    pair.start()


def pids(said):
    return {name: int(pid) for name, pid in
            re.findall(r"^(\w+) runs \(pid (\d+)\)$", said, re.M)}


def serves(pair):
    """Whether a message goes in and comes out."""
    try:
        return deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250 and \
            fetch(pair.pop3_port, "u0")
    except (OSError, Closed, Failed):
        return False


def test_from_start_to_stop(service):
    """Each word does what it says; nothing is started twice; what does not
    run, or has died, is not said to run."""
    call, pair = service
    done = call("status")
    assert done.returncode == 3, done.stdout
    assert done.stdout.count("does not run") == 3
    assert call("reload").returncode == 0, "there is nothing to tell"
    done = call("start")
    assert done.returncode == 0, done.stdout
    done = call("status")
    first = pids(done.stdout)
    assert done.returncode == 0 and set(first) == set(NAMES), done.stdout
    done = call("start")
    assert done.stdout.count("runs already") == 3
    assert pids(call("status").stdout) == first
    proc.wait_until("it serves", lambda: serves(pair), 60 * PATIENCE)
    for name, event in (("helpers", "accounts.ready"), ("smtpd",
                        "message.accepted"), ("pop3d", "session.end")):
        log = pair.folder / "logs" / f"{name}.log"
        proc.wait_until(f"its log has {event}",
                        lambda: event in log.read_text(), 20 * PATIENCE)
    with Pop3(pair.pop3_port, user="u0") as session:
        for word in ("reload", "force-reload", "upgrade"):
            done = call(word)
            assert done.returncode == 0, f"{word}: {done.stdout}"
            assert patient(session.stat)[0] > 0
        assert pids(call("status").stdout) == first
        session.quit()
    os.kill(first["smtpd"], signal.SIGKILL)
    proc.wait_until("it is dead", lambda: not proc.alive(first["smtpd"]),
                    20 * PATIENCE)
    done = call("status")
    assert done.returncode == 3 and "smtpd does not run" in done.stdout
    done = call("restart")
    assert done.returncode == 0, done.stdout
    again = pids(call("status").stdout)
    assert set(again) == set(NAMES)
    assert not set(again.values()) & set(first.values())
    proc.wait_until("it serves", lambda: serves(pair), 60 * PATIENCE)
    assert call("stop").returncode == 0
    assert call("status").returncode == 3
    assert not any(map(proc.alive, again.values()))


def test_what_it_refuses(service):
    """A bad conf changes nothing, and is said; a word that there is not."""
    call, pair = service
    conf = pair.conf("smtpd").read_text()
    pair.conf("smtpd").write_text(conf + "nonsense = 1\n")
    done = call("start")
    assert done.returncode == 1 and "nonsense" in done.stdout
    pair.conf("smtpd").write_text(conf)
    with socket.create_server(("127.0.0.1", pair.smtp_port)):
        done = call("start")
    assert done.returncode == 1 and "smtpd did not start" in done.stdout
    assert f":{pair.smtp_port}" in done.stdout, "why, as the log has it"
    assert "smtpd does not run" in call("status").stdout
    assert call("start").returncode == 0
    running = pids(call("status").stdout)
    pair.conf("smtpd").write_text(conf + "nonsense = 1\n")
    for word in ("reload", "upgrade"):
        done = call(word)
        assert done.returncode == 1 and "nonsense" in done.stdout, done.stdout
    assert pids(call("status").stdout) == running
    pair.conf("smtpd").write_text(conf)
    assert call("nonsense").returncode == 2
    assert call().returncode == 2
