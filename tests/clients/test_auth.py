"""Logins of mail programs of Debian, over TLS with their checks of
certificates on, by each mechanism that they know."""
import mailbox
import poplib
import smtplib
import socket

import pytest
from test_tls import run

from harness.auth import AuthPair, b64
from harness.daemons import DOMAIN, running
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp, deliver
from harness.tls import HOST, secure

USER = f"u0@{DOMAIN}"
TEXT = "Subject: login\r\n\r\ntext\r\n"
SECRETS = ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
TOKENS = ["oauthbearer", "xoauth2"]


@pytest.fixture(scope="module")
def shared_pair():
    with running(AuthPair()) as made:
        for _ in range(3):
            assert deliver(made.smtp_port, TEXT.encode(), USER).code == 250
        yield made


class Seen:
    """The services, and what accounts says of logins since this began."""

    def __init__(self, pair):
        self.pair = pair
        self.start = len(pair.log("helpers").read_text())

    def __getattr__(self, name):
        return getattr(self.pair, name)

    def logins(self, mechanism):
        """How many there were by this mechanism; there are no others."""
        text = self.pair.log("helpers").read_text()[self.start:]
        good = [line for line in text.splitlines() if " login.good " in line]
        assert all(f"name={USER} mechanism={mechanism.upper()} " in line
                   for line in good), good
        return len(good)


@pytest.fixture
def pair(shared_pair):
    yield Seen(shared_pair)
    shared_pair.check()


def secret(pair, mechanism):
    """What a client is to say instead of a password."""
    return pair.issuer.token("u0") if mechanism in TOKENS else "pw"


def show(pair):
    certificate, key = pair.certificate_of("u0")
    return [f"--tls-cert-file={certificate}", f"--tls-key-file={key}"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks(pair, tmp_path, mechanism):
    run("swaks", "--server", f"{HOST}:{pair.smtp_port}", "--tls",
        "--tls-verify", "--tls-ca-path", pair.ca.pem, "--to", USER, "--from",
        USER, "--silent", "3", "--helo", "client.example", "--auth",
        mechanism, "--auth-user", USER, "--auth-password", "pw",
        home=tmp_path)
    assert pair.logins(mechanism) == 1


def test_swaks_with_a_wrong_password(pair, tmp_path):
    out = run("swaks", "--server", f"{HOST}:{pair.smtp_port}", "--tls",
              "--tls-verify", "--tls-ca-path", pair.ca.pem, "--to", USER,
              "--auth", "PLAIN", "--auth-user", USER, "--auth-password",
              "no", home=tmp_path, code=28)
    assert "535 5.7.8" in out


CURL = ["PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "EXTERNAL"]


def curl(pair, home, mechanism, url, *options):
    if mechanism == "OAUTHBEARER":
        who = ["-u", f"{USER}:", "--oauth2-bearer",
               pair.issuer.token("u0")]
    elif mechanism == "EXTERNAL":
        certificate, key = pair.certificate_of("u0")
        who = ["-u", f"{USER}:", "--cert", certificate, "--key", key]
    else:
        who = ["-u", f"{USER}:pw"]
    return run("curl", "-sS", "--ssl-reqd", "--cacert", pair.ca.pem, *who,
               "--login-options", f"AUTH={mechanism}", url, *options,
               home=home)


@pytest.mark.parametrize("mechanism", CURL)
def test_curl(pair, tmp_path, mechanism):
    mail = tmp_path / "mail"
    mail.write_bytes(TEXT.encode())
    curl(pair, tmp_path, mechanism,
         f"smtp://{HOST}:{pair.smtp_port}/client.example", "--mail-from",
         USER, "--mail-rcpt", f"u1@{DOMAIN}", "--upload-file", mail)
    assert "text" in curl(pair, tmp_path, mechanism,
                          f"pop3://{HOST}:{pair.pop3_port}/1")
    assert pair.logins(mechanism) == 2


@pytest.mark.parametrize("mechanism", [*SECRETS, "external", *TOKENS])
def test_msmtp(pair, tmp_path, mechanism):
    run("msmtp", "--file=/dev/null", f"--host={HOST}",
        f"--port={pair.smtp_port}", "--tls=on", "--tls-starttls=on",
        f"--tls-trust-file={pair.ca.pem}", f"--auth={mechanism}",
        f"--user={USER}",
        f"--passwordeval=echo {secret(pair, mechanism)}",
        *(show(pair) if mechanism == "external" else []), f"--from={USER}",
        f"u1@{DOMAIN}", stdin=TEXT, home=tmp_path)
    assert pair.logins(mechanism) == 1


@pytest.mark.parametrize("mechanism", ["user", "apop", *SECRETS, "external",
                                       *TOKENS])
def test_mpop(pair, tmp_path, mechanism):
    box = mailbox.Maildir(tmp_path / "in")
    run("mpop", "--file=/dev/null", f"--host={HOST}",
        f"--port={pair.pop3_port}", "--tls=on", "--tls-starttls=on",
        f"--tls-trust-file={pair.ca.pem}", f"--auth={mechanism}",
        f"--user={USER}",
        f"--passwordeval=echo {secret(pair, mechanism)}",
        *(show(pair) if mechanism == "external" else []), "--keep=on",
        f"--uidls-file={tmp_path}/uidls",
        f"--deliver=maildir,{tmp_path}/in", home=tmp_path)
    assert len(box) >= 3
    assert pair.logins(mechanism) == 1


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS",
                                       "SCRAM-SHA-1-PLUS"])
def test_gsasl(pair, tmp_path, mechanism):
    """GNU SASL over GnuTLS, bound by tls-exporter."""
    out = run("gsasl", "--smtp", "--starttls", "--x509-ca-file", pair.ca.pem,
              "-m", mechanism, "-a", USER, "-z", "", "-p", "pw",
              "--connect", f"{HOST}:{pair.smtp_port}",
              home=tmp_path)
    assert "235 2.7.0" in out, out
    assert pair.logins(mechanism) == 1


def test_gsasl_that_does_not_bind(pair, tmp_path):
    out = run("gsasl", "--smtp", "--starttls", "--x509-ca-file", pair.ca.pem,
              "--no-cb", "-m", "SCRAM-SHA-256", "-a", USER, "-z", "", "-p",
              "pw", "--connect", f"{HOST}:{pair.smtp_port}", home=tmp_path)
    assert "235 2.7.0" in out, out


@pytest.mark.parametrize("auth, mechanism", [
    ("password", "USER"), ("cram-md5", "CRAM-MD5")])
def test_fetchmail(pair, tmp_path, auth, mechanism):
    conf = tmp_path / "fetchmailrc"
    conf.write_text(
        f'poll {HOST} protocol pop3 service {pair.pop3_port} uidl auth '
        f'{auth}\n    user "{USER}" password "pw" sslproto "tls1.2+" '
        f'sslcertck keep\n    sslcertfile {pair.ca.pem} mda '
        f'"cat >>{tmp_path}/out"\n')
    conf.chmod(0o600)
    run("fetchmail", "-f", conf, "-i", tmp_path / "ids", "--pidfile",
        tmp_path / "pid", home=tmp_path)
    assert "Subject: login" in (tmp_path / "out").read_text()
    assert pair.logins(mechanism) == 1


@pytest.mark.parametrize("option, mechanism", [
    ("", "USER"), ("use_apop = true\n", "APOP")])
def test_getmail(pair, tmp_path, option, mechanism):
    (tmp_path / "getmailrc").write_text(
        f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = {HOST}\n"
        f"port = {pair.pop3s_port}\nusername = {USER}\npassword = pw\n{option}"
        f"ca_certs = {pair.ca.pem}\n[destination]\ntype = MDA_external\n"
        f'path = /usr/bin/tee\narguments = ("-a", "{tmp_path}/box")\n'
        "allow_root_commands = true\n")
    run("getmail", "--getmaildir", tmp_path, "--rcfile", "getmailrc",
        home=tmp_path)
    assert "Subject: login" in (tmp_path / "box").read_text()
    assert pair.logins(mechanism) == 1


def nail(pair, secret_of):
    return ["s-nail", "-:/", "-Sv15-compat",
            f"-Stls-ca-file={pair.ca.pem}", "-Stls-verify=strict",
            f"-Spassword={secret(pair, secret_of)}", f"-Suser={USER}"]


# XOAUTH2 is what it calls oauthbearer.
@pytest.mark.parametrize("auth, mechanism", [
    ("plain", "PLAIN"), ("login", "LOGIN"), ("cram-md5", "CRAM-MD5"),
    ("oauthbearer", "XOAUTH2")])
def test_s_nail_sends(pair, tmp_path, auth, mechanism):
    run(*nail(pair, auth), f"-Smta=smtps://{HOST}:{pair.smtps_port}",
        f"-Ssmtp-auth={auth}", "-Shostname=client.example", f"-Sfrom={USER}",
        "-Ssendwait", "-s", "x", f"u1@{DOMAIN}", stdin="text\n",
        home=tmp_path)
    assert pair.logins(mechanism) == 1


@pytest.mark.parametrize("auth, options, mechanism", [
    ("plain", [], "APOP"), ("plain", ["-Spop3-no-apop"], "USER"),
    ("oauthbearer", [], "XOAUTH2")])
def test_s_nail_fetches(pair, tmp_path, auth, options, mechanism):
    out = run(*nail(pair, auth), "-R", f"-Spop3-auth={auth}", *options, "-f",
              f"pop3s://{HOST}:{pair.pop3s_port}", stdin="headers\nexit\n",
              home=tmp_path)
    assert "login" in out
    assert pair.logins(mechanism) == 1


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram-md5",
                                       "oauthbearer"])
def test_mutt(pair, tmp_path, mechanism):
    run("mutt", "-n", "-F", "/dev/null", "-e",
        f'set smtp_url="smtp://{USER.replace("@", "%40")}@{HOST}:'
        f'{pair.smtp_port}/" smtp_authenticators={mechanism} smtp_pass=pw '
        f'smtp_oauth_refresh_command="echo {pair.issuer.token("u0")}" '
        f'ssl_force_tls=yes certificate_file={pair.ca.pem} '
        f'from={USER} use_envelope_from=yes copy=no', "-s", "x", "--",
        f"u1@{DOMAIN}", stdin="text\n", home=tmp_path)
    assert pair.logins(mechanism) == 1


@pytest.fixture
def here(monkeypatch):
    """HOST is here for modules of this process, too."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more:
                        real("127.0.0.1" if host == HOST else host, *rest,
                             **more))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("mechanism", ["plain", "login", "cram_md5"])
def test_smtplib(pair, mechanism):
    with smtplib.SMTP(HOST, pair.smtp_port) as smtp:
        smtp.starttls(context=pair.ca.context())
        smtp.ehlo()
        smtp.user, smtp.password = USER, "pw"
        code, _ = smtp.auth(mechanism.upper().replace("_", "-"),
                            getattr(smtp, f"auth_{mechanism}"))
        assert code == 235
        assert smtp.sendmail(USER, [f"u1@{DOMAIN}"], TEXT) == {}
    with smtplib.SMTP_SSL(HOST, pair.smtps_port,
                          context=pair.ca.context()) as smtp:
        assert smtp.login(USER, "pw")[0] == 235
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            smtp.sendmail("boss@remote.example", [f"u1@{DOMAIN}"], TEXT)
        assert refused.value.smtp_code == 553


@pytest.mark.usefixtures("here")
def test_poplib(pair):
    pop3 = poplib.POP3(HOST, pair.pop3_port)
    pop3.stls(context=pair.ca.context())
    assert "SCRAM-SHA-256-PLUS" in pop3.capa()["SASL"]
    pop3.user(USER)
    pop3.pass_("pw")
    assert pop3.stat()[0] >= 3
    pop3.quit()
    pop3 = poplib.POP3_SSL(HOST, pair.pop3s_port, context=pair.ca.context())
    pop3.apop(USER, "pw")
    assert pop3.stat()[0] >= 3
    pop3.quit()


@pytest.mark.parametrize("proto, port, prefix, good", [
    ("smtp", "smtp_port", "EHLO client.example\r\n", "235 2.7.0"),
    ("pop3", "pop3_port", "", "+OK")])
def test_openssl(pair, tmp_path, proto, port, prefix, good):
    """By hand, through what an administrator has."""
    plain = b64(f"\0{USER}\0pw")
    out = run("sh", "-c", f"(sleep 1; printf '{prefix}'; sleep .2; "
              f"printf 'AUTH PLAIN {plain}\\r\\n'; sleep .5; "
              "printf 'QUIT\\r\\n') | openssl s_client -quiet "
              f"-verify_return_error -verify_hostname {HOST} -CAfile "
              f"{pair.ca.pem} -starttls {proto} -connect "
              f"127.0.0.1:{getattr(pair, port)}", home=tmp_path)
    assert good in out
    assert pair.logins("plain") == 1


def test_gnutls(pair, tmp_path):
    """EXTERNAL by GnuTLS's client certificate."""
    certificate, key = pair.certificate_of("u0")
    out = run("sh", "-c", f"(sleep 1; printf 'AUTH EXTERNAL =\\r\\n'; "
              "sleep .5; printf 'QUIT\\r\\n') | gnutls-cli --x509cafile "
              f"{pair.ca.pem} --x509certfile {certificate} --x509keyfile "
              f"{key} -p {pair.pop3s_port} {HOST}", home=tmp_path)
    assert "The certificate is trusted" in out
    assert pair.logins("external") == 1


def test_nmap_finds_nothing_weak_for_pop3(pair, tmp_path):
    out = run("nmap", "-Pn", "-n", "-p", pair.pop3s_port, "--script",
              "+ssl-enum-ciphers", "127.0.0.1", home=tmp_path)
    assert "least strength: A" in out and "warnings" not in out, out


def test_no_password_before_tls(pair):
    """Neither is one offered, nor taken; behind STARTTLS both are."""
    with Smtp(pair.smtp_port) as smtp:
        lines = smtp.hello().lines
        told = next(line for line in lines if line.startswith("AUTH "))
        assert not {"PLAIN", "LOGIN", "OAUTHBEARER"} & set(told.split())
        assert smtp.cmd("AUTH PLAIN AHUwAHB3").code == 538
        assert smtp.cmd("STARTTLS").code == 220
        secure(smtp, pair.ca.context())
        assert "PLAIN" in smtp.hello().text
    with Pop3(pair.pop3_port) as pop3:
        told = pop3.multi("CAPA").decode().splitlines()
        sasl, = (line.split() for line in told if line.startswith("SASL "))
        assert not {"PLAIN", "LOGIN", "OAUTHBEARER"} & set(sasl)
        assert "USER" not in told and "STLS" in told
        for line in "AUTH PLAIN AHUwAHB3", "USER u0":
            with pytest.raises(Failed, match="AUTH"):
                pop3.cmd(line)
        pop3.cmd("STLS")
        secure(pop3, pair.ca.context())
        assert b"PLAIN" in pop3.multi("CAPA")
