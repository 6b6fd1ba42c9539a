"""SMTP: the dialogue.  RFC 5321, 1870, 1652, 2034, 2920."""
import pytest

from harness.daemons import DOMAIN
from harness.pop3 import fetch
from harness.smtp import Closed, Smtp


@pytest.fixture
def smtp(pair):
    """A session that has said EHLO."""
    with Smtp(pair.smtp_port) as session:
        session.hello()
        yield session


def expect(reply, code, enhanced=None):
    assert reply.code == code, reply
    if enhanced:
        assert reply.enhanced == enhanced, reply


def test_greeting_names_the_host(pair):
    with Smtp(pair.smtp_port) as session:
        expect(session.greeting, 220)
        assert session.greeting.text.split()[0] == "mx.example.test"


def test_ehlo_lists_the_extensions(pair):
    with Smtp(pair.smtp_port) as session:
        lines = session.cmd("EHLO client.example").lines
    assert lines[0].split()[0] == "mx.example.test"
    words = {line.split()[0] for line in lines[1:]}
    assert words >= {"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES"}


def test_helo_lists_none(pair):
    with Smtp(pair.smtp_port) as session:
        reply = session.cmd("HELO client.example")
    expect(reply, 250)
    assert len(reply.lines) == 1


@pytest.mark.parametrize("name", ["", "a b", "-bad-", "[1.2.3]", "x" * 300])
def test_greeting_with_no_name_is_refused(pair, name):
    with Smtp(pair.smtp_port) as session:
        expect(session.cmd(f"EHLO {name}".strip()), 501, "5.5.4")
        expect(session.cmd("MAIL FROM:<a@b.example>"), 503, "5.5.1")


@pytest.mark.parametrize("name", ["client", "[127.0.0.1]", "[IPv6:::1]",
                                  "a.b-c.example"])
def test_greeting_names(pair, name):
    with Smtp(pair.smtp_port) as session:
        expect(session.cmd(f"EHLO {name}"), 250)


def test_commands_out_of_order(pair, address):
    with Smtp(pair.smtp_port) as session:
        expect(session.cmd("MAIL FROM:<a@b.example>"), 503, "5.5.1")
        expect(session.cmd(f"RCPT TO:<{address}>"), 503, "5.5.1")
        expect(session.cmd("DATA"), 503, "5.5.1")
        session.hello()
        expect(session.cmd(f"RCPT TO:<{address}>"), 503, "5.5.1")
        expect(session.cmd("DATA"), 503, "5.5.1")
        expect(session.cmd("MAIL FROM:<a@b.example>"), 250, "2.1.0")
        expect(session.cmd("MAIL FROM:<a@b.example>"), 503, "5.5.1")
        expect(session.cmd("DATA"), 503, "5.5.1")
        expect(session.cmd(f"RCPT TO:<{address}>"), 250, "2.1.5")


def test_unknown_user_is_refused(smtp):
    expect(smtp.cmd("MAIL FROM:<a@b.example>"), 250)
    expect(smtp.cmd(f"RCPT TO:<nobody.here@{DOMAIN}>"), 550, "5.1.1")


def test_foreign_domain_is_not_relayed(smtp):
    expect(smtp.cmd("MAIL FROM:<a@b.example>"), 250)
    for to in ("a@elsewhere.example", f"a%elsewhere@b.{DOMAIN}",
               "a@[127.0.0.1]"):
        reply = smtp.cmd(f"RCPT TO:<{to}>")
        expect(reply, 550, "5.7.1")
        assert "relay" in reply.text.lower()


@pytest.mark.parametrize("to", [
    "{0}@{1}", "<{0}@{1}", "<{0}@>", "<@{1}>", "<{0}>", "<a b@{1}>", "",
    "<{0}@{1}> FOO", "<{0}@{1}>x", "<a..b@{1}>", '<"a@{1}>'])
def test_malformed_forward_path(smtp, user, to):
    smtp.cmd("MAIL FROM:<a@b.example>")
    reply = smtp.cmd(f"RCPT TO:{to.format(user, DOMAIN)}")
    assert reply.code in (500, 501, 553, 555), reply


@pytest.mark.parametrize("line,code", [
    ("MAIL FROM:<a@b.example> SIZE=100", 250),
    ("MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME", 250),
    ("MAIL FROM:<a@b.example> BODY=7BIT", 250),
    ("mail from:<a@b.example> body=8bitmime", 250),
    ("MAIL FROM:<>", 250),
    ("MAIL FROM:<@relay.example:a@b.example>", 250),
    ('MAIL FROM:<"a b"@b.example>', 250),
    ("MAIL FROM:<a@b.example> SIZE=x", 501),
    ("MAIL FROM:<a@b.example> BODY=BINARYMIME", 501),
    ("MAIL FROM:<a@b.example> NONSENSE=1", 555),
    ("MAIL FROM:<a@b.example> SIZE=99999999999", 552),
    ("MAIL FROM:<a@b.example> SIZE=99999999999999999999", 552),
    ("MAIL FROM:a@b.example", 501),
    ("MAIL", 501),
    ("MAIL TO:<a@b.example>", 501),
])
def test_mail(smtp, line, code):
    expect(smtp.cmd(line), code)


def test_commands_that_are_none(smtp):
    for line in ("FOO", "MAILFROM:<a@b.example>", "", " NOOP", "\x01\x02"):
        reply = smtp.cmd(line)
        assert reply.code == 500, (line, reply)


def test_known_commands_that_are_absent(smtp):
    for line in ("EXPN list", "TURN"):
        expect(smtp.cmd(line), 502, "5.5.1")


def test_small_commands(smtp):
    expect(smtp.cmd("NOOP"), 250, "2.0.0")
    expect(smtp.cmd("NOOP with words"), 250, "2.0.0")
    expect(smtp.cmd("noop"), 250)
    expect(smtp.cmd("VRFY someone"), 252)
    expect(smtp.cmd("HELP"), 214)
    expect(smtp.cmd("RSET"), 250, "2.0.0")
    expect(smtp.cmd("RSET now"), 501)


def test_quit_closes(smtp):
    expect(smtp.cmd("QUIT"), 221, "2.0.0")
    with pytest.raises(Closed):
        smtp.reply()


def test_rset_forgets_the_envelope(smtp, address):
    smtp.envelope("a@b.example", address)
    expect(smtp.cmd("RSET"), 250)
    expect(smtp.cmd("DATA"), 503)
    expect(smtp.cmd(f"RCPT TO:<{address}>"), 503)


def test_ehlo_forgets_the_envelope(smtp, address):
    smtp.envelope("a@b.example", address)
    smtp.hello()
    expect(smtp.cmd("DATA"), 503)


def test_a_bad_ehlo_keeps_the_envelope(smtp, address):
    smtp.envelope("a@b.example", address)
    expect(smtp.cmd("EHLO -"), 501)
    expect(smtp.cmd("DATA"), 354)


def test_pipelined_group(smtp, pair, user, address):
    """RFC 2920: a group in one write; replies come in order."""
    smtp.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<no@%s>\r\n"
              b"RCPT TO:<%s>\r\nDATA\r\n"
              % (DOMAIN.encode(), address.encode()))
    assert [smtp.reply().code for _ in range(4)] == [250, 550, 250, 354]
    smtp.send(b"Subject: p\r\n\r\nx\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n")
    assert [smtp.reply().code for _ in range(4)] == [250, 250, 250, 221]
    assert len(fetch(pair.pop3_port, user)) == 1


def test_pipelined_data_without_recipient(smtp):
    """RFC 2920 3.1: all RCPTs refused, so DATA is refused, and what follows
    is read as commands."""
    smtp.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@elsewhere.example>\r\n"
              b"DATA\r\nNOOP\r\n")
    assert [smtp.reply().code for _ in range(4)] == [250, 550, 503, 250]


def test_command_line_lengths(smtp):
    """RFC 5321 4.5.3.1.4: 512 octets with CRLF must be taken."""
    expect(smtp.cmd("NOOP " + "x" * 505), 250)
    expect(smtp.cmd("NOOP " + "x" * 506), 500)
    expect(smtp.cmd("NOOP " + "x" * 100_000), 500)
    expect(smtp.cmd("NOOP"), 250)


def test_longest_local_part_and_domain(smtp):
    """RFC 5321 4.5.3.1.1 and .2: 64 and 255 octets."""
    domain = ".".join(["d" * 61] * 3) + ".example"
    expect(smtp.cmd(f"MAIL FROM:<{'l' * 64}@b.example>"), 250)
    smtp.cmd("RSET")
    expect(smtp.cmd(f"MAIL FROM:<{'l' * 30}@{domain}>"), 250)
    smtp.cmd("RSET")
    reply = smtp.cmd(f"MAIL FROM:<{'l' * 65}@b.example>")
    assert reply.code in (500, 501, 553), reply


def test_recipients_limit(smtp, address):
    """RFC 5321 4.5.3.1.8: a hundred are taken; 452 for what is more."""
    expect(smtp.cmd("MAIL FROM:<a@b.example>"), 250)
    for _ in range(100):
        expect(smtp.cmd(f"RCPT TO:<{address}>"), 250)
    expect(smtp.cmd(f"RCPT TO:<{address}>"), 452, "4.5.3")
    expect(smtp.data(b"Subject: many\r\n\r\nx\r\n"), 250)


def test_many_errors_end_the_session(pair):
    with Smtp(pair.smtp_port) as session:
        for _ in range(100):
            reply = session.cmd("NONSENSE")
            if reply.code == 421:
                break
            assert reply.code == 500, reply
        else:
            raise AssertionError("a hundred errors and no end")
        assert session.closed()


def test_http_is_turned_away(pair):
    with Smtp(pair.smtp_port) as session:
        session.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b.c>")
        assert session.closed()
