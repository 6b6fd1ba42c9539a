"""Nothing that is secret is written to a log: planted passwords, tokens, keys
and bodies, through every way that they go, at the level that says most."""
import base64
import re
import socket

import pytest

from harness import proc
from harness.auth import AuthPair, Login, Scram, b64, bearer, cram, xoauth2
from harness.daemons import DOMAIN, LOAD, PATIENCE, SERVICES
from harness.smtp import deliver

# Of each kind one that occurs nowhere else: right ones, wrong ones, those of
# an import, and what stands in a message.
RIGHT, WRONG, BULK, LATER = ("Kestrel7-right", "Kestrel7-wrong",
                             "Kestrel7-bulk", "Kestrel7-later")
BODY = "Kestrel7-body"
HASH = "$6$kestrelsalt$" + "k" * 86


class Logged(AuthPair):
    """All services at level debug, with every line."""

    def lay_down(self, changes):
        for name in SERVICES:
            changes[name] = {**changes[name], "log": {
                "target": "stderr", "level": "debug", "rate": "0"}}
        super().lay_down(changes)


@pytest.fixture(scope="module")
def services():
    made = Logged()
    try:
        made.start().populate()
        made.add_user("kestrel", RIGHT)
        yield made
        made.stop()
    finally:
        made.kill_all()
        made.remove()


def each_mechanism(services, protocol, password, token):
    """Every way to log in, with this password or token; what was said."""
    def login(certificate=None):
        return Login(services, protocol, certificate)

    for mechanism in "SCRAM-SHA-256", "SCRAM-SHA-1":
        with login() as l:
            yield Scram(mechanism, "kestrel", password).run(l)
    plain = b64(f"\0kestrel@{DOMAIN}\0{password}")
    with login() as l:
        yield l.say(f"AUTH PLAIN {plain}")
    with login() as l:
        l.say("AUTH LOGIN")
        l.say(b64(f"kestrel@{DOMAIN}"))
        yield l.say(b64(password))
    with login() as l:
        yield l.say(cram(l.say("AUTH CRAM-MD5"), "kestrel", password))
    for name, make in ("OAUTHBEARER", bearer), ("XOAUTH2", xoauth2):
        with login() as l:
            yield l.say(f"AUTH {name} {make('kestrel', token)}")
    with login(services.certificate_of("kestrel")) as l:
        yield l.say("AUTH EXTERNAL =")
    if protocol == "pop3":
        with login() as l:
            l.ask(f"USER kestrel@{DOMAIN}")
            yield l.say(f"PASS {password}")


def out_of_turn(services):
    """Secrets where none belongs: before TLS, as an unknown command or
    mechanism, in a command that is too long."""
    for protocol in "smtp", "pop3":
        with Login(services, protocol) as login:
            for line in f"AUTH {WRONG}", b64(WRONG), f"{WRONG} {WRONG}":
                login.ask(line)
    for port in services.smtp_port, services.pop3_port:
        with socket.create_connection(("127.0.0.1", port), 30) as s:
            s.recv(512)
            for line in (f"AUTH PLAIN {b64(WRONG)}", f"PASS {WRONG}",
                         f"USER u0@{DOMAIN}", f"PASS {WRONG}", WRONG,
                         f"AUTH PLAIN {WRONG * 1000}"):
                try:
                    s.sendall(line.encode() + b"\r\n")
                    if not s.recv(4096):
                        break
                except ConnectionError:
                    break


def administration(services, folder):
    """What mailctl sends, and what it takes away."""
    services.must("user", "passwd", f"u1@{DOMAIN}", stdin=LATER + "\n")
    users = folder / "users.csv"
    users.write_text(f"user,password\nbulk@{DOMAIN},{{PLAIN}}{BULK}\n"
                     f"hash@{DOMAIN},{HASH}\n")
    services.must("user", "import", users)
    users.write_text(f"user,password\nbad@nowhere.test,{{PLAIN}}{BULK}\n")
    assert services.mailctl("user", "import", users).returncode == 1
    assert HASH in services.must("user", "export", "--hashes", DOMAIN)
    services.must("explain", "smtp", "a@sender.test", f"u0@{DOMAIN}",
                  "192.0.2.1")
    services.must("backup", folder / "all.tar")
    services.must("mailbox", "check", f"u0@{DOMAIN}")
    services.must("sessions")
    for name in ("loglevel", "debug"), ("reload",):
        services.must(*name)


def needles(services, tokens):
    """All that may be in no log."""
    words = [RIGHT, WRONG, BULK, LATER, BODY, HASH]
    for token in tokens:
        words += token.split(".")[1:]
    for key in services.ca.keys.iterdir():
        words += [line for line in key.read_text().splitlines()
                  if len(line) > 40 and "-----" not in line]
    return words


def unfolded(text):
    """A text, and what stands in it as base64, from wherever it may begin,
    or as hexadecimal digits."""
    out = [text]
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", text):
        run = run.translate(str.maketrans("-_", "+/"))
        for at in range(4):
            part = run[at:]
            part = part[:len(part) // 4 * 4]
            out.append(base64.b64decode(part).decode("latin-1"))
    for run in re.findall(r"(?:[0-9A-Fa-f]{2}){12,}", text):
        out.append(bytes.fromhex(run).decode("latin-1"))
    return "\n".join(out)


@pytest.mark.skipif(LOAD < 1, reason="the same lines")
def test_no_secret_in_any_log(services, tmp_path):
    tokens = {"ok": services.issuer.token("kestrel"),
              "denied": services.issuer.token("kestrel", aud="others")}
    deliver(services.smtp_port, f"Subject: {BODY}\r\n\r\n{BODY}\r\n".encode(),
            f"kestrel@{DOMAIN}", sender="a@sender.test")
    for protocol in "smtp", "pop3":
        ways = list(each_mechanism(services, protocol, RIGHT, tokens["ok"]))
        assert set(ways) == {"ok"}, ways
        ways = list(each_mechanism(services, protocol, WRONG,
                                   tokens["denied"]))
        assert ways[-1 if protocol == "smtp" else -2] == "ok", "EXTERNAL"
        assert "ok" not in ways[:5], ways
    with Login(services, "pop3") as login:
        login.ask(f"USER kestrel@{DOMAIN}")
        login.ask(f"PASS {RIGHT}")
        assert login.ask("RETR 1").startswith("+OK")
    out_of_turn(services)
    administration(services, tmp_path)
    proc.wait_until("the last request is logged", lambda: "reload.done" in
                    services.log("pop3d").read_text(), 20 * PATIENCE)
    secret = needles(services, list(tokens.values()))
    for name in SERVICES:
        text = unfolded(services.log(name).read_text(errors="replace"))
        found = [needle for needle in secret if needle in text]
        assert not found, f"in the log of {name}"
        told = {"helpers": "accounts[", "smtpd": f"kestrel@{DOMAIN}",
                "pop3d": f"kestrel@{DOMAIN}"}[name]
        assert told in text, f"the log of {name} tells nothing at all"
