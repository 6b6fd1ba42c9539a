"""Odd messages come out as they went in: octets equal, and LIST, STAT and the
reply to RETR tell what is sent.  Those that SMTP can carry come by SMTP, the
others lie in the Maildir, as another program would have left them."""
import random
import re

import pytest

from harness import maildir
from harness.daemons import DOMAIN, scaled
from harness.load import untraced
from harness.pop3 import Pop3
from harness.smtp import deliver

HEAD = b"From: s@remote.example\r\nSubject: odd\r\n\r\n"
LARGE = 20 << 20
OCTETS = bytes(c for c in range(1, 256) if c not in b"\r\n")


def by_smtp(rng):
    """Messages of CRLF lines: each odd in its own way."""
    yield from [b"", b"\r\n", b"\r\n" * 50, b".\r\n", b"..\r\n", b".x\r\n",
                b"x.\r\n", HEAD, HEAD + b".\r\n" * 100, HEAD + b"\r\n.\r\n",
                HEAD[:-2], b"no header at all\r\n",
                b"Subject: " + "Grüße, Füße, 日本語 🦆".encode() + b"\r\n\r\n",
                "X-Ünïcode: ä\r\n\r\nü\r\n".encode(),
                HEAD + OCTETS + b"\r\n", HEAD + b"\xff\xfe\xfd\r\n",
                HEAD + b"+OK\r\n-ERR\r\nQUIT\r\n", b"From x Mon Jan 1\r\n\r\n",
                HEAD + b"From nobody\r\n>From x\r\n",
                HEAD + b"trailing \t \r\n \r\n\t\r\n"]
    for length in (76, 78, 79, 510, 511, 512, 513, 996, 997, 998):
        yield HEAD + b"x" * length + b"\r\n"
        yield HEAD + b"." * length + b"\r\n"
    # Around the sizes at which letters are read, sent and stored otherwise.
    for size in (4096, 8192, 16384, 32768, 49152, 60000, 65536, 131072):
        for change in (-3, -1, 0, 1, 2):
            body = b"y" * 62 + b"\r\n"
            text = HEAD + body * (size // len(body))
            yield text[:size + change - 2] + b"\r\n" \
                if text[:size + change - 2][-1:] not in b"\r\n" \
                else text[:size + change - 4] + b"zz\r\n"
        yield HEAD + b".\r\n" * (size // 3)
    while True:
        lines = [rng.choice([b"", b".", b"..", b". ", b"x" * rng.randint(
            0, 998), b"." * rng.randint(1, 998), rng.randbytes(60).translate(
                None, b"\r\n\0")]) for _ in range(rng.randint(1, 60))]
        yield HEAD + b"".join(line + b"\r\n" for line in lines)


def by_file(rng):
    """Letters of LFs, CRs, CRLFs and no end at all."""
    yield from [b"", b"\n", b"x", b".", b"..", b"\r", b"\r\r\n", b"\n\r",
                b"x\r", b"x\r\ny", b".\r.\n.", b"a\rb\n", b"\r.\n", b"\n.",
                b"Subject: x\n\n.", b"Subject: x\r\n\r\n.\r\n", b"\n\n\n.\n",
                b"x" * 100_000, b"." * 100_000, b"\n" * 70_000,
                b".\n" * 40_000, b"\r" * 40_000, b"a\r\n" * 30_000 + b"b",
                "Grüße\nÄ".encode(), OCTETS]
    while True:
        yield b"".join(rng.choice([b"\n", b"\r\n", b"\r", b".", b"x", b"\n.",
                                   b"yy" * rng.randint(0, 600)])
                       for _ in range(rng.randint(1, 80)))


def wire(stored):
    """What POP3 makes of a stored letter, without the stuffing."""
    text = re.sub(rb"(?<!\r)\n", b"\r\n", stored)
    if text and not text.endswith(b"\r\n"):
        text += b"\n" if text.endswith(b"\r") else b"\r\n"
    return text


def take(letters, count):
    return [letter for letter, _ in zip(letters, range(count))]


def check_box(pop3):
    """Every message, after comparing all that tells its size."""
    sizes, found = pop3.list(), []
    assert pop3.stat() == (len(sizes), sum(sizes.values()))
    for number, octets in sizes.items():
        assert pop3.cmd(f"LIST {number}") == f"{number} {octets}"
        said = pop3.cmd(f"RETR {number}")
        message = pop3.lines()
        assert said == f"{octets} octets"
        assert len(message) == octets, message[:200]
        found.append(message)
    return found


def utf8_session(pair, user):
    """Of a client that gets heads as they are stored (RFC 6856 2.1)."""
    pop3 = Pop3(pair.pop3_port, timeout=120)
    pop3.cmd("UTF8")
    pop3.login(user)
    return pop3


@pytest.mark.parametrize("line_ends", ["lf", "crlf"])
@pytest.mark.cases_under_valgrind(1)
def test_corpus_by_smtp(make_pair, line_ends):
    pair = make_pair(users=1, helpers={"mail": {"line_ends": line_ends}})
    sent = take(by_smtp(random.Random(1)), scaled(220, 60))
    for message in sent:
        assert deliver(pair.smtp_port, message, f"u0@{DOMAIN}").code == 250
    with utf8_session(pair, "u0") as pop3:
        found = check_box(pop3)
        pop3.quit()
    assert [untraced(message) for message in found] == sent


def test_corpus_by_file(pair, user):
    assert deliver(pair.smtp_port, HEAD, f"{user}@{DOMAIN}").code == 250
    box = pair.maildir(user)
    letters = take(by_file(random.Random(2)), scaled(180, 60))
    for number, letter in enumerate(letters):
        # Some names tell sizes, as other programs' do.
        name = f"{1000 + number}.M{number}P1.host"
        if number % 3 == 1:
            name += f",S={len(letter)}"
        if number % 3 == 2:
            name += f",S={len(letter)},W={len(wire(letter))}"
        maildir.put(box / ("new" if number % 2 else "cur") / name, letter)
    with utf8_session(pair, user) as pop3:
        found = check_box(pop3)
        pop3.quit()
    assert found[:-1] == [wire(letter) for letter in letters]


@pytest.mark.parametrize("body", [b"y" * 76 + b"\r\n", b".\r\n"],
                         ids=["text", "dots"])
def test_large_message(pair, user, body):
    size = scaled(LARGE if len(body) > 3 else LARGE // 10, 1 << 20)
    message = HEAD + body * (size // len(body))
    assert deliver(pair.smtp_port, message, f"{user}@{DOMAIN}").code == 250
    with utf8_session(pair, user) as pop3:
        found, = check_box(pop3)
        assert untraced(found) == message
        top = pop3.multi("TOP 1 10")
        assert found.startswith(top) and len(top) < 2000
        pop3.quit()


@pytest.mark.parametrize("text", [b"\0\r\n", HEAD + b"a\0b\r\n",
                                  b"Sub\0ject: x\r\n\r\n"])
def test_nul_is_refused_at_entry(pair, user, text):
    """RFC 5321 4.5.2: what POP3 could not hand out is not taken."""
    reply = deliver(pair.smtp_port, text, f"{user}@{DOMAIN}")
    assert reply.code in (550, 554)
    with Pop3(pair.pop3_port, user=user) as pop3:
        assert pop3.stat() == (0, 0)
