"""More of what Debian's senders can do, and what arrives of it, octet by
octet."""
import re
import smtplib
import ssl
import subprocess

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, free_ports, running
from harness.load import untraced
from harness.pop3 import fetch
from harness.tls import HOST, TlsPair
from harness.tools import smtp_source, unpack

MESSAGE = (b"From: s@remote.example\r\nSubject: x\r\n\r\n.\r\n..\r\n.dot\r\n"
           b"blanks \t \r\n\xe4\xff\r\n" + b"x" * 990 + b"\r\n\r\nend\r\n")


@pytest.fixture(scope="module")
def shared_pair():
    lmtp, = free_ports(1)
    made = TlsPair(users=20, smtpd={"listen_lmtp": [f"127.0.0.1:{lmtp}"]})
    made.lmtp_port = lmtp
    with running(made):
        yield made


def run(*command, stdin=b"", code=0):
    done = subprocess.run(
        list(map(str, command)), input=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60 * PATIENCE, check=False)
    assert done.returncode == code, done.stdout.decode(errors="replace")


def only(pair, user):
    letter, = fetch(pair.pop3_port, user)
    return letter


# -- msmtp


@pytest.mark.parametrize("user, port, options, kind", [
    ("u0", "smtp_port", ["--tls=on"], "ESMTPS"),
    ("u1", "smtp_port", ["--tls=on", "--dsn-notify=success,failure",
                         "--dsn-return=headers"], "ESMTPS"),
    ("u2", "lmtp_port", ["--protocol=lmtp", "--tls=off"], "LMTP"),
    ("u3", "lmtp_port", ["--protocol=lmtp", "--tls=on"], "LMTPS")])
def test_msmtp(pair, tmp_path, user, port, options, kind):
    run("msmtp", "--file=/dev/null", "--host=127.0.0.1",
        f"--port={getattr(pair, port)}", f"--tls-trust-file={pair.ca.pem}",
        f"--tls-host-override={HOST}", f"--from=u4@{DOMAIN}",
        "--domain=client.example", *options, f"{user}@{DOMAIN}",
        stdin=MESSAGE.replace(b"\r\n", b"\n"))
    letter = only(pair, user)
    assert f"with {kind} id".encode() in letter
    # It puts a Message-ID and a Date on top where there is none.
    assert untraced(letter).endswith(MESSAGE)
    if "--dsn-return=headers" in options:
        assert b"Action: delivered" in only(pair, "u4")


# -- Python


def test_smtplib_over_tls(pair):
    context = ssl.create_default_context(cafile=pair.ca.pem)
    with smtplib.SMTP("127.0.0.1", pair.smtp_port, "client.example") as smtp:
        smtp._host = HOST  # the name that the certificate is checked for
        smtp.starttls(context=context)
        assert smtp.sendmail("s@remote.example", [f"u5@{DOMAIN}"], MESSAGE,
                             mail_options=["BODY=8BITMIME"]) == {}
    letter = only(pair, "u5")
    assert b"with ESMTPS id" in letter
    assert untraced(letter) == MESSAGE


@pytest.mark.parametrize("user, mechanism", [("u6", "PLAIN"), ("u7", "LOGIN")])
def test_smtplib_logs_in(pair, user, mechanism):
    context = ssl.create_default_context(cafile=pair.ca.pem)
    context.check_hostname = False
    with smtplib.SMTP_SSL("127.0.0.1", pair.smtps_port, "client.example",
                          context=context) as smtp:
        smtp.ehlo()
        smtp.user, smtp.password = user, "pw"
        smtp.auth(mechanism, getattr(smtp, f"auth_{mechanism.lower()}"))
        smtp.sendmail(f"{user}@{DOMAIN}", [f"{user}@{DOMAIN}"], MESSAGE,
                      mail_options=["BODY=8BITMIME"])
    letter = only(pair, user)
    assert b"with ESMTPSA id" in letter
    assert untraced(letter) == MESSAGE


# -- Postfix's smtp-source


@pytest.mark.parametrize("user, options", [
    ("u8", []), ("u9", ["-d", "-s", "2"]), ("u10", ["-o"]), ("u11", ["-L"])])
def test_smtp_source_sends_a_file(pair, tmp_path, user, options):
    """It ends what it sends with an empty line of its own."""
    mail = tmp_path / "mail"
    mail.write_bytes(MESSAGE.replace(b"\r\n", b"\n"))
    port = pair.lmtp_port if "-L" in options else pair.smtp_port
    name = f"{user}@{DOMAIN}"
    run(*smtp_source(), *options, "-m", "4", "-M", "client.example", "-F",
        mail, "-f", "s@remote.example", "-t", name, f"127.0.0.1:{port}",
        code=1 if "-o" in options else 0)
    letters = fetch(pair.pop3_port, user)
    # -o says no HELO, which RFC 5321 4.1.4 wants.
    assert [untraced(letter) for letter in letters] == \
        [MESSAGE + b"\r\n"] * (0 if "-o" in options else 4)


def test_smtp_source_with_many_recipients(pair, tmp_path):
    mail = tmp_path / "mail"
    mail.write_bytes(MESSAGE.replace(b"\r\n", b"\n"))
    names = ["many", *(f"{n}many" for n in range(2, 31))]
    for name in names:
        pair.must("alias", "add", f"{name}@{DOMAIN}", f"u12@{DOMAIN}")
    run(*smtp_source(), "-r", len(names), "-M", "client.example", "-F", mail,
        "-f", "s@remote.example", "-t", f"many@{DOMAIN}",
        f"127.0.0.1:{pair.smtp_port}")
    assert untraced(only(pair, "u12")) == MESSAGE + b"\r\n"


# -- postal


def sent(folder):
    """The messages that postal says it sent, from its record of all that it
    wrote."""
    for path in folder.glob("debug*"):
        yield from re.findall(rb"^DATA\r\n354[^\n]*\n(.*?\r\n)\.\r\n",
                              path.read_bytes(), re.M | re.S)


def test_postal(pair, tmp_path):
    """Random messages over three connections for a while.  Its TLS is of a
    time before version 1.2."""
    users = tmp_path / "users"
    users.write_text("".join(f"u{n}@{DOMAIN}\n" for n in (13, 14, 15)))
    program = unpack("postal") / "usr" / "sbin" / "postal"
    process = subprocess.Popen(
        [program, "-t", "3", "-c", "5", "-m", "20", "-r", "6000", "-z",
         tmp_path / "debug", f"[127.0.0.1]{pair.smtp_port}", users],
        cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        proc.wait_until("some have come", lambda: sum(
            len(pair.letters(f"u{n}")) for n in (13, 14, 15)) > 10,
            60 * PATIENCE)
    finally:
        proc.end(process, 10)
    letters = [untraced(letter) for n in (13, 14, 15)
               for letter in fetch(pair.pop3_port, f"u{n}")]
    assert len(letters) > 10
    wrote = set(sent(tmp_path))
    assert all(letter in wrote for letter in letters)
