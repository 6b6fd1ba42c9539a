"""A client process that was taken over, played by the test on the sockets that
such a process has: it can do what its role may, and no more."""
import os
import random

import pytest

from harness import wire
from harness.daemons import DOMAIN, HELPERS, LOAD, PATIENCE, scaled
from harness.pop3 import fetch
from harness.smtp import deliver
from harness.wire import Closed, Wire, begin, data, u8, u32, u64

REFUSED = r"request\.refused"
RNG = random.Random(5)

# What each role may ask of whom.
MAY = {
    ("smtpd", "accounts"): {wire.LOOKUP, wire.SASL_BEGIN, wire.SASL_STEP,
                            wire.SASL_CANCEL, wire.SENDER},
    ("pop3d", "accounts"): {wire.SASL_BEGIN, wire.SASL_STEP,
                            wire.SASL_CANCEL},
    ("smtpd", "mailbox"): {wire.SPOOL, wire.DELIVER, wire.ROOM, wire.RETRACT},
    ("pop3d", "mailbox"): {wire.OPEN, wire.DAMAGED, wire.FETCH, wire.EXPUNGE,
                           wire.CLOSE, wire.VISIT, wire.MARK, wire.SHELF},
    **{(role, helper): kinds for role in ("smtpd", "pop3d")
       for helper, kinds in (("keys", {wire.SIGN, wire.KEYS}),
                             ("resolver", {wire.RESOLVE}))},
}


def ticket_of(pair, user):
    with Wire(pair, "pop3d", "accounts") as accounts:
        result, ticket = accounts.log_in(f"{user}@{DOMAIN}", "pw")
    assert result == wire.LOGIN_OK and len(ticket) == 16
    return ticket


def open_box(mailbox, proof):
    return mailbox.call(wire.OPEN, data(proof))


def test_no_mailbox_without_a_login(pair, user, address):
    """Guessed tickets, none, too long ones: nothing opens."""
    assert deliver(pair.smtp_port, b"Subject: x\r\n\r\n", address).code == 250
    for proof in [b"", b"\0" * 16, *(RNG.randbytes(16) for _ in range(40)),
                  RNG.randbytes(80), RNG.randbytes(640)]:
        with Wire(pair, "pop3d", "mailbox") as mailbox:
            try:
                status, _ = open_box(mailbox, proof)
            except Closed:
                continue  # of no length that a proof has
            assert status == wire.REFUSED
    assert len(fetch(pair.pop3_port, user)) == 1


def test_a_ticket_opens_once(pair, user):
    ticket = ticket_of(pair, user)
    with Wire(pair, "pop3d", "mailbox") as mailbox:
        status, reply = open_box(mailbox, ticket)
        assert status == wire.OK
        handle = reply.number(4)
        assert mailbox.call(wire.CLOSE, u32(handle))[0] == wire.OK
        assert open_box(mailbox, ticket)[0] == wire.REFUSED
    with Wire(pair, "pop3d", "mailbox") as mailbox:
        assert open_box(mailbox, ticket)[0] == wire.REFUSED


def test_smtpd_gets_no_ticket_and_no_mailbox(pair, user):
    """The right password in smtpd's hands opens nothing."""
    with Wire(pair, "smtpd", "accounts") as accounts:
        assert accounts.log_in(f"{user}@{DOMAIN}", "pw") == \
            (wire.LOGIN_OK, b"")
    for kind in (wire.OPEN, wire.FETCH, wire.EXPUNGE, wire.CLOSE,
                 wire.DAMAGED):
        with Wire(pair, "smtpd", "mailbox") as mailbox, \
                pytest.raises(Closed):
            mailbox.call(kind, data(ticket_of(pair, user)))
    with Wire(pair, "pop3d", "mailbox") as mailbox, pytest.raises(Closed):
        mailbox.call(wire.SPOOL, data(f"{user}@{DOMAIN}"))


@pytest.mark.parametrize("role", ["smtpd", "pop3d"])
def test_no_request_of_others(pair, role):
    """What mailctl, the other server and the helpers ask of each other is not
    for a client; and hashers, PAM and the program for tokens are out of its
    sight."""
    helpers = sorted(os.listdir(pair.run / role))
    assert helpers == sorted(name for who, name in MAY if who == role)
    kinds = [*range(160), 4096, 65535]
    for helper in helpers:
        for kind in RNG.sample(kinds, scaled(len(kinds), 20)):
            if kind in MAY[role, helper]:
                continue
            with Wire(pair, role, helper) as w, pytest.raises(Closed):
                w.call(kind, data(f"u0@{DOMAIN}"), data("pw"))


def opened(mailbox, pair, user):
    """Opens his maildrop: its handle, and what opens it again."""
    status, reply = open_box(mailbox, ticket_of(pair, user))
    assert status == wire.OK
    return reply.number(4), reply.data()


def fetch_of(handle, *files):
    """What FETCH is made of."""
    return (wire.FETCH, u32(handle), u8(1), u64(0), u32(0), u32(len(files)),
            *(data(file) + u64(0) for file in files))


def test_maildrops_of_others(pair, user):
    """A handle is good on its own connection alone."""
    with Wire(pair, "pop3d", "mailbox") as mine, \
            Wire(pair, "pop3d", "mailbox") as other:
        handle, _ = opened(mine, pair, user)
        for guess in (handle, handle + 1, 0, 2**32 - 1):
            for request in (
                    (wire.DAMAGED, u32(guess)), (wire.CLOSE, u32(guess)),
                    fetch_of(guess, "new/x"),
                    (wire.EXPUNGE, u32(guess), u32(1), data("new/x")),
                    (wire.MARK, u32(guess), u32(1), data("new/x")),
                    (wire.VISIT, u32(guess), u64(0), data("192.0.2.1"))):
                assert other.call(*request)[0] == wire.GONE, request
        assert mine.call(wire.CLOSE, u32(handle))[0] == wire.OK


def test_letters_of_others(pair, user, address):
    """Whoever has one maildrop open reaches no file but its letters."""
    assert deliver(pair.smtp_port, b"Subject: x\r\n\r\nhis\r\n",
                   f"u0@{DOMAIN}").code == 250
    assert deliver(pair.smtp_port, b"Subject: x\r\n\r\nmine\r\n",
                   address).code == 250
    his = max((pair.maildir("u0") / "new").iterdir(),
              key=lambda path: path.stat().st_mtime_ns)
    mine = next((pair.maildir(user) / "new").iterdir())
    with Wire(pair, "pop3d", "mailbox") as w:
        handle, _ = opened(w, pair, user)
        status, reply = w.call(*fetch_of(handle, f"new/{mine.name}"))
        assert status == wire.OK and b"mine" in reply.octets
        assert w.call(*fetch_of(handle, f"new/{his.name}"))[0] == wire.REFUSED
        assert w.call(wire.EXPUNGE, u32(handle), u32(1),
                      data(f"new/{his.name}"))[0] == wire.OK
    for name in (f"new/../../u0/new/{his.name}", f"../u0/new/{his.name}",
                 str(his), "new/..", "new/.", "new/", "", "tmp/x", "new",
                 "new/x/../../../../../../etc/passwd", "cur/\0x"):
        for kind in (wire.FETCH, wire.EXPUNGE, wire.MARK):
            with Wire(pair, "pop3d", "mailbox") as w:
                handle, _ = opened(w, pair, user)
                with pytest.raises(Closed):
                    w.call(*(fetch_of(handle, name) if kind == wire.FETCH
                             else (kind, u32(handle), u32(1), data(name))))
                assert b"his" not in w.seen and b"root:" not in w.seen
    assert his.exists() and mine.exists()


def test_what_opens_again(pair, user):
    """It is pop3d's alone, of this maildrop, and nobody can make one."""
    with Wire(pair, "pop3d", "mailbox") as w:
        _, token = opened(w, pair, user)
    with Wire(pair, "smtpd", "mailbox") as w, pytest.raises(Closed):
        open_box(w, token)
    with Wire(pair, "pop3d", "mailbox") as w:
        for at in range(0, len(token), 1 if LOAD >= 1 else 20):
            wrong = bytearray(token)
            wrong[at] ^= 1
            assert open_box(w, bytes(wrong))[0] == wire.REFUSED, at
        other = token.replace(user.encode(), b"u0".ljust(len(user), b"0"))
        assert open_box(w, other)[0] == wire.REFUSED
        for size in (0, 15, 17, 40, len(token) - 1):
            assert open_box(w, token[:size])[0] == wire.REFUSED
        assert open_box(w, token)[0] == wire.OK


def test_no_hash_and_no_key(pair, user):
    """Whatever a client may ask about a user, the answers hold none."""
    name = f"{user}@{DOMAIN}"
    seen = b""
    for role in ("smtpd", "pop3d"):
        with Wire(pair, role, "accounts") as w:
            w.log_in(name, "wrong")
            w.log_in(name, "pw")
            w.begin("SCRAM-SHA-256", f"n,,n={name},r=abc")
            w.begin("EXTERNAL", "")
            w.begin("CRAM-MD5")
            if role == "smtpd":
                w.call(wire.LOOKUP, data(name), u8(0), data(""))
                w.call(wire.SENDER, data(name), data(name))
            seen += w.seen
    assert b"$y$" not in seen and b"$argon2" not in seen
    assert b"PRIVATE KEY" not in seen
    assert b"s=" in seen  # the salt, which RFC 5802 gives to anybody


def test_exchanges_of_others(pair):
    """A handle is good on its own connection alone."""
    with Wire(pair, "pop3d", "accounts") as mine, \
            Wire(pair, "pop3d", "accounts") as other:
        status, reply = mine.begin("LOGIN")
        assert (status, reply.number(1)) == (wire.OK, wire.CHALLENGE)
        handle = reply.number(4)
        for guess in (handle, handle + 1, handle ^ 1 << 14, 0, 2**32 - 1):
            assert other.call(wire.SASL_STEP, u32(guess), data("x"))[0] == \
                wire.GONE
        status, _ = mine.call(wire.SASL_STEP, u32(handle), data("u0"))
        assert status == wire.OK


def test_no_helper_falls(pair, user):
    """Garbage on each socket: the connection ends, the process does not."""
    pids = {name: pair.pid(name) for name in HELPERS}
    for role in ("smtpd", "pop3d"):
        for helper in sorted(os.listdir(pair.run / role)):
            for _ in range(scaled(150, 20)):
                garbage(pair, role, helper)
    assert {name: pair.pid(name) for name in HELPERS} == pids
    assert fetch(pair.pop3_port, user) == []


def garbage(pair, role, helper):
    """Datagrams of any octets, or of requests that are nearly right."""
    with Wire(pair, role, helper, timeout=5) as w:
        try:
            for _ in range(4):
                if RNG.random() < 0.5:
                    kind = RNG.choice([*range(16, 22), *range(64, 67),
                                       *range(80, 85), 112, 113])
                    w.send(kind, RNG.randbytes(RNG.randrange(60)))
                    continue
                whole = list(begin(RNG.choice(["PLAIN", "SCRAM-SHA-256",
                                               "LOGIN", "", "X" * 40]),
                                   RNG.randbytes(RNG.randrange(40))))
                whole[RNG.randrange(1, 10)] = RNG.choice(
                    [b"", u8(7), u32(2**32 - 1), data("x" * 300)])
                w.send(*whole)
        except (Closed, TimeoutError):
            pass


def test_no_helper_stalls(pair, user):
    """Hundreds of exchanges that nobody ends, and replies that nobody reads:
    others log in."""
    held = [Wire(pair, "pop3d", "accounts") for _ in range(3)]
    try:
        for w in held:
            for n in range(scaled(300, 20)):
                w.send(*begin("LOGIN", client=f"203.0.113.{n % 250}"))
        assert len(ticket_of(pair, user)) == 16
        assert fetch(pair.pop3_port, user) == []
    finally:
        for w in held:
            w.socket.close()
    with Wire(pair, "pop3d", "accounts") as w:
        assert w.log_in(f"{user}@{DOMAIN}", "pw")[0] == wire.LOGIN_OK


def test_no_other_helper_stalls(pair, user, address):
    """Likewise at mailbox, keys and resolver: thousands of requests whose
    answers nobody reads."""
    count = scaled(900, 30)
    assert deliver(pair.smtp_port, b"x" * 70 + b"\r\n", address).code == 250
    letter = next((pair.maildir(user) / "new").iterdir())
    held = [Wire(pair, "pop3d", name)
            for name in ("mailbox", "mailbox", "keys", "resolver")]
    opens, fetches, keys, resolver = held
    try:
        handle, _ = opened(fetches, pair, user)
        for n in range(count):
            for w, request in (
                    (opens, (wire.OPEN, data(RNG.randbytes(16)))),
                    (fetches, fetch_of(handle, *[f"new/{letter.name}"] * 32)),
                    (keys, (wire.KEYS,)),
                    (resolver, (wire.RESOLVE, data(f"h{n}.example"), u32(1),
                                u64(60000)))):
                w.socket.settimeout(0.01)
                try:
                    w.send(*request)
                except (BlockingIOError, TimeoutError, Closed):
                    pass  # it is not read from any more
        assert deliver(pair.smtp_port, b"y\r\n", f"u1@{DOMAIN}").code == 250
        assert len(fetch(pair.pop3_port, "u1")) > 0
        with Wire(pair, "smtpd", "keys", timeout=5 * PATIENCE) as w:
            assert w.call(wire.KEYS)[0] == wire.OK
    finally:
        for w in held:
            w.socket.close()
    assert len(fetch(pair.pop3_port, user)) == 1
