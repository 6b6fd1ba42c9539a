"""All commands of mailctl: each is in the man page, in the usage and in the
shell's completion, with its options; each answers in JSON; the exit codes."""
import json
import os
import re
import shlex
import subprocess

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, ROOT, RUNNER

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
MAILCTL = BUILD / "bin" / "mailctl"
PAGE = (ROOT / "mailctl" / "mailctl.8").read_text()


def run(*args, **options):
    return subprocess.run([MAILCTL, *args], text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)


# Each command and what follows it.
COMMANDS = dict(line.split("\t") for line in run(
    "--commands").stdout.splitlines())


def literal(arguments):
    """The words of a usage that are written as they stand there."""
    return {word for word in re.findall(r"[A-Za-z<>@,.:-]+", arguments)
            if re.fullmatch(r"(--)?[a-z][a-z-]+", word)}


def test_each_command_is_in_the_man_page_and_usage():
    usage = run().stderr
    assert run().returncode == 2
    assert run("help").stdout == run("--help").stdout == usage
    assert all(len(line) <= 80 for line in usage.splitlines())
    for name, arguments in COMMANDS.items():
        assert re.search(rf"^\.It Cm {name}\b", PAGE, re.M), name
        assert re.search(rf"^  {name}  +[a-z].{{,54}}$", usage, re.M), name
        told = run("help", *name.split())
        assert told.returncode == 0, name
        assert " ".join(told.stdout.split()).startswith(
            f"mailctl {name} {arguments}".strip()), told.stdout
        assert all(len(line) <= 80 for line in told.stdout.splitlines())
    for noun in {name.split()[0] for name in COMMANDS}:
        listed = json.loads(run("--json", "help", noun).stdout)
        assert {row["command"] for row in listed} == {
            name for name in COMMANDS if name.split()[0] == noun}


def test_each_option_is_in_the_usage_and_man_page():
    """What the source compares arguments with is what the usage says."""
    known = {"--json", "--help", "--commands"}
    for arguments in COMMANDS.values():
        known |= {w for w in literal(arguments) if w.startswith("--")}
    taken = set()
    for source in (ROOT / "mailctl").glob("*.c"):
        taken |= set(re.findall(r'strcmp\([^;]*?"(--[a-z-]+)"\)',
                                source.read_text()))
    assert len(taken) > 15 and taken <= known, taken - known
    assert known - taken == {"--commands"}
    for option in taken | {"--json"}:
        assert re.search(rf"Fl -{option[2:]}\b", PAGE), option


def complete(words, folder):
    """What bash offers behind these words."""
    script = (f". {ROOT}/etc/mailctl.bash; COMP_WORDS=({shlex.join(words)}); "
              f"COMP_CWORD={len(words) - 1}; _mailctl; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(
        ["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=True,
        cwd=folder, env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    ).stdout.split()


@pytest.fixture
def offers(pair, tmp_path):
    wrapper = tmp_path / "mailctl"
    wrapper.write_text(f"#!/bin/sh\nexec {MAILCTL} -c {pair.conf('helpers')} "
                       '"$@"\n')
    wrapper.chmod(0o755)
    return lambda *words: complete(["mailctl", *words], tmp_path)


def test_completion_knows_each_command_and_its_words(offers):
    nouns = {name.split()[0] for name in COMMANDS}
    assert set(offers("")) == nouns | {"--json", "--help", "-c", "-S", "-V"}
    for noun in nouns:
        verbs = {name.split()[1] for name in COMMANDS
                 if name.startswith(f"{noun} ")}
        if verbs:
            assert set(offers(noun, "")) == verbs
    for name, arguments in COMMANDS.items():
        offered = set(offers(*name.split(), ""))
        assert literal(arguments) <= offered, name


def test_completion_of_names_and_files(pair, user, offers):
    assert offers("dom") == ["domain"]
    assert offers("--json", "user", "pass") == ["passwd"]
    assert offers("user", "passwd", user) == [f"{user}@{DOMAIN}"]
    assert offers("user", "passwd", "--pam", user) == [f"{user}@{DOMAIN}"]
    assert offers("loglevel", "de") == ["debug"]
    assert offers("reload", "s") == ["smtpd"]
    assert offers("mailbox", "import-") == ["import-xuidl"]
    assert offers("user", "import", "--dr") == ["--dry-run"]
    assert offers("help", "tr") == ["trace"]
    assert set(offers("help", "rule", "")) == {"set", "del", "list"}
    smtpd = str(pair.conf("smtpd"))
    for words in (["user", "import"], ["user", "import", "--dry-run"],
                  ["trace", "1"], ["restore", "--check"], ["-c"]):
        assert smtpd in offers(*words, f"{pair.folder}/smtp"), words


def test_completion_runs_no_name(pair, user, offers, tmp_path):
    """Names may have what the shell would expand, or a quote without its
    other."""
    odd = [f"o'neil.{user}@{DOMAIN}", f"`touch${{IFS}}ran`.{user}@{DOMAIN}",
           f"$HOME.{user}@{DOMAIN}"]
    for name in odd:
        pair.must("user", "add", name, stdin="pw\n")
    for name in odd:
        quoted, = offers("user", "passwd", name[:3].lower())
        assert shlex.split(quoted) == [name.lower()]
        # As it stands on the line then.
        assert offers("user", "passwd", quoted[:6]) == [quoted]
    assert f"{user}@{DOMAIN}" in offers("user", "passwd", "")
    assert not list(tmp_path.glob("**/ran"))
    for name in odd:
        pair.must("user", "del", name)


def test_completion_asks_the_server_that_the_line_names(user, offers, pair):
    assert offers("-S", "/nonexistent", "user", "del", user) == []
    assert offers("-c", str(pair.conf("helpers")), "user", "del", user) == [
        f"{user}@{DOMAIN}"]


def one_value(text):
    """One JSON value, and nothing else."""
    return json.loads(text)


def test_each_command_answers_in_json(pair, user, tmp_path):
    """Each one that can be done; what it has nothing to tell of is done."""
    name = f"{user}@{DOMAIN}"
    users, aliases = tmp_path / "users.csv", tmp_path / "aliases.csv"
    users.write_text("user\nann@json.test\n")
    aliases.write_text("alias,targets\nsales@json.test,ann@json.test\n")
    log = tmp_path / "log"
    log.write_text("2026-11-22T05:11:00.123Z info smtpd[1] session.end "
                   "session=00000000000000aa\n")
    pair.must("domain", "add", "gone.test")
    tried = {
        "domain add": ["json.test"], "domain list": [],
        "domain del": ["gone.test"],
        "domain import": ["-"], "domain export": [],
        "user import": [str(users)], "alias import": [str(aliases)],
        "user add": ["bob@json.test"], "user passwd": [name],
        "user senders": [name], "user quota": [name, "5M"],
        "user backends": [], "user list": [], "user export": [],
        "user backend": [name, "none"], "user del": ["bob@json.test"],
        "alias add": ["all@json.test", name], "alias list": [],
        "alias check": [], "alias export": [],
        "alias del": ["all@json.test"],
        "rule set": [name, "not", "@spam.test"], "rule list": [],
        "rule del": [name], "mailbox list": [name],
        "mailbox check": [name], "mailbox repair": [name],
        "mailbox import": [name], "mailbox import-xuidl": [name],
        "mailbox visit": [name], "conf": [], "reload": [],
        "loglevel": ["info"],
        "explain": ["smtp", "a@b.test", name, "::1"],
        "sessions": [], "doctor": ["files", "limits"],
        "trace": ["aa", str(log)], "help": [],
        "backup": [str(tmp_path / "all.tar")],
        "restore": ["--check", str(tmp_path / "all.tar")]}
    # These are tried where they can be done.
    assert set(COMMANDS) - set(tried) == {"init", "upgrade", "stats", "top"}
    done = {"done": True, "errors": []}
    for command, args in tried.items():
        got = pair.mailctl("--json", *command.split(), *args,
                           stdin="pw\n" if "user" in command else "")
        value = one_value(got.stdout)
        if command == "mailbox import":  # there is nothing to take over
            assert value["done"] is False and value["errors"]
            continue
        assert got.returncode in (0, 3 if command == "doctor" else 0), got
        silent = command in {
            "domain add", "domain del", "user add", "user passwd",
            "user senders", "user quota", "user backend", "user del",
            "alias add", "alias del", "rule set", "rule del"}
        assert (value == done) == silent, (command, got.stdout)
    proc.wait_until("the reload is over", lambda: pair.log(
        "helpers").read_text().count("reload.done") > 0, 20 * PATIENCE)


@pytest.mark.parametrize("args,code,said", [
    (["user", "del", "nobody@nowhere.test"], 1, "there is no user"),
    (["domain", "add", ".."], 1, ""),
    (["mailbox", "check", "nobody@nowhere.test"], 1,
     "nobody@nowhere.test: no such mailbox"),
    (["user", "passwd", "--pam"], 2, "user passwd takes:"),
    (["user", "quota", "x@y.test", "12Q"], 2, "is no quota"),
    (["user"], 2, '"user" needs another word'),
    (["usr", "list"], 2, "did you mean user list?"),
    (["user", "add"], 2, "user add takes:"),
    (["trace", "xyz"], 2, "is no id"),
    (["trace", "1", "/nonexistent/log"], 1, "No such file"),
    (["backup", "/nonexistent/folder/file"], 1, "No such file"),
    (["stats"], 1, "metrics { listen }"),
    (["explain", "smtp", "a", "b", "c"], 2, "is no address"),
    (["sessions", "drop", "aa"], 1, "there is no session")])
def test_what_is_refused_is_said_in_json_too(pair, args, code, said):
    plain = pair.mailctl(*args)
    assert (plain.returncode, plain.stdout) == (code, "")
    assert said in plain.stderr
    done = pair.mailctl("--json", *args)
    assert (done.returncode, done.stderr) == (code, plain.stderr)
    value = one_value(done.stdout)
    assert value["done"] is False
    lines = [line.removeprefix("mailctl: ")
             for line in done.stderr.splitlines()]
    assert value["errors"] == lines


def test_helpers_that_are_away_are_told_of(make_pair):
    pair = make_pair(users=0)
    pair.stop("helpers")
    for args in (["domain", "list"], ["user", "del", "a@b.test"],
                 ["mailbox", "check", "a@b.test"],
                 ["explain", "smtp", "<>", "a@b.test", "::1"]):
        done = pair.mailctl("--json", *args)
        assert done.returncode == 75, (args, done)
        value = one_value(done.stdout)
        assert value["done"] is False
        assert any("start the helpers first" in e for e in value["errors"])
    pair.start("helpers")


def test_standard_output_that_is_full_is_told_of(pair):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [MAILCTL, "-c", pair.conf("helpers"), "domain", "list"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 75 and "standard output" in done.stderr
