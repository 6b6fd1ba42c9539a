"""The commands that pages show, run as they stand there: docs/migration.md
with two servers, the examples of mailctl(8) and of README.md with one.  Those
of docs/guide.md run in tests/deb, in a fresh Debian."""
import json
import os
import re
import subprocess
import textwrap

import pytest

from harness import proc
from harness.backend import Back
from harness.daemons import BUILD, LOAD, PATIENCE, ROOT, Pair, running
from harness.pop3 import Pop3, fetch
from harness.smtp import deliver

pytestmark = pytest.mark.skipif(LOAD < 1, reason="the same, but for mailctl, "
                                "as each part's own tests")
ANN, BOB = "ann@example.org", "bob@example.org"
FENCE = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
# What one test can't run, and where it is run or why it is not.
ELSEWHERE = {
    "apt-get": "tests/deb", "systemctl": "tests/deb", "make": "test_install",
    "tools/setup.sh": "each run of the tests", "sudoedit": "an editor"}


def page(name):
    return (ROOT / name).read_text()


def blocks(name, kind):
    """The page's fenced blocks of a kind: (what stands beside it, text)."""
    return [(beside, text) for found, beside, text in
            FENCE.findall(page(name)) if found == kind]


class Shell:
    """Runs text that speaks of a usual installation with ours."""

    def __init__(self, pair, folder, changes):
        self.folder = folder
        self.changes = {"/var/mail/ringmail": str(pair.mail), **changes}
        for name, line in (
                ("mailctl", f"exec {BUILD}/bin/mailctl "
                            f"-c {pair.conf('helpers')} \"$@\""),
                ("sudo", 'exec "$@"'), ("pass", "echo 'a long password'")):
            (folder / name).write_text(f"#!/bin/sh\n{line}\n")
            (folder / name).chmod(0o755)

    def ours(self, text):
        for theirs, ours in self.changes.items():
            text = text.replace(theirs, ours)
        return text

    def run(self, text):
        """Its output; it must succeed."""
        done = subprocess.run(
            ["bash", "-e", "-c", self.ours(text)], cwd=self.folder, text=True,
            input="a long password\n", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60 * PATIENCE, check=False,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout


@pytest.fixture
def old(make_pair):
    """Where the users are: ann has a letter, whose UIDL Dovecot gave."""
    pair = make_pair(Back, users=0)
    pair.must("domain", "add", "example.org")
    pair.must("user", "add", ANN, stdin="pw\n")
    deliver(pair.smtp_port, b"Subject: old\r\n\r\nold\r\n", ANN)
    box = pair.mail / "example.org" / "ann"
    letter, = (box / "new").iterdir()
    (box / "dovecot-uidlist").write_text(
        f"3 V1700000000 N8\n7 :{letter.name}\n")
    return pair


def follow_migration(front, old, shell):
    """The page's blocks of commands, with a look at what each has done."""
    first, second, home = [text for _, text in
                           blocks("docs/migration.md", "sh")]
    assert ANN in shell.run(first)
    assert len(fetch(front.pop3_port, ANN)) == 1
    assert "backend=" in front.log("pop3d").read_text()
    proc.wait_until("her password is learned", lambda: "user.upgraded" in
                    front.log("helpers").read_text(), 30 * PATIENCE)
    assert shell.run(second).startswith("would be: 1 added, 0 changed")
    deliver(front.smtp_port, b"Subject: x\r\n\r\nx\r\n", "info@example.org")
    assert len(fetch(front.pop3_port, BOB, "kestrel")) == 1
    deliver(front.smtp_port, b"Subject: new\r\n\r\nnew\r\n", ANN)
    old.stop("pop3d")
    shell.run(home)
    assert ANN not in front.must("user", "backends")
    with Pop3(front.pop3_port, user=ANN) as session:
        assert session.stat()[0] == 2
        assert f"{7:08x}{1700000000:08x}" in \
            session.multi("UIDL").decode().split()


def test_migration(old, tmp_path):
    (tmp_path / "users").write_text(
        "bob@example.org:$6$x$" + subprocess.run(
            ["openssl", "passwd", "-6", "-salt", "x", "kestrel"], text=True,
            stdout=subprocess.PIPE, check=True).stdout.strip()[5:] + "::::\n")
    (tmp_path / "virtual").write_text("info@example.org bob@example.org\n")
    front = Pair(users=0)
    shell = Shell(front, tmp_path, {
        "pop.old.example:995": f"localhost:{old.pop3_port}",
        "/etc/ssl/certs/ca-certificates.crt": str(old.ca.pem),
        "/etc/dovecot/users": str(tmp_path / "users"),
        "/etc/postfix/virtual": str(tmp_path / "virtual"),
        "/srv/old/ann/Maildir": str(old.mail / "example.org" / "ann")})
    confs = blocks("docs/migration.md", "conf")
    assert [name for name, _ in confs] == ["helpers.conf", "pop3d.conf"]
    for name, text in confs:
        path = front.folder / name
        path.write_text(path.read_text() + shell.ours(text))
    with running(front):
        follow_migration(front, old, shell)


def commands(text):
    """The lines, continued ones as one, without those that are no command."""
    lines = textwrap.dedent(text).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0] for line in lines
            if line.strip() and not line.startswith("#")]


def examples():
    """Of mailctl(8)."""
    text = page("mailctl/mailctl.8").partition(".Sh EXAMPLES\n.Bd -literal\n")
    return commands(text[2].partition(".Ed")[0])


def of_readme():
    found = "\n".join(re.findall(r"(?:^ {4}\S.*\n)+", page("README.md"), re.M))
    return commands(found)


@pytest.fixture
def shell(make_pair, tmp_path):
    """For examples, with what they speak of."""
    pair = make_pair(users=0)
    for line in ("net", "com"):
        pair.must("domain", "add", f"example.{line}")
    (pair.folder / "lists" / "all").write_text(ANN + "\n")
    (tmp_path / "users").write_text(f"{ANN}:{{PLAIN}}a long password::::::\n")
    (tmp_path / "aliases").write_text(f"root: {ANN}\n")
    (tmp_path / "backups").mkdir()
    pair.add_user("ann")
    said = deliver(pair.smtp_port, b"Subject: x\r\n\r\nx\r\n",
                   "ann@example.test").text
    trace = re.search(r"[0-9a-f]{16}", said).group()
    logs = f"{pair.log('smtpd')} {pair.log('helpers')}"
    pair.must("user", "del", "ann@example.test")
    return Shell(pair, tmp_path, {
        "trace 94c1b2f5a0e1d3c7": f"trace {trace} {logs}",
        "/etc/dovecot/users": str(tmp_path / "users"),
        "/etc/aliases": str(tmp_path / "aliases"),
        "/var/backups/ringmail-mx-20261122T090000Z.tar":
            f"{tmp_path}/backups/*.tar",
        "/var/backups": str(tmp_path / "backups")})


def run_each(shell, lines):
    """Those that can run here, in their order; how many these were."""
    count = 0
    for line in lines:
        words = line.removeprefix("sudo ").split()
        if words[0] not in ELSEWHERE:
            shell.run(line)
            count += 1
    return count


def test_examples_of_mailctl(shell):
    assert run_each(shell, examples()) > 12


def test_readme(shell):
    assert run_each(shell, of_readme()) > 3


def indented(name):
    """The commands of a page whose blocks are indented."""
    return [line.strip() for line in re.findall(
        r"^ {4}((?:sysctl|curl) .*)$", page(name), re.M)]


def test_metrics_page(make_pair, tmp_path):
    """What docs/metrics.md asks with curl is answered."""
    path = tmp_path / "metrics.sock"
    pair = make_pair(users=0, helpers={"metrics": {"listen": [path]}})
    shell = Shell(pair, tmp_path, {"/run/ringmail/metrics.sock": str(path)})
    line, = indented("docs/metrics.md")
    assert "ringmail_build_info" in shell.run(line)


def test_tuning():
    """docs/tuning.md sets what this kernel has; a test can't change it."""
    for line in indented("docs/tuning.md"):
        name = re.fullmatch(r"sysctl ([\w.]+)=\d+", line).group(1)
        assert os.path.exists("/proc/sys/" + name.replace(".", "/")), line


def usage():
    """Each command, and what follows it."""
    done = subprocess.run(
        [BUILD / "bin" / "mailctl", "--json", "help"], check=True, text=True,
        stdout=subprocess.PIPE)
    return [(one["command"], one["arguments"])
            for one in json.loads(done.stdout)]


def test_each_command_has_an_entry():
    """In mailctl(8), with each of its options."""
    text = page("mailctl/mailctl.8")
    for command, rest in usage():
        first, _, second = command.partition(" ")
        assert re.search(rf"^\.It Cm {first}\b", text, re.M), command
        assert not second or re.search(
            rf"\bCm {first}(?: .*)?(?: Cm)? {second}\b", text), command
        for option in re.findall(r"--([a-z-]+)", rest):
            assert re.search(rf"Fl -{option}\b", text), f"{command} {option}"


@pytest.mark.parametrize("name", sorted(
    str(path.relative_to(ROOT)) for path in
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]))
def test_pages_name_commands_that_are(name):
    """Each `mailctl WORD ...` begins as a command does."""
    known = {}
    for command, _ in usage():
        known.setdefault(command.split()[0], set()).update(
            command.split()[1:])
    for text in re.findall(r"`mailctl(?:\s+--json)?\s+([^`]*)`", page(name)):
        nouns, *rest = text.split()
        for noun in nouns.split("|"):
            assert noun in known, text
            if known[noun] and rest and re.fullmatch("[a-z|-]+", rest[0]):
                assert set(rest[0].split("|")) <= known[noun], text
