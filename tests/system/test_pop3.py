"""POP3.  RFC 1939, 2449, 3206."""
import os
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE
from harness.load import untraced
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Closed, deliver


def letters(pair, address, count):
    """Delivers so many messages; their texts."""
    sent = [b"Subject: %d\r\nX: y\r\n\r\nline one\r\n.dot\r\n%s\r\n"
            % (n, b"z" * n) for n in range(count)]
    for message in sent:
        assert deliver(pair.smtp_port, message, address).code == 250
    return sent


@pytest.fixture
def box(pair, user, address):
    """An open session over three messages."""
    letters(pair, address, 3)
    with Pop3(pair.pop3_port, user=user) as pop3:
        yield pop3


def test_capabilities(pair, user):
    """RFC 2449 5: before and after the login."""
    with Pop3(pair.pop3_port) as pop3:
        before = set(pop3.multi("CAPA").decode().splitlines())
        pop3.login(user)
        after = set(pop3.multi("CAPA").decode().splitlines())
    for capabilities in (before, after):
        assert {"TOP", "UIDL", "RESP-CODES", "PIPELINING"} <= capabilities
    assert "USER" in before


@pytest.mark.parametrize("name", ["{0}", "{0}@{1}", "{0}@EXAMPLE.TEST"])
def test_login_names(pair, user, name):
    with Pop3(pair.pop3_port, user=name.format(user, DOMAIN)) as pop3:
        assert pop3.stat() == (0, 0)
        pop3.quit()


@pytest.mark.parametrize("name,password", [
    ("{0}", "wrong"), ("{0}", "pw "), ("{0}", "PW"), ("nobody", "pw"),
    ("{0}@elsewhere.example", "pw"), ("{0}+x", "pw"), ("postmaster", "pw")])
def test_denied_login_says_not_why(pair, user, name, password):
    with Pop3(pair.pop3_port) as pop3:
        with pytest.raises(Failed, match=r"^\[AUTH\]"):
            pop3.login(name.format(user), password)
        pop3.login(user)
        pop3.quit()


def test_denied_logins_end_the_session(pair, user):
    with Pop3(pair.pop3_port) as pop3:
        with pytest.raises(Closed):
            for _ in range(20):
                with pytest.raises(Failed):
                    pop3.login(user, "wrong")


def test_password_may_hold_blanks(pair):
    pair.add_user("blanks", " a b  c ")
    with Pop3(pair.pop3_port, user="blanks", password=" a b  c ") as pop3:
        pop3.quit()


@pytest.mark.parametrize("line", [
    "STAT", "LIST", "UIDL", "RETR 1", "TOP 1 0", "DELE 1", "RSET", "NOOP",
    "PASS pw"])
def test_commands_before_the_login(pair, line):
    with Pop3(pair.pop3_port) as pop3:
        with pytest.raises(Failed):
            pop3.cmd(line)
        assert pop3.cmd("QUIT") is not None


def test_commands_after_the_login(box):
    for line in ("USER x", "PASS x", "FOO", "", "STAT 1", "NOOP x"):
        with pytest.raises(Failed):
            box.cmd(line)
    box.cmd("NOOP")


def test_stat_list_uidl_agree(box):
    sizes = box.list()
    assert sorted(sizes) == [1, 2, 3]
    assert box.stat() == (3, sum(sizes.values()))
    uids = box.uidl()
    assert sorted(uids) == [1, 2, 3] and len(set(uids.values())) == 3
    for number in sizes:
        assert box.cmd(f"LIST {number}") == f"{number} {sizes[number]}"
        assert box.cmd(f"UIDL {number}") == f"{number} {uids[number]}"
        assert len(box.retr(number)) == sizes[number]
        assert 1 <= len(uids[number]) <= 70


def test_messages_come_in_order(pair, user, address):
    sent = letters(pair, address, 5)
    assert [untraced(m) for m in fetch(pair.pop3_port, user)] == sent


@pytest.mark.parametrize("line", [
    "RETR 0", "RETR 4", "RETR -1", "RETR x", "RETR", "RETR 1 2",
    "RETR 99999999999999999999", "LIST 4", "UIDL 0", "DELE 4", "DELE x",
    "TOP 1", "TOP 4 0", "TOP 1 -1", "TOP 1 x", "TOP"])
def test_wrong_arguments(box, line):
    with pytest.raises(Failed):
        box.cmd(line)
    assert box.stat()[0] == 3


def test_top(box):
    whole = box.retr(1)
    header, _, body = whole.partition(b"\r\n\r\n")
    lines = body.splitlines(keepends=True)
    for count in (0, 1, 2, 3, 100):
        assert box.multi(f"TOP 1 {count}") == \
            header + b"\r\n\r\n" + b"".join(lines[:count])


def test_top_of_a_long_body(pair, user, address):
    body = b"".join(b"%06d\r\n" % n for n in range(50_000))
    assert deliver(pair.smtp_port, b"S: x\r\n\r\n" + body,
                   address).code == 250
    with Pop3(pair.pop3_port, user=user) as pop3:
        top = pop3.multi("TOP 1 40000")
        assert untraced(top) == b"S: x\r\n\r\n" + body[:40_000 * 8]
        assert untraced(pop3.retr(1)) == b"S: x\r\n\r\n" + body


def test_dele_and_rset(box):
    box.cmd("DELE 2")
    for line in ("RETR 2", "LIST 2", "UIDL 2", "DELE 2", "TOP 2 0"):
        with pytest.raises(Failed):
            box.cmd(line)
    assert sorted(box.list()) == [1, 3] == sorted(box.uidl())
    assert box.stat()[0] == 2
    box.cmd("RSET")
    assert box.stat()[0] == 3
    box.retr(2)


def test_only_quit_deletes(pair, user, address):
    sent = letters(pair, address, 3)
    with Pop3(pair.pop3_port, user=user) as pop3:
        pop3.cmd("DELE 1")
    proc.wait_until("the maildrop is free", lambda: opens(pair, user))
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat()[0] == 3
        pop3.cmd("DELE 1")
        pop3.cmd("DELE 3")
        pop3.quit()
    assert [untraced(m) for m in fetch(pair.pop3_port, user)] == [sent[1]]
    box = pair.maildir(user)
    assert len([*(box / "new").iterdir(), *(box / "cur").iterdir()]) == 1


def opens(pair, user):
    try:
        with Pop3(pair.pop3_port, user=user) as pop3:
            pop3.quit()
        return True
    except Failed:
        return False


def test_maildrop_can_be_shared(make_pair):
    """Each session keeps the snapshot of its own login."""
    pair = make_pair(users=1, helpers={"mail": {"exclusive": "no"}})
    sent = letters(pair, f"u0@{DOMAIN}", 2)
    with Pop3(pair.pop3_port, user="u0") as first:
        with Pop3(pair.pop3_port, user="u0") as second:
            assert second.stat()[0] == 2
            second.cmd("DELE 1")
            second.quit()
        assert first.stat()[0] == 2
        with pytest.raises(Failed):
            first.retr(1)
        assert untraced(first.retr(2)) == sent[1]
        first.quit()
    assert len(fetch(pair.pop3_port, "u0")) == 1


def test_maildrop_is_exclusive(pair, user):
    with Pop3(pair.pop3_port, user=user) as first:
        with Pop3(pair.pop3_port) as second:
            with pytest.raises(Failed, match=r"^\[IN-USE\]"):
                second.login(user)
            first.quit()
            second.login(user)
            second.quit()


def test_maildrop_is_free_when_the_client_is_gone(pair, user):
    pop3 = Pop3(pair.pop3_port, user=user)
    pop3.close()
    proc.wait_until("the maildrop is free", lambda: opens(pair, user))


def test_snapshot_holds_to_the_end(pair, user, address, box):
    before = box.list(), box.uidl()
    letters(pair, address, 2)
    assert (box.list(), box.uidl()) == before
    assert box.stat()[0] == 3
    with pytest.raises(Failed):
        box.retr(4)
    box.quit()
    assert len(fetch(pair.pop3_port, user)) == 5


def test_unique_ids_never_change(pair, user, address, box):
    uids = list(box.uidl().values())
    box.cmd("DELE 1")
    box.quit()
    letters(pair, address, 1)
    with Pop3(pair.pop3_port, user=user) as pop3:
        now = list(pop3.uidl().values())
    assert now[:2] == uids[1:] and now[2] not in uids


def test_foreign_changes_to_the_maildir(pair, user, address):
    """Another program flags, removes and adds letters."""
    sent = letters(pair, address, 3)
    with Pop3(pair.pop3_port, user=user) as pop3:
        uids = list(pop3.uidl().values())
        pop3.quit()
    box = pair.maildir(user)
    files = sorted([*(box / "new").iterdir(), *(box / "cur").iterdir()])
    owner = files[0].stat()
    files[0].rename(box / "cur" / (files[0].name.split(":")[0] + ":2,S"))
    files[1].unlink()
    (box / "new" / "999.foreign").write_bytes(b"Subject: f\n\n.x\n")
    os.chown(box / "new" / "999.foreign", owner.st_uid, owner.st_gid)
    time.sleep(0.1)
    with Pop3(pair.pop3_port, user=user) as pop3:
        messages = pop3.all()
        assert set(uids) & set(pop3.uidl().values()) >= {uids[0], uids[2]}
        pop3.quit()
    assert len(messages) == 3
    assert b"Subject: f\r\n\r\n.x\r\n" in messages
    assert {untraced(m) for m in messages if m[:7] == b"Return-"} == \
        {sent[0], sent[2]}


def test_letter_that_moves_under_the_session(pair, user, box):
    want = box.retr(2)
    folder = pair.maildir(user)
    for path in [*(folder / "new").iterdir()]:
        path.rename(folder / "cur" / (path.name + ":2,S"))
    assert box.retr(2) == want
    box.cmd("DELE 2")
    box.quit()
    assert len(fetch(pair.pop3_port, user)) == 2


def test_letter_that_vanishes_under_the_session(pair, user, box):
    folder = pair.maildir(user)
    for path in [*(folder / "new").iterdir(), *(folder / "cur").iterdir()]:
        path.unlink()
    with pytest.raises(Failed):
        box.retr(1)
    assert box.stat()[0] == 3
    box.cmd("DELE 1")
    box.quit()
    assert fetch(pair.pop3_port, user) == []


def test_pipelining(pair, user, address):
    """RFC 2449 6.6: everything in one write."""
    letters(pair, address, 3)
    with Pop3(pair.pop3_port) as pop3:
        pop3.send(f"USER {user}\r\nPASS pw\r\nSTAT\r\nRETR 1\r\nRETR 2\r\n"
                  "NOOP\r\nDELE 1\r\nQUIT\r\n".encode())
        pop3.reply(), pop3.reply()
        assert pop3.reply().split()[0] == "3"
        for _ in range(2):
            pop3.reply()
            assert untraced(pop3.lines()).endswith(b"\r\n")
        for _ in range(3):
            pop3.reply()
    assert len(fetch(pair.pop3_port, user)) == 2


def test_long_lines_are_refused(pair):
    """RFC 2449 4: 255 octets must be taken."""
    with Pop3(pair.pop3_port) as pop3:
        pop3.cmd("USER " + "x" * 240)
        with pytest.raises(Failed):
            pop3.cmd("USER " + "x" * 100_000)
        pop3.cmd("QUIT")


def test_commands_in_either_case(pair, user):
    with Pop3(pair.pop3_port) as pop3:
        pop3.cmd(f"user {user}")
        pop3.cmd("pAsS pw")
        pop3.cmd("sTaT")
        pop3.quit()


def test_autologout(make_pair):
    """RFC 1939 3: no UPDATE state, nothing is removed."""
    pair = make_pair(pop3d={"timeouts": {"idle": f"{PATIENCE + 2}s"}})
    letters(pair, f"u0@{DOMAIN}", 1)
    with Pop3(pair.pop3_port, user="u0") as pop3:
        pop3.cmd("DELE 1")
        with pytest.raises((Closed, Failed)):
            pop3.line()
            pop3.line()
    assert len(fetch(pair.pop3_port, "u0")) == 1
