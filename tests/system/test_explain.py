"""mailctl explain says what smtpd does, and by which line or rule."""
import json

import pytest

from harness.daemons import DOMAIN
from harness.smtp import Smtp

CLIENT = "192.0.2.77"


@pytest.fixture(scope="module")
def told(shared_pair):
    """Names of each kind, and rules."""
    shared_pair.must("domain", "add", "told.test")
    for name in ("ann", "few"):
        shared_pair.must("user", "add", f"{name}@told.test", stdin="pw\n")
    for name, target in (("all", "ann"), ("loops", "ann")):
        shared_pair.must("alias", "add", f"{name}@told.test",
                         f"{target}@told.test")
    shared_pair.must("domain", "add", "rest.test")
    shared_pair.must("alias", "add", "@rest.test", "ann@told.test")
    shared_pair.must("rule", "set", "few@told.test", "only", "@friend.test")
    shared_pair.must("rule", "set", "rest.test", "not", "@spam.test", "<>")
    return shared_pair


def explained(pair, *args):
    done = pair.mailctl("--json", "explain", "smtp", *args)
    steps = json.loads(done.stdout)
    assert (done.returncode == 0) == steps[-1]["reply"].startswith("2")
    return steps


@pytest.mark.parametrize("sender,to,why", [
    ("x@a.test", "ann@told.test", "ann@told.test is a user"),
    ("x@a.test", "Ann+tag@told.test", "what stands behind the separator"),
    ("x@a.test", "all@told.test", "all@told.test is an alias"),
    ("x@a.test", "nobody@told.test", "no user, alias or catch-all"),
    ("x@a.test", "x@elsewhere.test", "its domain is none of ours"),
    ("x@a.test", "what@rest.test", "@rest.test takes what is left"),
    ("x@spam.test", "what@rest.test", "rest.test: not @spam.test, <>"),
    ("", "what@rest.test", "rest.test: not @spam.test, <>"),
    ("x@spam.test", "postmaster@rest.test", "there is none"),
    ("x@a.test", "few@told.test", "few@told.test: only @friend.test"),
    ("x@friend.test", "few@told.test", "few@told.test: only @friend.test"),
    ("x@a.test", "postmaster", "every domain has a postmaster"),
])
def test_as_smtpd_decides(told, sender, to, why):
    """The same reply as a client gets, and the reason."""
    with Smtp(told.smtp_port) as s:
        s.cmd("EHLO x.test")
        s.cmd(f"MAIL FROM:<{sender}>")
        real = s.cmd(f"RCPT TO:<{to}>")
    before = told.log("smtpd").read_text()
    steps = explained(told, sender, f"<{to}>", CLIENT)
    assert steps[-1]["reply"] == f"{real.code} {real.lines[0]}"
    assert any(why in step["text"] for step in steps), steps
    assert told.log("smtpd").read_text() == before, "nothing was sent"


PATHS = ["a..b@told.test", '"ann"@told.test', '"a b"@told.test', "ann@",
         "ann@told.test.", "@told.test", "x@y@told.test", "ann",
         "a" * 65 + "@told.test", '"postmaster"',
         "@a.test,@b.test:ann@told.test",
         "ann@-x.test", "ann@a_b.test", "ann@[127.0.0.1]", "ann@t\xf6ld.test",
         ".ann@told.test", "ann@told.test>", "POSTMASTER@Told.test", ""]


def test_paths_as_smtpd_reads_them(told):
    """Each path that smtpd refuses, and each odd one that it takes."""
    wrong = []
    for sender, to in [*(("x@a.test", path) for path in PATHS),
                       *((path, "ann@told.test") for path in PATHS)]:
        utf8 = "" if (sender + to).isascii() else " SMTPUTF8"
        with Smtp(told.smtp_port) as s:
            s.cmd("EHLO x.test")
            real = s.cmd(f"MAIL FROM:<{sender}>{utf8}")
            if real.code == 250:
                real = s.cmd(f"RCPT TO:<{to}>")
        said = explained(told, sender, to, CLIENT)[-1]["reply"]
        if said != f"{real.code} {real.lines[0]}":
            wrong.append((sender, to, real.code, real.lines, said))
    assert not wrong


def test_lines_of_the_conf(make_pair):
    pair = make_pair(smtpd={
        "listen_submission": [], "limits": {"address_sessions": 7},
        "trust": {"proxy": ["192.0.2.0/24"], "xclient": ["2001:db8::/32"]}})
    text = pair.conf("smtpd").read_text().splitlines()

    def line(setting):
        number = next(n for n, line in enumerate(text, 1)
                      if line.strip().startswith(setting))
        return f"{pair.conf('smtpd')}:{number}"
    to = f"u0@{DOMAIN}"
    for address, setting, why in (
            ("198.51.100.1", "address_sessions", "unless it has as many"),
            ("192.0.2.9", "proxy", "it is a balancer"),
            ("2001:db8::7", "xclient", "it may speak for other clients")):
        step = explained(pair, "a@b.test", to, address)[0]
        assert step["place"] == line(setting) and why in step["text"]
    steps = explained(pair, "--login", "a@b.test", to, "198.51.100.1")
    assert "nobody can log in" in steps[0]["text"]
    assert steps[-1]["text"] == "refused"
    said = pair.must("explain", "smtp", "<>", to, "127.0.0.1")
    assert "connect: no limits count for this machine\n" in said
    assert said.endswith("so it is taken: 250 2.1.5 Ok\n")


@pytest.mark.parametrize("args,text", [
    (["smtp", "a@b", "c@d"], "explain takes:"),
    (["pop3", "a", "b", "c"], "explain takes:"),
    (["smtp", "a" * 2000, "c@d", "192.0.2.1"], "too long: aaa"),
    (["smtp", "a@b", "c@d", "host.test"], "is no address of a client"),
])
def test_wrong_command_lines(pair, args, text):
    done = pair.mailctl("explain", *args)
    assert done.returncode == 2 and text in done.stderr
