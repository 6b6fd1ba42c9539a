"""mailctl trace gathers what became of a message, or a session, from all logs,
also those that were rotated and packed."""
import gzip
import json
import os
import re
import subprocess

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, RUNNER, SERVICES
from harness.smtp import Smtp, deliver

BODY = b"Subject: trace\r\n\r\nx\r\n"
# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")


def send_two(pair):
    """Two messages in a session, and one by itself: their ids."""
    with Smtp(pair.smtp_port) as s:
        s.hello()
        replies = []
        for sender in ("one@a.test", "two@a.test"):
            s.cmd(f"MAIL FROM:<{sender}>")
            s.cmd(f"RCPT TO:<nobody-{sender}>")
            s.cmd(f"RCPT TO:<u0@{DOMAIN}>")
            replies.append(s.data(BODY))
        s.cmd("QUIT")
    deliver(pair.smtp_port, BODY, f"u1@{DOMAIN}", sender="three@a.test")
    return [re.search(r"[0-9a-f]{16}", reply.text)[0] for reply in replies]


def logs_of(pair):
    """The three logs, of which one was packed, and is older."""
    helpers = pair.log("helpers")
    packed = pair.folder / "old.log.gz"
    packed.write_bytes(gzip.compress(helpers.read_bytes()))
    os.utime(packed, (1, 1))
    return [pair.log("smtpd"), pair.log("pop3d"), packed]


@pytest.mark.parametrize("form", ["text", "json"])
def test_trace(make_pair, form):
    log = {"log": {"target": "stderr", "format": form, "level": "debug"}}
    pair = make_pair(**{name: log for name in SERVICES})
    one, two = send_two(pair)
    proc.wait_until("all is logged", lambda: pair.log(
        "smtpd").read_text().count("client.closed") >= 2 and pair.log(
            "helpers").read_text().count("deliver.done") >= 3, 10 * PATIENCE)
    files = logs_of(pair)
    found = json.loads(pair.must("--json", "trace", one, *files))
    events = [line["event"] for line in found]
    assert [line["time"] for line in found] == sorted(
        line["time"] for line in found)
    for event in ("client.connected", "rcpt.refused", "message.accepted",
                  "deliver.done", "client.closed"):
        assert event in events, events
    assert {line["program"] for line in found} >= {"smtpd", "mailbox"}
    assert {line.get("trace", one) for line in found} == {one}
    accepted = next(line for line in found
                    if line["event"] == "message.accepted")
    assert accepted["from"] == "one@a.test"
    # The session has both messages, and not the third.
    session = accepted["session"]
    whole = json.loads(pair.must("--json", "trace", session.upper(), *files))
    assert {line["trace"] for line in whole if "trace" in line} == {one, two}
    assert len(whole) > len(found)
    assert "three@a.test" not in str(whole)
    text = pair.must("trace", two, *files)
    assert re.search(r"^\S+Z mailbox deliver.done .*trace=" + two, text, re.M)
    assert "two@a.test" in text and "one@a.test" not in text
    # The same line in two logs is told once.
    again = json.loads(pair.must("--json", "trace", one, *files,
                                 pair.log("smtpd"), pair.log("helpers")))
    assert again == found


def test_what_can_not_be_found(pair, tmp_path):
    empty = tmp_path / "log"
    empty.write_text("nothing of ours\n\x00\n" + "x" * 100000)
    done = pair.mailctl("trace", "abc", str(empty))
    assert done.returncode == 1 and not done.stdout
    assert "no log has a line of 0000000000000abc" in done.stderr
    done = pair.mailctl("trace", "abc", str(tmp_path / "none"))
    assert done.returncode == 1 and "No such file" in done.stderr
    broken = tmp_path / "log.gz"
    broken.write_bytes(b"no gzip")
    done = pair.mailctl("trace", "abc", str(broken))
    assert done.returncode == 1
    assert done.stderr.count(f"{broken}: gzip can't unpack it") == 1
    for args in ([], ["xyz"], ["12345678901234567"]):
        done = pair.mailctl("trace", *args)
        assert done.returncode == 2


LINE = ("2026-11-22T05:11:00.123Z info smtpd[1] session.end "
        "session=00000000000000aa\n")


def test_a_packed_log_that_is_cut(pair, tmp_path):
    """What came before is told, and once that there may be more."""
    cut, good = tmp_path / "log.gz", tmp_path / "log"
    cut.write_bytes(gzip.compress(LINE.encode() + os.urandom(90000))[:80000])
    good.write_text(LINE.replace("session.end", "session.later"))
    done = pair.mailctl("--json", "trace", "aa", str(cut), str(good))
    assert done.returncode == 0
    assert [line["event"] for line in json.loads(done.stdout)] == [
        "session.end", "session.later"]
    assert done.stderr.count(f"{cut}: gzip can't unpack") == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_what_can_be_read_but_once(pair, tmp_path):
    """As `zcat ... | mailctl trace ID -` and <(zcat ...) have it."""
    done = pair.mailctl("trace", "aa", "-", stdin=LINE)
    assert done.returncode == 0 and "session.end" in done.stdout, done
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["sh", "-c", f'printf "%s" "$1" >{fifo}', "sh",
                           LINE]) as writer:
        done = pair.mailctl("trace", "aa", str(fifo), "-", stdin=LINE)
    assert writer.returncode == 0
    assert done.stdout.count("session.end") == 1, done


def test_a_long_log(pair, tmp_path):
    big = tmp_path / "big.log"
    line = ("2026-11-22T05:11:00.123Z info smtpd[1] session.end "
            "session=%016x client=192.0.2.7 x=y\n")
    with big.open("w") as file:
        file.writelines(line % n for n in range(50000))
    found, = json.loads(pair.must("--json", "trace", f"{7777:x}", str(big)))
    assert found["session"] == f"{7777:016x}"
