"""Logins: who is told what, how soon, and what is stored of a password."""
import os
import pathlib
import random
import statistics
import subprocess
import threading
import time

import pytest

from harness import proc, wire
from harness.daemons import DOMAIN, LOAD, PATIENCE, RUNNER, scaled
from harness.pop3 import Failed, fetch
from harness.system_users import system_user
from harness.wire import Wire, begin

ROUNDS = 40 if RUNNER else 150


def chance_of_later(first, second):
    """How often a time of the first is longer than one of the second: 0.5
    where both are of one kind, whatever the machine does besides."""
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    return wins / (len(first) * len(second))


def test_nobody_and_somebody_take_as_long(make_pair):
    """An unknown user and a wrong password: the same answer, and times that
    nobody can tell apart; beside a login that is remembered, which he can.
    The three are asked in turns, in an order by chance: a busy machine is as
    busy for each."""
    pair = make_pair(helpers={"accounts": {"failed_login": "0s",
                                           "hash_cost": "2"}})
    times = {"wrong": [], "nobody": [], "known": []}
    answers = {"wrong": set(), "nobody": set()}
    with Wire(pair, "pop3d", "accounts") as w:
        w.log_in(f"u0@{DOMAIN}", "pw")
        for n in range(ROUNDS):
            turns = [("wrong", "u1", "no"), ("nobody", f"v{n % 9}", "no"),
                     ("known", "u0", "pw")]
            random.shuffle(turns)
            for what, user, password in turns:
                # Each from a network of its own, so that none has failed.
                before = time.monotonic()
                status, reply = w.begin(
                    "PLAIN", f"\0{user}@{DOMAIN}\0{password}",
                    client=f"198.51.{n % 256}.{len(what)}")
                times[what].append(time.monotonic() - before)
                if what in answers:
                    answers[what].add((status, reply.octets))
    assert answers["wrong"] == answers["nobody"]
    # Of two samples of one kind, the chance is 0.5 with this deviation.
    deviation = ((2 * ROUNDS + 1) / (12 * ROUNDS * ROUNDS)) ** 0.5
    chance = chance_of_later(times["wrong"], times["nobody"])
    assert abs(chance - 0.5) < 5 * deviation, \
        {k: statistics.median(v) for k, v in times.items()}
    # That such a difference would be seen, on a busy machine too.
    assert chance_of_later(times["wrong"], times["known"]) > \
        0.5 + 5 * deviation


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
    proc.wait_until("a guess is answered", lambda: done, 60 * PATIENCE)
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
    pair = make_pair()
    assert fetch(pair.pop3_port, "u0") == []
    change_conf(pair, ('hash_cost = "1"', 'hash_cost = "2"'),
                ('"4096"', '"5000"'))

    def iterations(user):
        with Wire(pair, "smtpd", "accounts") as w:
            _, reply = w.begin("SCRAM-SHA-256", f"n,,n={user},r=abc")
            reply.number(5)
            return reply.data().split(b",i=")[1]

    assert iterations("u0") == b"4096"
    assert fetch(pair.pop3_port, "u0") == []
    proc.wait_until("u0 has a new record",
                    lambda: iterations("u0") == b"5000", 60 * PATIENCE)
    assert iterations("u1") == b"4096", "who did not log in"
    assert fetch(pair.pop3_port, "u0") == []


def change_conf(pair, *changes):
    """Starts the helpers anew with another conf."""
    conf = pair.conf("helpers")
    text = conf.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    conf.write_text(text)
    pair.stop("helpers")
    pair.start("helpers")


def upgraded(pair, user):
    """How often a user's password was hashed anew."""
    return pair.log("helpers").read_text().count(
        f"user.upgraded name={user}@{DOMAIN}")


def test_kinds_of_hashes(make_pair):
    """Argon2id and yescrypt: stored, logged in with, made anew as the other
    one, once, and back; a wrong password is wrong with each."""
    pair = make_pair(helpers={"accounts": {
        "hash": "argon2id", "failed_login": "0s"}})

    def log_in():
        assert fetch(pair.pop3_port, "u0") == []
        with pytest.raises(Failed):
            fetch(pair.pop3_port, "u0", password="wrong")

    log_in()
    pair.must("user", "passwd", f"u1@{DOMAIN}", stdin="other\n")
    assert fetch(pair.pop3_port, "u1", password="other") == []
    assert upgraded(pair, "u0") == upgraded(pair, "u1") == 0
    # Each change is a restart, which a checker makes slow.
    kinds = ["argon2id", "yescrypt", "argon2id"][:3 if LOAD >= 1 else 2]
    for turn, (before, after) in enumerate(zip(kinds, kinds[1:]), 1):
        change_conf(pair, (f'"{before}"', f'"{after}"'))
        log_in()
        proc.wait_until(f"u0 has {after}",
                        lambda n=turn: upgraded(pair, "u0") == n,
                        20 * PATIENCE)
        log_in()
    if LOAD < 1:
        return
    # Costs as well, and a cheaper one than it is stays.
    change_conf(pair, ('hash_cost = "1"', 'hash_cost = "2"'))
    log_in()
    proc.wait_until("u0 costs more", lambda: upgraded(pair, "u0") == 3,
                    20 * PATIENCE)
    change_conf(pair, ('hash_cost = "2"', 'hash_cost = "1"'))
    log_in()
    time.sleep(0.2)
    assert upgraded(pair, "u0") == 3 and upgraded(pair, "u1") == 0
    assert fetch(pair.pop3_port, "u1", password="other") == []


@pytest.mark.skipif(bool(RUNNER), reason="all of it is slow there")
def test_upgrades_wait_for_logins(make_pair):
    """Everybody's hash is to be made anew, which takes a second each: nobody
    who logs in waits for that but the next one, and it comes about."""
    count = scaled(24, 4)
    pair = make_pair(users=count)
    change_conf(pair, ('"4096"', "600000" if LOAD >= 1 else "20000"))
    with Wire(pair, "pop3d", "accounts", timeout=60 * PATIENCE) as w:
        start = time.monotonic()
        for n in range(count):
            w.send(*begin("PLAIN", f"\0u{n}@{DOMAIN}\0pw",
                          client=f"198.51.100.{n}"))
        for _ in range(count):
            assert w.receive()[1] == wire.OK
        took = time.monotonic() - start
    assert took < 5 * PATIENCE or LOAD < 1
    proc.wait_until("the first is upgraded", lambda: "user.upgraded" in
                    pair.log("helpers").read_text(), 60 * PATIENCE)
    text = pair.log("helpers").read_text()
    assert text.count("user.upgraded") < max(6, count // 2), \
        "each kept others waiting"
    assert "login.busy" not in text


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
        with system_user(name, "-M"):
            subprocess.run(["chpasswd"], input=f"{name}:s3cret\n", text=True,
                           check=True)
            yield name
    finally:
        file.unlink(missing_ok=True)


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
