"""Command lines of mailctl as tired people write them: options in the wrong
place, wrong ones, folders for files; and what reads its output is closed."""
import json
import os
import subprocess

import pytest

from harness.daemons import BUILD, DOMAIN, RUNNER, SERVICES
from harness.smtp import deliver

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
MAILCTL = BUILD / "bin" / "mailctl"


def run(*args, **options):
    return subprocess.run([MAILCTL, *args], text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize("args,code,said", [
    (["--nope"], 2, "unrecognized option '--nope'"),
    (["-c"], 2, "option requires an argument"),
    ([], 2, "usage: mailctl"),
    (["help", "nothing"], 2, 'there is no command "nothing"'),
    (["user", "add", "--sytem", "a@b.test"], 2, "did you mean --system?"),
    (["backup", "-x"], 2, 'there is no option "-x" here'),
    (["sessions", "drop", "x"], 2, "is no session")])
def test_wrong_lines_are_told_of_in_json(pair, args, code, said):
    """Wherever --json stands."""
    folder = [] if args[:1] == ["-c"] else ["-c", str(pair.folder)]
    plain = run(*folder, *args)
    assert (plain.returncode, plain.stdout) == (code, ""), plain
    assert said in plain.stderr
    for line in (["--json", *folder, *args], [*folder, *args, "--json"]):
        if line[-2:] == ["-c", "--json"]:
            continue
        done = run(*line)
        value = json.loads(done.stdout)
        assert done.returncode == code and value["done"] is False
        assert said in value["errors"][0], value
        assert done.stderr == plain.stderr


def test_help_and_json_may_stand_behind_the_command(pair, tmp_path):
    whole = run("help", "user", "add").stdout
    assert "[--system] [--pam] USER@DOMAIN" in whole
    for line in (["user", "add", "--help"], ["--help", "user", "add"],
                 ["user", "add", f"a@{DOMAIN}", "--help"]):
        done = run(*line)
        assert (done.returncode, done.stdout) == (0, whole), line
    assert "mailctl backup FILE" in run(
        "backup", "--help", cwd=tmp_path).stdout
    assert not os.listdir(tmp_path), "no backup of that name was written"
    assert "user passwd" in run("user", "--help").stdout
    listed = json.loads(pair.must("domain", "list", "--json"))
    assert {"domain": DOMAIN} in listed
    assert run("--help", "--json").stdout == run("--json", "help").stdout \
        == run("--commands", "--json").stdout
    assert list(json.loads(run("-V", "--json").stdout)) == ["version"]


def test_the_folder_of_the_confs_will_do(pair, tmp_path):
    for conf in (pair.folder, pair.conf("helpers")):
        assert DOMAIN in run("-c", conf, "domain", "list").stdout
        assert run("-c", conf, "conf").stdout.count(str(
            pair.folder / "smtpd.conf")) > 1
    # Where there is none, nothing looks as if it had been done.
    for args in (["reload"], ["upgrade"], ["loglevel", "info"], ["conf"],
                 ["sessions"], ["sessions", "drop", "aa"]):
        done = run("-c", tmp_path / "helpers.conf", *args)
        assert (done.returncode, done.stdout) == (1, ""), args
        assert f"helpers.conf in {tmp_path}: name" in done.stderr
    done = run("-c", tmp_path, "doctor", "tls")
    assert done.returncode == 1 and "mailctl init DOMAIN" in done.stdout
    for name in SERVICES:
        done = run("-c", tmp_path, "conf", name)
        assert done.returncode == 1 and f"{name}.conf: No such" in done.stderr


def test_the_usual_conf_says_where_the_helpers_are(pair):
    """In a mount namespace that has it where it is looked for."""
    wrap = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /etc && '
            'mkdir /etc/ringmail && cp "$0" /etc/ringmail && exec "$@"',
            pair.conf("helpers")]
    if subprocess.run([*wrap, "true"], stderr=subprocess.PIPE,
                      check=False).returncode:
        pytest.skip("no mount namespaces here")
    done = subprocess.run([*wrap, MAILCTL, "domain", "list"], text=True,
                          check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert DOMAIN in done.stdout, done


@pytest.mark.parametrize("command", ["list", "backends", "export"])
def test_a_domain_that_is_none_of_ours_has_no_empty_list(pair, command):
    for domain in ("exmaple.test", "no domain", DOMAIN + "."):
        done = pair.mailctl("--json", "user", command, domain)
        assert done.returncode == 1, done
        error, = json.loads(done.stdout)["errors"]
        assert error.startswith(f"{domain} is none of our domains"), error
    for domain in (DOMAIN, DOMAIN.upper()):
        done = pair.mailctl("--json", "user", command, domain)
        assert done.returncode == 0 and isinstance(
            json.loads(done.stdout), list), done


def test_names_of_files_do_nothing_to_the_terminal(pair, user):
    """Who has the Maildir names its files, and root lists them."""
    deliver(pair.smtp_port, b"Subject: x\r\n\r\nx\r\n", f"{user}@{DOMAIN}")
    odd = pair.maildir(user) / "cur" / "1.2.\x1b[31mred\x07"
    odd.write_bytes(b"Subject: y\n\ny\n")
    text = pair.must("mailbox", "list", f"{user}@{DOMAIN}")
    assert " cur/1.2.?[31mred?" in text
    assert "\x1b" not in text and len(text.splitlines()) == 2
    files = [row["file"] for row in json.loads(pair.must(
        "--json", "mailbox", "list", f"{user}@{DOMAIN}"))]
    assert f"cur/{odd.name}" in files


def test_what_is_closed_is_no_place_for_a_socket(pair):
    """Who reads the password or the list from it would get what a helper
    says."""
    line = f'exec "$0" -c "{pair.folder}" "$@" '
    for closed, args, said in (
            ("<&-", ["user", "passwd", f"u0@{DOMAIN}"], "password is empty"),
            (">&-", ["domain", "list"], "standard output: Bad file")):
        done = subprocess.run(
            ["sh", "-c", line + closed, MAILCTL, *args], text=True,
            check=False, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        assert said in done.stderr and done.returncode, (closed, done)


@pytest.mark.parametrize("args", [["--json", "-V"], ["reload", "smtpd"],
                                  ["conf"], ["help"]])
def test_a_full_disk_is_told_of(pair, args):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [MAILCTL, "-c", pair.folder, *args], check=False, stdout=full,
            stderr=subprocess.PIPE, text=True)
    assert done.returncode in (1, 75), done
    assert done.stderr.startswith("mailctl: standard output: "), done
    assert "No such file" not in done.stderr
