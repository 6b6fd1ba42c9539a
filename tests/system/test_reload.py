"""Reload by SIGHUP, under load; the two ways to accept; the end on SIGTERM."""
import os
import re
import signal
import socket
import threading
import time

import pytest

from harness import proc
from harness.daemons import (DOMAIN, HELPERS, PATIENCE, RUNNER, free_ports,
                             merge, render, scaled)
from harness.load import Load
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Smtp, deliver

BODY = b"Subject: reload\r\n\r\nx\r\n"
PORT = {"smtpd": "smtp_port", "pop3d": "pop3_port"}


class Conf:
    """A service's conf, which changes, and its reloads."""

    def __init__(self, pair, name):
        self.pair = pair
        self.name = name
        port = getattr(pair, PORT[name])
        self.conf = {
            "listen": [f"127.0.0.1:{port}"], "run": pair.run / name,
            "hostname": "mx.example.test", "log": {"target": "stderr"}}

    def write(self, **changes):
        self.conf = merge(self.conf, changes)
        self.write_text(render(self.conf))

    def write_text(self, text):
        path = self.pair.conf(self.name)
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)

    def count(self, pattern):
        text = self.pair.log(self.name).read_text(errors="replace")
        return len(re.findall(pattern, text))

    def hup(self, event="reload.done"):
        """SIGHUP, and waits for the line that says what came of it."""
        before = self.count(re.escape(event))
        os.kill(self.pair.pid(self.name), signal.SIGHUP)
        proc.wait_until(event, lambda: self.count(re.escape(event)) > before,
                        10 * PATIENCE)

    def change(self, **changes):
        self.write(**changes)
        self.hup()


def greets(port, name):
    """Whether a new session at the port is greeted with this host name."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            return name.encode() in s.recv(512)
    except OSError:
        return False


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 10).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was in the queue of a listener that went
    return False


def soon(what, condition):
    return proc.wait_until(what, condition, 10 * PATIENCE)


@pytest.fixture
def pair(make_pair):
    return make_pair(users=2)


@pytest.mark.parametrize("name", ["smtpd", "pop3d"])
@pytest.mark.cases_under_valgrind(1)
def test_sessions_keep_their_conf(pair, name):
    conf, port = Conf(pair, name), getattr(pair, PORT[name])
    client = pair.pid(f"{name}/client")
    old = Smtp(port) if name == "smtpd" else Pop3(port, user="u0")
    conf.change(hostname="new.example.test")
    soon("a new name", lambda: greets(port, "new.example.test"))
    if name == "smtpd":
        assert "mx.example.test" in old.hello().lines[0]
        old.envelope("s@remote.example", f"u1@{DOMAIN}")
        assert old.data(BODY).code == 250
        assert b"mx.example.test" in fetch(pair.pop3_port, "u1")[0]
        assert old.cmd("QUIT").code == 221
    else:
        assert old.stat() == (0, 0)
        old.quit()
    assert pair.pid(f"{name}/client") == client, "the same process"


def test_limits_of_new_sessions(pair):
    conf = Conf(pair, "smtpd")
    with Smtp(pair.smtp_port) as old:
        conf.change(limits={"recipients": 1})
        soon("the limit holds", lambda: one_recipient(pair))
        old.hello()
        old.envelope("s@remote.example", f"u0@{DOMAIN}", f"u1@{DOMAIN}")


def one_recipient(pair):
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.envelope("s@remote.example", f"u0@{DOMAIN}")
        return smtp.cmd(f"RCPT TO:<u1@{DOMAIN}>").code == 452


def test_listeners_appear_and_go(pair):
    conf = Conf(pair, "smtpd")
    first, = conf.conf["listen"]
    second, = free_ports(1)
    client = pair.pid("smtpd/client")
    before = proc.shape(client), proc.shape(pair.pid("smtpd"))
    conf.change(listen=[first, f"127.0.0.1:{second}"])
    soon("the second listens", lambda: greets(second, "mx"))
    assert greets(pair.smtp_port, "mx")
    held = Smtp(second)
    conf.change(listen=[f"127.0.0.1:{second}"])
    soon("the first has gone", lambda: refuses(pair.smtp_port))
    assert greets(second, "mx")
    conf.change(listen=[first])
    soon("the second has gone", lambda: refuses(second))
    soon("the first is back", lambda: greets(pair.smtp_port, "mx"))
    held.hello()
    held.close()
    # An address that overlaps the one that it takes the place of.
    port, = free_ports(1)
    conf.change(listen=[f"127.0.0.1:{port}"])
    conf.change(listen=[f"0.0.0.0:{port}"])
    conf.change(listen=[f"127.0.0.1:{port}"])
    soon("it serves", lambda: greets(port, "mx"))
    conf.change(listen=[first])
    soon("the first is back", lambda: greets(pair.smtp_port, "mx"))
    soon("no descriptor is left", lambda: (
        proc.shape(client), proc.shape(pair.pid("smtpd"))) == before)


def test_bad_conf_keeps_the_old(pair):
    conf = Conf(pair, "smtpd")
    pair.allow("reload.refused")
    good = pair.conf("smtpd").read_text()
    conf.write_text(good + "\nhostnam = \"x\"\n")
    conf.hup("reload.refused")
    line = len(good.splitlines()) + 2
    assert conf.count(rf"reload.refused .*smtpd.conf:{line}: .*hostname")
    conf.write_text(good.replace(str(pair.smtp_port), str(pair.pop3_port)))
    conf.hup("reload.refused")
    assert conf.count(f"reload.refused .*{pair.pop3_port}.* in use")
    conf.write_text("listen = {}\n")
    conf.hup("reload.refused")
    pair.conf("smtpd").unlink()
    conf.hup("reload.refused")
    assert greets(pair.smtp_port, "mx.example.test")
    conf.change(hostname="good.example.test")
    soon("the good one", lambda: greets(pair.smtp_port, "good.example.test"))


def test_what_needs_a_restart_is_named(pair):
    conf = Conf(pair, "pop3d")
    conf.change(user="daemon", workers=7, accept="balance")
    for setting in ("user", "workers", "accept"):
        assert conf.count(f"reload.needs_restart setting={setting}")
    assert greets(pair.pop3_port, "mx")


def test_log_level_and_stack_size(pair):
    conf = Conf(pair, "smtpd")
    assert not conf.count("client.connected")
    conf.change(log={"level": "debug"}, stack_size="256K")
    soon("debug lines", lambda: greets(pair.smtp_port, "mx") and
         conf.count("client.connected"))
    conf.change(log={"level": "info"})
    lines = conf.count("client.connected")
    assert greets(pair.smtp_port, "mx")
    assert conf.count("client.connected") == lines


def test_crash_after_reload(pair):
    """The next client process has the newest conf and listeners."""
    conf = Conf(pair, "smtpd")
    port, = free_ports(1)
    pair.allow("process.end .*signal=9")
    conf.change(hostname="new.example.test", listen=[f"127.0.0.1:{port}"])
    soon("a new name", lambda: greets(port, "new.example.test"))
    for _ in range(2):
        client = pair.pid("smtpd/client")
        os.kill(client, signal.SIGKILL)
        soon("a new process", lambda: pair.pid("smtpd/client") not in
             (None, client))
        soon("it serves", lambda: greets(port, "new.example.test"))
    assert refuses(pair.smtp_port)
    conf.change(hostname="third.example.test")
    soon("a third name", lambda: greets(port, "third.example.test"))


def census(conf, client):
    """The fibers of each worker while nobody is connected, as the line says
    that each writes, at the level debug, when it takes a conf."""
    workers = len(os.sched_getaffinity(0))

    def counted():
        log = conf.pair.log(conf.name)
        start = log.stat().st_size
        conf.change(log={"level": "debug"})

        def lines():
            text = log.read_bytes()[start:].decode(errors="replace")
            return re.findall(rf"smtpd\[{client}\] conf.taken worker=(\d+) "
                              r"fibers=(\d+) sessions=(\d+)", text)
        soon("each worker takes it", lambda: len(lines()) >= workers)
        found = lines()
        return all(s == "0" for *_, s in found) and sorted(found)
    found = soon("nobody is connected", counted)
    conf.change(log={"level": "info"})
    return found


def settle(conf, client):
    """What the processes have when nobody is connected."""
    return (census(conf, client), len(proc.threads(client)),
            proc.shape(client), proc.shape(conf.pair.pid("smtpd")))


def test_thousand_reloads_under_load(pair):
    reloads = scaled(1000, 30)
    conf = Conf(pair, "smtpd")
    extra = [f"127.0.0.1:{p}" for p in free_ports(2)]
    first = conf.conf["listen"]
    client, parent = pair.pid("smtpd/client"), pair.pid("smtpd")

    def storm(seconds, least):
        # The reloads are what is plenty, not the mail.
        load = Load(pair.smtp_port, [f"u0@{DOMAIN}", f"u1@{DOMAIN}"],
                    sessions=8, size=2000, pause=0.02).start()
        start, n = time.monotonic(), 0
        while n < least or time.monotonic() - start < seconds:
            conf.write(hostname=f"n{n}.test",
                       listen=first + [extra[n % 2]] * (n % 3 > 0))
            conf.hup()
            n += 1
        load.stop()
        assert not load.ended, load.ended[:5]
        assert set(load.codes) == {250}
        conf.change(listen=first)

    storm(2, 20)  # arenas, stacks and buffers reach their size
    before = settle(conf, client)
    memory = proc.resident(client), proc.resident(parent)
    storm(0, reloads)
    soon("all is as before", lambda: settle(conf, client) == before)
    # One cache of stacks and buffers, whatever the count of reloads.  (The
    # checkers keep freed memory.)
    if PATIENCE == 1:
        assert proc.resident(client) - memory[0] < 4096
        assert proc.resident(parent) - memory[1] < 1024
    assert pair.pid("smtpd/client") == client


@pytest.mark.parametrize("mode", ["reuseport", "balance"])
@pytest.mark.cases_under_valgrind(1)
def test_accept_modes(make_pair, mode):
    pair = make_pair(users=1, smtpd={"accept": mode, "workers": 3,
                                     "log": {"level": "info"}},
                     pop3d={"accept": mode, "workers": 2})
    listeners = sum("socket" in kind for kind in proc.descriptors(
        pair.pid("smtpd")).values())
    # Beside the control channel and the socket for mailctl.
    assert listeners - 3 == (1 if mode == "balance" else 3)
    held = [Smtp(pair.smtp_port) for _ in range(30)]
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250
    assert len(fetch(pair.pop3_port, "u0")) == 1
    conf = Conf(pair, "smtpd")
    conf.conf.update(accept=mode, workers=3)
    counted = sessions_of_workers(conf, len(held))
    if mode == "balance":
        assert sorted(counted) == [10, 10, 10]
    for smtp in held[::2]:
        assert smtp.cmd("QUIT").code == 221
    more = [Smtp(pair.smtp_port) for _ in range(15)]
    if mode == "balance":
        assert sorted(sessions_of_workers(conf, 30)) == [10, 10, 10]
    for smtp in [*held[1::2], *more]:
        smtp.hello()
        smtp.close()


def sessions_of_workers(conf, total):
    """How many sessions each worker has, when they are total in all."""
    def counted():
        before = conf.count("conf.taken")
        conf.change(log={"level": "debug"})
        soon("counts", lambda: conf.count("conf.taken") >= before + 3)
        text = conf.pair.log(conf.name).read_text()
        found = re.findall(r"conf.taken .*sessions=(\d+)", text)[-3:]
        return sum(map(int, found)) == total and list(map(int, found))
    return soon("all are counted", counted)


def test_end_tells_clients(make_pair):
    """RFC 5321 3.8: 421, after the replies to what was sent before."""
    pair = make_pair(users=1)
    idle = Smtp(pair.smtp_port)
    idle.hello()
    pop3 = Pop3(pair.pop3_port, user="u0")
    asked = Smtp(pair.smtp_port)
    asked.hello()
    asked.envelope("s@remote.example", f"u0@{DOMAIN}")
    start = time.monotonic()
    pair.stop("smtpd", "pop3d")
    assert time.monotonic() - start < 10 * PATIENCE
    for smtp in (idle, asked):
        reply = smtp.reply()
        assert (reply.code, reply.enhanced) == (421, "4.3.2")
        assert smtp.closed()
    pop3.close()
    pair.start("smtpd", "pop3d")
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250


class Logins:
    """Users who log in, and out again, all the time."""

    def __init__(self, pair, *users):
        self.pair, self.count, self.failed = pair, 0, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=[user])
                        for user in users]
        for thread in self.threads:
            thread.start()

    def run(self, user):
        while not self.stopping.is_set():
            try:
                with Pop3(self.pair.pop3_port, user=user,
                          timeout=60 * PATIENCE) as session:
                    session.quit()
                self.count += 1
            except (OSError, Failed) as error:
                self.failed.append(repr(error))

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.skipif(bool(RUNNER), reason="a login may take seconds there")
def test_logins_while_helpers_are_reloaded(make_pair):
    """None is refused."""
    users = [f"u{n}" for n in range(4)]
    pair = make_pair(users=len(users))
    logins = Logins(pair, *users)
    for _ in range(20):
        old, before = pair.pid("mailbox"), logins.count
        os.kill(pair.pid("helpers"), signal.SIGHUP)
        soon("another mailbox, and logins", lambda o=old, b=before:
             pair.pid("mailbox") not in (None, o) and
             (logins.count > b + 3 or logins.failed))
    logins.stop()
    assert not logins.failed, logins.failed[:5]


def test_helpers(pair):
    """Bad conf is logged; a good one holds, and ends no session."""
    pair.allow("reload.refused")
    conf = pair.conf("helpers")
    good = conf.read_text()
    log = pair.log("helpers")

    def hup(text, event):
        before = len(re.findall(event, log.read_text()))
        conf.write_text(text)
        os.kill(pair.pid("helpers"), signal.SIGHUP)
        soon(event, lambda: len(re.findall(event, log.read_text())) > before)

    old = {name: pair.pid(name) for name in HELPERS}
    hup(good + "stat = \"/x\"\n", "reload.refused .*helpers.conf:.*state")
    hup(good.replace("/state", "/other"),
        "reload.refused needs_restart=state")
    assert {name: pair.pid(name) for name in HELPERS} == old
    session = Pop3(pair.pop3_port, user="u1")
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=4).start()
    for n in range(5):
        hup(good.replace("accounts {", f"accounts {{\nlogin_cache = {n}m\n"),
            "reload.done")
        soon("all are new", lambda: all(
            pair.pid(name) not in (None, old[name]) for name in HELPERS
            if name != "keys"))
        assert pair.pid("keys") == old["keys"], "it stays (test_renewal.py)"
        old = {name: pair.pid(name) for name in HELPERS}
    load.stop()
    assert not load.ended, load.ended[:5]
    session.quit()
    load.check(fetch(pair.pop3_port, "u0"))
