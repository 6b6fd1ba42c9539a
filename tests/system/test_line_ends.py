"""Letters stored with LF and with CRLF are the same to a POP3 client."""
import pytest

from harness.daemons import DOMAIN
from harness.pop3 import Pop3, fetch
from harness.smtp import deliver

PLAIN = b"Subject: plain\r\n\r\nx\r\n"
DOTS = b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n"
LINE = b"y" * 70 + b"\r\n"
LARGE = b"Subject: large\r\n\r\n" + LINE * 20000
LARGE_DOTS = b"Subject: both\r\n\r\n" + (LINE + b".z\r\n") * 2000
LETTERS = [PLAIN, DOTS, LARGE, LARGE_DOTS]


def names(pair, user):
    return [f.name for f in (pair.maildir(user) / "new").iterdir()]


@pytest.mark.parametrize("ends", ["lf", "crlf"])
@pytest.mark.cases_under_valgrind(0)
def test_same_letters(make_pair, ends):
    pair = make_pair(helpers={"mail": {"line_ends": ends}})
    for letter in LETTERS:
        assert deliver(pair.smtp_port, letter, f"u0@{DOMAIN}").code == 250
    stored = [f.read_bytes() for f in
              sorted((pair.maildir("u0") / "new").iterdir())]
    assert all((b"\r\n" in text) == (ends == "crlf") for text in stored)
    if ends == "crlf":
        assert all(text.count(b"\n") == text.count(b"\r\n")
                   for text in stored)
    assert sum(",D=0" in name for name in names(pair, "u0")) == \
        (2 if ends == "crlf" else 0)
    pair.kill_helper("mailbox")
    got = fetch(pair.pop3_port, "u0")
    assert [text[-len(letter):] for text, letter in zip(got, LETTERS)] == \
        LETTERS
    with Pop3(pair.pop3_port, user="u0") as pop3:
        head = pop3.multi("TOP 3 1")
        assert head.endswith(b"\r\n\r\n" + LINE)
        assert pop3.multi("TOP 2 2").endswith(b"\r\n\r\n.\r\n..\r\n")
        # The next reply follows right behind a file that was sent.
        pop3.send(b"RETR 3\r\nNOOP\r\n")
        pop3.reply()
        assert pop3.lines().endswith(LINE * 3)
        pop3.reply()
        pop3.quit()


def test_letters_of_both_kinds(make_pair):
    """The setting may change at any time; a file that lies is not trusted."""
    pair = make_pair(helpers={"mail": {"line_ends": "crlf"}})
    assert deliver(pair.smtp_port, LARGE, f"u0@{DOMAIN}").code == 250
    new = pair.maildir("u0") / "new"
    (first,) = new.iterdir()
    text = b"Subject: liar\n\n.\nx\n"
    liar = new / f"9{first.name.split(',')[0]},S=5,W=5,D=0"
    liar.write_bytes(text)
    with Pop3(pair.pop3_port, user="u0") as pop3:
        assert pop3.retr(1).endswith(LARGE)
        assert pop3.retr(2) == text.replace(b"\n", b"\r\n")
        pop3.quit()
