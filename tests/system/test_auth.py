"""Logins at smtpd and pop3d: AUTH, USER and PASS, APOP."""
import base64
import hashlib
import hmac
import re
import socket

import pytest

from harness.daemons import DOMAIN, Pair, running

MECHANISMS = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
              "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"]


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data
                            ).decode()


class Talk:
    """A line at a time, with either server."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def ask(self, text):
        """Sends a line; the reply's last line."""
        self.socket.sendall(text.encode() + b"\r\n")
        line = self.line()
        while line[3:4] == "-" and line[:3].isdigit():
            line = self.line()
        return line

    def all(self, text, end="."):
        """Sends a line; the lines of the reply."""
        self.socket.sendall(text.encode() + b"\r\n")
        lines = [self.line()]
        while lines[-1] != end and not (
                end == "250" and lines[-1].startswith("250 ")):
            lines.append(self.line())
        return lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module")
def services():
    made = Pair(
        helpers={"accounts": {"mechanisms": [*MECHANISMS, "USER", "APOP"],
                              "plaintext_login": "yes",
                              "store_secrets": True}},
        smtpd={"auth": {"mechanisms": MECHANISMS, "plaintext": "loopback",
                        "mx": True}},
        pop3d={"mechanisms": [*MECHANISMS, "USER", "APOP"]})
    with running(made):
        yield made


@pytest.fixture
def smtp(services):
    with Talk(services.smtp_port) as talk:
        talk.all("EHLO client.example", "250")
        yield talk


@pytest.fixture
def pop3(services):
    with Talk(services.pop3_port) as talk:
        yield talk


def plain(user, password):
    return b64(f"\0{user}@{DOMAIN}\0{password}")


def scram(talk, hash_name, user, password, prefix):
    """A SCRAM exchange as RFC 5802 3 has it; the last reply."""
    name = f"n={user}@{DOMAIN},r=fyko"
    mechanism = {"sha1": "SCRAM-SHA-1", "sha256": "SCRAM-SHA-256"}[hash_name]
    reply = talk.ask(f"AUTH {mechanism} {b64('n,,' + name)}")
    assert reply.startswith(prefix), reply
    first = base64.b64decode(reply[len(prefix):]).decode()
    fields = dict(f.split("=", 1) for f in first.split(","))
    assert fields["r"].startswith("fyko") and len(fields["r"]) > 20
    assert int(fields["i"]) >= 4096
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(),
                                 base64.b64decode(fields["s"]),
                                 int(fields["i"]))
    key = hmac.digest(salted, b"Client Key", hash_name)
    bare = f"c=biws,r={fields['r']}"
    message = f"{name},{first},{bare}".encode()
    signature = hmac.digest(hashlib.new(hash_name, key).digest(), message,
                            hash_name)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    reply = talk.ask(b64(f"{bare},p={b64(proof)}"))
    if not reply.startswith(prefix):
        return reply
    server = hmac.digest(salted, b"Server Key", hash_name)
    assert base64.b64decode(reply[len(prefix):]).decode() == \
        "v=" + b64(hmac.digest(server, message, hash_name))
    return talk.ask("")


def test_smtp_tells_of_what_fits(services):
    with Talk(services.smtp_port) as talk:
        lines = talk.all("EHLO client.example", "250")
    # No TLS, so nothing is bound to it.
    assert "250-AUTH " + " ".join(MECHANISMS[2:]) in lines


def test_pop3_tells_of_what_fits(pop3):
    lines = pop3.all("CAPA")
    assert "SASL " + " ".join(MECHANISMS[2:]) in lines and "USER" in lines


def test_pop3_lists_mechanisms(pop3):
    assert pop3.all("AUTH")[1:] == [*MECHANISMS[2:], "."]


def test_smtp_plain(smtp):
    assert smtp.ask(f"AUTH PLAIN {plain('u0', 'pw')}").startswith("235 2.7.0")
    assert smtp.ask("AUTH PLAIN").startswith("503")


def test_smtp_plain_in_two_lines(smtp):
    assert smtp.ask("AUTH plain") == "334 "
    assert smtp.ask(plain("u0", "pw")).startswith("235")


def test_smtp_login(smtp):
    assert smtp.ask("AUTH LOGIN").startswith("334 ")
    assert smtp.ask(b64(f"u0@{DOMAIN}")).startswith("334 ")
    assert smtp.ask(b64("pw")).startswith("235")


def test_pop3_plain(pop3):
    assert pop3.ask(f"AUTH PLAIN {plain('u0', 'pw')}").startswith("+OK")
    assert pop3.ask("STAT").startswith("+OK 0")


def test_pop3_login(pop3):
    assert pop3.ask("AUTH LOGIN").startswith("+ ")
    assert pop3.ask(b64(f"u1@{DOMAIN}")).startswith("+ ")
    assert pop3.ask(b64("pw")).startswith("+OK")


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_scram(smtp, pop3, name):
    assert scram(smtp, name, "u0", "pw", "334 ").startswith("235")
    assert scram(pop3, name, "u0", "pw", "+ ").startswith("+OK")


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_scram_with_a_wrong_password(smtp, pop3, name):
    assert scram(smtp, name, "u0", "no", "334 ").startswith("535 5.7.8")
    assert scram(pop3, name, "u0", "no", "+ ").startswith("-ERR [AUTH]")


def cram(challenge, user, password):
    digest = hmac.new(password.encode(), base64.b64decode(challenge), "md5")
    return b64(f"{user}@{DOMAIN} {digest.hexdigest()}")


def test_cram_md5(smtp, pop3):
    challenge = smtp.ask("AUTH CRAM-MD5")
    assert smtp.ask(cram(challenge[4:], "u0", "pw")).startswith("235")
    challenge = pop3.ask("AUTH CRAM-MD5")
    assert pop3.ask(cram(challenge[2:], "u0", "no")).startswith("-ERR [AUTH]")


def test_apop(services):
    for password, reply in ("pw", "+OK"), ("no", "-ERR [AUTH]"):
        with Talk(services.pop3_port) as talk:
            stamp = talk.greeting[talk.greeting.index("<"):]
            digest = hashlib.md5((stamp + password).encode()).hexdigest()
            assert talk.ask(f"APOP u0@{DOMAIN} {digest}").startswith(reply)


def test_wrong_and_unknown_are_told_alike(services):
    replies = set()
    for user in "u0", "nobody":
        with Talk(services.smtp_port) as talk:
            talk.all("EHLO client.example", "250")
            replies.add(talk.ask(f"AUTH PLAIN {plain(user, 'no')}"))
        with Talk(services.pop3_port) as talk:
            replies.add(talk.ask(f"AUTH PLAIN {plain(user, 'no')}"))
    assert len(replies) == 2, replies


@pytest.mark.parametrize("line, smtp_code", [
    ("*", "501 5.7.0"), ("not base64!", "501 5.5.2"), ("AA", "501 5.5.2"),
    ("A" * 12289, "500 5.5.6"), (b64(b"\0"), "5"), ("=", "5")])
def test_odd_responses(smtp, pop3, line, smtp_code):
    assert smtp.ask("AUTH PLAIN").startswith("334")
    assert smtp.ask(line).startswith(smtp_code)
    assert smtp.ask("NOOP").startswith("250")
    assert pop3.ask("AUTH PLAIN").startswith("+ ")
    assert pop3.ask(line).startswith("-ERR")
    assert pop3.ask("CAPA").startswith("+OK")


@pytest.mark.parametrize("name", ["GSSAPI", "USER", "APOP", "X" * 40])
def test_unknown_mechanisms(smtp, pop3, name):
    assert smtp.ask(f"AUTH {name}").startswith("504 5.5.4")
    assert pop3.ask(f"AUTH {name}").startswith("-ERR")


def test_bound_to_tls_without_tls(smtp):
    assert smtp.ask("AUTH SCRAM-SHA-256-PLUS").startswith("5")


def test_out_of_turn(services, smtp):
    with Talk(services.smtp_port) as talk:
        assert talk.ask("AUTH PLAIN").startswith("503")
        talk.ask("HELO client.example")
        assert talk.ask("AUTH PLAIN").startswith("503")
    smtp.ask("MAIL FROM:<>")
    assert smtp.ask(f"AUTH PLAIN {plain('u0', 'pw')}").startswith("503")


def test_hang_up_in_the_middle(services):
    """An exchange that was left is nobody's, and others go on."""
    for command in "AUTH PLAIN", "AUTH LOGIN", "AUTH SCRAM-SHA-256 biws":
        for port in services.smtp_port, services.pop3_port:
            with Talk(port) as talk:
                talk.ask("EHLO client.example" if talk.greeting[0] == "2"
                         else "NOOP")
                talk.ask(command)
    with Talk(services.pop3_port) as talk:
        assert talk.ask(f"AUTH PLAIN {plain('u0', 'pw')}").startswith("+OK")


def test_pipelined_behind_auth(smtp):
    """A response that came before its challenge is taken all the same."""
    smtp.socket.sendall(f"AUTH LOGIN\r\n{b64(f'u0@{DOMAIN}')}\r\n"
                        f"{b64('pw')}\r\nNOOP\r\n".encode())
    assert [smtp.line()[:3] for _ in range(4)] == ["334", "334", "235", "250"]


def test_sender_is_the_login(services, smtp):
    services.must("alias", "add", f"info@{DOMAIN}", f"u0@{DOMAIN}")
    smtp.ask(f"AUTH PLAIN {plain('u0', 'pw')}")
    assert smtp.ask(f"MAIL FROM:<u1@{DOMAIN}>").startswith("553 5.7.1")
    assert smtp.ask("MAIL FROM:<somebody@else.example>").startswith("553")
    for own in f"u0@{DOMAIN}", f"u0+tag@{DOMAIN}", f"info@{DOMAIN}", "":
        assert smtp.ask(f"MAIL FROM:<{own}>").startswith("250"), own
        smtp.ask("RSET")


def test_auth_parameter_of_mail(services, smtp):
    for value, code in ("<>", "250"), ("e+3Dmc2@x.example", "250"), \
            ("+ZZ", "501"), ("", "501"):
        assert smtp.ask(f"MAIL FROM:<> AUTH={value}").startswith(code), value
        smtp.ask("RSET")


def test_failed_logins_end_a_session(services):
    with Talk(services.smtp_port) as talk:
        talk.all("EHLO client.example", "250")
        for _ in range(2):
            assert talk.ask(f"AUTH PLAIN {plain('u1', 'no')}"
                            ).startswith("535")
        assert talk.ask(f"AUTH PLAIN {plain('u1', 'no')}").startswith("421")
        assert talk.line() == ""


def test_received_says_so(services, smtp):
    smtp.ask(f"AUTH PLAIN {plain('u0', 'pw')}")
    for line in f"MAIL FROM:<u0@{DOMAIN}>", f"RCPT TO:<u1@{DOMAIN}>", \
            "DATA", "Subject: x\r\n\r\nx\r\n.":
        assert smtp.ask(line)[0] in "23"
    with Talk(services.pop3_port) as talk:
        talk.ask(f"AUTH PLAIN {plain('u1', 'pw')}")
        assert any("with ESMTPA " in line for line in talk.all("RETR 1"))


def test_the_log_tells_how(services, smtp):
    """Each login's line names its mechanism."""
    smtp.ask(f"AUTH PLAIN {plain('u0', 'pw')}")
    with Talk(services.pop3_port) as talk:
        scram(talk, "sha256", "u0", "pw", "+ ")
    with Talk(services.pop3_port) as talk:
        talk.ask(f"USER u1@{DOMAIN}")
        talk.ask("PASS pw")
    with Talk(services.pop3_port) as talk:
        talk.ask(f"AUTH PLAIN {plain('u1', 'no')}")
    smtpd, pop3d = (services.log(name).read_text() for name in
                    ("smtpd", "pop3d"))
    assert re.search(rf" login .*box=u0@{DOMAIN} mechanism=PLAIN", smtpd)
    assert re.search(rf" login .*box=u0@{DOMAIN} mechanism=SCRAM-SHA-256",
                     pop3d)
    assert re.search(rf" login .*box=u1@{DOMAIN} mechanism=USER", pop3d)
    assert re.search(r" login\.refused .*mechanism=PLAIN", pop3d)


def test_not_where_servers_hand_in_mail(pair):
    """Out of the box a mail exchanger knows no AUTH."""
    with Talk(pair.smtp_port) as talk:
        lines = talk.all("EHLO client.example", "250")
        assert not any("AUTH" in line for line in lines)
        assert talk.ask("AUTH PLAIN").startswith("502")
        assert talk.ask("MAIL FROM:<> AUTH=<>").startswith("555")
