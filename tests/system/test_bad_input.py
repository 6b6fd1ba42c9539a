"""What no client should send: the right reply or a close, and never a crash,
a leak or half a message.  The fixture looks for errors in the logs."""
import random
import socket
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.load import untraced
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import Closed, Smtp, deliver

BODY = b"Subject: b\r\n\r\nx\r\n"


@pytest.fixture(autouse=True)
def unharmed(pair, user, address):
    """After each test the same processes serve as before, and hold nothing
    that they did not hold."""
    pids = pair.pids()
    yield
    assert deliver(pair.smtp_port, BODY, address).code == 250
    assert untraced(fetch(pair.pop3_port, user, delete=True)[-1]) == BODY
    assert pair.pids() == pids, "a process died"
    for name in ("smtpd/client", "pop3d/client"):
        proc.wait_until(f"{name} has let its clients go", lambda: not any(
            "socket" in kind and count > 40
            for kind, count in proc.shape(pids[name]).items()), 30 * PATIENCE)


def raw(port):
    s = socket.create_connection(("127.0.0.1", port), 60 * PATIENCE)
    s.recv(512)
    return s


def drain(s):
    """All that is still said, until the server closes."""
    out = b""
    try:
        s.shutdown(socket.SHUT_WR)
        while data := s.recv(65536):
            out += data
    except TimeoutError:
        raise
    except OSError:
        pass  # it was closed already
    s.close()
    return out


@pytest.mark.parametrize("service", ["smtp", "pop3"])
def test_line_of_ten_megabytes(pair, service):
    s = raw(getattr(pair, f"{service}_port"))
    try:
        for _ in range(scaled(160, 20)):
            s.sendall(b"A" * 65536)
        s.sendall(b"\r\nNOOP\r\nQUIT\r\n")
        replies = drain(s).splitlines()
    except ConnectionError:
        return  # a close will do
    assert len(replies) <= 3
    assert replies[0][:3] in (b"500", b"-ER")


def test_ten_megabytes_in_one_line_of_a_message(pair, user, address):
    message = b"\r\n" + b"y" * scaled(10_000_000, 500_000) + b"\r\n"
    reply = deliver(pair.smtp_port, message, address)
    if reply.code == 250:
        assert untraced(fetch(pair.pop3_port, user)[0]) == message
    else:
        assert reply.code in (500, 550, 552, 554), reply


def test_nuls_in_commands(pair, address):
    with Smtp(pair.smtp_port) as smtp:
        for line in (b"EHLO a\0b", b"NO\0OP", b"\0", b"\0" * 400):
            assert smtp.cmd(line).code in (500, 501)
        smtp.hello()
        assert smtp.cmd(b"MAIL FROM:<a\0b@b.example>").code in (500, 501, 553)
        smtp.cmd("MAIL FROM:<a@b.example>")
        reply = smtp.cmd(b"RCPT TO:<%s\0x>" % address.encode())
        assert reply.code in (500, 501, 550, 553)
    with Pop3(pair.pop3_port) as pop3:
        for line in (b"USER a\0b", b"\0"):
            with pytest.raises(Failed):
                pop3.cmd(line)


def test_password_with_a_nul(pair, user):
    with Pop3(pair.pop3_port) as pop3:
        pop3.cmd(f"USER {user}")
        with pytest.raises(Failed):
            pop3.cmd(b"PASS pw\0x")


@pytest.mark.parametrize("service", ["smtp", "pop3"])
def test_random_octets(pair, service):
    seed = time.time_ns()
    print("seed", seed)
    rng = random.Random(seed)
    port = getattr(pair, f"{service}_port")
    for _ in range(scaled(50, 5)):
        s = raw(port)
        try:
            for _ in range(rng.randint(1, 20)):
                s.sendall(rng.randbytes(rng.randint(1, 3000)))
            drain(s)
        except ConnectionError:
            s.close()


@pytest.mark.parametrize("service", ["smtp", "pop3"])
def test_random_commands(pair, service, user, address):
    """Real verbs and arguments, in any order, in one burst."""
    seed = time.time_ns()
    print("seed", seed)
    rng = random.Random(seed)
    words = {
        "smtp": ["EHLO x", "HELO", "MAIL FROM:<a@b.example>", "RSET", "NOOP",
                 f"RCPT TO:<{address}>", "DATA", ".", "", "x\r\n.", "VRFY",
                 "MAIL", "RCPT TO:", "HELP", "a: b", "\r", "\n.\n"],
        "pop3": [f"USER {user}", "PASS pw", "PASS x", "STAT", "LIST", "DELE",
                 "UIDL 1", "RETR 1", "TOP 1 1", "RSET", "NOOP", "CAPA", "",
                 "DELE 99999999999", "LIST -1", "\r", "\n"],
    }[service]
    for _ in range(scaled(60, 5)):
        s = raw(getattr(pair, f"{service}_port"))
        burst = "\r\n".join(rng.choices(words, k=rng.randint(1, 60)))
        try:
            s.sendall(burst.encode() + b"\r\n")
            drain(s)
        except ConnectionError:
            s.close()


def test_smtp_client_gone_at_each_step(pair, user, address):
    steps = [b"EHLO c.example\r\n", b"MAIL FROM:<a@b.example>\r\n",
             b"RCPT TO:<%s>\r\n" % address.encode(), b"DATA\r\n",
             b"Subject: half\r\n", b"\r\nhalf", b" a message" * 20_000,
             b"\r\n.", b"\r"]
    client = pair.pid("smtpd/client")
    before = proc.shape(client)
    for reset in (False, True):
        for count in range(len(steps) + 1):
            s = raw(pair.smtp_port)
            for step in steps[:count]:
                s.sendall(step)
                if step.endswith(b"\r\n") and not step.startswith(b"Sub"):
                    s.recv(4096)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
            s.close()
    proc.wait_until("all have gone", lambda: proc.shape(client) == before,
                    20 * PATIENCE)
    assert fetch(pair.pop3_port, user) == []
    assert list((pair.maildir(user) / "tmp").glob("*")) == []


def test_pop3_client_gone_at_each_step(pair, user, address):
    for _ in range(3):
        message = b"\r\n" + b"z" * 70 * 3000 + b"\r\n"
        assert deliver(pair.smtp_port, message, address).code == 250
    steps = [f"USER {user}\r\n".encode(), b"PASS pw\r\n", b"LIST\r\n",
             b"RETR 1\r\n", b"DELE 1\r\n", b"RETR 2\r\nRETR 3\r\n", b"QU"]
    for reset in (False, True):
        for count in range(len(steps) + 1):
            s = raw(pair.pop3_port)
            for step in steps[:count]:
                s.sendall(step)
                s.recv(1000)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
            s.close()
            proc.wait_until("the maildrop is free", lambda: free(pair, user))
    assert len(fetch(pair.pop3_port, user)) == 3


def free(pair, user):
    try:
        Pop3(pair.pop3_port, user=user).quit()
        return True
    except Failed as error:
        assert str(error).startswith("[IN-USE]")
        return False


def test_half_open_connections(make_pair):
    """Clients that are silent, that stop in a line, in a message, or that do
    not read what they asked for: the time-outs end them all."""
    span = f"{PATIENCE + 2}s"  # in which all of them have come
    pair = make_pair(
        users=1, pop3d={"timeouts": {"idle": span, "send": span}},
        smtpd={"timeouts": {"command": span, "data_block": span,
                            "send": span}})
    to = f"u0@{DOMAIN}".encode()
    starts = [b"", b"EHLO", b"EHLO c.example\r\n",
              b"EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + to
              + b">\r\nDATA\r\nSubject: half\r\n\r\nhalf a mess"]
    held = [raw(pair.smtp_port) for _ in starts]
    held += [raw(pair.pop3_port) for _ in range(3)]
    for s, start in zip(held, starts + [b"", b"USER", b"USER u0\r\n"]):
        s.sendall(start)
    for s in held:
        said = b""
        while data := s.recv(4096):
            said += data
        s.close()
    assert fetch(pair.pop3_port, "u0") == []


def test_client_that_does_not_read(make_pair):
    span = f"{int(1000 * PATIENCE)}ms"
    pair = make_pair(users=1, pop3d={"timeouts": {"send": span}})
    message = b"\r\n" + b"z\r\n" * 1_000_000
    assert deliver(pair.smtp_port, message, f"u0@{DOMAIN}").code == 250
    pop3 = Pop3(pair.pop3_port, user="u0")
    pop3.send(b"RETR 1\r\n" * 10)

    def gone():
        try:
            Pop3(pair.pop3_port, user="u0").quit()
            return True
        except Failed:
            return False

    proc.wait_until("the session is ended", gone, 30 * PATIENCE)
    with pytest.raises((Closed, ConnectionError, AssertionError)):
        for _ in range(11):
            pop3.reply()
            pop3.lines()
    pop3.close()


def test_garbage_on_a_helper_socket(pair, address):
    """A helper closes that connection, and serves the others."""
    rng = random.Random(9)
    pair.allow("request.refused", "malformed")
    for path in (pair.run / "smtpd" / "accounts", pair.run / "smtpd" /
                 "mailbox", pair.run / "pop3d" / "mailbox",
                 pair.run / "smtpd" / "resolver", pair.run / "admin" /
                 "accounts"):
        for size in (1, 7, 8, 9, 100, 60_000):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.settimeout(30)
                s.connect(str(path))
                s.send(rng.randbytes(size))
                assert s.recv(65536) == b"", f"{path} answered garbage"
    assert deliver(pair.smtp_port, BODY, address).code == 250
