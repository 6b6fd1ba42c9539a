"""RETR of many letters: batches on the shelf, and what disturbs them."""
import os
import random
import re

import pytest

from harness.daemons import scaled
from harness.pop3 import Failed, Pop3

# Places of a shelf: sessions beyond them get their letters in the answer.
PLACES = 64
COUNT = 45


def texts(seed=0):
    """Letters of all sizes around what travels how: 32,768 is the last that
    is small, 131,072 is all that a batch holds."""
    rng = random.Random(seed)
    sizes = [0, 1, 2, 32767, 32768, 32769, 70000, 131072]
    sizes += [rng.choice((rng.randint(3, 300), rng.randint(300, 30000)))
              for _ in range(COUNT - len(sizes))]
    rng.shuffle(sizes)
    out = []
    for size in sizes:
        text = b"S: %d\n\n" % size
        while len(text) < size:
            text += rng.choice((b"\n", b".\n", b"..x\n", b"a\r\n", b"b\rc\n",
                                b"%d" % rng.getrandbits(200) + b"\n"))
        out.append(text[:size])
    return out


def give(pair, path):
    owner = pair.mail.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def lay(pair, user, letters):
    """Puts letters into the Maildir as a foreign program does."""
    box = pair.maildir(user)
    box.parent.mkdir(mode=0o711, exist_ok=True)
    for folder in (box, box / "new", box / "cur", box / "tmp"):
        folder.mkdir(mode=0o700)
    paths = []
    for number, letter in enumerate(letters):
        paths.append(box / "new" / f"{10**9 + number}.M{number:06d}.test")
        paths[-1].write_bytes(letter)
    for path in (box.parent, box, *box.iterdir(), *paths):
        give(pair, path)
    return paths


def wire(text):
    """A stored letter as it is sent, without the stuffing."""
    text = re.sub(rb"(?<!\r)\n", b"\r\n", text)
    if text.endswith(b"\r\n") or not text:
        return text
    return text + (b"\n" if text.endswith(b"\r") else b"\r\n")


@pytest.fixture
def letters(pair, user):
    found = texts()
    lay(pair, user, found)
    return found


def test_one_after_the_other(pair, user, letters):
    with Pop3(pair.pop3_port, user=user) as pop3:
        want = [wire(text) for text in letters]
        assert pop3.list() == {n + 1: len(text)
                               for n, text in enumerate(want)}
        assert pop3.all() == want
        # Back, and with jumps.
        for number in (45, 1, 2, 3, 10, 11, 12, 13, 9, 9, 10):
            assert pop3.retr(number) == want[number - 1], number
        pop3.quit()


def test_pipelined(pair, user, letters):
    with Pop3(pair.pop3_port, user=user) as pop3:
        pop3.send(b"".join(b"RETR %d\r\nDELE %d\r\n" % (n, n)
                           for n in range(1, COUNT + 1)))
        for text in letters:
            pop3.reply()
            assert pop3.lines() == wire(text)
            pop3.reply()
        pop3.cmd("RSET")
        pop3.quit()


def test_more_sessions_than_places(make_pair):
    """Each holds a letter that it was sent in advance; none is mixed up."""
    count = scaled(PLACES + 6, 4)
    pair = make_pair(pop3d={"workers": 1},
                     helpers={"mail": {"exclusive": False}})
    paths = lay(pair, "u0", [b"letter %d\n" % n for n in range(3 * count + 1)])
    sessions = [Pop3(pair.pop3_port, user="u0") for _ in range(count)]
    for turn in (1, 2):
        for start, pop3 in zip(range(turn + 1, 3 * count + 1, 3), sessions):
            assert pop3.retr(start) == b"letter %d\r\n" % (start - 1)
    # The third was sent with the second, unless the kernel had it not at hand.
    for path in paths:
        path.write_bytes(b"changed 0\n")
    got = [pop3.retr(start) for start, pop3 in
           zip(range(4, 3 * count + 2, 3), sessions)]
    ahead = [b"letter %d\r\n" % (start - 1)
             for start in range(4, 3 * count + 2, 3)]
    assert all(one in (own, b"changed 0\r\n") for one, own in zip(got, ahead))
    assert sum(one == own for one, own in zip(got, ahead)) > count / 2
    for pop3 in sessions:
        pop3.quit()


def test_helper_starts_anew(pair, user, letters):
    """What was sent in advance stays; the rest comes from the next one."""
    with Pop3(pair.pop3_port, user=user) as pop3:
        for number in (1, 2, 3):
            assert pop3.retr(number) == wire(letters[number - 1])
        pair.kill_helper("mailbox")
        for number in range(4, COUNT + 1):
            assert pop3.retr(number) == wire(letters[number - 1])
        pop3.quit()


def test_changed_under_the_session(pair, user):
    """A hostile owner hurts himself alone: others' letters come as ever."""
    text = b"Subject: x\n\n" + b"y" * 3000 + b"\n"
    paths = lay(pair, user, [text] * 9)
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.list()[9] == len(wire(text))
        paths[1].unlink()
        os.mkfifo(paths[1])
        paths[2].unlink()
        paths[2].mkdir()
        paths[3].unlink()
        paths[3].symlink_to("/etc/passwd")
        paths[4].write_bytes(text[:100])
        paths[5].write_bytes(text * 2)
        paths[6].rename(paths[6].parent.parent / "cur" /
                        (paths[6].name + ":2,S"))
        os.truncate(paths[7], 1 << 40)
        for path in paths[1:3]:
            give(pair, path)
        for number in (2, 3, 4, 5):
            with pytest.raises(Failed):
                pop3.retr(number)
        # More than was told, but all of it, and the right count before it.
        pop3.send(b"RETR 6\r\n")
        told = int(pop3.reply().split()[0])
        assert pop3.lines() == wire(text * 2) and told == len(wire(text * 2))
        assert pop3.retr(1) == wire(text)
        for number in (7, 9):
            assert pop3.retr(number) == wire(text)
        pop3.quit()
    pair.allow("letter.unreadable")
