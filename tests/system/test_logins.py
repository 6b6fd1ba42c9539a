"""Logins: who is told what, how soon, and what is stored of a password."""
import os
import pathlib
import statistics
import subprocess
import threading
import time

import pytest

from harness import wire
from harness.daemons import DOMAIN, RUNNER, scaled
from harness.pop3 import Failed, fetch
from harness.wire import Wire, begin

ROUNDS = 12 if RUNNER else 60


def chance_of_later(first, second):
    """How often a time of the first is longer than one of the second: 0.5
    where both are of one kind, whatever the machine does besides."""
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    return wins / (len(first) * len(second))


def test_nobody_and_somebody_take_as_long(make_pair):
    """An unknown user and a wrong password: the same answer, and times that
    nobody can tell apart; beside a login that is remembered, which he can."""
    pair = make_pair(helpers={"accounts": {"failed_login": "0s",
                                           "hash_cost": "4"}})
    times = {"wrong": [], "nobody": [], "known": []}
    answers = {"wrong": set(), "nobody": set()}
    with Wire(pair, "pop3d", "accounts") as w:
        w.log_in(f"u0@{DOMAIN}", "pw")
        for n in range(ROUNDS):
            for what, user, password in (
                    ("wrong", "u1", "no"), ("nobody", f"v{n % 9}", "no"),
                    ("known", "u0", "pw")):
                # Each from a network of its own, so that none has failed.
                before = time.monotonic()
                status, reply = w.begin(
                    "PLAIN", f"\0{user}@{DOMAIN}\0{password}",
                    client=f"198.51.{n}.{len(what)}")
                times[what].append(time.monotonic() - before)
                if what in answers:
                    answers[what].add((status, reply.octets))
    assert answers["wrong"] == answers["nobody"]
    chance = chance_of_later(times["wrong"], times["nobody"])
    assert 0.2 < chance < 0.8, \
        {k: statistics.median(v) for k, v in times.items()}
    # That such a difference would be seen, on a busy machine too.
    assert chance_of_later(times["wrong"], times["known"]) > 0.65


def test_a_flood_waits_behind_good_logins(make_pair):
    """Hundreds of guesses are under way when somebody logs in who never did
    before: he is served before most of them."""
    pair = make_pair(helpers={"accounts": {"login_queue": "4096",
                                           "hash_cost": "3"}})
    count = scaled(300, 30)
    done = []

    def flood():
        with Wire(pair, "pop3d", "accounts", timeout=600) as w:
            for n in range(count):
                w.send(*begin("PLAIN", f"\0u1@{DOMAIN}\0guess{n}",
                              client="203.0.113.9"))
            for _ in range(count):
                w.receive()
                done.append(time.monotonic())

    thread = threading.Thread(target=flood)
    thread.start()
    while not done:
        time.sleep(0.01)
    with Wire(pair, "pop3d", "accounts") as w:
        assert w.log_in(f"u0@{DOMAIN}", "pw", "198.51.100.7")[0] == \
            wire.LOGIN_OK
        # Whom they attack, from a network that is not theirs.
        assert w.log_in(f"u1@{DOMAIN}", "pw", "198.51.100.8")[0] == \
            wire.LOGIN_OK
    served = len(done)
    thread.join()
    assert len(done) == count
    assert served < count / 2


def test_waits_outlive_a_restart(make_pair):
    pair = make_pair(helpers={"accounts": {"failed_login": "1s",
                                           "failed_login_most": "30s"}})

    def delay():
        with Wire(pair, "pop3d", "accounts") as w:
            _, reply = w.begin("PLAIN", "\0u1\0no", client="203.0.113.5")
            assert reply.number(1) == wire.DENIED
            return reply.number(4)

    assert [delay(), delay(), delay()] == [1000, 2000, 4000]
    pair.kill_helper("accounts")
    assert delay() == 8000
    pair.check()


def test_older_records_are_upgraded(make_pair):
    """A user of a cheap hash logs in, and has the keys that SCRAM needs and
    the hash that the conf wants."""
    pair = make_pair(helpers={"accounts": {"hash_cost": "1",
                                           "scram_iterations": "4096"}})
    conf = pair.conf("helpers")
    assert fetch(pair.pop3_port, "u0") == []
    text = conf.read_text()
    conf.write_text(text.replace('hash_cost = "1"', 'hash_cost = "2"')
                    .replace('"4096"', '"5000"'))
    pair.stop("helpers")
    pair.start("helpers")

    def iterations(user):
        with Wire(pair, "smtpd", "accounts") as w:
            _, reply = w.begin("SCRAM-SHA-256", f"n,,n={user},r=abc")
            reply.number(5)
            return reply.data().split(b",i=")[1]

    assert iterations("u0") == b"4096"
    assert fetch(pair.pop3_port, "u0") == []
    end = time.monotonic() + 60
    while iterations("u0") != b"5000" and time.monotonic() < end:
        time.sleep(0.1)
    assert iterations("u0") == b"5000"
    assert iterations("u1") == b"4096", "who did not log in"
    assert fetch(pair.pop3_port, "u0") == []


def test_senders(make_pair):
    """RFC 6409 6.1: a user's own addresses, and those that he was given."""
    pair = make_pair()
    pair.must("alias", "add", f"both@{DOMAIN}", f"u0@{DOMAIN}",
              f"u1@{DOMAIN}")
    pair.must("alias", "add", f"sales@{DOMAIN}", f"u0@{DOMAIN}")
    with Wire(pair, "smtpd", "accounts") as w:
        def may(address, name="u0"):
            status, _ = w.call(wire.SENDER, wire.data(f"{name}@{DOMAIN}"),
                               wire.data(address))
            return status == wire.OK

        assert may(f"u0@{DOMAIN}") and may(f"U0+x@{DOMAIN}") and may("")
        assert may(f"sales@{DOMAIN}")
        assert not may(f"sales@{DOMAIN}", "u1")
        assert not may(f"both@{DOMAIN}"), "two read it"
        assert not may(f"u1@{DOMAIN}") and not may("u0@example.com")
        assert not may("nonsense") and not may(f"nobody@{DOMAIN}")
        assert not may(f"u0@{DOMAIN}", "nobody")
        pair.must("user", "senders", f"u0@{DOMAIN}", "me@example.com",
                  "@example.net")
        assert may("Me@Example.com") and may("any@example.net")
        assert not may("any@sub.example.net")
        assert fetch(pair.pop3_port, "u0") == []
        pair.must("user", "senders", f"u0@{DOMAIN}")
        assert not may("me@example.com")
    wrong = pair.mailctl("user", "senders", f"u0@{DOMAIN}", "x y")
    assert wrong.returncode == 1 and "no address" in wrong.stderr


@pytest.fixture
def pam_service():
    """A service of PAM, and a system user with a password."""
    name = f"rmpam{os.getpid()}"
    file = pathlib.Path("/etc/pam.d") / name
    try:
        file.write_text("auth required pam_unix.so nodelay\n"
                        "account required pam_unix.so\n")
        subprocess.run(["useradd", "-M", name], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["chpasswd"], input=f"{name}:s3cret\n", text=True,
                       check=True)
        yield name
    finally:
        file.unlink(missing_ok=True)
        subprocess.run(["userdel", name], check=False,
                       stderr=subprocess.DEVNULL)


def test_pam(make_pair, pam_service):
    """A system user logs in with the system's password; a changed one counts
    at once."""
    pair = make_pair(helpers={"pam": {"service": pam_service}})
    pair.must("user", "add", "--pam", f"{pam_service}@{DOMAIN}")

    def log_in(password):
        with Wire(pair, "pop3d", "accounts") as w:
            return w.log_in(f"{pam_service}@{DOMAIN}", password)[0]

    assert log_in("s3cret") == wire.LOGIN_OK
    assert log_in("wrong") == wire.DENIED
    assert log_in("") == wire.DENIED
    subprocess.run(["chpasswd"], input=f"{pam_service}:0ther\n", text=True,
                   check=True)
    assert log_in("s3cret") == wire.DENIED
    assert log_in("0ther") == wire.LOGIN_OK
    assert fetch(pair.pop3_port, pam_service, "0ther") == []
    # And the others go on as before.
    assert fetch(pair.pop3_port, "u0") == []
    pair.must("user", "passwd", f"{pam_service}@{DOMAIN}", stdin="own\n")
    assert log_in("0ther") == wire.DENIED
    assert log_in("own") == wire.LOGIN_OK


def test_pam_is_off(make_pair):
    pair = make_pair()
    done = pair.mailctl("user", "add", "--pam", f"x@{DOMAIN}")
    assert done.returncode == 1 and "PAM" in done.stderr
    with pytest.raises(Failed):
        fetch(pair.pop3_port, "x")
