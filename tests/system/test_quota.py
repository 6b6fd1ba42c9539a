"""Quotas by octets and by messages: at RCPT, at the commit, and in the file
that Dovecot reads."""
import subprocess
import threading

import pytest

from harness import dovecot, proc
from harness.daemons import DOMAIN
from harness.pop3 import Pop3, fetch
from harness.smtp import Smtp, deliver

MESSAGE = b"Subject: a\r\n\r\n" + b"x" * 70 + b"\r\n"


def limit(pair, user, quota):
    pair.must("user", "quota", f"{user}@{DOMAIN}", quota)


def rcpt(pair, user, size=0):
    """The reply to RCPT."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd(f"MAIL FROM:<a@b.example> SIZE={size}")
        return smtp.cmd(f"RCPT TO:<{user}@{DOMAIN}>")


def send(pair, user, message=MESSAGE):
    """The reply to the final dot, or to RCPT where that was refused."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.example>")
        reply = smtp.cmd(f"RCPT TO:<{user}@{DOMAIN}>")
        if reply.code != 250:
            return reply
        smtp.cmd("DATA")
        return smtp.cmd(message + b".")


def totals(pair, user):
    """What maildirsize says: its first line, and the sums of the others."""
    text = (pair.maildir(user) / "maildirsize").read_text()
    limits, *changes = text.splitlines()
    rows = [tuple(map(int, line.split())) for line in changes]
    return limits, sum(r[0] for r in rows), sum(r[1] for r in rows)


def stored(pair, user):
    """Octets and count of the files in the Maildir."""
    files = [f for sub in ("new", "cur")
             for f in (pair.maildir(user) / sub).iterdir()]
    return sum(f.stat().st_size for f in files), len(files)


def test_messages(pair, user):
    limit(pair, user, "0,2")
    assert send(pair, user).code == 250
    assert send(pair, user).code == 250
    refused = rcpt(pair, user)
    assert (refused.code, refused.enhanced) == (452, "4.2.2")
    assert totals(pair, user) == ("2C", *stored(pair, user))
    with Pop3(pair.pop3_port, user=user) as pop3:
        pop3.cmd("DELE 1")
        pop3.quit()
    assert totals(pair, user) == ("2C", *stored(pair, user))
    assert send(pair, user).code == 250
    assert rcpt(pair, user).code == 452
    limit(pair, user, "none")
    assert send(pair, user).code == 250
    assert len(fetch(pair.pop3_port, user)) == 3


def test_octets(pair, user):
    limit(pair, user, "10K")
    assert rcpt(pair, user, size=20000).enhanced == "4.2.2"
    assert rcpt(pair, user, size=5000).code == 250
    # It says nothing of its size, so that the commit has to tell.
    large = b"Subject: a\r\n\r\n" + (b"y" * 70 + b"\r\n") * 200
    reply = send(pair, user, large)
    assert (reply.code, reply.enhanced) == (452, "4.2.2")
    # Larger than what travels inside a request.
    reply = send(pair, user, large * 5)
    assert (reply.code, reply.enhanced) == (452, "4.2.2")
    assert fetch(pair.pop3_port, user) == []
    assert send(pair, user).code == 250
    assert totals(pair, user) == ("10240S", *stored(pair, user))


def test_no_batch_passes_it(pair, user):
    limit(pair, user, "0,5")
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(
        send(pair, user).code)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies) == [250] * 5 + [452] * 25
    assert len(fetch(pair.pop3_port, user)) == 5
    assert totals(pair, user) == ("5C", *stored(pair, user))


def test_nothing_half_done(pair, user):
    """One of two recipients is full: neither gets it."""
    other = user + "b"
    pair.add_user(other)
    limit(pair, user, "1K")
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert smtp.cmd(f"RCPT TO:<{other}@{DOMAIN}>").code == 250
        assert smtp.cmd(f"RCPT TO:<{user}@{DOMAIN}>").code == 250
        smtp.cmd("DATA")
        assert smtp.cmd(MESSAGE + b"z" * 900 + b"\r\n.").code == 452
    assert fetch(pair.pop3_port, other) == []
    assert fetch(pair.pop3_port, user) == []


def test_foreign_programs_make_room(pair, user):
    limit(pair, user, "0,1")
    assert send(pair, user).code == 250
    assert rcpt(pair, user).code == 452
    for file in (pair.maildir(user) / "new").iterdir():
        file.unlink()

    def has_room():
        return rcpt(pair, user).code == 250
    proc.wait_until("the room is seen", has_room, 20)


def test_default_and_restart(make_pair):
    pair = make_pair(helpers={"mail": {"quota_messages": 2}})
    assert deliver(pair.smtp_port, MESSAGE, f"u0@{DOMAIN}").code == 250
    pair.kill_helper("mailbox")
    assert send(pair, "u0").code == 250
    assert send(pair, "u0").code == 452
    assert totals(pair, "u0") == ("2C", *stored(pair, "u0"))
    limit(pair, "u0", "0,3")
    assert send(pair, "u0").code == 250
    assert send(pair, "u0").code == 452
    limit(pair, "u0", "default")
    assert send(pair, "u0").code == 452
    assert send(pair, "u1").code == 250


@pytest.mark.parametrize("quota", [
    "", "x", "-1", "1,", ",1", "1X", "1,2,3", "99999999999999999999",
    "9999999999T", "1 ", "1,-1"])
def test_bad_quotas(pair, quota):
    done = pair.mailctl("user", "quota", f"u0@{DOMAIN}", quota)
    assert done.returncode != 0 and done.stderr


@pytest.mark.skipif(dovecot.missing(), reason="dovecot-imapd is needed")
def test_dovecot_reads_it(pair, user):
    """doveadm as the owner, with a conf that names no limits of its own."""
    limit(pair, user, "100K,10")
    for _ in range(3):
        assert send(pair, user, MESSAGE * 100).code == 250
    with Pop3(pair.pop3_port, user=user) as pop3:
        pop3.cmd("DELE 2")
        pop3.quit()
    conf = pair.folder / "dovecot.conf"
    conf.write_text(f"mail_location = maildir:{pair.maildir(user)}\n"
                    "mail_plugins = quota\nfirst_valid_uid = 1\n"
                    "log_path = /dev/stderr\n"
                    "plugin {\n  quota = maildir:User quota\n}\n")
    before = (pair.maildir(user) / "maildirsize").read_text()
    said = subprocess.run(
        ["runuser", "-u", "ringmail", "--", "env", "USER=ringmail",
         f"HOME={pair.maildir(user)}", "doveadm", "-c", conf, "-f", "tab",
         "quota", "get"], check=True, stdout=subprocess.PIPE, text=True)
    octets, count = stored(pair, user)
    rows = {row[1]: row[2:4] for row in
            (line.split("\t") for line in said.stdout.splitlines())}
    assert count == 2
    assert rows["STORAGE"] == [str(-(-octets // 1024)), "100"]
    assert rows["MESSAGE"] == ["2", "10"]
    # It found nothing to put right.
    assert (pair.maildir(user) / "maildirsize").read_text() == before
