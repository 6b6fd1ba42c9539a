"""mailctl sessions: who is there, and an end to one of them."""
import json
import os
import stat

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.pop3 import Pop3
from harness.smtp import Closed, Smtp


def sessions(pair, *args):
    return json.loads(pair.must("--json", "sessions", *args))


def test_list_and_drop(make_pair):
    pair = make_pair()
    with Smtp(pair.smtp_port) as smtp, Smtp(pair.smtp_port) as other, \
            Pop3(pair.pop3_port, user="u0") as pop3:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.test>")
        other.hello()
        pop3.cmd("STAT")
        found = sessions(pair, "list")
        assert [s["age_ms"] for s in found] == sorted(
            (s["age_ms"] for s in found), reverse=True)
        mail, = [s for s in found if s["command"] == "MAIL"]
        stat_, = [s for s in found if s["service"] == "pop3d"]
        assert len(found) == 3
        assert mail["address"] == stat_["address"] == "127.0.0.1"
        assert mail["in"] > 20 and mail["out"] > 20 and not mail["user"]
        assert (stat_["user"], stat_["command"], stat_["encrypted"]) == (
            f"u0@{DOMAIN}", "STAT", False)
        assert sessions(pair, "list", "pop3d")[0]["session"] == \
            stat_["session"]
        # The first message's session is told why, and others stay.
        pair.must("sessions", "drop", mail["session"], stat_["session"])
        assert smtp.reply().lines[0].endswith("Ended by the administrator")
        assert smtp.closed()
        with pytest.raises(Closed):
            pop3.cmd("STAT")
        assert other.cmd("NOOP").code == 250
        proc.wait_until("they have gone", lambda: len(sessions(pair)) == 1,
                        10 * PATIENCE)
        with Pop3(pair.pop3_port, user="u0") as again:
            again.cmd("STAT")
        assert f"client.dropped session={mail['session']}" in \
            pair.log("smtpd").read_text()
        text = pair.must("sessions")
        assert "SESSION" in text and "127.0.0.1" in text
        done = pair.mailctl("sessions", "drop", mail["session"])
        assert done.returncode == 1 and "there is no session" in done.stderr
    pair.stop("pop3d")
    done = pair.mailctl("sessions", "list", "pop3d")
    assert done.returncode == 0 and "does not run" in done.stderr
    pair.start("pop3d")


def test_many_are_told_page_by_page(make_pair):
    pair = make_pair()
    count = scaled(350, 120)
    clients = [Smtp(pair.smtp_port) for _ in range(count)]
    found = sessions(pair, "list", "smtpd")
    assert len({s["session"] for s in found}) == count
    pair.must("sessions", "drop", *[s["session"] for s in found[:20]])
    proc.wait_until("20 have gone", lambda: len(
        sessions(pair, "list", "smtpd")) == count - 20, 10 * PATIENCE)
    for client in clients:
        client.close()


def test_only_root_may_ask(pair):
    for service in ("smtpd", "pop3d"):
        folder = f"{pair.run / service}.admin"
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(f"{folder}/sessions").st_mode) == 0o600


@pytest.mark.parametrize("args", [["lst"], ["list", "helpers"], ["drop"],
                                  ["drop", "xyz"], ["drop", "0"]])
def test_wrong_command_lines(pair, args):
    done = pair.mailctl("sessions", *args)
    assert done.returncode == 2 and done.stderr
