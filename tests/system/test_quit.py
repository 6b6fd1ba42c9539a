"""QUIT: what is marked is gone for everybody at its +OK; its files go soon."""
import os
import threading
import time

import pytest

from harness import maildir, proc
from harness.daemons import DOMAIN, PATIENCE
from harness.pop3 import Failed, Pop3, fetch, patient
from harness.smtp import deliver

LETTERS = 600
TEXT = b"Subject: x\n\nbody\n"


def fill(pair, user, count=LETTERS, first=0):
    """Letters that another program has put there, long ago."""
    maildir.fill(pair.maildir(user), [TEXT] * count, first)


def files(pair, user):
    return [name for sub in ("new", "cur")
            for name in os.listdir(pair.maildir(user) / sub)]


def wait_for(pair, user, count):
    proc.wait_until("the files go", lambda: len(files(pair, user)) == count,
                    30 * PATIENCE)


def mark(pop3, numbers):
    numbers = list(numbers)
    pop3.send(b"".join(b"DELE %d\r\n" % n for n in numbers))
    for _ in numbers:
        pop3.reply()


def built(pair, user):
    return pair.log("helpers").read_text().count(
        f"index.built path={DOMAIN}/{user} ")


def is_right(pair, user):
    said = pair.must("mailbox", "check", f"{user}@{DOMAIN}")
    assert "\n0 letters that the index lacks" in said
    assert "\n0 rows whose letter has gone" in said


def test_gone_at_once(pair, user):
    """Each login sees what the last QUIT left, though it came at once; and
    none has to read the folders."""
    fill(pair, user)
    time.sleep(maildir.REST)
    with Pop3(pair.pop3_port, user=user) as pop3:
        uidls = pop3.uidl()
        pop3.quit()
    before = built(pair, user)
    left = list(uidls.values())
    while left:
        with Pop3(pair.pop3_port, user=user) as pop3:
            assert list(pop3.uidl().values()) == left
            gone = min(len(left), 250)
            mark(pop3, range(1, gone + 1))
            pop3.quit()
        left = left[gone:]
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat() == (0, 0)
        pop3.quit()
    wait_for(pair, user, 0)
    assert built(pair, user) == before
    # A new letter gets an id of its own.
    assert deliver(pair.smtp_port, TEXT.replace(b"\n", b"\r\n"),
                   f"{user}@{DOMAIN}").code == 250
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert not set(pop3.uidl().values()) & set(uidls.values())
        pop3.quit()
    assert built(pair, user) == before


def test_foreign_change_between(pair, user):
    """Another program's letter arrives right before QUIT, so that the folders
    must be read: what was removed is not seen."""
    fill(pair, user)
    with Pop3(pair.pop3_port, user=user) as pop3:
        mark(pop3, range(1, LETTERS))
        fill(pair, user, 1, LETTERS)
        pop3.quit()
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat()[0] == 2
        pop3.quit()
    wait_for(pair, user, 2)
    is_right(pair, user)


def test_killed_after_the_answer(make_pair):
    """The helper is killed at the +OK: its successor keeps the promise."""
    pair = make_pair(users=1)
    fill(pair, "u0")
    with Pop3(pair.pop3_port, user="u0") as pop3:
        mark(pop3, range(1, LETTERS))
        pop3.quit()
    pair.kill_helper("mailbox")
    assert len(patient(lambda: fetch(pair.pop3_port, "u0"))) == 1
    assert len(files(pair, "u0")) == 1


def test_refused_where_the_owner_forbids(pair, user):
    """Nothing is removed, and QUIT says so."""
    fill(pair, user, 3)
    new = pair.maildir(user) / "new"
    with Pop3(pair.pop3_port, user=user) as pop3:
        mark(pop3, [1])
        new.chmod(0o500)
        with pytest.raises(Failed, match="not removed"):
            pop3.quit()
    new.chmod(0o700)
    assert len(files(pair, user)) == 3
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat()[0] == 3
        pop3.quit()
    pair.allow(r"expunge\.failed")


def test_deliveries_meanwhile(pair, user):
    """Letters come in while many go: none of them is lost or doubled."""
    fill(pair, user)
    codes, stop = [], threading.Event()

    def send():
        while not stop.is_set():
            codes.append(deliver(pair.smtp_port, b"Subject: new\r\n\r\nx\r\n",
                                 f"{user}@{DOMAIN}").code)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        left = LETTERS
        while left:
            with Pop3(pair.pop3_port, user=user) as pop3:
                assert pop3.stat()[0] >= left
                gone = min(left, 120)
                mark(pop3, range(1, gone + 1))
                pop3.quit()
            left -= gone
    finally:
        stop.set()
        sender.join()
    assert set(codes) == {250}
    wait_for(pair, user, len(codes))
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat()[0] == len(codes)
        assert all(b"Subject: new" in pop3.retr(n + 1)
                   for n in range(len(codes)))
        pop3.quit()
    is_right(pair, user)
