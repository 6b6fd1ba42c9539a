"""Mail servers of others hand in what lies in their queues, over STARTTLS, with
our certificate checked against a CA of the test's own."""
import email

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, free_ports, running
from harness.load import untraced
from harness.peers import PEERS
from harness.smtp import deliver
from harness.tls import TlsPair

LIMIT = 3  # recipients of one message
HEADER = ("Date: Sun, 22 Nov 2026 05:00:00 +0000\r\n"
          "From: s@remote.example\r\nTo: undisclosed:;\r\n"
          "Message-ID: <one@remote.example>\r\nSubject: from a queue\r\n"
          "X-Folded: one\r\n\ttwo \r\n").encode()
ASCII = b"\r\n".join([b"", b".", b"..", b".dot", b"From me", b"blanks \t ",
                      b"x" * 990, b"", b"", b"last", b""])
EIGHT = bytes(c for c in range(128, 256)) + b"\r\n.\xe4\r\n"


class Receiver(TlsPair):
    """Ours, with LMTP beside."""

    def __init__(self):
        self.lmtp_port, = free_ports(1)
        super().__init__(users=0, smtpd={
            "listen_lmtp": [f"127.0.0.1:{self.lmtp_port}"],
            "limits": {"recipients": LIMIT}})

    def letter(self, user, count=1):
        """The newest of so many letters, once they are there."""
        proc.wait_until(f"{count} letters for {user}",
                        lambda: len(self.letters(user)) >= count,
                        60 * PATIENCE)
        found = self.letters(user)
        assert len(found) == count
        newest = max(found, key=lambda path: path.stat().st_mtime_ns)
        return newest.read_bytes().replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def shared_pair():
    with running(Receiver()) as made:
        yield made


@pytest.fixture(scope="module", params=PEERS, ids=lambda peer: peer.__name__)
def peer(request, shared_pair):
    made = request.param(shared_pair)
    try:
        yield made.start()
    finally:
        made.stop()


def check(peer, letter, message, kind=b"ESMTPS"):
    """A letter is what was handed to the peer, below what it and we wrote on
    top, and came by TLS."""
    assert b"from " + peer.name.encode() + b" " in letter
    assert b"with " + kind + b" id" in letter
    assert b"\ttls TLS_" in letter
    rest = untraced(letter)
    theirs = peer.received.match(rest)
    assert theirs, rest[:300]
    assert rest[theirs.end():] == message


def emptied(peer):
    proc.wait_until(f"{peer.name}'s queue is empty",
                    lambda: peer.queue() == "", 60 * PATIENCE)


def test_plain(pair, peer, user):
    message = HEADER + b"\r\n" + ASCII
    peer.submit("s@remote.example", [f"{user}@{DOMAIN}"], message)
    check(peer, pair.letter(user), message)
    emptied(peer)


def test_large(pair, peer, user):
    message = HEADER + b"\r\n" + b"".join(
        b"%06d %s\r\n" % (n, b"." * (n % 71)) for n in range(12_000))
    peer.submit("s@remote.example", [f"{user}@{DOMAIN}"], message)
    check(peer, pair.letter(user), message)


def test_eight_bits(pair, peer, user):
    message = HEADER + b"\r\n" + EIGHT
    peer.submit("s@remote.example", [f"{user}@{DOMAIN}"], message,
                mail=" BODY=8BITMIME")
    check(peer, pair.letter(user), message)


def test_smtputf8(pair, peer, user):
    if "SMTPUTF8" not in peer.offers:
        pytest.skip("it does not know SMTPUTF8")
    name = f"zo\u00eb-{user}"
    pair.add_user(name)
    message = HEADER.replace(b"queue", "Z\u00fcrich".encode()) + b"\r\n"
    peer.submit("j\u00fcrgen@b\u00fccher.example", [f"{name}@{DOMAIN}"],
                message, mail=" SMTPUTF8 BODY=8BITMIME")
    letter = pair.letter(name)
    check(peer, letter, message, kind=b"UTF8SMTPS")
    assert letter.startswith(
        "Return-Path: <j\u00fcrgen@b\u00fccher.example>".encode())


def test_one_of_several_is_refused(pair, peer, user):
    """The others have it, and its sender a bounce with our reply."""
    sender, other = f"{user}-s", f"{user}-o"
    pair.add_user(sender)
    pair.add_user(other)
    message = HEADER + b"\r\n" + ASCII
    peer.submit(f"{sender}@{DOMAIN}", [
        f"{user}@{DOMAIN}", f"no.such.{user}@{DOMAIN}",
        f"{other}@{DOMAIN}"], message)
    check(peer, pair.letter(user), message)
    check(peer, pair.letter(other), message)
    bounce = pair.letter(sender)
    assert bounce.startswith(b"Return-Path: <>\r\n")
    parts = {part.get_content_type(): part.as_string()
             for part in email.message_from_bytes(bounce).walk()}
    status = parts["message/delivery-status"].lower()
    assert "action: failed" in status and f"no.such.{user}@" in status
    assert b"550 5.1.1" in b" ".join(bounce.split())
    emptied(peer)


def test_full_mailbox_for_a_while(pair, peer, user):
    """452 leaves it in the queue, and the next try delivers it, once."""
    address = f"{user}@{DOMAIN}"
    pair.must("user", "quota", address, "0,1")
    assert deliver(pair.smtp_port, HEADER + b"\r\n", address).code == 250
    message = HEADER + b"\r\n" + ASCII
    peer.submit("s@remote.example", [address], message)
    proc.wait_until("it was tried", lambda: b"4.2.2" in
                    peer.logged().encode(), 60 * PATIENCE)
    assert address in peer.queue()
    pair.must("user", "quota", address, "0,9")
    peer.flush()
    check(peer, pair.letter(user, 2), message)
    emptied(peer)


def test_more_recipients_than_we_take(pair, peer, user):
    """452 to each further one: the peer sends what is left by itself, or at
    its next try, and nobody has it twice."""
    users = [f"{user}-{n}" for n in range(2 * LIMIT + 1)]
    for name in users:
        pair.add_user(name)
    message = HEADER + b"\r\n" + ASCII
    peer.submit("s@remote.example", [f"{u}@{DOMAIN}" for u in users], message)

    def done():
        peer.flush()
        return all(pair.letters(name) for name in users)
    proc.wait_until("all have it", done, 60 * PATIENCE)
    for name in users:
        check(peer, pair.letter(name), message)
    emptied(peer)


def test_success_notes(pair, peer, user):
    """NOTIFY, ORCPT, ENVID and RET come through the peer; the note goes to the
    sender, who is one of ours."""
    sender = f"{user}-s"
    pair.add_user(sender)
    message = HEADER + b"\r\n" + ASCII
    peer.submit(f"{sender}@{DOMAIN}", [f"{user}@{DOMAIN}"], message,
                mail=" RET=HDRS ENVID=number+2Bone",
                rcpt=" NOTIFY=SUCCESS ORCPT=rfc822;first@remote.example")
    check(peer, pair.letter(user), message)
    note = pair.letter(sender)
    assert b"Original-Envelope-Id: number+one" in note
    assert b"Original-Recipient: rfc822;first@remote.example" in note
    assert b"Action: delivered" in note


def test_chunking(pair, peer, user):
    """Exim sends BDAT where it is offered, and says so with a K."""
    if "CHUNKING" not in peer.offers:
        pytest.skip("it does not know CHUNKING")
    message = HEADER + b"\r\n" + ASCII * 40
    peer.submit("s@remote.example", [f"{user}@{DOMAIN}"], message)
    check(peer, pair.letter(user), message)
    emptied(peer)
    log = peer.logged()
    line = next(text for text in log.splitlines()
                if f"=> {user}@{DOMAIN}" in text)
    assert " K " in line and " CV=yes " in line, line


def test_lmtp(pair, peer, user):
    """Of Postfix; jill's mail goes by LMTP there."""
    if "LMTP" not in peer.offers:
        pytest.skip("it has no LMTP client for a port")
    pair.add_user("jill")
    message = HEADER + b"\r\n" + ASCII
    peer.submit("s@remote.example", [f"jill@{DOMAIN}"], message)
    check(peer, pair.letter("jill"), message, kind=b"LMTPS")
