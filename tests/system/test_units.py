"""The service units: what systemd-analyze says of them, and that each service
can do its work with the rights that its unit leaves it."""
import contextlib
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from harness import proc
from harness.activate import LAUNCHER, Manager, listener, which
from harness.daemons import (BUILD, DOMAIN, PATIENCE, ROOT, RUNNER,
                             free_ports, merge, render)
from harness.metrics import scrape, value
from harness.pop3 import fetch
from harness.smtp import deliver

BODY = b"Subject: units\r\n\r\nx\r\n"
UNITS = sorted((ROOT / "etc").glob("ringmail-*.service"))
PLAIN = pytest.mark.skipif(
    bool(RUNNER) or BUILD.name != "build",
    reason="nothing here depends on how it was built")
ANALYZE = pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                             reason="there is no systemd-analyze")


def lay_down(folder):
    """The units as they are installed, with programs that are there."""
    for unit in [*UNITS, *(ROOT / "etc").glob("ringmail-*.socket")]:
        text = unit.read_text().replace("@libexecdir@", str(BUILD / "bin"))
        (folder / unit.name).write_text(text.replace("@sysconfdir@", "/etc"))


def setting(unit, name):
    """All words of a unit's setting."""
    words = []
    for line in (ROOT / "etc" / f"ringmail-{unit}.service").read_text(
            ).splitlines():
        if line.startswith(f"{name}="):
            words += line.partition("=")[2].split()
    return words


@PLAIN
@ANALYZE
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_exposure_and_sense(tmp_path, unit):
    """Below 2.0, as systemd-analyze counts it; and it finds no mistake."""
    lay_down(tmp_path)
    path = tmp_path / unit.name
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         "--threshold=19", path], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"Overall exposure level for .*: 1\.\d", done.stdout)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=one",
         path], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    wrong = [line for line in done.stdout.splitlines()
             if "ringmail" in line]
    assert done.returncode == 0 and not wrong, done.stdout
    text = unit.read_text()
    assert "\nType=notify\n" in text and "\nWatchdogSec=" in text


@PLAIN
def test_who_is_named():
    """Users of units are those that the set-up makes."""
    users = set(re.search(r"users='([^']*)'\nusers=\"\$users ([^\"]*)\"",
                          (ROOT / "tools" / "setup.sh").read_text()
                          ).expand(r"\1 \2").split()) | {"root"}
    for unit in (ROOT / "etc").glob("ringmail-*.*"):
        for names in re.findall(
                r"^(?:User|Group|SocketUser|SocketGroup)=(\S+)$|"
                r"/chown (\S+) | -o (\S+) -g (\S+) ", unit.read_text(), re.M):
            assert set(":".join(names).strip(":").split(":")) <= users, \
                f"{unit.name}: {names}"


def count(pair, name, text):
    return pair.log(name).read_text(errors="replace").count(f" {text}")


def number(name):
    """Of a capability."""
    text = open("/usr/include/linux/capability.h", encoding="ascii").read()
    return int(re.search(rf"#define\s+{name}\s+(\d+)", text).group(1))


def confine(unit):
    """A function for a child before exec: what the unit takes from root."""
    keep = {number(name) for name in setting(unit, "CapabilityBoundingSet")}
    last = int(open("/proc/sys/kernel/cap_last_cap",
                    encoding="ascii").read())
    libc = ctypes.CDLL(None, use_errno=True)


    def drop():
        for bit in range(last + 1):
            if bit not in keep and libc.prctl(24, bit, 0, 0, 0):
                os._exit(99)
        libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
    return drop


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack_now:
        yield stack_now


def start(pair, name, args, drop, env=None, sockets=()):
    """The helpers, or a part of them, as a child of this kind."""
    fds = [s.fileno() for s in sockets]
    pair.spawn(name, [sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)),
                      *which(), str(BUILD / "bin" / "helpers"), "-c",
                      str(pair.conf("helpers")), *args], pass_fds=fds,
               preexec_fn=drop, env={**os.environ, **(env or {})})


def as_user(name, keep=()):
    """Likewise: another user, with these capabilities as ambient ones."""
    user = pwd.getpwnam(name)
    libc = ctypes.CDLL(None, use_errno=True)
    bits = [number(c) for c in keep]

    def become():
        libc.prctl(8, 1, 0, 0, 0)  # keep capabilities
        os.setgroups([])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        low = sum(1 << bit for bit in bits)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        data = (ctypes.c_uint32 * 6)(low, low, low, 0, 0, 0)
        if libc.capset(header, data):
            os._exit(98)
        for bit in bits:
            if libc.prctl(47, 2, bit, 0, 0):
                os._exit(97)
        libc.prctl(38, 1, 0, 0, 0)
    return become


def passed_sockets(pair):
    """What the resolver's socket units make."""
    sockets = []
    for folder, group in (("smtpd", "ringsmtp"), ("pop3d", "ringpop")):
        path = pair.run / folder / "resolver"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        sock.bind(str(path))
        sock.listen(64)
        os.chown(path, 0, pwd.getpwnam(group).pw_gid)
        path.chmod(0o660)
        sockets.append(sock)
    return sockets


@pytest.mark.skipif(bool(RUNNER), reason="rights, not memory")
def test_helpers_with_the_rights_of_their_units(make_pair, stack):
    """The helpers without network rights but the resolver, which has no other;
    each says that it is ready when it is.  Metrics are shown at the socket that
    was passed."""
    port, = free_ports(1)
    pair = make_pair(users=1, smtpd={"client_names": True}, helpers={
        "metrics": {"listen": [f"127.0.0.1:{port}"]}})
    pair.stop("helpers")
    shown = listener(address=("127.0.0.1", port))
    manager = stack.enter_context(Manager(pair.folder))
    start(pair, "helpers", ["-x", "resolver"], confine("helpers"),
          {"NOTIFY_SOCKET": manager.path}, [shown])
    manager.hear("READY=1")
    assert count(pair, "helpers", "accounts.ready") == 2
    assert count(pair, "helpers", "mailbox.ready") == 2
    assert not (pair.run / "smtpd" / "resolver").exists()
    names = {proc.status(p)["Uid"].split()[0]
             for p in proc.children(pair.pid("helpers"))}
    assert str(pwd.getpwnam("ringdns").pw_uid) not in names
    sockets = passed_sockets(pair)
    pid_file = pair.run / "resolver.pid"
    pid_file.touch()
    shutil.chown(pid_file, "ringdns", "ringdns")
    start(pair, "resolver", ["-o", "resolver"], as_user("ringdns"),
          sockets=sockets)
    proc.wait_until("the resolver is there", lambda: "resolver.ready" in
                    pair.tail("resolver"), 20 * PATIENCE)
    parent = pair.processes["resolver"].pid
    for pid in (parent, *proc.children(parent)):
        status = proc.status(pid)
        assert int(status["CapPrm"], 16) == 0
        assert status["Uid"].split()[0] == str(
            pwd.getpwnam("ringdns").pw_uid)
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250
    assert fetch(pair.pop3_port, "u0")
    said = pair.must("reload", "helpers")
    assert f"resolver (pid {parent}) was told" in said
    proc.wait_until("it starts anew", lambda: count(
        pair, "resolver", "resolver.ready") == 2, 20 * PATIENCE)
    proc.wait_until("both are shown", lambda: value(
        scrape(port), "ringmail_up") == 2, 30 * PATIENCE)
    pair.must("upgrade", "helpers")
    proc.wait_until("it is upgraded", lambda: count(
        pair, "resolver", "resolver.ready") == 3, 20 * PATIENCE)
    proc.wait_until("they too", lambda: count(
        pair, "helpers", "mailbox.ready") == 4, 20 * PATIENCE)
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250
    assert "resolver.away" not in pair.tail("smtpd")
    assert scrape(port), "the socket was handed on"
    pair.stop("resolver")
    assert (pair.run / "smtpd" / "resolver").exists(), "it is the manager's"
    pair.stop("helpers")
    assert "STOPPING=1" in manager.hear("STOPPING=1")
    for sock in (*sockets, shown):
        sock.close()
    pair.start("helpers")


def test_the_watchdog_hears_of_a_stuck_helper(make_pair, stack):
    """Told as long as all live, not while one hangs, and then again."""
    pair = make_pair(users=0)
    pair.stop()
    pair.allow("watchdog.silent")
    manager = stack.enter_context(Manager(pair.folder))
    start(pair, "helpers", [], None, {
        "NOTIFY_SOCKET": manager.path,
        "WATCHDOG_USEC": str(int(400_000 * PATIENCE))})
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    stuck = pair.pid("keys")
    os.kill(stuck, signal.SIGSTOP)
    try:
        proc.wait_until("it is silent", lambda: count(
            pair, "helpers", "watchdog.silent"), 20 * PATIENCE)
        assert manager.silent(0.5 * PATIENCE)
    finally:
        os.kill(stuck, signal.SIGCONT)
    manager.hear("WATCHDOG=1")


@pytest.mark.skipif(bool(RUNNER), reason="the checker is no child of ours")
@pytest.mark.parametrize("name,user", [("smtpd", "ringsmtp"),
                                       ("pop3d", "ringpop")])
def test_a_low_port_without_a_socket_unit(make_pair, name, user):
    """The parent, no root, may bind; its client process may not."""
    pair = make_pair(users=1)
    pair.stop(name)
    # The two never look for one at the same time in the same place.
    port = next(p for p in range(600 if name == "smtpd" else 800, 1024)
                if free(p))
    conf = {"run": pair.run / name, "hostname": "mx.example.test",
            "log": {"target": "stderr"}, "workers": 2,
            "listen": [f"127.0.0.1:{port}"]}
    pair.conf(name).write_text(render(conf))
    pid_file = pair.run / f"{name}.pid"
    pid_file.touch()
    shutil.chown(pid_file, user, user)
    # As the unit's ExecStartPre makes it.
    shutil.rmtree(f"{pair.run / name}.admin", ignore_errors=True)
    subprocess.run(["install", "-d", "-m", "700", "-o", user, "-g", user,
                    f"{pair.run / name}.admin"], check=True)
    caps = setting(name, "AmbientCapabilities")
    assert caps == ["CAP_NET_BIND_SERVICE"]
    pair.spawn(name, [BUILD / "bin" / name, "-c", pair.conf(name)],
               preexec_fn=as_user(user, caps))
    proc.wait_until("it serves", lambda: count(
        pair, name, "service.ready") == 2, 20 * PATIENCE)
    bit = 1 << number("CAP_NET_BIND_SERVICE")
    assert int(proc.status(pair.pid(name))["CapPrm"], 16) == bit
    client = pair.pid(f"{name}/client")
    for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(proc.status(client)[kind], 16) == 0
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        assert s.recv(3) in (b"220", b"+OK")
        told, = json.loads(pair.must("--json", "sessions", "list", name))
        assert told["address"] == "127.0.0.1"
        pair.must("sessions", "drop", told["session"])
        while s.recv(512):
            pass
    more = next(p for p in range(port + 1, 1024) if free(p))
    conf = merge(conf, {"listen": [f"127.0.0.1:{port}",
                                   f"127.0.0.1:{more}"]})
    pair.conf(name).write_text(render(conf))
    pair.must("upgrade", name)
    proc.wait_until("it is upgraded", lambda: count(
        pair, name, "upgrade.done"), 20 * PATIENCE)
    for at in (port, more):
        with socket.create_connection(("127.0.0.1", at), 10) as s:
            assert s.recv(3) in (b"220", b"+OK")
            proc.wait_until("the new one tells of it", lambda: len(
                json.loads(pair.must("--json", "sessions", "list", name))),
                20 * PATIENCE)
    assert "admin.not_served" not in pair.tail(name, 1000)


def free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
