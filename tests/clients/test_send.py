"""Mail programs of Debian that send, each with its defaults."""
import email
import smtplib
import subprocess

import pytest

from harness.daemons import DOMAIN, PATIENCE
from harness.load import untraced
from harness.pop3 import fetch
from harness.tools import smtp_source

TEXT = "Hello.\n.leading dot\n\nUmlaut: \u00e4\n..\nlast\n"


def run(*command, stdin="", home=None, code=0):
    """Runs a client; its output."""
    done = subprocess.run(
        [str(word) for word in command], input=stdin.encode(), check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=60 * PATIENCE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
             "HOME": str(home or "/nonexistent"), "USER": "root"})
    output = done.stdout.decode(errors="replace")
    assert done.returncode == code, f"{command[0]}: {output}"
    return output


def text_of(message):
    """The decoded text of a fetched message."""
    parsed = email.message_from_bytes(message)
    text = parsed.get_payload(decode=True).decode(
        parsed.get_content_charset("us-ascii"))
    return text.replace("\r\n", "\n")


def only(pair, user):
    messages = fetch(pair.pop3_port, user)
    assert len(messages) == 1
    return messages[0]


def test_swaks(pair, user, address):
    run("swaks", "--server", f"127.0.0.1:{pair.smtp_port}", "--to", address,
        "--from", "s@remote.example", "--body", "from swaks", "--silent", "3",
        "--helo", "client.example")
    assert b"from swaks" in only(pair, user)


def test_swaks_pipelined(pair, user, address):
    run("swaks", "--server", f"127.0.0.1:{pair.smtp_port}", "--to", address,
        "--from", "s@remote.example", "--pipeline", "--silent", "3",
        "--helo", "client.example")
    only(pair, user)


def test_swaks_sees_refusals(pair):
    out = run("swaks", "--server", f"127.0.0.1:{pair.smtp_port}", "--to",
              f"no.such.user@{DOMAIN}", "--from", "s@remote.example",
              "--helo", "client.example", code=24)
    assert "550 5.1.1" in out


def test_curl(pair, user, address, tmp_path):
    mail = tmp_path / "mail"
    mail.write_bytes(b"Subject: curl\r\n\r\n.dots\r\n.\r\n")
    run("curl", "-sS", f"smtp://127.0.0.1:{pair.smtp_port}/client.example",
        "--mail-from", "s@remote.example", "--mail-rcpt", address,
        "--upload-file", mail)
    assert untraced(only(pair, user)) == mail.read_bytes()


def test_msmtp(pair, user, address, tmp_path):
    message = f"Subject: msmtp\n\n{TEXT}"
    run("msmtp", "--file=/dev/null", "--host=127.0.0.1",
        f"--port={pair.smtp_port}", "--from=s@remote.example",
        "--domain=client.example", address, stdin=message, home=tmp_path)
    got = untraced(only(pair, user)).decode().replace("\r\n", "\n")
    assert got.endswith(message)


def test_s_nail(pair, user, address, tmp_path):
    run("s-nail", "-:/", "-Sv15-compat", f"-Smta=smtp://127.0.0.1:"
        f"{pair.smtp_port}", "-Ssmtp-auth=none", "-Shostname=client.example",
        "-Sfrom=s@remote.example", "-Ssendwait", "-Sttycharset=utf-8",
        "-s", "from s-nail", address, stdin=TEXT, home=tmp_path)
    message = only(pair, user)
    assert b"Subject: from s-nail" in message
    assert text_of(message) == TEXT


def test_mutt_with_smtp_url(pair, user, address, tmp_path):
    run("mutt", "-n", "-F", "/dev/null", "-e",
        f'set smtp_url="smtp://127.0.0.1:{pair.smtp_port}" ssl_starttls=no '
        'ssl_force_tls=no from=s@remote.example use_envelope_from=yes copy=no '
        'hostname=client.example charset=utf-8',
        "-s", "from mutt", "--", address, stdin=TEXT, home=tmp_path)
    message = only(pair, user)
    assert b"Subject: from mutt" in message
    assert text_of(message) == TEXT


@pytest.mark.parametrize("length", [100, 10_000, 200_000])
def test_smtplib(pair, user, address, length):
    body = ("line of text\r\n" * (length // 14)).encode()
    with smtplib.SMTP("127.0.0.1", pair.smtp_port) as smtp:
        assert smtp.sendmail("s@remote.example", [address], b"\r\n" + body,
                             mail_options=["BODY=8BITMIME"]) == {}
    assert untraced(only(pair, user)) == b"\r\n" + body


def test_smtplib_with_one_bad_recipient(pair, user, address):
    bad = f"no.such.user@{DOMAIN}"
    with smtplib.SMTP("127.0.0.1", pair.smtp_port) as smtp:
        refused = smtp.sendmail("s@remote.example", [address, bad], b"\r\nx")
    assert list(refused) == [bad] and refused[bad][0] == 550
    only(pair, user)


@pytest.mark.parametrize("options", [[], ["-d"]])
def test_smtp_source(pair, user, address, options):
    """-d keeps the connection."""
    run(*smtp_source(), *options, "-s", "3", "-m", "9", "-l", "2000",
        "-f", "s@remote.example", "-t", address,
        f"127.0.0.1:{pair.smtp_port}")
    assert len(fetch(pair.pop3_port, user)) == 9


def test_sendmail_style_null_sender(pair, user, address):
    run("swaks", "--server", f"127.0.0.1:{pair.smtp_port}", "--to", address,
        "--from", "<>", "--silent", "3", "--helo", "client.example")
    assert only(pair, user).startswith(b"Return-Path: <>\r\n")
