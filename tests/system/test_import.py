"""mailctl import and export: files of other servers, in and out again."""
import csv
import io
import json
import re
import subprocess

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.pop3 import Failed, Pop3
from harness.smtp import deliver

BODY = b"Subject: import\r\n\r\nx\r\n"


def imported(pair, kind, text, *options):
    """The numbers of an import from standard input."""
    said = pair.must("--json", kind, "import", *options, "-", stdin=text)
    return json.loads(said)


def refused(pair, kind, text, *options):
    """What an import that can't be done says."""
    done = pair.mailctl(kind, "import", *options, "-", stdin=text)
    assert done.returncode == 1, done.stdout
    return done.stderr


def exported(pair, kind, *options):
    return list(csv.DictReader(io.StringIO(
        pair.must(kind, "export", *options))))


def hashed(password, setting):
    """As crypt(5) has it, which Perl can ask as well."""
    return subprocess.run(
        ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, setting],
        text=True, check=True, stdout=subprocess.PIPE).stdout


def log_in(pair, name, password):
    with Pop3(pair.pop3_port) as session:
        return session.login(name, password)


def test_users_of_dovecot_log_in_with_their_passwords(pair):
    """A passwd-file; its hashes are replaced by ours at the first login."""
    imported(pair, "domain", "dove.test\n")
    salt = "abcdefghijklmnopqrstuu"
    kinds = {"sha512": ("SHA512-CRYPT", f"$6$rounds=1000${salt[:16]}$"),
             "sha256": ("SHA256-CRYPT", f"$5${salt[:16]}$"),
             "bcrypt": ("BLF-CRYPT", f"$2y$05${salt}"),
             "crypt": ("CRYPT", "$y$j75$F5Jx5fExrKuPp53xLKQ..1$")}
    text = "".join(
        f"{name}@dove.test:{{{scheme}}}{hashed('pw ' + name, setting)}"
        ":5000:5000::/var/vmail/x::userdb_quota_rule=*:storage=1G\n"
        for name, (scheme, setting) in kinds.items())
    text += "clear:{PLAIN}pw: clear\nnone\n"
    assert imported(pair, "user", text, "--format", "passwd",
                    "--domain", "dove.test") == {
        "mode": "import", "added": 6, "changed": 0, "kept": 0, "refused": 0}
    for name in kinds:
        log_in(pair, f"{name}@dove.test", f"pw {name}")
        with pytest.raises(Failed):
            log_in(pair, f"{name}@dove.test", "pw")
    log_in(pair, "clear@dove.test", "pw")
    with pytest.raises(Failed):
        log_in(pair, "none@dove.test", "")
    deliver(pair.smtp_port, BODY, "bcrypt@dove.test", "none@dove.test")

    def all_are_ours():
        """Who came while another's was made has to come again."""
        others = [row["user"] for row in exported(
            pair, "user", "--hashes", "dove.test")
            if row["password"] and "$y$" not in row["password"]]
        for name in others:
            log_in(pair, name, f"pw {name.partition('@')[0]}")
        return not others
    proc.wait_until("hashes are replaced", all_are_ours, 20 * PATIENCE)
    quota, = [row["quota"] for row in exported(pair, "user", "dove.test")
              if row["user"] == "sha256@dove.test"]
    assert quota == str(1 << 30)
    # The whole again: those who are there are kept, where they differ not.
    pair.must("user", "passwd", "none@dove.test", stdin="set\n")
    log_in(pair, "none@dove.test", "set")
    assert imported(pair, "user", "clear@dove.test:{PLAIN}other\nnone@dove."
                    "test\n", "--format", "passwd")["kept"] == 2
    log_in(pair, "clear@dove.test", "pw")
    assert imported(pair, "user", "clear@dove.test:{PLAIN}other\n",
                    "--format", "passwd", "--replace")["changed"] == 1
    log_in(pair, "clear@dove.test", "other")
    with pytest.raises(Failed):
        log_in(pair, "clear@dove.test", "pw")


def test_export_shows_no_hash_unasked(pair, user):
    name = f"{user}@{DOMAIN}"
    for options in ([], ["--format", "passwd"]):
        assert "$" not in pair.must("user", "export", *options)
    rows = {row["user"]: row for row in json.loads(
        pair.must("--json", "user", "export", DOMAIN))}
    assert rows[name] == {"user": name, "password": "here", "senders": []}
    log = pair.log("helpers").read_text()
    shown = exported(pair, "user", "--hashes", DOMAIN)
    assert all(row["password"].startswith("{CRYPT}$y$") for row in shown
               if row["user"] == name)
    added = pair.log("helpers").read_text()[len(log):]
    assert f"users.hashes_shown domain={DOMAIN}" in added
    assert "$y$" not in added


@pytest.mark.parametrize("form", ["csv", "passwd"])
def test_what_is_exported_can_be_imported(pair, form):
    """Into the place from which it came, once that is empty."""
    domain = f"back-{form}.test"
    pair.must("domain", "add", domain)
    head = "user,password,quota,senders\n"
    imported(pair, "user", head +
             f"ann@{domain},{{PLAIN}}secret,\"5M,7\",\n"
             f"bob@{domain},{{PLAIN}}secret,none," +
             ("" if form == "passwd" else f"sales@{domain}") + "\n")
    imported(pair, "alias", f"alias,targets\nall@{domain},"
             f"\"ann@{domain}, bob@{domain}\"\n@{domain},ann@{domain}\n")
    kept = pair.must("user", "export", "--format", form, "--hashes", domain)
    aliases = pair.must("alias", "export", domain)
    for name in ("all@", "@"):
        pair.must("alias", "del", name + domain)
    for name in ("ann@", "bob@"):
        pair.must("user", "del", name + domain)
    assert imported(pair, "user", kept, "--format", form)["added"] == 2
    assert imported(pair, "alias", aliases)["added"] == 2
    assert pair.must("user", "export", "--format", form, "--hashes",
                     domain) == kept
    assert pair.must("alias", "export", domain) == aliases
    assert imported(pair, "user", kept, "--format", form)["kept"] == 2
    assert imported(pair, "alias", aliases)["kept"] == 2
    log_in(pair, f"bob@{domain}", "secret")
    virtual = pair.must("alias", "export", "--format", "virtual", domain)
    assert imported(pair, "alias", virtual, "--format",
                    "virtual")["kept"] == 2


def test_postfix_maps(pair, user):
    """A virtual map brings its domains; aliases may stand in any order."""
    target = f"{user}@{DOMAIN}"
    text = (f"info@maps.test sales@maps.test\nmaps.test x\n"
            f"sales@maps.test\n    {target}\n@maps.test {target}\n")
    assert imported(pair, "alias", text, "--format", "virtual",
                    "--dry-run")["added"] == 4
    assert "maps.test" not in pair.must("domain", "list")
    assert imported(pair, "alias", text, "--format", "virtual")["added"] == 4
    deliver(pair.smtp_port, BODY, "info@maps.test")
    deliver(pair.smtp_port, BODY, "other@maps.test")
    with Pop3(pair.pop3_port, user=target) as session:
        assert session.stat()[0] == 2
    text = f"root: {target}\nabuse: root\nprog: \"|/bin/x\"\n"
    said = refused(pair, "alias", text, "--format", "aliases", "--domain",
                   "maps.test")
    assert "standard input:3: |/bin/x: a program can't get mail" in said
    assert "root@maps.test" not in pair.must("alias", "list")


def test_what_is_wrong_is_told_by_line_and_nothing_is_done(pair, tmp_path):
    file = tmp_path / "users.csv"
    pair.must("domain", "add", "lines.test")
    good = "".join(f"u{n}@lines.test,\n" for n in range(250))
    file.write_text("user,password\n" + good + "x@nowhere.test,\n"
                    "y@lines.test,$6$\nu7@lines.test,$6$aa$bb\n")
    done = pair.mailctl("user", "import", str(file))
    assert done.returncode == 1
    assert re.search(rf"^{file}:252: x@nowhere.test: nowhere.test is none of "
                     "our domains; add it with", done.stderr, re.M)
    assert re.search(rf"^{file}:253: .* a password hash of a kind",
                     done.stderr, re.M)
    assert "nothing was changed" in done.stderr
    assert pair.must("user", "list", "lines.test") == ""
    # Twice the same name, in one request and in two.
    for text in ("a@lines.test,500\na@lines.test,600\n",
                 "a@lines.test,500\n" + "".join(
                     f"b{n}@lines.test,\n" for n in range(150))):
        said = pair.mailctl("user", "import", "-",
                            stdin="user,quota\n" + text)
        if said.returncode == 1:
            assert "standard input:3: a@lines.test: the user" in said.stderr
            assert "differs" in said.stderr
    # A loop over aliases.
    said = refused(pair, "alias", "alias,targets\np@lines.test,q@lines.test\n"
                   "q@lines.test,p@lines.test\n")
    assert "loop" in said and "nothing was changed" in said
    assert "p@lines.test" not in pair.must("alias", "list")


@pytest.mark.parametrize("args,text", [
    (["user", "import", "--format", "pasword", "f"], "did you mean passwd?"),
    (["user", "import"], "user import takes:"),
    (["user", "import", "--dryrun", "f"], "user import takes:"),
    (["domain", "import", "--replace", "f"], "domain import takes:"),
    (["alias", "import", "--system", "f"], "alias import takes:"),
    (["user", "export", "--format", "virtual"], "user export takes:"),
    (["alias", "export", "--hashes"], "alias export takes:"),
])
def test_wrong_command_lines(pair, args, text):
    done = pair.mailctl(*args)
    assert done.returncode == 2 and text in done.stderr, done.stderr


def test_many_and_a_killed_helper(make_pair):
    """What was done when accounts died is there, and the same file again
    brings the rest."""
    pair = make_pair(users=0)
    pair.must("domain", "add", "many.test")
    count = scaled(4000, 300)
    hash_ = hashed("pw", "$6$rounds=1000$saltsalt$")
    text = "user,password\n" + "".join(
        f"m{n}@many.test,{hash_}\n" for n in range(count))
    file = pair.folder / "many.csv"
    file.write_text(text)
    pair.kill_helper("accounts")
    assert f"{count} added" in pair.must("user", "import", str(file))
    pair.kill_helper("accounts")
    assert len(pair.must("user", "list", "many.test").splitlines()) == count
    assert imported(pair, "user", text)["kept"] == count
    log_in(pair, f"m{count - 1}@many.test", "pw")
