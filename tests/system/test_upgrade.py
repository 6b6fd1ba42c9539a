"""Upgrade in place: the parent becomes the program that is installed by now,
and nobody who connects, or is connected, notices."""
import json
import os
import signal
import socket
import threading
import time

import pytest

from harness import daemons, proc
from harness.activate import launch, listener
from harness.daemons import (DOMAIN, PATIENCE, RUNNER, merge, render,
                             scaled)
from harness.load import Load, number_of
from harness.pop3 import Failed, Pop3, fetch, patient
from harness.smtp import Closed, Smtp, deliver
from harness.tls import TlsPair, starttls, stls
from harness.upgrade import (count, install, program, replaceable, upgrade,
                             upgrade_helpers)

BODY = b"Subject: upgrade\r\n\r\nx\r\n"
PORT = {"smtpd": "smtp_port", "pop3d": "pop3_port"}
pytestmark = pytest.mark.skipif(
    bool(RUNNER), reason="exec leaves the checker behind")


@pytest.fixture
def installed(make_pair, monkeypatch):
    """Services whose programs can be replaced."""
    return lambda **options: replaceable(make_pair(**options), monkeypatch)


class Callers:
    """Connects all the time; each connection must be greeted."""

    def __init__(self, *ports):
        self.greeted, self.failed = 0, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.call, args=[port])
                        for port in ports]
        for thread in self.threads:
            thread.start()

    def call(self, port):
        while not self.stopping.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), 20) as s:
                    s.settimeout(20 * PATIENCE)
                    if s.recv(3) not in (b"220", b"+OK"):
                        raise ConnectionError("hung up")
                self.greeted += 1
            except OSError as error:
                self.failed.append(repr(error))
            time.sleep(0.001)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.greeted


@pytest.mark.parametrize("accept", ["reuseport", "balance"])
def test_ten_upgrades_under_load(installed, accept):
    """No connection fails, no session ends, no message is lost."""
    own = {"workers": 2, "accept": accept}
    pair = installed(users=2, smtpd=own, pop3d=own)
    deliver(pair.smtp_port, BODY, f"u1@{DOMAIN}")
    callers = Callers(pair.smtp_port, pair.pop3_port)
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=4,
                size=2000).start()
    with Pop3(pair.pop3_port, user="u1") as session:
        for _ in range(scaled(10, 2)):
            for name in ("smtpd", "pop3d"):
                upgrade(pair, name)
            assert session.stat()[0] == 1
        load.stop()
        assert not load.ended, load.ended
        assert set(load.codes) == {250}
        assert callers.stop() > 20
        assert not callers.failed, callers.failed[:5]
        session.cmd("DELE 1")
        session.quit()
    assert fetch(pair.pop3_port, "u1") == []
    for name in ("smtpd", "pop3d"):
        proc.wait_until("the old ones have left", lambda n=name: len(
            proc.children(pair.pid(n))) == 1, 20 * PATIENCE)
        proc.wait_until("all are told of", lambda n=name: count(
            pair, n, "process.left") >= scaled(10, 2), 20 * PATIENCE)
        assert count(pair, name, "process.left") == scaled(10, 2)
    load.check(fetch(pair.pop3_port, "u0"))


def test_old_sessions_have_their_time(installed):
    """A session outlives the upgrade, for as long as drain says; SIGTERM ends
    old and new."""
    pair = installed(users=1, pop3d={"timeouts": {"drain": "1500ms"}})
    with Smtp(pair.smtp_port) as smtp, \
            Pop3(pair.pop3_port, user="u0", timeout=20) as pop3:
        smtp.hello()
        old = upgrade(pair, "pop3d")
        assert pop3.stat() == (0, 0), "it goes on"
        with pytest.raises(OSError):
            while True:
                pop3.sock.sendall(b"")
                if pop3.sock.recv(100) == b"":
                    raise OSError
        proc.wait_until("it has left", lambda: not proc.alive(old),
                        20 * PATIENCE)
        assert count(pair, "pop3d", "service.left_early") == 1
        old = upgrade(pair, "smtpd")
        assert smtp.cmd("NOOP").code == 250 and proc.alive(old)
        pair.stop("smtpd")
        assert not proc.alive(old)
    pair.start("smtpd")


def test_sessions_of_old_processes(installed):
    """They are listed, and can be dropped, until they end."""
    pair = installed(users=1)
    folder = pair.run / "smtpd.admin"

    def listed():
        return {s["session"] for s in json.loads(
            pair.must("--json", "sessions", "list", "smtpd"))}
    clients, ids = [], []
    for number in range(3):
        if number:
            upgrade(pair, "smtpd")
        clients.append(Smtp(pair.smtp_port))
        clients[-1].hello()
        new, = listed() - set(ids)
        ids.append(new)
        assert listed() == set(ids)
    assert len(list(folder.iterdir())) == 3
    for number in range(2):
        pair.must("sessions", "drop", ids[number])
        assert clients[number].reply().lines[0].endswith(
            "Ended by the administrator")
        proc.wait_until("its process ends, and the name with it",
                        lambda n=number: len(list(folder.iterdir())) == 2 - n,
                        20 * PATIENCE)
    assert listed() == {ids[2]}
    assert clients[2].cmd("NOOP").code == 250
    for client in clients:
        client.close()
    (folder / "sessions.1").touch()
    pair.stop("smtpd")
    pair.start("smtpd")
    assert [path.name for path in folder.iterdir()] == ["sessions"]


def test_what_can_not_be_upgraded(installed):
    """A program that does not start, one that never answers, a bad conf: all
    stays as it was."""
    pair = installed(users=1)
    pair.allow("upgrade.refused", "reload.refused")
    pid, client = pair.pid("smtpd"), pair.pid("smtpd/client")
    conf = pair.conf("smtpd").read_text()
    kinds = ["#!/bin/false\n", "no program", "#!/nonexistent\n"]
    for n, text in enumerate(kinds, 1):
        program(pair, "smtpd").unlink()
        program(pair, "smtpd").write_text(text)
        program(pair, "smtpd").chmod(0o755)
        os.kill(pid, signal.SIGUSR2)
        proc.wait_until("it is refused", lambda n=n: count(
            pair, "smtpd", "upgrade.refused") == n, 20 * PATIENCE)
        assert pair.mailctl("upgrade", "smtpd").returncode == 1
    install(pair, "smtpd")
    pair.conf("smtpd").write_text(conf + "nonsense = 1\n")
    done = pair.mailctl("upgrade", "smtpd")
    assert done.returncode == 1 and "no service was told" in done.stderr
    os.kill(pid, signal.SIGUSR2)
    proc.wait_until("it is refused", lambda: count(
        pair, "smtpd", "reload.refused"), 20 * PATIENCE)
    pair.conf("smtpd").write_text(conf)
    assert (pid, client) == (pair.pid("smtpd"), pair.pid("smtpd/client"))
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250
    upgrade(pair, "smtpd")
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250


@pytest.mark.parametrize("name, change", [
    ("helpers", {"users": {"accounts": "nobody-of-this-name"}}),
    ("helpers", {"metrics": {"listen": ["127.0.0.1:PORT"]}}),
    ("smtpd", {"user": "nobody-of-this-name"})])
def test_confs_that_no_program_could_begin_with(installed, name, change):
    """They would be the end of the service; all stays as it was."""
    pair = installed(users=1)
    pair.allow("upgrade.refused")
    pid, mailbox = pair.pid(name), pair.pid("mailbox")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = render(change).replace("PORT", str(taken.getsockname()[1]))
        conf = pair.conf(name)
        conf.write_text(conf.read_text() + text)
        os.kill(pid, signal.SIGUSR2)
        proc.wait_until("it is refused", lambda: count(
            pair, name, "upgrade.refused"), 20 * PATIENCE)
    assert (pair.pid(name), pair.pid("mailbox")) == (pid, mailbox)
    assert deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}").code == 250


def lhlo(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20 * PATIENCE)
        s.connect(path)
        return s.recv(3)


def test_all_kinds_of_listeners(installed):
    """UNIX sockets, passed ones, new ones and those that go, before and after
    an upgrade."""
    pair = installed(users=1)
    pair.stop("smtpd")
    path, passed = str(pair.folder / "lmtp"), listener()
    other, more = daemons.free_ports(2)
    conf = {"run": pair.run / "smtpd", "hostname": "mx.example.test",
            "log": {"target": "stderr"}, "workers": 2,
            "listen": ["systemd:mail", f"127.0.0.1:{other}"],
            "listen_lmtp": [path]}
    pair.conf("smtpd").write_text(render(conf))
    launch(pair, "smtpd", [passed], ["mail"])
    port = passed.getsockname()[1]

    def greets(at):
        with socket.create_connection(("127.0.0.1", at), 20) as s:
            s.settimeout(20 * PATIENCE)
            return s.recv(3) == b"220"

    def is_open(at):
        try:
            return greets(at)
        except ConnectionRefusedError:
            return False
    proc.wait_until("it serves", lambda: greets(port), 20 * PATIENCE)
    conf = merge(conf, {"listen": [*conf["listen"], f"127.0.0.1:{more}"]})
    pair.conf("smtpd").write_text(render(conf))
    for _ in range(2):
        upgrade(pair, "smtpd")
        assert all(greets(at) for at in (port, other, more))
        assert lhlo(path) == b"220"
    conf["listen"] = ["systemd:mail"]
    pair.conf("smtpd").write_text(render(conf))
    pair.must("reload", "smtpd")
    proc.wait_until("they are closed", lambda: not is_open(other) and
                    not is_open(more), 20 * PATIENCE)
    assert greets(port) and lhlo(path) == b"220"
    pair.stop("smtpd")
    assert not os.path.exists(path), "it is removed by who has it now"
    passed.close()


def test_killed_at_once(installed):
    """The new client process dies: the old one serves until there is another.
    """
    pair = installed(users=1)
    pair.allow("process.end")
    callers = Callers(pair.smtp_port)
    old = pair.pid("smtpd/client")
    install(pair, "smtpd")
    pair.must("upgrade", "smtpd")

    def new():
        return [p for p in proc.children(pair.pid("smtpd")) if p != old and
                proc.status(p)["Name"] == "smtpd" and
                count(pair, "smtpd", "upgrade.begin")]
    for pid in proc.wait_until("there is a new one", new, 20 * PATIENCE):
        os.kill(pid, signal.SIGKILL)
    proc.wait_until("it is upgraded", lambda: count(
        pair, "smtpd", "upgrade.done"), 30 * PATIENCE)
    assert callers.stop() > 0
    assert len(callers.failed) <= 1, "but who was with the killed one"


def test_helpers_under_load(installed):
    """The helpers' sockets stay, and so do sessions and their maildrops."""
    pair = installed(users=2)
    for _ in range(3):
        deliver(pair.smtp_port, BODY, f"u1@{DOMAIN}")
    load = Load(pair.smtp_port, [f"u0@{DOMAIN}"], sessions=4,
                size=2000).start()
    admin = pair.run / "admin" / "accounts"
    inode = admin.stat().st_ino
    with Pop3(pair.pop3_port, user="u1", timeout=30 * PATIENCE) as session:
        for n in range(scaled(5, 2)):
            upgrade_helpers(pair)
            pair.must("user", "add", f"more{n}@{DOMAIN}", stdin="pw\n")
            assert b"Subject: upgrade" in session.multi("RETR 2")
        assert admin.stat().st_ino == inode, "it is the same socket"
        session.cmd("DELE 1")
        session.quit()
    load.stop()
    assert not load.ended, load.ended
    assert set(load.codes) <= {250, 451}, load.codes
    assert len(fetch(pair.pop3_port, "u1")) == 2
    load.check(fetch(pair.pop3_port, "u0"))
    pair.stop("helpers")
    assert not admin.exists()
    pair.start("helpers")


class SecureLoad(Load):
    """The same over STARTTLS; short: a session for each message."""

    def __init__(self, pair, user, short=False, **options):
        super().__init__(pair.smtp_port, [f"{user}@{DOMAIN}"], size=2000,
                         **options)
        self.pair, self.short = pair, short

    def open(self):
        smtp = starttls(self.pair)
        smtp.hello()
        return smtp

    def session(self):
        if not self.short:
            super().session()
            return
        try:
            while True:
                number, message = self.take()
                if number is None:
                    break
                with self.open() as smtp:
                    assert self.send(smtp, number, message)
                    smtp.cmd("QUIT")
        except (OSError, Closed, AssertionError) as error:
            self.ended.append(repr(error))

    def count(self):
        return len(self.accepted)


class Readers:
    """Users who read their mail over STLS until stopped, in one session, or
    in many."""

    def __init__(self, pair, *users, short=False):
        self.pair, self.short = pair, short
        self.ended, self.read = [], 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=[user])
                        for user in users]
        for thread in self.threads:
            thread.start()

    def session(self, user):
        with stls(self.pair) as pop3:
            patient(lambda: pop3.login(user))
            while not self.stopping.is_set():
                assert patient(pop3.stat)[0] == 1
                assert BODY in patient(lambda: pop3.retr(1))
                self.read += 1
                if self.short:
                    break
            pop3.quit()

    def run(self, user):
        try:
            self.session(user)
            while self.short and not self.stopping.is_set():
                self.session(user)
        except (OSError, Failed, Closed, AssertionError) as error:
            self.ended.append(repr(error))

    def count(self):
        return self.read

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def upgraded(pair, times, mailbox):
    """Whether smtpd and pop3d were so often, and there is another mailbox."""
    return pair.pid("mailbox") not in (None, mailbox) and all(
        count(pair, name, "upgrade.done") == times for name in PORT)


def test_no_change_ends_a_session(installed):
    """Reloads, and upgrades of all three services, while mail comes and goes
    over TLS: nobody is refused or hung up on, and nothing is lost."""
    users = [f"u{n}" for n in range(5)]
    pair = installed(kind=TlsPair, users=5, smtpd={"workers": 2},
                     pop3d={"workers": 2})
    for user in users[1:]:
        deliver(pair.smtp_port, BODY, f"{user}@{DOMAIN}")
    callers = Callers(pair.smtp_port, pair.pop3_port)
    loads = [SecureLoad(pair, "u0", sessions=2).start(),
             SecureLoad(pair, "u0", short=True, sessions=2,
                        first=1_000_000).start()]
    readers = [Readers(pair, "u1", "u2"),
               Readers(pair, "u3", "u4", short=True)]
    parts = [*loads, *readers]

    def go_on():
        """Each part gets on with what it does."""
        before = [part.count() for part in parts]
        proc.wait_until("all go on", lambda: all(
            part.count() > was or part.ended
            for part, was in zip(parts, before)), 60 * PATIENCE)
    try:
        for n in range(1, scaled(6, 2) + 1):
            pair.must("reload")
            go_on()
            for name in ("smtpd", "pop3d", "helpers"):
                install(pair, name)
            mailbox = pair.pid("mailbox")
            assert pair.must("upgrade").count("was told") == 3
            proc.wait_until("all are upgraded", lambda k=n, m=mailbox:
                            upgraded(pair, k, m), 60 * PATIENCE)
            go_on()
    finally:
        for part in parts:
            part.stop()
        callers.stop()
    assert not callers.failed, callers.failed[:5]
    for part in parts:
        assert not part.ended, part.ended
    messages = fetch(pair.pop3_port, "u0")
    for load in loads:
        assert set(load.codes) <= {250, 451}, load.codes
        load.check([m for m in messages if number_of(m) in load.sent])
