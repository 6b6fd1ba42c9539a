"""Random SMTP clients against a running smtpd: conversations of tests/talk
that were mixed, bent and cut anywhere, in clear and under TLS, read or not."""
import pathlib
import random
import socket
import ssl
import struct
import sys
import time

from .daemons import DOMAIN, PATIENCE, ROOT

sys.path.insert(0, str(ROOT / "tests" / "fuzz"))

import seeds  # noqa: E402 (the path comes first)

WORDS = [line.split('"')[1].encode().decode("unicode_escape").encode("latin-1")
         for line in (ROOT / "tests/fuzz/smtp.dict").read_text().splitlines()
         if line.startswith('"')]
WORDS += [b"\0", b"\r", b"\n", b"\xff", b"x" * 600, b"y" * 5000, b"\x16\3\1",
          b"AUTH PLAIN AHUwAHB3\r\n", b"AUTH LOGIN\r\n", b"BDAT 99999 LAST\r\n",
          b"BDAT 18446744073709551616\r\n", b"*\r\n", b"=", b"%", b"<>",
          b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]
OURS = DOMAIN.encode()
TIMEOUT = 30 * PATIENCE  # longer than any of the server's
HEAD = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + struct.pack(
    ">IIHH", 0xc0000208, 0xc0000201, 4711, 25)


def talks():
    """What the client says in each conversation."""
    found = []
    for path in sorted((ROOT / "tests/talk/smtp").glob("*.talk")):
        _, data = seeds.read(pathlib.Path(path))
        found.append(data.replace(seeds.OURS[1], OURS)[:20_000])
    return found


TALKS = talks()


def bend(data, rng):
    """A conversation, with something of others in it."""
    lines = data.split(b"\r\n")
    for _ in range(rng.choice([0, 1, 1, 3, 8])):
        at = rng.randrange(len(lines) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            lines[at:at] = rng.choice(TALKS).split(b"\r\n")[:rng.randint(1, 9)]
        elif kind == 1:
            del lines[at:at + rng.randint(1, 3)]
        elif kind == 2:
            lines[at:at] = [b"".join(rng.choices(WORDS, k=rng.randint(1, 4)))]
        elif kind == 3:
            lines[at:at] = lines[max(0, at - 2):at]
        else:
            lines[at:at] = [rng.randbytes(rng.randint(0, 200))]
    data = bytearray(b"\r\n".join(lines))
    for _ in range(rng.choice([0, 0, 0, 1, 4])):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


class Client:
    """One session with a listener of the pair."""

    def __init__(self, pair, context, rng):
        self.rng = rng
        kind = rng.choice(["mx", "mx", "mx", "starttls", "smtps",
                           "submission", "lmtp", "xclient", "proxy"])
        port = {"smtps": pair.smtps_port, "submission": pair.submission_port,
                "lmtp": pair.lmtp_port}.get(kind, pair.smtp_port)
        source = {"xclient": "127.0.0.2", "proxy": "127.0.0.3"}.get(kind)
        self.sock = socket.create_connection(
            ("127.0.0.1", port), TIMEOUT, source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kind = kind
        self.context = context

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def open(self):
        """As far as it is polite: a header, a handshake."""
        if self.kind == "proxy" and self.rng.random() < 0.9:
            self.sock.sendall(HEAD)
        if self.kind == "starttls":
            self.sock.recv(4096)
            self.sock.sendall(b"EHLO x\r\n")
            self.sock.recv(4096)
            self.sock.sendall(b"STARTTLS\r\n")
            self.sock.recv(4096)
        if self.kind in ("starttls", "smtps") and self.rng.random() < 0.9:
            self.sock = self.context.wrap_socket(self.sock)

    def say(self, data):
        while data:
            size = self.rng.choice([1, 7, 100, 1460, len(data), len(data)])
            self.sock.sendall(data[:size])
            data = data[size:]
            if self.rng.random() < 0.3:
                self.hear()

    def hear(self):
        """What has come by now, if anything."""
        self.sock.settimeout(0)
        try:
            self.sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        self.sock.settimeout(TIMEOUT)

    def run(self):
        try:
            self.open()
            self.say(bend(self.rng.choice(TALKS), self.rng))
            if self.rng.random() < 0.3:
                return  # hangs up with replies unread
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            raise  # it should have answered, or hung up
        except OSError:
            pass  # hung up on: too many errors, say


def fuzz(pair, seconds, seed):
    """Clients one after the other; how many there were.  A session that does
    not end is a time-out."""
    rng, deadline, count = random.Random(seed), time.monotonic() + seconds, 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    while time.monotonic() < deadline:
        with Client(pair, context, rng) as client:
            client.run()
        count += 1
    return count
