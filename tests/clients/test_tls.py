"""Mail programs of Debian over TLS, each with its checks of certificates on;
and what scanners find."""
import mailbox
import re
import subprocess

import pytest

from harness.daemons import DOMAIN, PATIENCE, running
from harness.pop3 import fetch
from harness.smtp import deliver
from harness.tls import HOST, TlsPair

HOSTS = "127.0.0.1 mx.example.test\n"


@pytest.fixture(scope="module")
def shared_pair():
    """Programs find HOST by a hosts file of their own (run)."""
    with running(TlsPair(users=12)) as made:
        yield made


def run(*command, home, stdin="", code=0, pair=None):
    """Runs a client that knows HOST's address and nobody else's; its
    output."""
    hosts = home / "hosts"
    hosts.write_text(HOSTS)
    conf = home / "nsswitch.conf"
    conf.write_text("hosts: files\npasswd: files\n")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c",
         f"mount --bind {hosts} /etc/hosts && exec \"$@\"", "sh",
         *(str(word) for word in command)], input=stdin.encode(),
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=60 * PATIENCE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
             "HOME": str(home), "USER": "root",
             **({"SSL_CERT_FILE": str(pair.ca.pem)} if pair else {})})
    output = done.stdout.decode(errors="replace")
    assert done.returncode == code, f"{command[0]}: {output}"
    return output


def only(pair, user):
    letters = fetch(pair.pop3_port, user)
    assert len(letters) == 1
    assert b"\ttls TLS_" in letters[0]
    return letters[0]


# A port that begins with TLS is for users, who log in and send as themselves.
@pytest.mark.parametrize("port, options, user, sender", [
    ("smtp_port", ["--tls"], "u0", "s@remote.example"),
    ("smtps_port", ["--tls-on-connect", "--auth", "PLAIN", "--auth-user",
                    "u1", "--auth-password", "pw"], "u1", f"u1@{DOMAIN}")])
def test_swaks(pair, tmp_path, port, options, user, sender):
    run("swaks", "--server", f"{HOST}:{getattr(pair, port)}", *options,
        "--tls-verify", "--tls-ca-path", pair.ca.pem, "--to",
        f"{user}@{DOMAIN}", "--from", sender, "--silent", "3", "--helo",
        "client.example", home=tmp_path)
    only(pair, user)


def test_curl(pair, tmp_path):
    mail = tmp_path / "mail"
    mail.write_bytes(b"Subject: curl\r\n\r\ntext\r\n")
    for url, user, options in (
            (f"smtps://{HOST}:{pair.smtps_port}/c.example", "u2",
             ["--mail-from", f"u2@{DOMAIN}", "-u", "u2:pw"]),
            (f"smtp://{HOST}:{pair.smtp_port}/c.example", "u3",
             ["--mail-from", "s@remote.example"])):
        run("curl", "-sS", "--ssl-reqd", "--cacert", pair.ca.pem, url,
            *options, "--mail-rcpt", f"{user}@{DOMAIN}", "--upload-file",
            mail, home=tmp_path)
        assert only(pair, user).endswith(b"text\r\n")
    for url in (f"pop3s://{HOST}:{pair.pop3s_port}/1",
                f"pop3://{HOST}:{pair.pop3_port}/1"):
        assert "text" in run("curl", "-sS", "--ssl-reqd", "--cacert",
                             pair.ca.pem, "-u", "u2:pw", url, home=tmp_path)


def test_curl_trusts_nobody_else(pair, tmp_path):
    run("curl", "-sS", f"smtps://{HOST}:{pair.smtps_port}", home=tmp_path,
        code=60)


@pytest.mark.parametrize("port, options, user", [
    ("smtp_port", ["--tls-starttls=on", "--from=s@remote.example"], "u4"),
    ("smtps_port", ["--tls-starttls=off", f"--from=u5@{DOMAIN}", "--auth=on",
                    "--user=u5", "--passwordeval=echo pw"], "u5")])
def test_msmtp(pair, tmp_path, port, options, user):
    run("msmtp", "--file=/dev/null", f"--host={HOST}",
        f"--port={getattr(pair, port)}", "--tls=on",
        f"--tls-trust-file={pair.ca.pem}", *options, f"{user}@{DOMAIN}",
        stdin="Subject: msmtp\n\nx\n", home=tmp_path)
    only(pair, user)


def test_s_nail(pair, tmp_path):
    run("s-nail", "-:/", "-Sv15-compat",
        f"-Smta=smtps://u6:pw@{HOST}:{pair.smtps_port}", "-Ssmtp-auth=plain",
        "-Shostname=client.example", f"-Sfrom=u6@{DOMAIN}", "-Ssendwait",
        f"-Stls-ca-file={pair.ca.pem}", "-Stls-verify=strict", "-s", "x",
        f"u6@{DOMAIN}", stdin="text\n", home=tmp_path)
    only(pair, "u6")


def test_mutt(pair, tmp_path):
    run("mutt", "-n", "-F", "/dev/null", "-e",
        f'set smtp_url="smtps://u7:pw@{HOST}:{pair.smtps_port}" '
        f'certificate_file={pair.ca.pem} from=u7@{DOMAIN} '
        # It chooses -PLUS before the others, and then has no binding for it.
        'smtp_authenticators=scram-sha-256:plain '
        'use_envelope_from=yes copy=no',
        "-s", "x", "--", f"u7@{DOMAIN}", stdin="text\n", home=tmp_path)
    only(pair, "u7")


@pytest.mark.parametrize("port, starttls", [("pop3_port", "on"),
                                            ("pop3s_port", "off")])
def test_mpop(pair, tmp_path, port, starttls):
    assert deliver(pair.smtp_port, b"Subject: mpop\r\n\r\n",
                   f"u8@{DOMAIN}").code == 250
    box = mailbox.Maildir(tmp_path / "in")
    run("mpop", "--file=/dev/null", f"--host={HOST}",
        f"--port={getattr(pair, port)}", "--user=u8", "--tls=on",
        f"--tls-starttls={starttls}", f"--tls-trust-file={pair.ca.pem}",
        "--passwordeval=echo pw", "--auth=user", "--keep=off",
        f"--deliver=maildir,{tmp_path}/in", home=tmp_path)
    assert len(box) == 1


@pytest.mark.parametrize("port, proto", [("pop3_port", "tls1.2+"),
                                         ("pop3s_port", "")])
def test_fetchmail(pair, tmp_path, port, proto):
    assert deliver(pair.smtp_port, b"Subject: fetchmail\r\n\r\n",
                   f"u9@{DOMAIN}").code == 250
    conf = tmp_path / "fetchmailrc"
    how = f"sslproto '{proto}'" if proto else "ssl"
    conf.write_text(
        f'poll {HOST} protocol pop3 service {getattr(pair, port)} uidl\n'
        f'    user "u9" password "pw" {how} sslcertck\n'
        f'    sslcertfile {pair.ca.pem} mda "cat >>{tmp_path}/out"\n')
    conf.chmod(0o600)
    run("fetchmail", "-f", conf, "-i", tmp_path / "ids", "--pidfile",
        tmp_path / "pid", "--auth", "password", home=tmp_path)
    assert "Subject: fetchmail" in (tmp_path / "out").read_text()


def test_getmail(pair, tmp_path):
    assert deliver(pair.smtp_port, b"Subject: getmail\r\n\r\n",
                   f"u10@{DOMAIN}").code == 250
    (tmp_path / "getmailrc").write_text(
        f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = {HOST}\n"
        f"port = {pair.pop3s_port}\nusername = u10\npassword = pw\n"
        f"ca_certs = {pair.ca.pem}\n[destination]\ntype = MDA_external\n"
        f'path = /usr/bin/tee\narguments = ("-a", "{tmp_path}/box")\n'
        "allow_root_commands = true\n")
    run("getmail", "--getmaildir", tmp_path, "--rcfile", "getmailrc",
        home=tmp_path)
    assert "Subject: getmail" in (tmp_path / "box").read_text()


@pytest.mark.parametrize("options", [
    [], ["--priority", "NORMAL:-VERS-TLS1.3"],
    ["--priority", "NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:"
     "+SIGN-RSA-SHA256"],
    ["--priority", "NORMAL:-GROUP-ALL:+GROUP-SECP384R1"]])
def test_gnutls(pair, tmp_path, options):
    out = run("gnutls-cli", "--x509cafile", pair.ca.pem, *options, "-p",
              pair.smtps_port, HOST, stdin="QUIT\n", home=tmp_path)
    assert "The certificate is trusted" in out


def test_gnutls_resumes(pair, tmp_path):
    out = run("gnutls-cli", "--x509cafile", pair.ca.pem, "--resume",
              "--waitresumption", "-p", pair.smtps_port, HOST, stdin="QUIT\n",
              home=tmp_path)
    assert "This is a resumed session" in out


def test_nmap_finds_nothing_weak(pair, tmp_path):
    """A for all: AEAD, forward secrecy, no warning."""
    out = run("nmap", "-Pn", "-n", "-p", pair.smtps_port, "--script",
              "+ssl-enum-ciphers", "127.0.0.1", home=tmp_path)
    assert "least strength: A" in out, out
    assert "warnings" not in out
    assert set(re.findall(r"TLSv1\.\d|SSLv3", out)) == {"TLSv1.2", "TLSv1.3"}
