"""Domains, users, aliases and passwords, through mailctl."""
import pytest

from harness.daemons import DOMAIN
from harness.load import untraced
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Smtp, deliver

BODY = b"Subject: a\r\n\r\nx\r\n"


def rcpt(pair, to):
    """The reply to RCPT."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.example>")
        return smtp.cmd(f"RCPT TO:<{to}>")


def boxes(pair, *users):
    return [len(fetch(pair.pop3_port, user)) for user in users]


def refused(pair, *args, stdin=""):
    done = pair.mailctl(*args, stdin=stdin)
    assert done.returncode != 0
    assert done.stderr.strip(), "it says why"
    assert done.stdout == ""


def test_domains(pair):
    assert rcpt(pair, "x@second.test").enhanced == "5.7.1"
    pair.must("domain", "add", "second.test")
    assert "second.test" in pair.must("domain", "list").split()
    assert rcpt(pair, "x@second.test").enhanced == "5.1.1"
    refused(pair, "domain", "add", "SECOND.test")
    pair.must("user", "add", "x@second.test", stdin="pw\n")
    assert rcpt(pair, "X@Second.Test").code == 250
    refused(pair, "domain", "del", "second.test")
    pair.must("user", "del", "x@second.test")
    pair.must("domain", "del", "second.test")
    assert "second.test" not in pair.must("domain", "list").split()
    assert rcpt(pair, "x@second.test").enhanced == "5.7.1"


@pytest.mark.parametrize("domain", ["", "a b", "-x.test", "x..test",
                                    "a@b.test", "x" * 300, "../etc"])
def test_bad_domains(pair, domain):
    refused(pair, "domain", "add", domain)


@pytest.mark.parametrize("name", [
    "", "nodomain", "@" + DOMAIN, "a@", "a b@" + DOMAIN, "../x@" + DOMAIN,
    "a/b@" + DOMAIN, ".@" + DOMAIN, "..@" + DOMAIN, "a@unknown.test",
    "l" * 65 + "@" + DOMAIN, "a\nb@" + DOMAIN])
def test_bad_users(pair, name):
    refused(pair, "user", "add", name, stdin="pw\n")


def test_users(pair):
    name = f"carol@{DOMAIN}"
    pair.must("user", "add", name, stdin="one\n")
    assert name in pair.must("user", "list").split()
    assert name in pair.must("user", "list", DOMAIN).split()
    refused(pair, "user", "add", name, stdin="two\n")
    pair.must("user", "del", name)
    assert name not in pair.must("user", "list").split()
    refused(pair, "user", "del", name)
    assert rcpt(pair, name).enhanced == "5.1.1"
    with pytest.raises(Failed):
        Pop3(pair.pop3_port, user="carol", password="one")


def test_password_change(pair, user, address):
    Pop3(pair.pop3_port, user=user).quit()
    pair.must("user", "passwd", address, stdin="new one\n")
    with pytest.raises(Failed):
        Pop3(pair.pop3_port, user=user, password="pw")
    Pop3(pair.pop3_port, user=user, password="new one").quit()
    refused(pair, "user", "passwd", f"nobody.at.all@{DOMAIN}", stdin="x\n")


@pytest.mark.parametrize("stdin", ["", "\n", "x" * 300 + "\n"])
def test_bad_passwords(pair, stdin):
    refused(pair, "user", "add", f"nopw@{DOMAIN}", stdin=stdin)


def test_passwords_are_nowhere_in_clear(pair):
    pair.add_user("secretive", "Tr0ub4dor-and-3")
    Pop3(pair.pop3_port, user="secretive",
         password="Tr0ub4dor-and-3").quit()
    for path in pair.folder.rglob("*"):
        if path.is_file():
            assert b"Tr0ub4dor" not in path.read_bytes(), path


def test_password_on_the_command_line_is_refused(pair):
    refused(pair, "user", "add", f"cmdline@{DOMAIN}", "pw", stdin="pw\n")


@pytest.mark.parametrize("args", [
    (), ("nonsense",), ("user",), ("user", "nonsense"), ("domain", "add"),
    ("alias", "add", f"x@{DOMAIN}"), ("domain", "list", "a", "b", "c")])
def test_wrong_usage(pair, args):
    refused(pair, *args)


def test_plus_addressing(pair, user):
    for to in (f"{user}+x@{DOMAIN}", f"{user}+a+b@{DOMAIN}",
               f"{user}+@{DOMAIN}"):
        assert deliver(pair.smtp_port, BODY, to).code == 250
    assert boxes(pair, user) == [3]
    assert rcpt(pair, f"nobody+{user}@{DOMAIN}").code == 550


def test_alias_with_several_targets(pair, user, address):
    pair.add_user("second")
    team = f"team@{DOMAIN}"
    pair.must("alias", "add", team, address, f"second@{DOMAIN}")
    assert team in pair.must("alias", "list")
    assert deliver(pair.smtp_port, BODY, team, address).code == 250
    assert boxes(pair, user, "second") == [1, 1]
    assert [untraced(m) for m in fetch(pair.pop3_port, user)] == [BODY]
    assert rcpt(pair, f"team+detail@{DOMAIN}").code == 250
    pair.must("alias", "del", team)
    assert team not in pair.must("alias", "list")
    assert rcpt(pair, team).code == 550


def test_alias_of_alias(pair, user, address):
    pair.must("alias", "add", f"one@{DOMAIN}", address)
    pair.must("alias", "add", f"two@{DOMAIN}", f"one@{DOMAIN}")
    assert deliver(pair.smtp_port, BODY, f"two@{DOMAIN}").code == 250
    assert boxes(pair, user) == [1]


def test_alias_loops_are_refused(pair, address):
    first, second = f"loop1@{DOMAIN}", f"loop2@{DOMAIN}"
    pair.must("alias", "add", first, address)
    pair.must("alias", "add", second, first)
    pair.must("alias", "del", first)
    refused(pair, "alias", "add", first, second)
    refused(pair, "alias", "add", f"far@{DOMAIN}", "x@elsewhere.example")
    pair.must("alias", "del", second)


def test_postmaster_gets_through(pair):
    """RFC 5321 4.5.1, with and without a domain, in either case."""
    for to in (f"postmaster@{DOMAIN}", "postmaster", "PostMaster"):
        assert rcpt(pair, to).code == 250


def test_many_users_are_listed(pair):
    pair.must("domain", "add", "many.test")
    names = [f"m{n:02}@many.test" for n in range(12)]
    for name in names:
        pair.must("user", "add", name, stdin="pw\n")
    assert pair.must("user", "list", "many.test").split() == names


def test_only_root_reaches_the_admin_socket(pair):
    socket = pair.run / "admin" / "accounts"
    assert socket.stat().st_uid == 0 or socket.parent.stat().st_uid == 0
    assert socket.stat().st_mode & 0o077 == 0 or \
        socket.parent.stat().st_mode & 0o077 == 0


def test_accounts_outlive_a_restart(make_pair):
    pair = make_pair(users=1)
    pair.must("alias", "add", f"a@{DOMAIN}", f"u0@{DOMAIN}")
    assert deliver(pair.smtp_port, BODY, f"a@{DOMAIN}").code == 250
    pair.stop()
    pair.start()
    assert deliver(pair.smtp_port, BODY, f"a@{DOMAIN}").code == 250
    assert boxes(pair, "u0") == [2]
