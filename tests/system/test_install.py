"""What a new user does: make run, make install."""
import os
import re
import signal
import subprocess

import pytest

from harness import proc
from harness.daemons import BUILD, PATIENCE, ROOT, RUNNER, free_ports

pytestmark = pytest.mark.skipif(
    bool(RUNNER) or BUILD.name != "build",
    reason="nothing here depends on how it was built")
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("MAKE")}


def make(*args):
    done = subprocess.run(["make", "-s", *args], cwd=ROOT, env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_install_and_uninstall(tmp_path):
    to = [f"DESTDIR={tmp_path}", "prefix=/opt/ringmail"]
    make("install", *to)
    programs = tmp_path / "opt/ringmail"
    for name in ("libexec/ringmail/helpers", "libexec/ringmail/smtpd",
                 "libexec/ringmail/pop3d", "sbin/mailctl"):
        done = subprocess.run([programs / name, "-V"], check=True,
                              stdout=subprocess.PIPE, text=True)
        assert re.search(r"\d+\.\d+\.\d+", done.stdout), name
    for name in ("helpers.8", "smtpd.8", "pop3d.8", "mailctl.8"):
        assert (programs / "share/man/man8" / name).exists()
    completion = programs / "share/bash-completion/completions/mailctl"
    assert completion.read_text().startswith("# Completion of mailctl")
    assert "smtpd (/etc" in subprocess.run(
        [programs / "sbin/mailctl", "-c", tmp_path / "etc/ringmail/x.conf",
         "conf"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.replace(str(tmp_path), "")
    units = list((programs / "lib/systemd/system").iterdir())
    assert len(units) == 9
    for unit in units:
        text = unit.read_text()
        assert not re.search(r"@\w+dir@", text)
        if unit.suffix == ".service":
            assert "ExecStart=/opt/ringmail/libexec/ringmail/" in text
    script = programs / "share/ringmail/ringmail.init"
    assert os.access(script, os.X_OK)
    assert {"programs=/opt/ringmail/libexec/ringmail",
            "conf=/etc/ringmail"} <= set(script.read_text().splitlines())
    conf = tmp_path / "etc/ringmail/smtpd.conf"
    conf.write_text("# mine\n")
    assert "kept" in make("install", *to)
    assert conf.read_text() == "# mine\n", "a conf that is there stays"
    make("uninstall", *to)
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert {p.parent for p in left} == {conf.parent}


def start_run(ports, log):
    return subprocess.Popen(
        [ROOT / "tools" / "run.sh", BUILD], stdin=subprocess.DEVNULL,
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        # Ctrl-C is ignored by what a shell starts in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**ENVIRONMENT, "SMTP_PORT": str(ports[0]),
             "POP3_PORT": str(ports[1])})


def test_run(tmp_path):
    """make run shows a message that comes in and goes out, and ends without
    a trace at Ctrl-C."""
    out = tmp_path / "out"
    ports = free_ports(2)
    with open(out, "wb") as log:
        run = start_run(ports, log)
    try:
        proc.wait_until("all is up", lambda: "Ctrl-C stops all" in
                        out.read_text() or run.poll() is not None,
                        60 * PATIENCE)
        text = out.read_text()
        assert run.poll() is None, text
        assert text.count("The pair works.") == 2, "sent, and fetched"
        folder = re.search(r"Starting ringmail in (\S+)", text).group(1)
        services = proc.children(run.pid)
        assert len(services) == 3 and os.path.isdir(folder)
        with open(tmp_path / "second", "wb") as log:
            second = start_run(ports, log)
        assert second.wait(30 * PATIENCE) != 0
        assert f"port {ports[0]}" in (tmp_path / "second").read_text()
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(30 * PATIENCE) == 0, out.read_text()
    finally:
        if run.poll() is None:
            run.terminate()
            run.wait()
    assert not os.path.exists(folder)
    assert not any(proc.alive(pid) for pid in services)
