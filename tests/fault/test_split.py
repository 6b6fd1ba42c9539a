"""A message to more mailboxes than one request to the mailbox helper holds:
all of them have it once, or none has it, whatever fails in between."""
import os
import shutil
import signal
import threading
import time

import pytest

from harness.daemons import DOMAIN, PATIENCE, Pair, running
from harness.smtp import Smtp

BOXES = 230  # of three requests
PER_ALIAS = 50
FAULTS = ["process.end", "mailbox.failed", "mailbox.store", "deliver.",
          "maildir.", "store.", "mailbox.restart", "place."]


@pytest.fixture(scope="module")
def pair():
    made = Pair(users=BOXES)
    made.allow(*FAULTS)
    with running(made):
        for first in range(0, BOXES, PER_ALIAS):
            made.must("alias", "add", f"all{first}@{DOMAIN}",
                      *(f"u{n}@{DOMAIN}" for n in
                        range(first, min(first + PER_ALIAS, BOXES))))
        yield made


def send(pair, number, size=100):
    """The reply to the end of data of a message to all."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<>")
        for first in range(0, BOXES, PER_ALIAS):
            reply = smtp.cmd(f"RCPT TO:<all{first}@{DOMAIN}>")
            if reply.code != 250:
                return reply
        assert smtp.cmd("DATA").code == 354
        smtp.send(b"Subject: %d\r\n\r\n" % number + b"x" * 60 * (size // 60) +
                  b"\r\n.\r\n")
        return smtp.reply()


def having(pair, number):
    """How many letters of this number each mailbox has."""
    mark = b"Subject: %d\n" % number
    found = []
    for n in range(BOXES):
        new = pair.maildir(f"u{n}") / "new"
        found.append(sum(mark in path.read_bytes()[:2000]
                         for path in new.iterdir()) if new.is_dir() else 0)
    return found


def empty(pair):
    for n in range(BOXES):
        new = pair.maildir(f"u{n}") / "new"
        if new.is_dir():
            for path in new.iterdir():
                path.unlink()


@pytest.mark.parametrize("size", [100, 50000, 600000])
def test_all_have_it_once(pair, size):
    """In memory, in a spool that gets names, and in one beside the journal."""
    assert send(pair, size, size).code == 250
    assert having(pair, size) == [1] * BOXES
    empty(pair)


@pytest.mark.parametrize("size", [100, 50000])
def test_a_maildir_that_takes_nothing(pair, size):
    """Of the last request: those before it are taken back."""
    number = size + 1
    assert send(pair, 1, 100).code == 250, "each has a Maildir"
    empty(pair)
    new = pair.maildir(f"u{BOXES - 1}") / "new"
    shutil.rmtree(new)
    new.write_text("")
    assert send(pair, number, size).code == 451
    assert sum(having(pair, number)) == 0
    new.unlink()
    assert send(pair, number, size).code == 250
    assert having(pair, number) == [1] * BOXES
    empty(pair)


def test_a_full_mailbox(pair):
    """Of the last request: nobody sees the letter come and go."""
    pair.must("user", "quota", f"u{BOXES - 1}@{DOMAIN}", "1")
    reply = send(pair, 3, 1000)
    assert reply.code == 452
    assert sum(having(pair, 3)) == 0
    pair.must("user", "quota", f"u{BOXES - 1}@{DOMAIN}", "none")
    assert send(pair, 3, 1000).code == 250
    assert having(pair, 3) == [1] * BOXES
    empty(pair)


@pytest.mark.parametrize("part", range(6))
def test_the_helper_is_killed_in_between(pair, part):
    """Each time a little later; what was not taken is tried again."""
    number, replies = 100 + part, []
    begun = threading.Event()

    def sender():
        begun.set()
        replies.append(send(pair, number))

    started = time.monotonic()
    assert send(pair, number + 50).code == 250
    usual = time.monotonic() - started
    client = threading.Thread(target=sender)
    client.start()
    begun.wait()
    time.sleep(usual * (0.4 + 0.1 * part))
    os.kill(pair.pid("mailbox"), signal.SIGKILL)
    client.join(120 * PATIENCE)
    assert replies, "the client has an answer"
    if replies[0].code == 250:
        assert having(pair, number) == [1] * BOXES
    else:
        assert replies[0].code == 451, replies
        assert sum(having(pair, number)) == 0
        assert send(pair, number).code == 250
        assert having(pair, number) == [1] * BOXES
    assert having(pair, number + 50) == [1] * BOXES
    empty(pair)
