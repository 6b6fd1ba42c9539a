"""TLS as clients see it: STARTTLS, STLS, implicit TLS, names, kinds of keys,
tickets, responses, clients' certificates, versions."""
import functools
import os
import re
import signal
import ssl
import subprocess

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, running
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp
from harness.tls import (HOST, OTHER, Authority, TlsPair, openssl, secure,
                         starttls, stls)


@pytest.fixture(scope="module")
def shared_pair():
    made = TlsPair()
    made.ca.respond(made.certificate)
    with running(made):
        yield made


@pytest.fixture
def make(make_pair):
    return functools.partial(make_pair, TlsPair)


def s_client(pair, *options, port=None, stdin=b""):
    """What openssl s_client says of a handshake."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect",
         f"127.0.0.1:{port or pair.smtps_port}", "-CAfile",
         str(pair.ca.pem), "-servername", HOST, *options], input=stdin,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=30 * PATIENCE)
    return done.stdout.decode(errors="replace")


def lines(pair, name="smtpd"):
    return [line for line in pair.log(name).read_text().splitlines()
            if " tls session=" in line]


def test_starttls_begins_anew(pair):
    """RFC 3207 4.2: what was said before does not count."""
    with Smtp(pair.smtp_port) as smtp:
        assert "STARTTLS" in smtp.hello().lines
        smtp.envelope("s@remote.example", f"u0@{DOMAIN}")
        assert smtp.cmd("STARTTLS now").code == 501
        assert smtp.cmd("STARTTLS").code == 220
        secure(smtp, pair.ca.context())
        assert smtp.cmd("MAIL FROM:<s@remote.example>").code == 503
        assert smtp.cmd("DATA").code == 503
        assert "STARTTLS" not in smtp.hello().lines
        assert smtp.cmd("STARTTLS").code == 503
        assert smtp.cmd("RCPT TO:<u0@example.test>").code == 503
        assert smtp.cmd("QUIT").code == 221


def test_stls_begins_anew(pair):
    """RFC 2595 4, RFC 2449 3: CAPA may change."""
    with Pop3(pair.pop3_port) as pop3:
        assert b"STLS" in pop3.multi("CAPA")
        pop3.cmd("USER u0")
        pop3.cmd("STLS")
        secure(pop3, pair.ca.context())
        with pytest.raises(Failed):
            pop3.cmd("PASS pw")
        assert b"STLS" not in pop3.multi("CAPA")
        with pytest.raises(Failed):
            pop3.cmd("STLS")
        pop3.login("u0")
        with pytest.raises(Failed):
            pop3.cmd("STLS")


def test_nothing_is_offered_without_certificates(make_pair):
    bare = make_pair()
    with Smtp(bare.smtp_port) as smtp:
        assert "STARTTLS" not in smtp.hello().lines
        assert smtp.cmd("STARTTLS").code == 502
    with Pop3(bare.pop3_port) as pop3:
        assert b"STLS" not in pop3.multi("CAPA")
        with pytest.raises(Failed):
            pop3.cmd("STLS")


def test_a_letter_tells_how_it_came(pair):
    """RFC 3848 and RFC 8314 4.3, and the same text back under TLS."""
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 20000
    with starttls(pair) as smtp:
        smtp.hello()
        smtp.envelope("s@remote.example", f"u1@{DOMAIN}")
        assert smtp.data(body).code == 250
    with pair.connect(pair.pop3s_port) as sock:
        pop3 = Pop3.__new__(Pop3)
        pop3.sock, pop3.file = sock, sock.makefile("rb", 1 << 16)
        pop3.reply()
        pop3.login("u1")
        letter = pop3.multi("RETR 1")
        pop3.cmd("DELE 1")
        pop3.cmd("QUIT")
    assert letter.endswith(body)
    head = letter[:letter.index(b"Subject")].decode()
    assert re.search(r"with ESMTPS id [0-9a-f]{16}\r\n\tfor <u1@.*>\r\n\t"
                     r"tls TLS_AES_128_GCM_SHA256 \(TLSv1.3 X25519\);\r\n",
                     head), head


def test_log_says_what_was_agreed_on(pair):
    with stls(pair, "u0"):
        pass
    line = lines(pair, "pop3d")[-1]
    assert "version=TLSv1.3" in line and "group=X25519" in line
    assert f"name={HOST}" in line and "resumed=0" in line


def subject_names(sock):
    return {name for _, name in sock.getpeercert()["subjectAltName"]}


@pytest.mark.parametrize("name, found", [
    (HOST, HOST), (OTHER, OTHER), (HOST.upper(), HOST),
    ("a.wild.example.test", "*.wild.example.test")])
def test_the_name_chooses_the_certificate(pair, name, found):
    with pair.connect(pair.smtps_port, name=name) as sock:
        assert found in subject_names(sock)


@pytest.mark.parametrize("name", ["unknown.example", "wild.example.test",
                                  "a.b.wild.example.test", None])
def test_other_names_get_the_first(pair, name):
    context = pair.ca.context(check_hostname=False)
    with pair.connect(pair.smtps_port, context, name) as sock:
        assert HOST in subject_names(sock)


@pytest.mark.parametrize("options, kind", [
    ((), "id-ecPublicKey"), (("-tls1_2",), "id-ecPublicKey"),
    (("-sigalgs", "RSA-PSS+SHA256"), "rsaEncryption"),
    (("-tls1_2", "-sigalgs", "RSA+SHA256"), "rsaEncryption"),
    (("-tls1_2", "-sigalgs", "RSA-PSS+SHA384"), "rsaEncryption"),
    (("-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"),
     "rsaEncryption")])
def test_the_clients_abilities_choose_the_key(pair, options, kind):
    out = s_client(pair, *options)
    assert "Verify return code: 0 (ok)" in out, out
    certificate = out[out.index("-----BEGIN"):out.index("-----END CERT")]
    text = openssl("x509", "-noout", "-text",
                   stdin=(certificate + "-----END CERTIFICATE-----\n")
                   .encode()).decode()
    assert f"Public Key Algorithm: {kind}" in text


@pytest.mark.cases_under_valgrind(0)
def test_ed25519(make):
    pair = make()
    pair.ca.make("ed", "ed.example.test", kind="ed25519")
    for name in ("smtpd",):
        text = pair.conf(name).read_text()
        pair.conf(name).write_text(text.replace(
            '/mx.crt"', f'/mx.crt", "{pair.ca.folder}/ed.crt"'))
    os.kill(pair.pid("helpers"), signal.SIGHUP)
    os.kill(pair.pid("smtpd"), signal.SIGHUP)

    def is_served():
        try:
            with pair.connect(pair.smtps_port, name="ed.example.test"):
                return True
        except (OSError, ssl.SSLError):
            return False
    proc.wait_until("the new certificate", is_served, 20 * PATIENCE)
    pair.allow("keys.failed", "keys.refused")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_a_session_is_taken_up_again(pair, version):
    context = pair.ca.context(maximum_version=version)
    with pair.connect(pair.smtps_port, context) as sock:
        sock.recv(100)  # the greeting comes behind the ticket
        session = sock.session
        assert session.has_ticket and not sock.session_reused
    for _ in range(3):  # RFC 8446 C.4: each time with a new ticket
        with pair.connect(pair.smtps_port, context, session=session) as sock:
            assert sock.session_reused
            assert sock.recv(100).startswith(b"220")
            if version == ssl.TLSVersion.TLSv1_3:
                assert sock.session.id != session.id
            session = sock.session
    proc.wait_until("the log", lambda: "resumed=1" in lines(pair)[-1])


def test_no_tickets(make):
    pair = make(tls={"tickets": False})
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = pair.ca.context(maximum_version=version)
        with pair.connect(pair.smtps_port, context) as sock:
            sock.recv(100)
            assert sock.session is None or not sock.session.has_ticket


def test_tickets_keys_are_changed(make):
    """A ticket opens for two periods at most."""
    pair = make(tls={"ticket_key": "1s"})
    context = pair.ca.context()
    with pair.connect(pair.smtps_port, context) as sock:
        sock.recv(100)
        session = sock.session

    def is_stale():
        with pair.connect(pair.smtps_port, context, session=session) as sock:
            return not sock.session_reused
    proc.wait_until("the ticket is of no use", is_stale, 20)


def test_the_response_is_stapled(pair):
    assert "OCSP Response Status: successful" in s_client(pair, "-status")
    assert "OCSP response: no response sent" in s_client(
        pair, "-status", "-servername", OTHER)


def test_clients_show_certificates(make):
    trusted, stranger = Authority("Clients"), Authority("Nobody")
    try:
        pair = make(tls={"clients": "optional", "client_ca": trusted.pem})
        for authority, peer in ((trusted, "u0@example.test"),
                                (stranger, '""'), (None, '""')):
            shown = authority and authority.make(
                "client", mail="u0@example.test", keep_key=False)
            context = pair.ca.context()
            if shown:
                context.load_cert_chain(
                    shown, authority.folder / "client.pem")
            with pair.connect(pair.smtps_port, context) as sock:
                assert sock.recv(100).startswith(b"220")
            assert f"peer={peer} " in lines(pair)[-1]
    finally:
        trusted.remove()
        stranger.remove()


def test_versions(make):
    pair = make(tls={"minimum": "1.3"})
    weak = "DEFAULT@SECLEVEL=0"
    assert "TLSv1.3" in s_client(pair)
    for option in ("-tls1", "-tls1_1", "-tls1_2"):
        assert "Cipher is (NONE)" in s_client(pair, option, "-cipher", weak)


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(pair, option):
    assert "Cipher is (NONE)" in s_client(pair, option, "-cipher",
                                          "DEFAULT@SECLEVEL=0")


@pytest.mark.parametrize("cipher", ["AES128-SHA", "AES128-GCM-SHA256",
                                    "ECDHE-RSA-AES128-SHA", "aNULL",
                                    "DHE-RSA-AES128-GCM-SHA256"])
def test_weak_ciphers_are_refused(pair, cipher):
    assert "Cipher is (NONE)" in s_client(
        pair, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")


def test_bad_certificates_change_nothing(make):
    pair = make()
    good = pair.certificate.read_bytes()
    key = (pair.ca.keys / "mx.pem").read_bytes()
    pair.allow("reload.refused")
    for bad in (b"", b"junk", good + key):
        pair.certificate.write_bytes(bad)
        before = pair.log("smtpd").read_text().count("reload.refused")
        os.kill(pair.pid("smtpd"), signal.SIGHUP)
        proc.wait_until("it is refused", lambda: pair.log(
            "smtpd").read_text().count("reload.refused") > before)
        with pair.connect(pair.smtps_port) as sock:
            assert sock.recv(100).startswith(b"220")
