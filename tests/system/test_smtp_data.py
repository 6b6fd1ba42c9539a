"""SMTP: what becomes of a message.  RFC 5321 4.1.1.4, 4.4, 4.5.2, 6.3."""
import random
import re

import pytest

from harness.daemons import DOMAIN
from harness.load import compose, untraced
from harness.pop3 import fetch
from harness.smtp import Smtp, deliver

BASIC = b"Subject: test\r\n\r\nbody\r\n"


def test_message_arrives_octet_for_octet(pair, user, address):
    rng = random.Random(1)
    sent = [compose(n, rng, size) for n, size in enumerate(
        [0, 1, 100, 1000, 10_000, 48_000, 49_152, 50_000, 300_000])]
    for message in sent:
        assert deliver(pair.smtp_port, message, address).code == 250
    got = [untraced(m) for m in fetch(pair.pop3_port, user)]
    assert sorted(got) == sorted(sent)


def test_large_message(pair, user, address):
    rng = random.Random(2)
    message = compose(1, rng, 8_000_000)
    assert deliver(pair.smtp_port, message, address).code == 250
    assert untraced(fetch(pair.pop3_port, user)[0]) == message


def test_dots_are_unstuffed(pair, user, address):
    message = b"\r\n.\r\n..\r\n.x\r\n x.\r\n...\r\n"
    assert deliver(pair.smtp_port, message, address).code == 250
    assert untraced(fetch(pair.pop3_port, user)[0]) == message


def test_empty_message(pair, user, address):
    assert deliver(pair.smtp_port, b"", address).code == 250
    assert untraced(fetch(pair.pop3_port, user)[0]) == b""


@pytest.mark.parametrize("split", [1, 2, 3, 7])
def test_message_in_small_pieces(pair, user, address, split):
    wire = b"Subject: s\r\n\r\n..\r\nx\r\n..y\r\n.\r\n"
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.envelope("a@b.example", address)
        assert smtp.cmd("DATA").code == 354
        for at in range(0, len(wire), split):
            smtp.send(wire[at:at + split])
        assert smtp.reply().code == 250
    assert untraced(fetch(pair.pop3_port, user)[0]) == \
        b"Subject: s\r\n\r\n.\r\nx\r\n.y\r\n"


@pytest.mark.parametrize("end", [
    b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n",
    b"\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n"])
def test_only_crlf_dot_crlf_ends(pair, user, address, end):
    """Nothing is smuggled in behind an end that is none, and the message
    that holds one is refused."""
    smuggled = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<%s>\r\nDATA\r\n" \
        b"Subject: smuggled\r\n\r\nx" % address.encode()
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.envelope("a@b.example", address)
        assert smtp.cmd("DATA").code == 354
        smtp.send(b"Subject: first\r\n\r\nx" + end + smuggled + b"\r\n.\r\n")
        assert smtp.reply().code == 550
        assert smtp.cmd("NOOP").code == 250
        assert smtp.cmd("QUIT").code == 221
    assert fetch(pair.pop3_port, user) == []


@pytest.mark.parametrize("message", [
    b"bare\nlf\r\n", b"bare\rcr\r\n", b"cr\r\r\n", b"\n\r\n", b"nul\0\r\n"])
def test_bare_line_ends_are_refused(pair, user, address, message):
    reply = deliver(pair.smtp_port, message, address)
    assert reply.code == 550 and reply.enhanced.startswith("5.6."), reply
    assert fetch(pair.pop3_port, user) == []


def test_session_goes_on_after_a_refusal(pair, user, address):
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.envelope("a@b.example", address)
        assert smtp.data(b"bare\nlf\r\n").code == 550
        assert smtp.cmd("DATA").code == 503
        smtp.envelope("a@b.example", address)
        assert smtp.data(BASIC).code == 250
    assert [untraced(m) for m in fetch(pair.pop3_port, user)] == [BASIC]


def test_hop_limit(pair, user, address):
    """RFC 5321 6.3: a loop ends."""
    hop = b"Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000\r\n"
    reply = deliver(pair.smtp_port, hop * 101 + BASIC, address)
    assert reply.code == 554 and reply.enhanced == "5.4.6", reply
    assert deliver(pair.smtp_port, hop * 99 + BASIC, address).code == 250
    body = b"\r\n" + hop * 150
    assert deliver(pair.smtp_port, body, address).code == 250
    assert len(fetch(pair.pop3_port, user)) == 2


def test_trace_fields(pair, user, address):
    """RFC 5321 4.4: Return-Path, then Received."""
    reply = deliver(pair.smtp_port, BASIC, address, sender="me@remote.example")
    message = fetch(pair.pop3_port, user)[0].decode()
    match = re.match(
        r"Return-Path: <me@remote\.example>\r\n"
        r"Delivered-To: \S+\r\n"
        r"Received: from client\.example \(\[127\.0\.0\.1\]\)\r\n"
        r"\s+by mx\.example\.test with ESMTP id (\S+)\r\n"
        r"\s+for <(\S+)>;\r\n"
        r"\s+\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r\n"
        r"Subject: test\r\n", message)
    assert match, message
    assert match.group(2) == address
    assert match.group(1) in reply.text, "the trace id is in the reply"


def test_trace_fields_hide_other_recipients(pair, user, address):
    pair.add_user("hidden")
    assert deliver(pair.smtp_port, BASIC, address,
                   f"hidden@{DOMAIN}").code == 250
    message = fetch(pair.pop3_port, user)[0]
    assert b"hidden" not in message and b"for <" not in message


def test_null_reverse_path(pair, user, address):
    assert deliver(pair.smtp_port, BASIC, address, sender="").code == 250
    assert fetch(pair.pop3_port, user)[0].startswith(b"Return-Path: <>\r\n")


def test_two_messages_in_a_session(pair, user, address):
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        for body in (b"one\r\n", b"two\r\n"):
            smtp.envelope("a@b.example", address)
            assert smtp.data(b"\r\n" + body).code == 250
    got = [untraced(m) for m in fetch(pair.pop3_port, user)]
    assert got == [b"\r\none\r\n", b"\r\ntwo\r\n"], "in the order they came"


def test_recipient_named_twice_gets_one(pair, user, address):
    assert deliver(pair.smtp_port, BASIC, address, address.upper(),
                   f"{user}+x@{DOMAIN}").code == 250
    assert len(fetch(pair.pop3_port, user)) == 1


def test_several_recipients_share_a_message(pair):
    users = ["share1", "share2", "share3"]
    for name in users:
        pair.add_user(name)
    assert deliver(pair.smtp_port, BASIC,
                   *(f"{name}@{DOMAIN}" for name in users)).code == 250
    for name in users:
        assert [untraced(m) for m in fetch(pair.pop3_port, name)] == [BASIC]


def test_maildir_holds_lf_lines_and_sizes_in_the_name(pair, user, address):
    assert deliver(pair.smtp_port, BASIC * 10, address).code == 250
    wire = fetch(pair.pop3_port, user)[0]
    box = pair.maildir(user)
    files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
    assert len(files) == 1 and list((box / "tmp").iterdir()) == []
    stored = files[0].read_bytes()
    assert stored == wire.replace(b"\r\n", b"\n")
    assert f",S={len(stored)},W={len(wire)}" in files[0].name


def test_message_size_limit(make_pair):
    pair = make_pair(smtpd={"limits": {"message_size": "64K"}})
    to = f"u0@{DOMAIN}"
    with Smtp(pair.smtp_port) as smtp:
        assert "SIZE 65536" in smtp.hello().lines
        reply = smtp.cmd("MAIL FROM:<a@b.example> SIZE=65537")
        assert reply.code == 552 and reply.enhanced == "5.3.4"
        smtp.envelope("a@b.example", to)
        reply = smtp.data(b"\r\n" + b"x" * 70 * 1000 + b"\r\n")
        assert reply.code == 552 and reply.enhanced == "5.3.4"
        smtp.envelope("a@b.example", to)
        assert smtp.data(b"\r\n" + b"x" * 65_000 + b"\r\n").code == 250
    assert len(fetch(pair.pop3_port, "u0")) == 1
