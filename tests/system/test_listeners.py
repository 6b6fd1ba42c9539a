"""Listeners: passed by a service manager, and in the file system."""
import contextlib
import grp
import os
import shutil
import signal
import socket

import pytest

from harness import proc
from harness.activate import Manager, launch, listener, which
from harness.daemons import (BUILD, PATIENCE, RUNNER, free_ports, merge,
                             render)

# The tool hands on no variables but those that it is told.
CHECKERS = [f"--setenv={name}={value}" for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")]
# What both share is memcheck's once.
NAMES = ["smtpd"] if RUNNER else ["smtpd", "pop3d"]
BANNER = {"smtpd": b"220 ", "pop3d": b"+OK "}


@pytest.fixture
def pair(make_pair):
    return make_pair(users=0)


def write_conf(pair, name, **changes):
    conf = {"run": pair.run / name, "hostname": "mx.example.test",
            "log": {"target": "stderr"}, "workers": 2}
    pair.conf(name).write_text(render(merge(conf, changes)))


def banner(address, family=socket.AF_INET):
    with socket.socket(family) as s:
        s.settimeout(20 * PATIENCE)
        s.connect(address)
        return s.recv(512)


def greets(name, address, family=socket.AF_INET):
    def answers():
        with contextlib.suppress(ConnectionRefusedError):
            return banner(address, family).startswith(BANNER[name])
        return False
    return answers


def wait_for(name, path):
    proc.wait_until(f"{path} is served", lambda: os.path.exists(path) and
                    greets(name, path, socket.AF_UNIX)(), 20 * PATIENCE)


def has_line(pair, name, text):
    proc.wait_until(text, lambda: text in pair.tail(name), 20 * PATIENCE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.cases_under_valgrind(1)
def test_sockets_by_address_and_by_name(pair, name):
    """Those that are passed are taken, and no others are made for them; one
    that the conf does not name is told of."""
    pair.stop(name)
    path = str(pair.folder / "passed")
    by_address, by_name, unused = listener(), listener(), listener()
    by_path = listener(socket.AF_UNIX, path)
    port = by_address.getsockname()[1]
    write_conf(pair, name,
               listen=[f"127.0.0.1:{port}", "systemd:other", path])
    launch(pair, name, [by_address, by_name, unused, by_path],
           ["first", "other", "third", "fourth"])
    for s in (by_address, by_name):
        assert greets(name, s.getsockname())()
    assert greets(name, path, socket.AF_UNIX)()
    has_line(pair, name, "listener.unused name=third")
    # A reload takes one away, brings one, and gives the first one back.
    for listen, one in ((["systemd:third"], unused),
                        (["systemd:other"], by_name)):
        write_conf(pair, name, listen=listen)
        os.kill(pair.pid(name), signal.SIGHUP)
        has_line(pair, name, f"generation={1 if one is unused else 2}")
        assert greets(name, one.getsockname())()
    pair.stop(name)
    assert os.path.exists(path), "it is the manager's"
    # In our hands they live on, and the next one serves who has come.
    with socket.create_connection(by_address.getsockname()) as waiting:
        write_conf(pair, name, listen=[f"127.0.0.1:{port}"])
        launch(pair, name, [by_address], ["first"])
        waiting.settimeout(20 * PATIENCE)
        assert waiting.recv(100).startswith(BANNER[name])
    for s in (by_address, by_name, by_path, unused):
        s.close()


def test_a_name_that_was_not_passed(pair):
    pair.stop("smtpd")
    write_conf(pair, "smtpd", listen=["systemd:smtp"])
    with listener() as other:
        process = launch(pair, "smtpd", [other], ["pop"])
        assert process.wait(20 * PATIENCE) == 1
    del pair.processes["smtpd"]
    assert "systemd:smtp: no such socket was passed" in pair.tail("smtpd")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.cases_under_valgrind(0)
def test_systemd_socket_activate(pair, name):
    """The real one: the service starts with the first connection."""
    pair.stop(name)
    port, = free_ports(1)
    write_conf(pair, name, listen=[f"127.0.0.1:{port}"])
    pair.spawn(name, [
        shutil.which("systemd-socket-activate"), "-l", f"127.0.0.1:{port}",
        "--fdname=mail", *CHECKERS, *which(), BUILD / "bin" / name, "-c",
        pair.conf(name)])
    proc.wait_until("it listens", lambda: b"listening" in
                    pair.log(name).read_bytes().lower(), 20)
    assert greets(name, ("127.0.0.1", port))()
    assert greets(name, ("127.0.0.1", port))()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.cases_under_valgrind(1)
def test_what_the_manager_is_told(pair, name):
    """READY once the workers serve; a reload; the end."""
    pair.stop(name)
    with Manager(pair.folder) as manager, listener() as passed:
        write_conf(pair, name, listen=["systemd:mail"])
        launch(pair, name, [passed], ["mail"],
               {"NOTIFY_SOCKET": manager.path})
        assert manager.hear("READY=1") == ["READY=1\nSTATUS=Serving"]
        assert pair.pid(f"{name}/client"), "it serves by now"
        os.kill(pair.pid(name), signal.SIGHUP)
        first, last = manager.hear("READY=1")
        assert first.startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert last == "READY=1"
        write_conf(pair, name, listen=["nonsense"])
        os.kill(pair.pid(name), signal.SIGHUP)
        assert len(manager.hear("READY=1")) == 2, "refused, and done with"
        pair.allow("reload.refused")
        assert manager.silent(0.2)
        pair.stop(name)
        assert manager.hear("STOPPING=1")


def test_the_watchdog_hears_of_a_stuck_worker(pair):
    """While the workers live it is told so; when they hang it is not, though
    the parent is well; and again once they go on."""
    pair.stop("smtpd")
    pair.allow("watchdog.silent")
    with Manager(pair.folder) as manager, listener() as passed:
        write_conf(pair, "smtpd", listen=["systemd:mail"])
        launch(pair, "smtpd", [passed], ["mail"],
               {"NOTIFY_SOCKET": manager.path,
                "WATCHDOG_USEC": str(int(400_000 * PATIENCE))})
        for _ in range(3):
            manager.hear("WATCHDOG=1")
        client = pair.pid("smtpd/client")
        os.kill(client, signal.SIGSTOP)
        try:
            has_line(pair, "smtpd", "watchdog.silent")
            assert manager.silent(0.5 * PATIENCE)
        finally:
            os.kill(client, signal.SIGCONT)
        manager.hear("WATCHDOG=1")
        pair.allow("watchdog.silent")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.cases_under_valgrind(1)
def test_unix_sockets(pair, name):
    """Their mode and group are the conf's, also after a reload; they are
    removed when they go; one that is left over is replaced."""
    pair.stop(name)
    path, more = str(pair.folder / "one"), str(pair.folder / "more")
    write_conf(pair, name, listen=[path, more],
               unix={"mode": "0600", "group": "mail"})
    launch(pair, name)
    wait_for(name, path)
    wait_for(name, more)
    assert access_of(path) == access_of(more) == (0o600, "mail")
    write_conf(pair, name, listen=[path], unix={"mode": "0666"})
    os.kill(pair.pid(name), signal.SIGHUP)
    has_line(pair, name, "generation=1")
    assert access_of(path) == (0o666, "root")
    assert not os.path.exists(more)
    assert greets(name, path, socket.AF_UNIX)()
    pair.stop(name)
    assert not os.path.exists(path)
    listener(socket.AF_UNIX, path).close()
    assert os.path.exists(path), "left over"
    launch(pair, name)
    wait_for(name, path)
    assert access_of(path)[0] == 0o666


def access_of(path):
    status = os.lstat(path)
    return status.st_mode & 0o7777, grp.getgrgid(status.st_gid).gr_name


def test_no_file_is_taken_for_a_socket(pair):
    """A slip in the conf removes nothing."""
    pair.stop("smtpd")
    path = pair.folder / "letter"
    path.write_text("precious")
    write_conf(pair, "smtpd", listen=[str(path)])
    process = launch(pair, "smtpd")
    assert process.wait(20 * PATIENCE) == 1
    del pair.processes["smtpd"]
    assert "is there, and is no socket" in pair.tail("smtpd")
    assert path.read_text() == "precious"
