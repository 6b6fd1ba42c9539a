"""nodemailer hands in mail: over STARTTLS with our certificate checked, and as
a user's program that logs in."""
import base64
import email
import email.policy
import json
import subprocess

import pytest

from harness.daemons import DOMAIN, PATIENCE, running
from harness.load import untraced
from harness.pop3 import fetch
from harness.tls import HOST, TlsPair
from harness.tools import npm

# Options and messages come as JSON; each message's result goes back, or why
# it was refused.
SCRIPT = """
const fs = require('fs');
const {options, messages} = JSON.parse(fs.readFileSync(0));
options.tls.ca = fs.readFileSync(options.tls.ca);
const transport = require('nodemailer').createTransport(options);
(async () => {
  const results = [];
  for (const message of messages) {
    if (message.bytes)
      message.raw = Buffer.from(message.bytes, 'base64');
    try {
      const {accepted, rejected, response} = await transport.sendMail(message);
      results.push({accepted, rejected, response});
    } catch (error) {
      results.push({failed: error.responseCode || error.code,
                    rejected: error.rejected});
    }
  }
  transport.close();
  console.log(JSON.stringify(results));
})();
"""
SENDER = "s@remote.example"


@pytest.fixture(scope="module")
def shared_pair():
    with running(TlsPair(users=10)) as made:
        made.add_user("zo\u00eb")
        yield made


def send(pair, *messages, **options):
    """What became of each message."""
    folder = npm("nodemailer")
    script = folder / "send.js"
    script.write_text(SCRIPT)
    conf = {"host": "127.0.0.1", "port": pair.smtp_port, "requireTLS": True,
            "name": "client.example",
            "tls": {"ca": str(pair.ca.pem), "servername": HOST}, **options}
    done = subprocess.run(
        ["node", script], text=True, check=True, stdout=subprocess.PIPE,
        input=json.dumps({"options": conf, "messages": messages}),
        timeout=60 * PATIENCE)
    return json.loads(done.stdout)


def only(pair, user):
    letters = fetch(pair.pop3_port, user)
    assert len(letters) == 1
    assert b"\ttls TLS_" in letters[0]
    return letters[0]


def raw(octets, **envelope):
    """A message that it may not change, with an envelope of its own."""
    return {"bytes": base64.b64encode(octets).decode(), "envelope": envelope}


def test_octets(pair):
    message = b"Subject: raw\r\n\r\n.\r\n..\r\n.x\r\n\tblanks \r\n\r\n" + \
        b"z" * 990 + b"\r\n"
    result, = send(pair, raw(message, **{"from": SENDER,
                                         "to": [f"u0@{DOMAIN}"]}))
    assert result["response"].startswith("250 2.0.0")
    assert untraced(only(pair, "u0")) == message


def test_attachment_and_text(pair):
    text = "Gr\u00fc\u00dfe\n.\nfrom " + "long " * 300 + "\n"
    blob = bytes(range(256)) * 300
    send(pair, {"from": SENDER, "to": f"u1@{DOMAIN}", "subject": "\u00e4\u00f6",
                "text": text, "attachments": [
                    {"filename": "blob.bin", "encoding": "base64",
                     "content": base64.b64encode(blob).decode()}]})
    letter = email.message_from_bytes(only(pair, "u1"),
                                      policy=email.policy.default)
    assert letter["subject"] == "\u00e4\u00f6"
    got = letter.get_body().get_content()
    assert got.replace("\r\n", "\n") == text
    attachment, = letter.iter_attachments()
    assert attachment.get_content() == blob


def test_utf8(pair):
    message = "Subject: Z\u00fcrich\r\n\r\n\u00e9\r\n".encode()
    result, = send(pair, raw(message, **{
        "from": "j\u00fcrgen@b\u00fccher.example",
        "to": [f"zo\u00eb@{DOMAIN}"]}))
    assert result["accepted"] == [f"zo\u00eb@{DOMAIN}"]
    path, = (pair.maildir("zo\u00eb") / "new").iterdir()
    letter = path.read_bytes().replace(b"\n", b"\r\n")
    assert b"with UTF8SMTPS id" in letter
    assert untraced(letter) == message


def test_one_refused(pair):
    bad = f"no.such@{DOMAIN}"
    mixed, none = send(
        pair, {"from": SENDER, "to": [f"u2@{DOMAIN}", bad], "text": "x"},
        {"from": SENDER, "to": bad, "text": "x"})
    assert mixed["accepted"] == [f"u2@{DOMAIN}"]
    assert mixed["rejected"] == [bad]
    assert none["failed"] == 550
    only(pair, "u2")


def test_success_note(pair):
    send(pair, {"from": f"u3@{DOMAIN}", "to": f"u4@{DOMAIN}", "text": "x",
                "dsn": {"id": "number one+", "return": "headers",
                        "notify": ["success", "failure"],
                        "recipient": SENDER}})
    only(pair, "u4")
    note, = fetch(pair.pop3_port, "u3")
    assert b"Original-Envelope-Id: number one+\r\n" in note
    assert f"Original-Recipient: rfc822;{SENDER}".encode() in note


def test_pool(pair):
    """Many messages over few connections."""
    sent = [b"Subject: %d\r\n\r\n%s\r\n" % (n, b"p" * n) for n in range(40)]
    send(pair, *(raw(m, **{"from": SENDER, "to": [f"u5@{DOMAIN}"]})
                 for m in sent), pool=True, maxConnections=2)
    assert sorted(map(untraced, fetch(pair.pop3_port, "u5"))) == sorted(sent)


@pytest.mark.parametrize("user, method", [("u6", "PLAIN"), ("u7", "LOGIN")])
def test_submission(pair, user, method):
    """To a port that begins with TLS, as a user and not as another."""
    good, bad = send(
        pair, {"from": f"{user}@{DOMAIN}", "to": f"{user}@{DOMAIN}",
               "text": "mine"},
        {"from": f"u0@{DOMAIN}", "to": f"{user}@{DOMAIN}", "text": "not"},
        port=pair.smtps_port, secure=True, authMethod=method,
        auth={"user": user, "pass": "pw"})
    assert good["accepted"] == [f"{user}@{DOMAIN}"]
    assert bad["failed"] == 553
    assert b"with ESMTPSA id" in only(pair, user)


def test_wrong_password(pair):
    result, = send(pair, {"from": f"u8@{DOMAIN}", "to": f"u8@{DOMAIN}",
                          "text": "x"}, port=pair.smtps_port, secure=True,
                   auth={"user": "u8", "pass": "wrong"})
    assert result["failed"] == 535


def test_no_certificate_that_it_trusts(pair):
    result, = send(pair, {"from": SENDER, "to": f"u9@{DOMAIN}", "text": "x"},
                   tls={"ca": str(pair.ca.pem),
                        "servername": "elsewhere.example"})
    assert result["failed"] == "ESOCKET"
    assert fetch(pair.pop3_port, "u9") == []
