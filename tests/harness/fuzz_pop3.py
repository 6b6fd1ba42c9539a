"""Random POP3 clients against a running pop3d: what is sane, broken and mixed,
cut anywhere, read or not read."""
import errno
import random
import select
import socket
import time

WORDS = [b"USER", b"PASS", b"CAPA", b"STAT", b"LIST", b"UIDL", b"RETR", b"TOP",
         b"DELE", b"RSET", b"NOOP", b"QUIT", b"AUTH", b"APOP", b"STLS",
         b"UTF8", b"LANG", b"XCLIENT", b"PLAIN", b"LOGIN", b"CRAM-MD5",
         b"SCRAM-SHA-256", b"EXTERNAL", b"*", b"=", b"u0", b"pw", b"en", b"de",
         b"0", b"1", b"2", b"3", b"-1", b"+1", b"1xyz", b"4294967297",
         b"18446744073709551615", b"18446744073709551616", b"ADDR=::1",
         b"ADDR=192.0.2.1 PORT=1 TTL=1", b"AHUwAHB3", b"PROXY TCP4", b"\0",
         b"\xff", b"\r", b"\t", b".", b"x" * 255, b"y" * 5000]
SANE = [b"STAT", b"LIST", b"UIDL", b"RETR 1", b"RETR 2", b"RETR 3", b"TOP 1 0",
        b"TOP 3 9999", b"DELE 1", b"RSET", b"NOOP", b"LIST 2", b"UIDL 3",
        b"CAPA", b"LANG de", b"LANG"]


def commands(rng):
    """What one client sends."""
    out = []
    if rng.random() < 0.8:
        out.append(b"USER u%d\r\nPASS pw\r\n" % rng.randrange(2))
    for _ in range(rng.randint(0, 40)):
        kind = rng.random()
        if kind < 0.5:
            out.append(rng.choice(SANE) + b"\r\n")
        elif kind < 0.9:
            out.append(rng.choice([b" ", b" ", b"  ", b"\t"]).join(
                rng.choices(WORDS, k=rng.randint(0, 4))) +
                rng.choice([b"\r\n", b"\n", b"\r", b""]))
        else:
            out.append(rng.randbytes(rng.randint(0, 300)))
    data = bytearray(b"".join(out))
    for _ in range(rng.choice([0, 0, 1, 5])):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def converse(port, rng):
    """One client; whether it ended as it should: with a greeting, and an end
    once it has said all."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = commands(rng)
        try:
            while data:
                size = rng.choice([1, 7, 100, 1460, len(data)])
                sock.sendall(data[:size])
                data = data[size:]
                if rng.random() < 0.3 and select.select([sock], [], [], 0)[0]:
                    sock.recv(65536)
            if rng.random() < 0.3:
                return True  # hangs up with replies unread
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except OSError as error:
            # The server has hung up: too many errors, say.
            if not isinstance(error, ConnectionError) and \
                    error.errno != errno.ENOTCONN:
                raise
    return True


def fuzz(port, seconds, seed):
    """Clients one after the other; how many there were."""
    rng, deadline, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        assert converse(port, rng)
        count += 1
    return count
