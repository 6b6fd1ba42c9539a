"""Letters with UTF-8 in their heads, for clients that read ASCII alone.
RFC 6856 2.1, 5."""
import email
import email.policy

import pytest

from harness.daemons import DOMAIN, Pair, running
from harness.load import untraced
from harness.pop3 import Failed, Pop3
from harness.smtp import deliver

HEAD = ("From: Jörg <j@remote.example>\r\nTo: ü@x.example, a@b.example\r\n"
        "Subject: Grüße aus der Küche, heute und auch morgen, viele Grüße\r\n"
        "Message-ID: <ä@remote.example>\r\n\r\n").encode()
BODIES = {"none": b"", "small": "Füße\r\n.dot\r\n".encode(),
          "answer": b"y" * 70 + b"\r\n.\r\n" * 7000,
          "large": b".\r\n" * 60_000}


@pytest.fixture(scope="module", params=["lf", "crlf"])
def strict(request):
    with running(Pair(users=len(BODIES) + 1,
                      pop3d={"utf8_headers": "downgrade"},
                      helpers={"mail": {"line_ends": request.param}})) as made:
        yield made


@pytest.mark.parametrize("kind", list(BODIES))
@pytest.mark.cases_under_valgrind(2)
def test_surrogate(strict, kind):
    user, body = f"u{list(BODIES).index(kind)}", BODIES[kind]
    assert deliver(strict.smtp_port, HEAD + body,
                   f"{user}@{DOMAIN}").code == 250
    with Pop3(strict.pop3_port) as pop3:
        pop3.cmd("UTF8")
        pop3.login(user)
        whole = pop3.retr(1)
        assert untraced(whole) == HEAD + body
        assert len(whole) == pop3.list()[1]
        pop3.quit()
    with Pop3(strict.pop3_port, user=user) as pop3:
        said = int(pop3.cmd("RETR 1").split()[0])
        found = pop3.lines()
        assert len(found) == said
        head, _, rest = found.partition(b"\r\n\r\n")
        assert head.isascii() and rest == body
        top = pop3.multi("TOP 1 0")
        assert top == head + b"\r\n\r\n"
        assert pop3.multi("TOP 1 2") == \
            top + b"".join(body.splitlines(keepends=True)[:2])
        pop3.quit()
    message = email.message_from_bytes(found, policy=email.policy.default)
    assert message["Subject"] == \
        "Grüße aus der Küche, heute und auch morgen, viele Grüße"
    assert message["From"].addresses[0].display_name == "Jörg"
    assert message["From"].addresses[0].addr_spec == "j@remote.example"
    assert "a@b.example" in str(message["To"])
    assert message["Message-ID"] is None
    assert message["Downgraded-Message-ID"] == "<ä@remote.example>"


def test_a_head_that_is_too_long(strict):
    user = f"u{len(BODIES)}"
    head = b"".join(b"X-%d: \xc3\xa4 %s\r\n" % (n, b"x" * 900)
                    for n in range(100))
    plain = head.replace(b"\xc3\xa4", b"ae")
    for text in (head, plain):
        assert deliver(strict.smtp_port, text + b"\r\nbody\r\n",
                       f"{user}@{DOMAIN}").code == 250
    with Pop3(strict.pop3_port, user=user) as pop3:
        for command in ("RETR 1", "TOP 1 0"):
            with pytest.raises(Failed, match=r"^\[UTF8\]"):
                pop3.cmd(command)
        assert untraced(pop3.retr(2)) == plain + b"\r\nbody\r\n"
        pop3.quit()
