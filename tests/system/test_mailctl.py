"""mailctl and the services that run: conf, reload, log level; lists as
JSON."""
import json

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, SERVICES
from harness.smtp import Smtp, deliver

BODY = b"Subject: mailctl\r\n\r\nx\r\n"


def logged(pair, name, text):
    return pair.log(name).read_text().count(text)


def test_conf_says_what_differs_and_where(make_pair):
    pair = make_pair(smtpd={"limits": {"recipients": "123"}})
    text = pair.must("conf")
    for name in SERVICES:
        assert f"{name} ({pair.conf(name)})" in text
    number = pair.conf("smtpd").read_text().splitlines().index(
        '    recipients = "123"') + 1
    place = f"{pair.conf('smtpd')}:{number}"
    assert f"limits.recipients = 123\t# {place}, default 100\n" in text
    assert "limits.sessions" not in text
    all_of_it = pair.must("conf", "--all", "smtpd")
    assert "limits.sessions = 10000\t# default\n" in all_of_it
    assert "journal.size" not in all_of_it
    conf = json.loads(pair.must("--json", "conf"))
    assert set(conf) == set(SERVICES)
    setting = conf["smtpd"]["limits.recipients"]
    assert (setting["value"], setting["default"]) == (123, 100)
    assert f"{setting['file']}:{setting['line']}" == place
    # Reload: all are told, and follow.
    for name in SERVICES:
        assert logged(pair, name, " reload.done") == 0
    said = pair.must("reload")
    for name in SERVICES:
        assert f"{name} (pid {pair.pid(name)}) was told" in said
        proc.wait_until(f"{name} has read it", lambda n=name: logged(
            pair, n, " reload.done") == 1, 20 * PATIENCE)
    # A bad conf: none is told.
    good = pair.conf("pop3d").read_text()
    pair.conf("pop3d").write_text(good + "\nworker = 2\n")
    done = pair.mailctl("reload")
    assert done.returncode == 1 and "did you mean 'workers'?" in done.stderr
    assert "no service was told" in done.stderr
    done = pair.mailctl("--json", "conf")
    assert done.returncode == 1
    conf = json.loads(done.stdout)
    assert conf.pop("done") is False
    assert "did you mean 'workers'?" in conf.pop("errors")[0]
    assert conf["pop3d"] is None and set(conf) == set(SERVICES)
    done = pair.mailctl("--json", "reload")
    assert "did you mean 'workers'?" in json.loads(done.stdout)["errors"][0]
    pair.conf("pop3d").write_text(good)
    assert logged(pair, "pop3d", "reload.") == 1
    pair.stop("pop3d")
    assert "pop3d does not run" in pair.must("reload", "pop3d")
    state, = json.loads(pair.must("--json", "reload", "pop3d"))
    assert state == {"service": "pop3d", "state": "does not run"}
    pair.start("pop3d")


def test_log_level_of_running_processes(make_pair):
    """Each process of a service follows at once, and keeps its sessions."""
    pair = make_pair()
    with Smtp(pair.smtp_port) as session:
        session.hello()
        assert logged(pair, "smtpd", " debug ") == 0
        pids = [pair.pid("smtpd/client"), pair.pid("mailbox")]
        assert "was told" in pair.must("loglevel", "debug")
        for name in ("smtpd", "helpers"):
            proc.wait_until("it is taken", lambda n=name: logged(
                pair, n, " log.level level=debug"), 10 * PATIENCE)
        deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}")
        assert logged(pair, "smtpd", "client.connected") > 0
        assert logged(pair, "helpers", "deliver.done") > 0, "a helper follows"
        pair.must("loglevel", "error", "smtpd")
        proc.wait_until("it is taken", lambda: logged(
            pair, "smtpd", " log.level level=error"), 10 * PATIENCE)

        def is_silent():
            before = len(pair.log("smtpd").read_text())
            deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}")
            return len(pair.log("smtpd").read_text()) == before
        proc.wait_until("nothing more is written", is_silent)
        # A reload brings back what the conf says.
        pair.must("reload", "smtpd")
        proc.wait_until("it is read", lambda: logged(
            pair, "smtpd", " reload.done"), 10 * PATIENCE)
        before = len(pair.log("smtpd").read_text())
        deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}")
        assert len(pair.log("smtpd").read_text()) > before
        assert session.cmd("NOOP").code == 250
        assert pids == [pair.pid("smtpd/client"), pair.pid("mailbox")]


@pytest.mark.parametrize("args,text", [
    (["loglevel"], "takes: error|warn|info|debug"),
    (["loglevel", "dbeug"], "did you mean debug?"),
    (["loglevel", "info", "smtp"], "did you mean smtpd?"),
    (["reload", "helper"], "did you mean helpers?"),
    (["reload", "smtpd", "pop3d", "helpers", "smtpd"], "reload takes:"),
    (["conf", "pop3"], "did you mean pop3d?"),
])
def test_wrong_command_lines(pair, args, text):
    done = pair.mailctl(*args)
    assert done.returncode == 2 and text in done.stderr


def test_json_of_lists(pair, user):
    pair.must("alias", "add", f"list-{user}@{DOMAIN}", f"{user}@{DOMAIN}",
              f"u0@{DOMAIN}")
    deliver(pair.smtp_port, BODY, f"{user}@{DOMAIN}")

    def listed(*args):
        return json.loads(pair.must("--json", *args))
    assert {"domain": DOMAIN} in listed("domain", "list")
    assert {"user": f"{user}@{DOMAIN}"} in listed("user", "list")
    assert {"alias": f"list-{user}@{DOMAIN}", "targets": [
        f"{user}@{DOMAIN}", f"u0@{DOMAIN}"]} in listed("alias", "list")
    letter, = listed("mailbox", "list", f"{user}@{DOMAIN}")
    assert letter["octets"] > len(BODY) and letter["uidl"]
    check = listed("mailbox", "check", f"{user}@{DOMAIN}")
    assert check["letters in the Maildir"] == 1
    assert listed("mailbox", "repair", f"{user}@{DOMAIN}")["letters"] == 1
    assert listed("mailbox", "visit", f"{user}@{DOMAIN}") == {
        "when": None, "client": None}
    pair.must("domain", "add", "empty.test")
    assert listed("user", "list", "empty.test") == []
    pair.must("domain", "del", "empty.test")
    pair.must("alias", "del", f"list-{user}@{DOMAIN}")
