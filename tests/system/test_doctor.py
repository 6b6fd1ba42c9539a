"""mailctl doctor finds what is wrong, and mailctl init sets a host up."""
import json
import os
import pathlib
import re
import socket
import subprocess

import pytest

from harness.daemons import BUILD, PATIENCE, ROOT, RUNNER, Pair
from harness.dns import Dns
from harness.tls import Authority, openssl

HOST = "mx.doctor.example"
# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")


def findings(pair, *areas):
    """(level, finding) by area, and the exit code."""
    done = pair.mailctl("--json", "doctor", *areas)
    found = json.loads(done.stdout)
    levels = {f["level"] for f in found}
    wanted = 1 if "error" in levels else 3 if "warning" in levels else 0
    assert done.returncode == wanted
    for f in found:
        assert f["level"] in ("good", "note") or f["remedy"], f
    return found


def has(found, level, pattern):
    return any(f["level"] == level and re.search(pattern, f["finding"])
               for f in found)


def test_conf_ports_and_limits(make_pair):
    pair = make_pair()
    found = findings(pair, "conf", "ports", "limits", "clock")
    for name in ("smtpd", "pop3d", "helpers"):
        assert has(found, "good", rf"{name}.conf is good$")
        assert has(found, "good", f"^{name} runs")
    assert has(found, "good", f"smtpd answers at 127.0.0.1:{pair.smtp_port}")
    assert has(found, "good", f"pop3d answers at 127.0.0.1:{pair.pop3_port}")
    assert has(found, "good", "new connections a port") or has(
        found, "warning", "new connections a port")
    assert not has(found, "error", "") and {f["area"] for f in found} == {
        "conf", "ports", "limits", "clock"}
    # It does not run, and somebody else has its port.
    pair.stop("smtpd")
    assert has(findings(pair, "ports"), "good", "is free for smtpd")
    with socket.create_server(("127.0.0.1", pair.smtp_port)):
        found = findings(pair, "ports", "conf")
    assert has(found, "error", "which smtpd wants, is taken")
    assert has(found, "warning", "smtpd does not run")
    good = pair.conf("smtpd").read_text()
    pair.conf("smtpd").write_text(good + "\nlisten = 7\nuzer = \"x\"\n")
    found = findings(pair, "conf")
    assert has(found, "error", "smtpd.conf is not good: .*smtpd.conf:[0-9]+: ")
    # Whatever is looked at.
    assert has(findings(pair, "limits"), "error", "smtpd.conf is not good")
    pair.conf("smtpd").write_text(good)
    pair.start("smtpd")
    text = pair.mailctl("doctor", "limits").stdout
    assert "things are good" in text


def test_dns(make_pair):
    records = {
        (HOST, "A"): ["198.18.0.1", "198.18.0.2"],
        ("1.0.18.198.in-addr.arpa", "PTR"): [HOST],
        ("2.0.18.198.in-addr.arpa", "PTR"): ["other.example"],
        ("here.example", "MX"): [f"10 {HOST}"],
        ("here.example", "TXT"): ["v=spf1 mx -all", "other"],
        ("there.example", "MX"): ["5 elsewhere.example"],
        ("there.example", "TXT"): ["v=spf1 -all", "v=spf1 mx"],
        ("none.example", "A"): ["198.18.0.3"]}
    with Dns(records) as dns:
        pair = make_pair(
            users=0, smtpd={"hostname": HOST},
            helpers={"resolver": {"servers": [f"127.0.0.1@{dns.port}"]}})
        for name in ("here", "there", "none"):
            pair.must("domain", "add", f"{name}.example")
        found = findings(pair, "dns")
        assert has(found, "good", f"^{HOST} has 2 addresses in DNS")
        assert has(found, "good", f"^198.18.0.1 is called {HOST}")
        assert has(found, "warning",
                   f"^198.18.0.2 is called other.example.?, not {HOST}")
        assert has(found, "good", "^mail for here.example comes here .MX 10")
        assert has(found, "good", "^here.example has an SPF record")
        assert has(found, "warning", "^mail for there.example goes to "
                                     "elsewhere.example")
        assert has(found, "warning", "^there.example has 2 SPF records")
        assert has(found, "warning", "^none.example has no MX record")
        assert has(found, "note", "^none.example has no SPF record")
        pair.stop("helpers")
        assert has(findings(pair, "dns"), "note", "DNS can't be asked")
        pair.start("helpers")


@pytest.fixture
def laid_down():
    """Makes confs whose services do not run."""
    pairs = []

    def make(**options):
        pairs.append(Pair(**options))
        return pairs[-1]
    yield make
    for pair in pairs:
        pair.remove()


def test_certificates(laid_down, monkeypatch):
    authority = Authority()
    good = authority.make("good", "mx.example.test")
    lost = authority.make("lost", "mx.example.test", keep_key=False)
    soon = authority.folder / "soon.crt"
    openssl("x509", "-req", "-CA", authority.pem, "-CAkey", authority.key,
            "-days", "3", "-out", soon, stdin=openssl(
                "req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                authority.keys / "soon.key", "-subj", "/CN=soon.test"))
    (authority.keys / "soon.key").chmod(0o640)
    broken = authority.folder / "broken.crt"
    broken.write_text("no certificate")
    gone = authority.folder / "gone.crt"
    pair = laid_down(smtpd={"tls": {"certificates": [good]}},
                     pop3d={"tls": {"certificates": [
                         soon, lost, broken, gone]}},
                     helpers={"keys": {"folder": authority.keys}})
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    found = findings(pair, "tls")
    assert has(found, "good", f"^{good} is good for (29|30) days")
    assert has(found, "good", f"^{good} leads to an authority")
    assert not has(found, "error", f"{good}")
    assert has(found, "warning", f"^{soon} ends in [23] days")
    assert has(found, "error", f"^the key of {lost} is not there")
    assert not has(found, "error", f"^the key of {soon} is")
    assert has(found, "error", "^the key .*soon.key can be read by others")
    assert has(found, "error", f"^{broken} has no certificate")
    assert has(found, "error", f"^{gone}: No such file")
    assert not has(found, "warning", "is for mx.example.test")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
    assert has(findings(pair, "tls"), "warning",
               f"^{good} leads to no authority")
    bare = laid_down(smtpd={"hostname": "b.test",
                            "tls": {"certificates": [good]}})
    found = findings(bare, "tls")
    assert has(found, "warning", "no certificate of smtpd.conf is for b.test")
    assert has(found, "warning", "pop3d.conf names no certificate")
    authority.remove()


def test_folders(laid_down):
    pair = laid_down()
    found = findings(pair, "files")
    assert has(found, "good", "^the mail root lies on ")
    assert has(found, "good", "of the inodes are free") or has(
        found, "good", "of the octets are free")
    accounts = pair.folder / "state" / "accounts"
    accounts.mkdir(mode=0o755)
    found = findings(pair, "files")
    assert has(found, "error", f"^{accounts} is not ringacct's")
    assert has(found, "error", f"^others may more in {accounts}")
    # A file system in memory, where there is one.
    if os.statvfs("/dev/shm").f_bfree:
        memory = pathlib.Path(f"/dev/shm/ringmail-test-{os.getpid()}")
        memory.mkdir()
        pair = laid_down(helpers={"mail": {"root": memory}})
        assert has(findings(pair, "files"), "error",
                   "^the mail root lies in memory")
        memory.rmdir()


def test_without_confs_and_wrong_names(tmp_path):
    def run(*args):
        return subprocess.run(
            [BUILD / "bin" / "mailctl", "-c", tmp_path / "helpers.conf",
             *args], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=60 * PATIENCE)
    done = run("doctor", "conf", "ports", "tls", "files", "limits")
    assert done.returncode == 1
    assert "mailctl init DOMAIN writes one" in done.stdout
    done = run("doctor", "prots")
    assert done.returncode == 2 and "did you mean ports?" in done.stderr


@pytest.fixture
def fresh():
    """A folder for confs and another for all else, and mailctl there."""
    folder = pathlib.Path(subprocess.run(
        ["mktemp", "-d", "/var/tmp/ringmail-test-XXXXXX"], text=True,
        check=True, stdout=subprocess.PIPE).stdout.strip())
    folder.chmod(0o755)

    def run(*args, stdin=""):
        return subprocess.run(
            [BUILD / "bin" / "mailctl", "-c", folder / "etc" / "helpers.conf",
             *args], input=stdin, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=120 * PATIENCE)
    run.folder = folder
    yield run
    subprocess.run(["rm", "-rf", folder], check=False)


def test_init(fresh):
    etc = fresh.folder / "etc"
    below = ["--below", str(fresh.folder / "all")]
    done = fresh("init", *below, "--hostname", "mx.first.example",
                 "first.example", stdin="a password\n")
    assert done.returncode == 0, done.stderr
    assert f"wrote {etc}/smtpd.conf" in done.stdout
    assert "first.example is set up, with its postmaster" in done.stdout
    assert "start helpers, smtpd and pop3d" in done.stdout, "no unit can"
    assert "smtpd.conf names no certificate" in done.stdout
    for name in ("smtpd", "pop3d", "helpers"):
        said = subprocess.run(
            [BUILD / "bin" / name, "-n", "-c", etc / f"{name}.conf"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert said.returncode == 0, said.stderr
        assert said.stdout.endswith(b": good\n")
        assert len((etc / f"{name}.conf").read_text().splitlines()) < 25
    assert (etc / "keys").stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(fresh.folder / "all")) == [
        "mail", "run", "run.pid", "state"]
    # Nothing is overwritten, and nothing is asked, without --force.
    kept = (etc / "smtpd.conf").read_bytes()
    done = fresh("init", *below, "second.example")
    assert done.returncode == 1 and "nothing was changed" in done.stderr
    assert (etc / "smtpd.conf").read_bytes() == kept
    # With it, the old ones are put aside; a certificate that lies there is
    # used, and who is there already stays.
    authority = Authority()
    certificate = authority.make("mx", "mx.first.example")
    (etc / "tls" / "mx.first.example.pem").write_bytes(
        certificate.read_bytes())
    key = etc / "keys" / "mx.pem"
    key.write_bytes((authority.keys / "mx.pem").read_bytes())
    key.chmod(0o600)
    authority.remove()
    done = fresh("--json", "init", *below, "--force", "--hostname",
                 "mx.first.example", "first.example")
    assert done.returncode == 0, done.stderr
    assert (etc / "smtpd.conf.old").read_bytes() == kept
    assert "listen_submission = {" in (etc / "smtpd.conf").read_text()
    found = json.loads(done.stdout)
    assert not has(found, "error", "the key of")
    assert not has(found, "warning", "is for mx.first.example")


def test_init_where_helpers_were_killed(fresh):
    """What they left of their sockets is not taken for them."""
    run = fresh.folder / "all" / "run" / "admin"
    run.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left:
        left.bind(str(run / "accounts"))
    done = fresh("init", "--below", str(fresh.folder / "all"), "--no-user",
                 "left.example")
    assert done.returncode == 0, done.stderr
    assert "left.example is set up." in done.stdout


def test_init_leaves_a_postmaster_that_is_there(make_pair, fresh):
    """Be it an alias, or a user beside names that come just before his."""
    pair = make_pair(users=0)
    pair.must("domain", "add", "first.example")
    for name in ("ann", "postmaster+old"):
        pair.must("user", "add", f"{name}@first.example", stdin="pw\n")
    for kind, *rest in (("alias", "ann@first.example"), ("user",)):
        pair.must(kind, "add", "postmaster@first.example", *rest,
                  stdin="pw\n")
        done = fresh("init", "--force", "--below", str(pair.folder),
                     "First.Example")
        assert done.returncode == 0, f"{kind}: {done.stderr}"
        pair.must(kind, "del", "postmaster@first.example")


def test_init_knows_the_users_of_all_processes(pair):
    """Those that the confs name where nothing else is said."""
    conf = json.loads(pair.must("--json", "conf"))
    names = {row["default"] for name, row in conf["helpers"].items()
             if name.startswith("users.") or name == "mail.user"}
    source = (ROOT / "mailctl" / "init_command.c").read_text()
    listed = re.search(r"users\[\] = \{(.*?)\}", source, re.S)[1]
    assert set(re.findall(r'"(\w+)"', listed)) == names
    assert len(names) > 8


def test_init_is_careful(fresh):
    for args in ([], ["nodomain"], ["--hostname", "x", "a.example"],
                 ["--below", "relative", "a.example"], ["-x", "a.example"],
                 ["a.example", "b.example"], ["a\"b.example"],
                 ["a..example"], ["-a.example"], ["a-.example"], ["a.example."],
                 ["--hostname", "mx..example", "a.example"],
                 ["a" * 64 + ".example"], ["--below", "/" + 60 * "x", "a.b"]):
        done = fresh("init", *args)
        assert done.returncode == 2 and "init takes:" in done.stderr
    assert not (fresh.folder / "etc").exists()
    done = fresh("init", "--below", str(fresh.folder / "all"), "a.example",
                 stdin="\n")
    assert done.returncode == 1 and "password is empty" in done.stderr
    assert "mailctl user add postmaster@a.example" in done.stderr
    first = (fresh.folder / "etc" / "smtpd.conf").read_text()
    done = fresh("init", "--force", "--no-user", "--below",
                 str(fresh.folder / "all"), "a.example")
    assert done.returncode == 0
    assert "a.example is set up." in done.stdout
    # What was put aside is not lost when it is done again.
    assert fresh("init", "--force", "--no-user", "--hostname", "mx.b.example",
                 "--below", str(fresh.folder / "all"),
                 "a.example").returncode == 0
    aside = [(fresh.folder / "etc" / name).read_text() for name in (
        "smtpd.conf.old", "smtpd.conf.old.2")]
    assert aside == [first, first] and "mx.b.example" not in first
