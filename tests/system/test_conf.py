"""Conf: what is wrong is said with file, line and the nearest name, before
any port is bound."""
import json
import re
import subprocess

import pytest

from harness.daemons import BUILD, PATIENCE, ROOT, RUNNER, SERVICES, Pair


@pytest.fixture(scope="module")
def folder():
    """A pair that is not started, for its conf files."""
    pair = Pair()
    yield pair
    pair.remove()


def run(name, *args):
    """Runs a daemon that ends by itself."""
    return subprocess.run([*RUNNER, BUILD / "bin" / name, *args],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          timeout=10 * PATIENCE, check=False)


def broken(pair, name, text):
    """The error for a conf of text; -n and a start must agree."""
    path = pair.folder / "broken.conf"
    path.write_text(text)
    check, start = run(name, "-n", "-c", path), run(name, "-c", path)
    assert check.returncode == 1 and start.returncode == 1
    assert check.stderr == start.stderr and check.stdout == ""
    assert "broken.conf" in check.stderr
    return check.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_good_conf(folder, name):
    done = run(name, "-n", "-c", folder.conf(name))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_sample_conf(name):
    """What make install lays down is valid."""
    done = run(name, "-n", "-c", ROOT / "etc" / f"{name}.conf")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_missing_file(folder, name):
    done = run(name, "-n", "-c", folder.folder / "none.conf")
    assert done.returncode == 1
    assert "none.conf" in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_wrong_option(name):
    done = run(name, "-z")
    assert done.returncode == 64
    assert "usage" in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_version_and_help(name):
    assert any(c.isdigit() for c in run(name, "-V").stdout)
    assert "usage" in run(name, "-h").stdout


@pytest.mark.cases_under_valgrind(2)
@pytest.mark.parametrize("name,text,line,nearest", [
    ("smtpd", "\n\nhostnam = \"x\"\n", 3, "hostname"),
    ("smtpd", "lisen = {\"127.0.0.1:1\"}\n", 1, "listen"),
    ("smtpd", "limits {\n  mesage_size = 35M\n}\n", 2, "message_size"),
    ("smtpd", "\nlimit {\n}\n", 2, "limits"),
    ("pop3d", "\nworker = 1\n", 2, "workers"),
    ("pop3d", "timeouts {\n\n idel = 5m\n}\n", 3, "idle"),
    ("helpers", "\nstat = \"/x\"\n", 2, "state"),
    ("helpers", "mail {\n  rot = \"/x\"\n}\n", 2, "root"),
])
def test_misspelt_names(folder, name, text, line, nearest):
    said = broken(folder, name, text)
    assert f"broken.conf:{line}:" in said
    assert nearest in said


@pytest.mark.cases_under_valgrind(3)
@pytest.mark.parametrize("name,text,line", [
    ("smtpd", "limits {\n message_size = 35X\n}\n", 2),
    ("smtpd", "limits {\n message_size = 1K\n}\n", 2),
    ("smtpd", "timeouts {\n command = 5\n}\n", 2),
    ("smtpd", "workers = many\n", 1),
    ("smtpd", "listen = {\"127.0.0.1\"}\n", 1),
    ("smtpd", "listen = {\"nowhere:25\"}\n", 1),
    ("smtpd", "hostname = \"a b\"\n", 1),
    ("pop3d", "\n\nplaintext_login = maybe\n", 3),
    ("pop3d", "run = \"relative\"\n", 1),
    ("helpers", "mail {\n layout = \"../%u\"\n}\n", 2),
    ("helpers", "journal {\n size = -5M\n}\n", 2),
    ("helpers", "resolver {\n dnssec = perhaps\n}\n", 2),
])
def test_bad_values(folder, name, text, line):
    assert f"broken.conf:{line}:" in broken(folder, name, text)


@pytest.mark.parametrize("text", ["limits {\n", "}\n", "= 3\n", "a b c\n"])
def test_bad_syntax(folder, text):
    assert "broken.conf:" in broken(folder, "smtpd", text)


def test_port_that_is_taken(folder, pair):
    """A clear message, and no half start."""
    text = folder.conf("smtpd").read_text().replace(
        str(folder.smtp_port), str(pair.smtp_port))
    path = folder.folder / "taken.conf"
    path.write_text(text)
    done = run("smtpd", "-c", path)
    assert done.returncode == 1
    assert str(pair.smtp_port) in done.stderr
    assert "in use" in done.stderr


def test_user_that_is_missing(folder):
    text = 'user = "no-such-user"\n' + folder.conf("pop3d").read_text()
    path = folder.folder / "user.conf"
    path.write_text(text)
    done = run("pop3d", "-c", path)
    assert done.returncode == 1
    assert "no-such-user" in done.stderr


def rows():
    """The table of bad confs: program, message (% for the file), text."""
    for line in (ROOT / "tests/system/bad_confs.tsv").read_text().splitlines():
        name, message, text = line.split("\t")
        yield name, message, json.loads(text)


@pytest.mark.parametrize("name", SERVICES)
def test_each_bad_conf_gets_its_message(folder, name):
    """Word for word; under a runner, one of each twenty."""
    path, wrong, checked = folder.folder / "broken.conf", [], 0
    for number, (program, message, text) in enumerate(rows()):
        if program != name or (RUNNER and number % 20):
            continue
        path.write_text(text)
        done = run(name, "-n", "-c", path)
        said = done.stderr.strip().replace(str(path), "%")
        if done.returncode != 1 or said != f"{name}: {message}":
            wrong.append(f"{text!r}:\n  {said}\nand not\n  {message}")
        checked += 1
    assert not wrong, "\n".join(wrong)
    assert RUNNER or checked > 50


@pytest.mark.parametrize("name", SERVICES)
def test_each_setting_has_a_bad_conf(name):
    """The table grows with the settings."""
    done = run(name, "-d", "json", "-c", ROOT / "etc" / f"{name}.conf")
    said = [message for program, message, _ in rows() if program == name]
    left_out = [key for key in json.loads(done.stdout) if not any(
        re.search(rf"\b{key.split('.')[-1]}\b", m) for m in said)]
    assert not left_out, "no bad conf has these"


def test_shared_file(folder):
    """One file for all three: common settings, parts, and what overrides."""
    shared = folder.folder / "shared.conf"
    shared.write_text('log { level = "warn" }\n'
                      'smtpd, pop3d { hostname = "shared.example" }\n'
                      'helpers { mail { quota = 5M } }\n')
    for name in SERVICES:
        path = folder.folder / f"{name}-own.conf"
        path.write_text('include("shared.conf")\nlog { rate = 7 }\n')
        said = run(name, "-c", path, "-d", "diff").stdout
        assert f'log.level = "warn"\t# {shared}:1' in said
        assert f"log.rate = 7\t# {path}:2, default 1000\n" in said
        assert ("shared.example" in said) == (name != "helpers")
        assert (f"mail.quota = 5M\t# {shared}:3" in said) == \
            (name == "helpers")
        assert run(name, "-c", path, "-d", "log.rate").stdout == "7\n"
        assert "no such setting" in run(name, "-d", "x.y", "-c", path).stderr
