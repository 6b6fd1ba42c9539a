"""Which names a domain has: catch-alls, lists, rules."""
import json
import os

from harness.daemons import DOMAIN
from harness.pop3 import Pop3, fetch
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


def write_list(pair, name, *lines):
    path = pair.folder / "lists" / name
    path.with_suffix(".new").write_text("".join(f"{x}\n" for x in lines))
    path.with_suffix(".new").chmod(0o644)
    path.with_suffix(".new").rename(path)
    return path


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


def test_rules(pair, user, address):
    assert rcpt(pair, address).code == 250
    pair.must("rule", "set", address.upper(), "only", f"@{DOMAIN}", "logins")
    pair.must("rule", "set", DOMAIN, "not", "@bad.example", "<>")
    assert pair.must("rule", "list").splitlines() == [
        f"{DOMAIN}: not @bad.example, <>",
        f"{address}: only @{DOMAIN}, logins"]
    reply = rcpt(pair, address)
    assert (reply.code, reply.enhanced) == (550, "5.7.1")
    assert "takes no mail from this sender" in str(reply.lines)
    assert rcpt(pair, address, f"x@{DOMAIN}").code == 250
    assert rcpt(pair, f"u0@{DOMAIN}", "x@bad.example").enhanced == "5.7.1"
    assert rcpt(pair, f"u0@{DOMAIN}", "").enhanced == "5.7.1"
    assert rcpt(pair, "postmaster", "").code == 250
    assert " rcpt.refused " in pair.log("smtpd").read_text()
    # It survives whoever holds it.
    pair.kill_helper("accounts")
    assert rcpt(pair, address).enhanced == "5.7.1"
    pair.must("rule", "set", address, "not", "x@good.example")
    assert rcpt(pair, address).code == 250
    pair.must("rule", "del", address)
    pair.must("rule", "del", DOMAIN)
    assert pair.must("rule", "list") == ""
    assert rcpt(pair, address, "").code == 250


def test_rules_that_are_refused(pair, address):
    assert "no sender" in refused(pair, "rule", "set", address, "only", "x")
    assert "no user" in refused(
        pair, "rule", "set", f"nobody@{DOMAIN}", "only", "logins")
    assert "none of our" in refused(
        pair, "rule", "set", "other.test", "only", "logins")
    assert "RFC 5321" in refused(
        pair, "rule", "set", f"postmaster@{DOMAIN}", "only", "logins")
    assert "no rule" in refused(pair, "rule", "del", address)
    assert pair.mailctl("rule", "set", address, "maybe").returncode == 2


def test_lists(pair, user, address):
    pair.add_user("member")
    member, team = f"member@{DOMAIN}", f"listed@{DOMAIN}"
    pair.allow("list.bad")
    refused(pair, "alias", "add", team, ":include:team")
    refused(pair, "alias", "add", team, ":include:../helpers.conf")
    write_list(pair, "team", "# who gets it", f"{address.upper()}  # him")
    pair.must("alias", "add", team, ":include:team")
    assert f"{team}: :include:team" in pair.must("alias", "list")
    assert pair.must("alias", "check", team) == ""
    assert deliver(pair.smtp_port, BODY, team).code == 250
    # A change counts at once.
    write_list(pair, "team", address, ":include:more")
    write_list(pair, "more", member, "", f"gone@{DOMAIN}", "not an address")
    assert deliver(pair.smtp_port, BODY, team).code == 250
    assert (count(pair, user), count(pair, "member")) == (2, 1)
    done = pair.mailctl("alias", "check")
    assert done.returncode == 1
    assert f":include:more: gone@{DOMAIN} leads to nobody here" in done.stdout
    assert "more:4: no address" in done.stdout
    faults = json.loads(pair.mailctl("--json", "alias", "check").stdout)
    assert [fault["fault"] for fault in faults] == done.stdout.splitlines()
    assert {fault["alias"] for fault in faults} == {team}
    log = pair.log("helpers").read_text()
    assert log.count('list.bad where="more:4: no address') == 1
    # A loop, and a file that is gone: nothing is lost, nobody is doubled.
    write_list(pair, "more", ":include:team")
    assert rcpt(pair, team).enhanced == "4.3.5"
    assert "loop" in pair.mailctl("alias", "check", team).stdout
    os.unlink(pair.folder / "lists" / "more")
    assert rcpt(pair, team).enhanced == "4.3.0"
    assert "No such file" in pair.mailctl("alias", "check", team).stdout
    write_list(pair, "more", member)
    assert rcpt(pair, team).code == 250
    pair.must("alias", "del", team)
    assert pair.must("alias", "check") == ""
    assert json.loads(pair.must("--json", "alias", "check")) == []


def test_lists_that_are_unsafe(pair, address):
    """What somebody else could change, or what leads out, is not used."""
    team = f"unsafe@{DOMAIN}"
    pair.allow("list.bad", "request.refused")
    path = write_list(pair, "unsafe", address)
    pair.must("alias", "add", team, ":include:unsafe")
    for harm, why in ((lambda: path.chmod(0o666), "others may write"),
                      (lambda: os.chown(path, 12345, 0), "belongs to"),
                      (lambda: (path.unlink(), path.symlink_to(
                          "/etc/passwd")), "is a link"),
                      (lambda: (path.unlink(), os.mkfifo(path)),
                       "no regular file"),
                      (lambda: (path.unlink(), path.write_text(
                          "# x\n" * 20000)), "too large")):
        harm()
        assert rcpt(pair, team).enhanced == "4.3.0"
        assert why in pair.mailctl("alias", "check", team).stdout
        path.unlink()
        write_list(pair, "unsafe", address)
        assert rcpt(pair, team).code == 250
    path.chmod(0o600)  # root's alone: accounts must be able to read it
    assert rcpt(pair, team).enhanced == "4.3.0"
    path.chmod(0o644)
    pair.must("alias", "del", team)


def test_case(pair, user):
    """RFC 5321 2.4: whose names have a case is the host's own matter."""
    assert rcpt(pair, f'"{user.upper()}"@{DOMAIN.upper()}').code == 250
    pair.must("domain", "add", "exact.example")
    for name in ("Ann", "ann"):
        pair.must("user", "add", f"{name}@exact.example", stdin="pw\n")
    assert deliver(pair.smtp_port, BODY, "Ann@Exact.Example").code == 250
    for name, letters in (("Ann", 1), ("ann", 0)):
        with Pop3(pair.pop3_port, user=f"{name}@exact.example",
                  password="pw") as pop3:
            assert len(pop3.all()) == letters
            pop3.quit()
        listed = pair.must("mailbox", "list", f"{name}@EXACT.example")
        assert len(listed.splitlines()) == letters
    assert rcpt(pair, "ANN@exact.example").enhanced == "5.1.1"
    assert rcpt(pair, "PostMaster@exact.example").code == 250
    assert "is there already" in refused(
        pair, "user", "add", "ann@EXACT.example", stdin="pw\n")
    for name in ("Ann", "ann"):
        pair.must("user", "del", f"{name}@exact.example")
    pair.must("domain", "del", "exact.example")


def test_a_note_to_a_sender_elsewhere(pair, address):
    """Nothing is sent out from here: the note is dropped, and the log says
    so."""
    for sender, why in (("x@foreign.example", "note.dropped"),
                        (f"u1@{DOMAIN}", "note.delivered")):
        with Smtp(pair.smtp_port) as smtp:
            smtp.hello()
            assert smtp.cmd(f"MAIL FROM:<{sender}>").code == 250
            assert smtp.cmd(f"RCPT TO:<{address}> NOTIFY=SUCCESS").code == 250
            assert smtp.cmd("DATA").code == 354
            smtp.send(BODY + b".\r\n")
            assert smtp.reply().code == 250
        line = [line for line in pair.log("smtpd").read_text().splitlines()
                if " note." in line][-1]
        assert f" {why} " in line and f"to={sender}" in line
