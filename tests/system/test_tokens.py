"""Tokens that a program of the conf decides on, and the rights of the helpers
that run only where the conf wants them."""
import base64
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import tempfile
import time

import pytest

from harness import proc
from harness.daemons import (BUILD, DOMAIN, PATIENCE, ROOT, RUNNER, Pair,
                             running)

CHECKER = bool(RUNNER) or BUILD.name != "build"
PROGRAM = f"""#!/bin/sh
read -r token
case $token in
good) echo active u0@{DOMAIN} ;;
child) cat /dev/null && sh -c 'echo active u0@{DOMAIN}' ;;
other) echo active u1@{DOMAIN} ;;
nobody) echo active nobody@{DOMAIN} ;;
hang) sleep 100 ;;
huge) head -c 1000000 /dev/zero ;;
garbage) echo yes, of course ;;
dies) kill -9 $$ ;;
writes) echo x >FOLDER/open/x && echo active u0@{DOMAIN} ;;
mail) ls / && ls FOLDER && echo active u0@{DOMAIN} ;;
runs) FOLDER/open/tool && echo active u0@{DOMAIN} ;;
*) exit 1 ;;
esac
"""


@pytest.fixture(scope="module")
def services():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringmail-program-",
                                           dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "open" / "tool").write_text("#!/bin/sh\nexit 0\n")
    program = folder / "program"
    program.write_text(PROGRAM.replace("FOLDER", str(folder)))
    for path in (program, folder / "open" / "tool"):
        path.chmod(0o755)
    names = ["OAUTHBEARER", "XOAUTH2", "PLAIN"]
    made = Pair(helpers={"accounts": {"mechanisms": names,
                                      "plaintext_login": "yes"},
                         "tokens": {"program": program, "processes": 2},
                         "pam": {"service": "other", "processes": 1}},
                smtpd={"auth": {"mechanisms": names, "mx": True,
                                "plaintext": "loopback"}})
    # What the program did is told, not what it read or wrote.
    made.allow(r"error introspect\[\d+\] program\.")
    try:
        with running(made):
            yield made
            made.stop()
            for name in ("helpers", "smtpd"):
                text = made.log(name).read_text()
                assert "Bearer" not in text and "of course" not in text
    finally:
        shutil.rmtree(folder)


def login(pair, token, user="u0", mechanism="XOAUTH2"):
    """Shows a token; the code of the last reply."""
    if mechanism == "XOAUTH2":
        text = f"user={user}@{DOMAIN}\1auth=Bearer {token}\1\1"
    else:
        text = f"n,a={user}@{DOMAIN},\1auth=Bearer {token}\1\1"
    text = base64.b64encode(text.encode()).decode()
    with socket.create_connection(("127.0.0.1", pair.smtp_port), 100) as s, \
            s.makefile("rb") as replies:
        def ask(line):
            s.sendall(line.encode() + b"\r\n")
            reply = replies.readline()
            while reply[3:4] == b"-":
                reply = replies.readline()
            return reply[:3].decode()
        replies.readline()
        assert ask("EHLO client.example") == "250"
        code = ask(f"AUTH {mechanism} {text}")
        return ask("AQ==") if code == "334" else code


@pytest.mark.cases_under_valgrind(8)
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("token,code", [
    ("good", "235"), ("child", "235"), ("other", "535"), ("bad", "535"),
    ("nobody", "535"), ("huge", "454"), ("garbage", "454"), ("dies", "454")])
def test_program_decides(services, mechanism, token, code):
    assert login(services, token, mechanism=mechanism) == code


def test_unknown_user(services):
    assert login(services, "nobody", "nobody") == "535"


def test_program_that_hangs(services):
    """It is ended, and asked no second time."""
    began = time.monotonic()
    assert login(services, "hang", "u1") == "454"
    assert 7 < time.monotonic() - began < 60
    assert login(services, "good") == "235"


@pytest.mark.skipif(CHECKER, reason="Landlock is left out under a checker")
@pytest.mark.parametrize("token", ["writes", "mail", "runs"])
def test_program_is_confined(services, token):
    assert login(services, token) == "454"


def test_helper_that_dies(services):
    services.allowed.append(r"process\.end .*introspect.* signal=9")
    services.kill_helper("introspect")
    assert login(services, "good") == "235"


OPTIONAL = {"introspect": ("ringtoken", 0), "pam": ("root", 1 << 29)}


@pytest.mark.parametrize("name", OPTIONAL)
def test_rights(services, name):
    """As helpers/README.md says, and /proc."""
    user, capabilities = OPTIONAL[name]
    rows = (ROOT / "helpers" / "README.md").read_text().splitlines()
    row = next(r for r in rows if r.startswith(f"| `{name}` "))
    cells = [c.strip() for c in row.strip("| ").split("|")]
    assert cells[1:3] == [f"`{user}`", "`/`"]
    assert cells[3] == ("`CAP_AUDIT_WRITE`" if capabilities else "none")
    entry = pwd.getpwnam(user)
    pid = services.pid(name)
    assert os.readlink(f"/proc/{pid}/root") == "/"
    for thread in proc.threads(pid):
        status = proc.status(pid, thread)
        assert status["Uid"].split() == [str(entry.pw_uid)] * 4
        assert status["Gid"].split() == [str(entry.pw_gid)] * 4
        assert status["Groups"].split() == []
        for kind in ("CapPrm", "CapEff"):
            assert int(status[kind], 16) == capabilities, kind
        for kind in ("CapBnd", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0, kind
        assert status["NoNewPrivs"] == "1"
        if not CHECKER:
            assert status["Seccomp"] == "2"
    if not CHECKER:
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0
        held = [t for t in proc.descriptors(pid).values()
                if t.startswith("socket:")]
        assert len(held) == 1, "the way to accounts alone"


def replace(pair, program, text):
    """Another program under the same name, as a package would lay it, and
    helpers that know it."""
    new = program.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o755)
    new.rename(program)
    old = pair.pid("introspect")
    hup(pair, "reload.done")
    proc.wait_until("a new introspect",
                    lambda: pair.pid("introspect") not in (None, old),
                    20 * PATIENCE)


def hup(pair, event):
    """SIGHUP to the helpers; the line that says what came of it."""
    before = pair.log("helpers").read_text().count(event)
    os.kill(pair.pid("helpers"), signal.SIGHUP)
    proc.wait_until(event, lambda: pair.log("helpers").read_text().count(
        event) > before, 20 * PATIENCE)
    return [line for line in pair.log("helpers").read_text().splitlines()
            if event in line][-1]


def test_another_program_of_the_same_name(services):
    """A reload has the new one asked, and lets it run."""
    conf = services.conf("helpers").read_text()
    program = pathlib.Path(re.search(r'program = "(.*)"', conf).group(1))
    first = program.read_text()
    replace(services, program,
            f"#!/bin/sh\nread -r token\necho active u1@{DOMAIN}\n")
    assert login(services, "whatever", "u1") == "235"
    assert login(services, "good", "u0") == "535"
    replace(services, program, first)
    assert login(services, "good", "u0") == "235"


def test_a_program_elsewhere_needs_a_restart(services):
    """Its rights are those of the start: the reload says so, and the old one
    is asked on."""
    services.allow(r"reload\.refused .*needs_restart=\"tokens program\"")
    path = services.conf("helpers")
    conf = path.read_text()
    path.write_text(re.sub(r'program = ".*"', 'program = "/bin/true"', conf))
    line = hup(services, "reload.refused")
    assert 'needs_restart="tokens program"' in line
    assert login(services, "other", "u1") == "235"
    path.write_text(conf)
    hup(services, "reload.done")
