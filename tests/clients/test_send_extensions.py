"""Clients of others that use what smtpd offers beside plain ESMTP."""
import smtplib
import subprocess

import pytest

from harness.daemons import DOMAIN, PATIENCE, running
from harness.stage import Stage

TEXT = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def stage():
    with running(Stage()) as made:
        yield made


def swaks(stage, listener, *options, code=0):
    """A message from swaks to jack; swaks's exit code must be this one."""
    endpoint = stage.endpoint(listener)
    where = ["--socket", endpoint] if not isinstance(endpoint, tuple) else \
        ["--server", f"{endpoint[0]}:{endpoint[1]}"]
    done = subprocess.run(
        ["swaks", *map(str, where), "--from", "s@remote.example", "--helo",
         "client.example", "--to", f"jack@{DOMAIN}", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60 * PATIENCE,
        stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == code, done.stdout
    return done.stdout


def newest(stage, user="jack"):
    return max(stage.box(user, "new"), key=lambda path: (
        path.stat().st_mtime_ns, path.name)).read_text()


def test_swaks_prdr(stage):
    out = swaks(stage, "main", "--prdr", "--to",
                f"jack@{DOMAIN},jill@{DOMAIN}")
    assert "PRDR" in out


def test_swaks_lmtp(stage):
    out = swaks(stage, "lmtp", "--protocol", "LMTP")
    assert f"250 2.1.5 <jack@{DOMAIN}> Ok" in out
    assert "with LMTP id" in newest(stage)


def test_swaks_xclient_is_refused_from_strangers(stage):
    swaks(stage, "trusting", "--xclient-addr", "192.0.2.9", code=33)


def test_swaks_xclient(stage):
    swaks(stage, "trusting", "--xclient-addr", "192.0.2.9", "--xclient-name",
          "told.example", "--local-interface", "127.0.0.2")
    assert "(told.example [192.0.2.9])" in newest(stage)


@pytest.mark.parametrize("version", ["1", "2"])
def test_swaks_proxy(stage, version):
    swaks(stage, "trusting", "--proxy-version", version, "--proxy-family",
          "TCP4" if version == "1" else "AF_INET", "--proxy-source",
          "192.0.2.8", "--proxy-source-port", "4711", "--proxy-dest",
          "192.0.2.1", "--proxy-dest-port", "25", "--local-interface",
          "127.0.0.3", *(["--proxy-command", "PROXY", "--proxy-protocol",
                          "STREAM"] if version == "2" else []))
    assert "([192.0.2.8])" in newest(stage)


def test_smtplib_lmtp_over_a_unix_socket(stage):
    with smtplib.LMTP(str(stage.endpoint("lmtp")),
                      local_hostname="client.example") as lmtp:
        assert lmtp.sendmail("s@remote.example",
                             [f"jack@{DOMAIN}"], TEXT) == {}


def test_smtplib_utf8(stage):
    host, port = stage.endpoint("main")
    with smtplib.SMTP(host, port, "client.example") as smtp:
        smtp.sendmail("j\u00fcrgen@b\u00fccher.example",
                      [f"zo\u00eb@{DOMAIN}"], TEXT,
                      mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    assert "with UTF8SMTP id" in newest(stage, "zo\u00eb")


def test_smtplib_dsn(stage):
    host, port = stage.endpoint("main")
    with smtplib.SMTP(host, port, "client.example") as smtp:
        smtp.sendmail(f"jill@{DOMAIN}", [f"jack@{DOMAIN}"], TEXT,
                      mail_options=["RET=HDRS", "ENVID=one"],
                      rcpt_options=["NOTIFY=SUCCESS"])
    note = newest(stage, "jill")
    assert "Original-Envelope-Id: one" in note
    assert "Action: delivered" in note
