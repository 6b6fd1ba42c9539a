"""The index of a mailbox: UIDLs never change, and nothing else lies."""
import hashlib
import os
import random
import re
import time

import pytest

from harness import maildir
from harness.daemons import DOMAIN, PATIENCE
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Closed, deliver

DAMAGED = r"index\.damaged"


def text(number):
    return b"Subject: %d\n\nbody of letter %d\n.\n" % (number, number)


class Box:
    """A mailbox as other programs see it."""

    def __init__(self, pair, user):
        self.pair = pair
        self.user = user
        self.address = f"{user}@{DOMAIN}"
        self.path = pair.maildir(user)

    def deliver(self, count, first=0):
        for n in range(first, first + count):
            message = text(n).replace(b"\n", b"\r\n").replace(
                b"\r\n.\r\n", b"\r\n..\r\n")
            assert deliver(self.pair.smtp_port, message,
                           self.address).code == 250

    def make(self):
        maildir.make(self.path)

    def put(self, name, content):
        maildir.put(self.path / name, content)

    def files(self, sub):
        return sorted(p.name for p in (self.path / sub).iterdir())

    def uidls(self):
        """Subjects by UIDL, each from the letter itself; STAT and LIST are
        those of what is sent."""
        found = {}
        with Pop3(self.pair.pop3_port, user=self.user) as pop3:
            sizes = pop3.list()
            for number, uidl in pop3.uidl().items():
                letter = pop3.retr(number)
                assert len(letter) == sizes[number]
                subject = re.search(rb"Subject: (\d+)", letter)
                assert uidl not in found
                found[uidl] = int(subject.group(1))
            assert pop3.stat() == (len(sizes), sum(sizes.values()))
            pop3.quit()
        return found

    def index(self):
        """The index's file."""
        name = hashlib.sha256(f"{DOMAIN}/{self.user}".encode()).hexdigest()
        return (self.pair.folder / "state" / "mailbox" / "index" / name[:2]
                / name[2:])

    def built(self):
        """How often the index was made anew."""
        log = self.pair.log("helpers").read_text()
        return len(re.findall(rf"index\.built path={DOMAIN}/{self.user} ",
                              log))


@pytest.fixture
def box(pair, user):
    return Box(pair, user)


@pytest.fixture
def settled(box):
    """A box of 6 letters whose folders rest: its index is relied on."""
    box.deliver(6)
    time.sleep(maildir.REST)
    box.uidls()
    return box


def test_deliveries_and_expunges_keep_it(settled):
    """What ringmail does itself never makes it read the folders."""
    before, built = settled.uidls(), settled.built()
    settled.deliver(4, 6)
    after = settled.uidls()
    assert before.items() <= after.items()
    assert sorted(after.values()) == list(range(10))
    with Pop3(settled.pair.pop3_port, user=settled.user) as pop3:
        for number in (1, 4, 10):
            pop3.cmd(f"DELE {number}")
        pop3.quit()
    left = settled.uidls()
    assert left.items() <= after.items() and len(left) == 7
    settled.deliver(1, 10)
    assert len(settled.uidls()) == 8
    assert settled.built() == built
    assert "the index fits" in settled.pair.must(
        "mailbox", "check", settled.address)


def move(box):
    for name in box.files("new"):
        os.rename(box.path / "new" / name, box.path / "cur" / f"{name}:2,")


def flag(box):
    move(box)
    for name in box.files("cur"):
        os.rename(box.path / "cur" / name, box.path / "cur" / f"{name}RS")


def restart(box):
    box.pair.stop("helpers")
    box.pair.start("helpers")


def lose(box):
    box.index().unlink()


def lose_all(box):
    restart(box)
    lose(box)


def truncate(box):
    box.pair.allow(DAMAGED)
    os.truncate(box.index(), 600)


def kill(box):
    box.pair.kill_helper("mailbox")


@pytest.mark.cases_under_valgrind(4)
@pytest.mark.parametrize("what", [
    move, truncate, kill, lose_all, flag, restart, lose])
def test_uidls_never_change(settled, what):
    before = settled.uidls()
    what(settled)
    assert settled.uidls() == before
    settled.deliver(2, 6)
    after = settled.uidls()
    assert before.items() <= after.items()
    assert sorted(after.values()) == list(range(8))


def test_foreign_letters(settled):
    """They come, go, and keep their UIDLs, whatever their names."""
    before = settled.uidls()
    names = ["1.x,S=99,W=3", "1700000000.M1P2.other,S=%d,W=%d" % (
        len(text(21)), len(text(21)) + text(21).count(b"\n")),
        "with blank", "x" * 200, "y" * 60 + ":2,S", "caf\u00e9"]
    for number, name in enumerate(names, 20):
        settled.put(f"cur/{name}", text(number))
    after = settled.uidls()
    assert before.items() <= after.items()
    assert sorted(after.values()) == [*range(6), *range(20, 26)]
    assert after["1.x,S=99,W=3"] == 20
    os.rename(settled.path / "cur" / "1.x,S=99,W=3",
              settled.path / "cur" / "1.x,S=99,W=3:2,FS")
    assert settled.uidls() == after
    (settled.path / "cur" / names[2]).unlink()
    assert sorted(settled.uidls().values()) == [
        *range(6), 20, 21, 23, 24, 25]


def test_a_letter_in_both_folders_is_one(settled):
    """As while another program moves it."""
    name = settled.files("new")[0]
    os.link(settled.path / "new" / name, settled.path / "cur" / f"{name}:2,")
    assert sorted(settled.uidls().values()) == list(range(6))


def test_flipped_octets(settled):
    """Never a wrong letter, whichever octet of the index is another."""
    before = settled.uidls()
    settled.pair.allow(DAMAGED)
    path = settled.index()
    dice = random.Random(4)
    for _ in range(20):
        where = dice.randrange(path.stat().st_size)
        with open(path, "r+b") as file:
            file.seek(where)
            octet = file.read(1)[0] ^ 1 << dice.randrange(8)
            file.seek(where)
            file.write(bytes([octet]))
        for _ in range(3):  # a damaged row ends the session, and is told of
            try:
                assert settled.uidls() == before
                break
            except (Failed, Closed):
                continue
        else:
            pytest.fail("the index was not made anew")
        path = settled.index()


def test_session_outlives_the_helper(settled):
    """Its list, numbers and letters are those of its login."""
    with Pop3(settled.pair.pop3_port, user=settled.user) as pop3:
        before = pop3.list(), pop3.uidl()
        settled.pair.kill_helper("mailbox")
        settled.deliver(1, 6)
        name = settled.files("new")[1]
        os.rename(settled.path / "new" / name,
                  settled.path / "cur" / f"{name}:2,S")
        assert (pop3.list(), pop3.uidl()) == before
        assert b"letter 3" in pop3.retr(4)
        pop3.cmd("DELE 4")
        pop3.quit()
    assert 3 not in settled.uidls().values()


def test_check_list_repair(settled):
    pair, address = settled.pair, settled.address
    expected = settled.uidls()
    lines = pair.must("mailbox", "list", address).splitlines()
    assert [line.split()[0] for line in lines] == list(expected)
    for line in lines:
        path = settled.path / line.split()[3]
        assert path.stat().st_size == int(line.split()[2])
    settled.put("cur/foreign", text(30))
    assert "is older" in pair.must("mailbox", "check", address)
    assert pair.must("mailbox", "repair", address).startswith("7 letters")
    time.sleep(maildir.REST)
    settled.uidls()
    path = settled.index()
    with open(path, "r+b") as file:
        file.seek(700)
        file.write(b"?")
    checked = pair.mailctl("mailbox", "check", address)
    assert checked.returncode == 1 and "is damaged" in checked.stdout
    pair.allow(DAMAGED)
    pair.must("mailbox", "repair", address)
    assert pair.mailctl("mailbox", "check", address).returncode == 0
    assert expected.items() <= settled.uidls().items()


def test_admin_refusals(pair, user, box):
    box.deliver(1)
    assert "no such mailbox" in pair.mailctl(
        "mailbox", "list", f"nobody@{DOMAIN}").stderr
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert "a session has" in pair.mailctl(
            "mailbox", "repair", box.address).stderr
        pop3.quit()
    assert "can't be imported" in pair.mailctl(
        "mailbox", "import", box.address).stderr


def imported(box, name, lines, uidls):
    box.make()
    for number in range(4):
        box.put(f"cur/{1700000000 + number}.M{number}P1.h,S=1:2,S",
                text(number))
    box.put(name, "\n".join([*lines, ""]).encode())
    out = box.pair.must("mailbox", "import", box.address.upper())
    assert f"{len(uidls)} UIDLs found, {len(uidls)} of them new" in out
    found = {number: uidl for uidl, number in box.uidls().items()}
    assert [found[n] for n in range(len(uidls))] == uidls
    lose(box)
    restart(box)
    assert {n: u for u, n in box.uidls().items()} == found
    again = box.pair.must("mailbox", "import", box.address)
    assert f"{len(uidls)} UIDLs found, 0 of them new" in again


def test_import_from_dovecot(box):
    imported(box, "dovecot-uidlist", [
        "3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1",
        "25006 :1700000000.M0P1.h,S=1:2,S",
        "25017 W2481 :1700000001.M1P1.h,S=1",
        "25018 W2481 Pan-old-uidl W7 :1700000002.M2P1.h,S=1",
        "no line", "25019 Pan-old-uidl :1700000003.M3P1.h,S=1:2,",
    ], [f"{25006:08x}{1275660208:08x}", f"{25017:08x}{1275660208:08x}",
        "an-old-uidl"])


def test_import_from_cyrus(box):
    """An index of version 13, laid out as Cyrus's sources say."""
    box.make()
    index = bytearray(128 + 3 * 104)
    for at, value in ((8, 13), (12, 128), (16, 104), (20, 3), (44, 1275660208),
                      (60, 1), (128, 7), (232, 8), (336, 4000000000)):
        index[at:at + 4] = value.to_bytes(4, "big")
    box.put("cyrus.index", bytes(index))
    for number, uid in enumerate((7, 8, 4000000000)):
        box.put(f"cur/{uid}.", text(number))
    assert "3 UIDLs found, 3 of them new" in box.pair.must(
        "mailbox", "import", box.address)
    assert box.uidls() == {"1275660208.7": 0, "1275660208.8": 1,
                           "1275660208.4000000000": 2}


def test_import_of_headers(box):
    box.make()
    for number, uidl in enumerate(("an-old-one", "x!~", "two words")):
        box.put(f"new/{1700000000 + number}.M1P1.h",
                b"X-UIDL: %s\n" % uidl.encode() + text(number))
    assert "2 UIDLs found, 2 of them new, 1 lines passed over" in \
        box.pair.must("mailbox", "import-xuidl", box.address)
    assert {"an-old-one": 0, "x!~": 1}.items() <= box.uidls().items()


def test_import_from_courier(box):
    imported(box, "courierpop3dsizelist", [
        "/2 17 1300000000", "1700000000.M0P1.h,S=1:2, 99 5:1300000000",
        "1700000001.M1P1.h,S=1 99 6:0", "1700000002.M2P1.h,S=1:2, 99 0:0",
    ], ["UID5-1300000000", "UID6", "1700000002.M2P1.h,S=1"])


@pytest.mark.parametrize("trap", [
    lambda path: os.mkfifo(path), lambda path: path.symlink_to("/etc"),
    lambda path: path.write_bytes(b"x"),
    lambda path: os.mknod(path, 0o20666, os.makedev(1, 5))])
@pytest.mark.cases_under_valgrind(1)
def test_hostile_owner_harms_himself(settled, trap):
    """new/ and the letters are traps; other mailboxes are served."""
    pair = settled.pair
    pair.add_user(f"{settled.user}x")
    other = Box(pair, f"{settled.user}x")
    other.deliver(1)
    (settled.path / "new").rename(settled.path / "old")
    trap(settled.path / "new")
    trap(settled.path / "cur" / "1.x,S=1,W=1:2,")
    try:
        fetch(pair.pop3_port, settled.user)
    except Failed as failed:
        assert "[SYS/TEMP]" in str(failed)
    assert deliver(pair.smtp_port, b"x\r\n", settled.address).code != 250
    assert list(other.uidls().values()) == [0]


def test_sparse_terabyte(settled):
    """Only the letter itself is not to be had at once."""
    settled.put("cur/2000000000.big", b"")
    os.truncate(settled.path / "cur" / "2000000000.big", 1 << 40)
    started = time.monotonic()
    with Pop3(settled.pair.pop3_port, user=settled.user) as pop3:
        assert pop3.list()[7] == 1 << 40
        assert b"letter 0" in pop3.retr(1)
        pop3.quit()
    assert time.monotonic() - started < 20 * PATIENCE
    (settled.path / "cur" / "2000000000.big").unlink()


def test_many_names_delay_nobody(pair, user, box):
    """Others are served while a large Maildir is read."""
    box.make()
    for number in range(30000):
        (box.path / "new" / f"17{number:08}.M000000P1.h,S=0,W=0").touch()
    with Pop3(pair.pop3_port) as large:
        large.cmd(f"USER {user}")
        large.send(b"PASS pw\r\n")
        fetch(pair.pop3_port, "u0")
        assert large.reply().startswith("30000 messages")
        assert len(large.uidl()) == 30000
        large.quit()
