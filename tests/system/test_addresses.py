"""Which names a domain has: catch-alls, lists, rules."""
from harness.daemons import DOMAIN
from harness.pop3 import fetch
from harness.smtp import Smtp, deliver

BODY = b"Subject: a\r\n\r\nx\r\n"


def rcpt(pair, to, sender="a@b.example"):
    """The reply to RCPT."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        assert smtp.cmd(f"MAIL FROM:<{sender}>").code == 250
        return smtp.cmd(f"RCPT TO:<{to}>")


def count(pair, user):
    return len(fetch(pair.pop3_port, user))


def refused(pair, *args, stdin=""):
    """What mailctl says, where it refuses."""
    done = pair.mailctl(*args, stdin=stdin)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_catch_all(pair, user, address):
    assert rcpt(pair, "any@catch.test").enhanced == "5.7.1"
    pair.must("domain", "add", "catch.test")
    assert rcpt(pair, "any@catch.test").enhanced == "5.1.1"
    assert "no user" in refused(
        pair, "alias", "add", "@catch.test", "nobody@catch.test")
    pair.must("alias", "add", "@catch.test", address)
    assert f"@catch.test: {address}" in pair.must("alias", "list")
    refused(pair, "alias", "add", "@catch.test", address)
    pair.must("user", "add", "own@catch.test", stdin="pw\n")
    for to in ("any@catch.test", "any+x@Catch.Test", '"a b"@catch.test'):
        assert deliver(pair.smtp_port, BODY, to).code == 250
    assert count(pair, user) == 3
    assert deliver(pair.smtp_port, BODY, "own+x@catch.test").code == 250
    assert count(pair, user) == 3
    assert rcpt(pair, f"any@{DOMAIN}").enhanced == "5.1.1"
    pair.must("user", "del", "own@catch.test")
    assert "@catch.test" in refused(pair, "domain", "del", "catch.test")
    pair.must("alias", "del", "@catch.test")
    assert rcpt(pair, "any@catch.test").enhanced == "5.1.1"
    pair.must("domain", "del", "catch.test")
