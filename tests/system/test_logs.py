"""The log: as JSON, and with a limit of lines for each event."""
import json
import re
import time

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, RUNNER, SERVICES
from harness.pop3 import Pop3
from harness.smtp import Smtp, deliver

BODY = b"Subject: logs\r\n\r\nx\r\n"
SENDER = "a@sender.test"


def everywhere(**log):
    """Options of a pair whose three confs have this block log."""
    return {name: {"log": {"target": "stderr", **log}} for name in SERVICES}


def lines(pair, name):
    return pair.log(name).read_text().splitlines()


def refuse(port, count):
    """So many recipients who are no users."""
    with Smtp(port) as s:
        s.cmd("EHLO x.test")
        s.cmd(f"MAIL FROM:<{SENDER}>")
        for n in range(count):
            assert s.cmd(f"RCPT TO:<none{n}@{DOMAIN}>").code == 550


def test_json(make_pair):
    """Each line of each process is an object; one id leads through them."""
    pair = make_pair(**everywhere(format="json", level="debug"))
    deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}", sender=SENDER)
    refuse(pair.smtp_port, 1)
    with Pop3(pair.pop3_port, user="u0") as session:
        session.cmd("QUIT")
    proc.wait_until("the session's end is logged", lambda: any(
        "session.end" in line for line in lines(pair, "pop3d")), 10 * PATIENCE)
    logs = {name: [json.loads(line) for line in lines(pair, name)
                   if line.startswith("{") or not RUNNER]
            for name in SERVICES}
    for log in logs.values():
        for line in log:
            assert list(line)[:5] == ["time", "level", "program", "pid",
                                      "event"], line
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                                line["time"])
    accepted, = [line for line in logs["smtpd"]
                 if line["event"] == "message.accepted"]
    assert accepted["from"] == SENDER and accepted["recipients"] == 1
    assert re.fullmatch(r"[0-9a-f]{16}", accepted["trace"])
    done, = [line for line in logs["helpers"]
             if line["event"] == "deliver.done"]
    assert done["trace"] == accepted["trace"]
    assert done["program"] == "mailbox"
    refused, = [line for line in logs["smtpd"]
                if line["event"] == "rcpt.refused"]
    assert refused["reply"].startswith("550 ")


def count(pair, event):
    return sum(f" {event} " in line for line in lines(pair, "smtpd"))


def left_out(pair, event):
    found = [re.search(rf"log\.left_out of={event} left_out=(\d+)$", line)
             for line in lines(pair, "smtpd")]
    return sum(int(match.group(1)) for match in found if match)


def test_rate(make_pair):
    """Of a flood some lines are written and the rest is counted; messages
    have all of their lines."""
    pair = make_pair(**everywhere(rate=3))
    for _ in range(8):
        deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}", sender=SENDER)
    refuse(pair.smtp_port, 15)
    refuse(pair.smtp_port, 15)
    assert count(pair, "message.accepted") == 8

    def all_is_counted():
        time.sleep(0.3)
        deliver(pair.smtp_port, BODY, f"u0@{DOMAIN}", sender=SENDER)
        return left_out(pair, "rcpt.refused") + \
            count(pair, "rcpt.refused") == 30
    proc.wait_until("30 are written or counted", all_is_counted, 10 * PATIENCE)
    assert left_out(pair, "rcpt.refused") > 0
    assert left_out(pair, "message.accepted") == 0
