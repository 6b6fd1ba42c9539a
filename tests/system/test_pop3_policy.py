"""What the conf makes of maildrops: delays, hidden and old letters, trash,
flags, reading alone, limits, who was there, what was transferred."""
import os
import re
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, Pair, running
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Closed, deliver


def send(pair, user, *bodies):
    for body in bodies:
        message = b"Subject: x\r\n\r\n" + body
        assert deliver(pair.smtp_port, message,
                       f"{user}@{DOMAIN}").code == 250


def capabilities(pop3):
    return pop3.multi("CAPA").decode().splitlines()


def names(pair, user, folder):
    path = pair.maildir(user) / folder
    return sorted(os.listdir(path)) if path.is_dir() else []


def log_lines(pair, event):
    return [line for line in pair.log("pop3d").read_text().splitlines()
            if f" {event} " in line]


@pytest.fixture(scope="module")
def strict():
    """Services with about every option, over users for each test."""
    made = Pair(users=0, pop3d={
        "maildrop": {"hide_over": "2K", "expire": "30d", "flag_seen": "yes",
                     "last_login": "yes",
                     "read_only": [f"library@{DOMAIN}"]},
        "log": {"target": "stderr", "transfers": "yes"},
        "trust": {"xclient": ["127.0.0.1"]},
        "limits": {"address_sessions": "2", "user_sessions": "2"},
    }, helpers={"mail": {"trash": "Trash", "trash_time": "1h",
                         "exclusive": "no"}})
    with running(made):
        for user in ("library", "hide", "old", "flag", "trash", "limit",
                     "log", "visit"):
            made.add_user(user)
        yield made


def test_login_delay_outlives_pop3d(make_pair):
    """RFC 2449 6.5, 8.1.1."""
    delay = 2 * PATIENCE
    pair = make_pair(users=1, pop3d={
        "maildrop": {"login_delay": f"{delay}s"},
        "backends": {"without": ["EXPIRE", "LANG"]}})
    with Pop3(pair.pop3_port) as pop3:
        told = capabilities(pop3)
        assert not {"EXPIRE NEVER", "LANG"} & set(told)
        assert f"LOGIN-DELAY {delay}" in told
        pop3.login("u0")
        assert {f"LOGIN-DELAY {delay}", "EXPIRE NEVER",
                "LANG"} <= set(capabilities(pop3))
        began = time.monotonic()
        pop3.quit()
        ended = time.monotonic()
    pair.stop("pop3d")
    pair.start("pop3d")
    with Pop3(pair.pop3_port) as pop3:
        if time.monotonic() < began + delay - 1:
            with pytest.raises(Failed, match=r"^\[LOGIN-DELAY\]"):
                pop3.login("u0")
        time.sleep(max(0, ended + delay - time.monotonic()) + 0.2)
        pop3.login("u0")  # in the same session: it was told to wait only
        pop3.quit()


def test_large_letters_are_hidden(strict):
    """Numbers, sizes and totals are those of what is shown."""
    small, large = b"small\r\n", b"large\r\n" * 500
    send(strict, "hide", small, large, b"2\r\n", large, b"3\r\n")
    with Pop3(strict.pop3_port, user="hide") as pop3:
        sizes = pop3.list()
        assert sorted(sizes) == [1, 2, 3] == sorted(pop3.uidl())
        assert pop3.stat() == (3, sum(sizes.values()))
        bodies = [m.rpartition(b"\r\n\r\n")[2] for m in pop3.all()]
        assert bodies == [small, b"2\r\n", b"3\r\n"]
        pop3.cmd("DELE 2")
        pop3.cmd("RSET")
        assert pop3.stat()[0] == 3
        pop3.cmd("DELE 2")
        with pytest.raises(Failed):
            pop3.cmd("RETR 4")
        pop3.quit()
    assert len(names(strict, "hide", "new") + names(strict, "hide", "cur")) \
        == 4


def test_old_letters_go_at_login(strict):
    """RFC 2449 6.7."""
    send(strict, "old", b"1\r\n", b"2\r\n", b"3\r\n")
    box = strict.maildir("old") / "new"
    for name in sorted(os.listdir(box))[:2]:
        seconds, rest = name.split(".", 1)
        aged = f"{int(seconds) - 31 * 86400}.{rest}"
        (box / name).rename(box / aged)
    with Pop3(strict.pop3_port) as pop3:
        assert "EXPIRE 30 USER" in capabilities(pop3)
        pop3.login("old")
        assert "EXPIRE 30" in capabilities(pop3)
        assert pop3.stat()[0] == 1
        assert pop3.retr(1).endswith(b"\r\n3\r\n")
        pop3.quit()
    assert len(names(strict, "old", "new") + names(strict, "old", "cur")) == 1
    assert log_lines(strict, "maildrop.policy")


def test_reading_alone(strict):
    """RFC 3206 4: SYS/PERM."""
    send(strict, "library", b"a book\r\n")
    with Pop3(strict.pop3_port, user="library") as pop3:
        assert "EXPIRE NEVER" in capabilities(pop3)
        with pytest.raises(Failed, match=r"^\[SYS/PERM\]"):
            pop3.cmd("DELE 1")
        assert pop3.retr(1).endswith(b"a book\r\n")
        pop3.quit()
    assert len(fetch(strict.pop3_port, "library")) == 1
    assert names(strict, "library", "cur") == []


def test_retrieved_letters_are_flagged(strict):
    send(strict, "flag", b"1\r\n", b"2\r\n", b"3\r\n")
    with Pop3(strict.pop3_port, user="flag") as pop3:
        uids = pop3.uidl()
        pop3.retr(1)
        pop3.retr(2)
        pop3.multi("TOP 3 0")
        pop3.cmd("DELE 2")
        pop3.quit()
    assert len(names(strict, "flag", "new")) == 1
    flagged = names(strict, "flag", "cur")
    assert len(flagged) == 1 and flagged[0].endswith(":2,S")
    with Pop3(strict.pop3_port, user="flag") as pop3:
        assert list(pop3.uidl().values()) == [uids[1], uids[3]]
        assert pop3.retr(1).endswith(b"\r\n1\r\n")
        pop3.quit()
    assert names(strict, "flag", "cur") == flagged


def test_deleted_letters_lie_in_the_trash(strict):
    send(strict, "trash", b"keep\r\n", b"throw\r\n")
    cur = strict.maildir("trash") / ".Trash" / "cur"
    with Pop3(strict.pop3_port, user="trash") as pop3:
        pop3.cmd("DELE 2")
        pop3.quit()
    thrown, = cur.iterdir()
    assert thrown.read_bytes().endswith(b"throw\n")
    assert ":2," in thrown.name
    assert len(fetch(strict.pop3_port, "trash")) == 1


def test_trash_is_emptied(make_pair):
    pair = make_pair(users=1, helpers={
        "mail": {"trash": "Deleted Items", "trash_time": f"{PATIENCE + 2}s"}})
    send(pair, "u0", b"1\r\n", b"2\r\n")
    cur = pair.maildir("u0") / ".Deleted Items" / "cur"
    with Pop3(pair.pop3_port, user="u0") as pop3:
        pop3.cmd("DELE 1")
        pop3.quit()
    assert len(list(cur.iterdir())) == 1

    def swept():
        with Pop3(pair.pop3_port, user="u0") as pop3:
            assert pop3.stat()[0] == 1
            pop3.quit()
        return not list(cur.iterdir())
    proc.wait_until("the trash is empty", swept)


def test_trash_that_cannot_be_keeps_the_letter(make_pair):
    """Nothing is removed that could not be laid there first."""
    pair = make_pair(users=1, helpers={"mail": {"trash": "Trash"}})
    send(pair, "u0", b"1\r\n")
    (pair.maildir("u0") / ".Trash").write_text("a file in its place")
    with Pop3(pair.pop3_port, user="u0") as pop3:
        pop3.cmd("DELE 1")
        with pytest.raises(Failed, match=r"^\[SYS/TEMP\]"):
            pop3.cmd("QUIT")
    assert len(fetch(pair.pop3_port, "u0")) == 1
    pair.allow(r"expunge\.failed")


def test_limits_of_an_address_and_a_user(strict):
    """Counted for the client that the proxy tells of."""
    def come(address):
        pop3 = Pop3(strict.pop3_port)
        assert pop3.greeting.startswith("[XCLIENT] ")
        pop3.cmd(f"XCLIENT ADDR={address}")
        return pop3
    held = [come("192.0.2.1"), come("192.0.2.1"), come("2001:db8::1"),
            come("2001:db8::2")]
    for address in ("192.0.2.1", "2001:db8::3"):
        with pytest.raises(Failed, match=r"^\[SYS/TEMP\] too many sessions"):
            come(address)
    held.append(come("192.0.2.2"))
    held[0].login("limit")
    held[2].login("limit")
    with pytest.raises(Failed, match=r"^\[IN-USE\] you have too many"):
        held[4].login("limit")
    held[0].quit()
    held[4].login("limit")
    come("192.0.2.1").close()
    for pop3 in held[1:]:
        pop3.close()
    proc.wait_until("all have left", lambda: comes_and_goes(come))


def comes_and_goes(come):
    try:
        for pop3 in [come("192.0.2.1"), come("192.0.2.1")]:
            pop3.quit()
        return True
    except (Failed, Closed):
        return False


def test_transfers_are_logged(strict):
    send(strict, "log", b"1\r\n", b"2\r\n")
    with Pop3(strict.pop3_port, user="log") as pop3:
        uids, sizes = pop3.uidl(), pop3.list()
        pop3.retr(1)
        pop3.cmd("DELE 2")
        pop3.quit()
    proc.wait_until("the session is logged", lambda: any(
        f"box=log@{DOMAIN}" in line for line in
        log_lines(strict, "session.end")))
    retrieved, = [line for line in log_lines(strict, "letter.retrieved")
                  if f"box=log@{DOMAIN}" in line]
    assert f"uidl={uids[1]} octets={sizes[1]}" in retrieved
    deleted, = [line for line in log_lines(strict, "letter.deleted")
                if f"box=log@{DOMAIN}" in line]
    assert f"uidl={uids[2]} octets={sizes[2]}" in deleted
    end, = [line for line in log_lines(strict, "session.end")
            if f"box=log@{DOMAIN}" in line]
    assert f"retrieved=1 retrieved_octets={sizes[1]} deleted=1 " \
        f"deleted_octets={sizes[2]}" in end
    assert re.search(r" ms=\d+", end)


def test_last_visit(strict):
    name = f"visit@{DOMAIN}"
    assert strict.must("mailbox", "visit", name) == "never\n"
    with Pop3(strict.pop3_port) as pop3:
        pop3.cmd("XCLIENT ADDR=2001:db8::77")
        pop3.login("visit")
        pop3.quit()
    said = strict.must("mailbox", "visit", name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 2001:db8::77\n",
                        said)
    strict.kill_helper("mailbox")
    assert strict.must("mailbox", "visit", name) == said
    done = strict.mailctl("mailbox", "visit", f"nobody@{DOMAIN}")
    assert done.returncode == 1
