"""swaks with each option that a receiving server or a port for users can serve,
and what arrives, octet by octet."""
import subprocess

import pytest

from harness.daemons import DOMAIN, PATIENCE, free_ports, running
from harness.load import untraced
from harness.tls import HOST, TlsPair

MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]
MESSAGE = (b"From: s@remote.example\r\nX-Folded: a\r\n\tb\r\n\r\n.\r\n..\r\n"
           b".dot\r\nblanks \t \r\n" + b"x" * 990 + b"\r\n\r\nend\r\n")
LOGIN = ["--auth-user", "{user}", "--auth-password", "pw"]
# The port; swaks's options; what stands behind "with" in the trace field.
WAYS = {
    "helo": ("mx", ["--protocol", "SMTP"], "SMTP"),
    "ehlo": ("mx", ["--protocol", "ESMTP"], "ESMTP"),
    "esmtps": ("mx", ["--protocol", "ESMTPS"], "ESMTPS"),
    "pipelined": ("mx", ["--pipeline"], "ESMTP"),
    "pipelined-tls": ("mx", ["--pipeline", "--tls"], "ESMTPS"),
    "prdr": ("mx", ["--prdr", "--tls"], "ESMTPS"),
    "tls-optional": ("mx", ["--tls-optional"], "ESMTPS"),
    "tls-optional-strict": ("mx", ["--tls-optional-strict"], "ESMTPS"),
    "tls-1.2": ("mx", ["--tls", "--tls-protocol", "tlsv1_2"], "ESMTPS"),
    "tls-1.3": ("mx", ["--tls", "--tls-protocol", "tlsv1_3"], "ESMTPS"),
    "tls-cipher": ("mx", ["--tls", "--tls-protocol", "tlsv1_2",
                          "--tls-cipher", "ECDHE-RSA-CHACHA20-POLY1305"],
                   "ESMTPS"),
    "tls-sni": ("mx", ["--tls", "--tls-sni", HOST], "ESMTPS"),
    "tls-certificate": ("mx", ["--tls", "--tls-cert", "{folder}/client.crt",
                               "--tls-key", "{folder}/client.pem"], "ESMTPS"),
    "smtps": ("submissions", ["--protocol", "SSMTPA", *LOGIN], "ESMTPSA"),
    "plain": ("submission", ["--tls", "--auth", "PLAIN", *LOGIN], "ESMTPSA"),
    "login": ("submission", ["--tls", "--auth", "LOGIN", *LOGIN], "ESMTPSA"),
    "cram": ("submission", ["--auth", "CRAM-MD5", *LOGIN], "ESMTPA"),
    "cram-tls": ("submissions", ["--tlsc", "--auth", "CRAM-MD5", *LOGIN],
                 "ESMTPSA"),
    "auth-optional": ("mx", ["--auth-optional", *LOGIN], "ESMTP"),
    "auth-plaintext": ("submission", ["--tls", "-a", "LOGIN", "-apt", *LOGIN],
                       "ESMTPSA"),
    "lmtp": ("lmtp", ["--protocol", "LMTP"], "LMTP"),
    "lmtp-tls": ("lmtp", ["--protocol", "LMTPS"], "LMTPS"),
    "interface": ("mx", ["--local-interface", "127.0.0.77"], "ESMTP"),
    "xclient": ("mx", ["-li", "127.0.0.2", "--xclient-addr", "192.0.2.9",
                       "--xclient-name", "told.example", "--xclient-delim",
                       "--xclient-helo", "said.example"], "ESMTP"),
    "xclient-tls": ("mx", ["-li", "127.0.0.2", "--tls", "--xclient-addr",
                           "192.0.2.9"], "ESMTPS"),
    "xclient-before-tls": ("mx", ["-li", "127.0.0.2", "--tls",
                                  "--xclient-before-starttls",
                                  "--xclient-addr", "192.0.2.9"], "ESMTPS"),
    "xclient-raw": ("mx", ["-li", "127.0.0.2", "--xclient",
                           "ADDR=IPV6:2001:DB8::7 PORT=77"], "ESMTP"),
    "xclient-optional": ("mx", ["--xclient-optional", "--xclient-addr",
                                "192.0.2.9"], "ESMTP"),
    "proxy-1": ("mx", ["-li", "127.0.0.3", "--proxy-version", "1", "--proxy",
                       "TCP4 192.0.2.8 192.0.2.1 4711 25"], "ESMTP"),
    "proxy-2-tls": ("mx", ["-li", "127.0.0.3", "--tls", "--proxy-version",
                           "2", "--proxy-family", "AF_INET",
                           "--proxy-protocol", "STREAM", "--proxy-command",
                           "PROXY", "--proxy-source", "192.0.2.8",
                           "--proxy-source-port", "4711", "--proxy-dest",
                           "192.0.2.1", "--proxy-dest-port", "25"],
                    "ESMTPS"),
}


class Ports(TlsPair):
    """With a listener of each kind, and clients of 127.0.0.2 trusted."""

    def __init__(self):
        submission, lmtp = free_ports(2)
        super().__init__(users=0, smtpd={
            "listen_submission": [f"127.0.0.1:{submission}"],
            "listen_lmtp": [f"127.0.0.1:{lmtp}"],
            "trust": {"xclient": ["127.0.0.2"], "proxy": ["127.0.0.3"]},
            "auth": {"mechanisms": MECHANISMS}}, helpers={"accounts": {
                "mechanisms": [*MECHANISMS, "USER"], "store_secrets": True}})
        self.ports = {"mx": self.smtp_port, "submissions": self.smtps_port,
                      "submission": submission, "lmtp": lmtp}
        self.ca.make("client", mail="client@example.test", keep_key=False)

    def letter(self, user):
        path, = self.letters(user)
        return path.read_bytes().replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def shared_pair():
    with running(Ports()) as made:
        yield made


def swaks(pair, port, *options, code=0):
    """Runs it; what it printed."""
    done = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{pair.ports[port]}", "--helo",
         "client.example", *map(str, options)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=60 * PATIENCE)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == code, output
    return output


@pytest.mark.parametrize("way", WAYS)
def test_ways(pair, user, tmp_path, way):
    """Each way in: the same octets, and the kind of protocol in the trace."""
    port, options, kind = WAYS[way]
    mail = tmp_path / "mail"
    mail.write_bytes(MESSAGE.replace(b"\r\n", b"\n"))
    options = [option.format(user=user, folder=pair.ca.folder)
               for option in options]
    verify = ["--tls-verify", "--tls-ca-path", pair.ca.pem] \
        if kind.endswith(("S", "SA")) else []
    swaks(pair, port, "--to", f"{user}@{DOMAIN}", "--from",
          f"{user}@{DOMAIN}", "--data", f"@{mail}", *verify, *options)
    letter = pair.letter(user)
    assert f"with {kind} id".encode() in letter
    body = untraced(letter)
    assert body[:len(MESSAGE)] == MESSAGE
    # It adds a blank line of its own.
    assert body[len(MESSAGE):] in (b"", b"\r\n")
    if "xclient" in way and way != "xclient-optional":
        assert b"192.0.2.9]" in letter or b"[IPv6:2001:db8::7]" in letter
    if "proxy" in way:
        assert b"[192.0.2.8]" in letter


@pytest.mark.parametrize("name, options, code", [
    ("unknown", ["--to", f"no.such@{DOMAIN}"], 24),
    ("foreign", ["--to", "x@elsewhere.example"], 24),
    ("bad sender", ["--from", "no address"], 23),
    ("login", ["--auth", "PLAIN", "--auth-user", "x", "--auth-password",
               "x"], 28),
    ("xclient", ["--xclient-addr", "192.0.2.9"], 33),
    ("ca", ["--tls", "--tls-verify"], 29)])
def test_refused(pair, user, name, options, code):
    """swaks's exit code says where it was refused."""
    swaks(pair, "mx", "--from", "s@remote.example", "--to",
          f"{user}@{DOMAIN}", *options, code=code)
    assert pair.letters(user) == [], name


@pytest.mark.parametrize("options", [
    *(["--quit-after", stop] for stop in ("CONNECT", "BANNER", "FIRST-HELO",
                                          "HELO", "MAIL", "RCPT")),
    *(["--drop-after", stop] for stop in ("FIRST-HELO", "TLS", "MAIL", "RCPT",
                                          "DATA")),
    *(["--drop-after-send", stop] for stop in ("HELO", "MAIL", "RCPT",
                                               "DATA"))])
def test_ends_early(pair, user, options):
    """It ends, or is gone, at any step: nothing is delivered."""
    tls = ["--tls"] if "TLS" in options else []
    swaks(pair, "mx", "--from", "s@remote.example", "--to",
          f"{user}@{DOMAIN}", *tls, *options)
    assert pair.letters(user) == []


def test_several_recipients(pair, user):
    """One of three is no user: swaks goes on, and the others have it."""
    other = f"{user}-o"
    pair.add_user(other)
    swaks(pair, "mx", "--from", "<>", "--to", f"{user}@{DOMAIN},"
          f"no.such@{DOMAIN},{other}@{DOMAIN}", "--pipeline")
    assert untraced(pair.letter(user)) == untraced(pair.letter(other))
    assert pair.letter(user).startswith(b"Return-Path: <>")


def test_parts_of_a_message(pair, user, tmp_path):
    blob = tmp_path / "blob.bin"
    blob.write_bytes(bytes(range(256)) * 8)
    swaks(pair, "mx", "--from", "s@remote.example", "--to",
          f"{user}@{DOMAIN}", "--header", "Subject: told", "--add-header",
          "X-One: 1", "--h-X-Two", "2", "--body", "first\\n.second",
          "--attach-type", "application/octet-stream", "--attach-name",
          "named.bin", "--attach", f"@{blob}")
    letter = pair.letter(user).decode()
    for part in ("Subject: told\r\n", "X-One: 1\r\n", "X-Two: 2\r\n",
                 "first\r\n.second", 'filename="named.bin"', "AAECAwQFBgc"):
        assert part in letter, part


def test_data_as_it_is(pair, user):
    """--no-data-fixup sends what it was given: a bare LF, which is refused."""
    out = swaks(pair, "mx", "--from", "s@remote.example", "--to",
                f"{user}@{DOMAIN}", "--no-data-fixup", "--data",
                "a\nb\r\n.\r\n", code=26)
    assert "<** 5" in out
    assert pair.letters(user) == []
