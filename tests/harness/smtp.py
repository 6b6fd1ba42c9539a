"""A small SMTP client that can do what a proper one would never do."""
import re
import socket

from .daemons import PATIENCE


class Closed(Exception):
    """The server has closed the connection."""


class Reply:
    """A reply: its code, and its lines without the code."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines
        self.text = "\n".join(lines)

    @property
    def enhanced(self):
        """The enhanced status code, RFC 2034, or None."""
        match = re.match(r"([245]\.\d{1,3}\.\d{1,3}) ", self.lines[0])
        return match and match.group(1)

    def __repr__(self):
        return f"{self.code} {self.text}"


class Smtp:
    """One session.  Each method that reads waits as long as the time-out."""

    def __init__(self, port, timeout=60.0 * PATIENCE, greet=True,
                 source=None):
        self.sock = socket.create_connection(
            ("127.0.0.1", port), timeout, source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.greeting = self.reply() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        """The next line, without its CRLF, which must be there."""
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(65536)
            except ConnectionError as error:
                raise Closed from error
            if not data:
                raise Closed(self.buffer)
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        assert line.endswith(b"\r"), f"a bare LF ends {line!r}"
        return line[:-1].decode("ascii")

    def reply(self):
        lines = []
        while True:
            line = self.line()
            assert re.match(r"[2-5]\d\d[ -]", line), f"no reply: {line!r}"
            assert len(line) <= 510, "RFC 5321 4.5.3.1.5: 512 octets"
            lines.append(line[4:])
            assert line[:3] == (code := line[:3])
            if line[3] == " ":
                return Reply(int(code), lines)

    def cmd(self, line):
        """Sends a line, of text or octets, and returns its reply."""
        if isinstance(line, str):
            line = line.encode()
        self.send(line + b"\r\n")
        return self.reply()

    def hello(self):
        reply = self.cmd("EHLO client.example")
        assert reply.code == 250, reply
        return reply

    def envelope(self, sender, *recipients):
        """MAIL and RCPTs, which must all be taken."""
        reply = self.cmd(f"MAIL FROM:<{sender}>")
        assert reply.code == 250, reply
        for recipient in recipients:
            reply = self.cmd(f"RCPT TO:<{recipient}>")
            assert reply.code == 250, reply

    def data(self, message):
        """DATA with a message of CRLF lines; its final reply."""
        reply = self.cmd("DATA")
        assert reply.code == 354, reply
        self.send(stuffed(message) + b".\r\n")
        return self.reply()

    def closed(self):
        """Whether the server closes, with nothing more to say but 421."""
        try:
            while True:
                reply = self.reply()
                if reply.code != 421:
                    return False
        except Closed:
            return True


def stuffed(message):
    """Dot-stuffing, RFC 5321 4.5.2."""
    return re.sub(rb"^\.", b"..", message, flags=re.M)


def deliver(port, message, *recipients, sender="sender@remote.example"):
    """A whole session for one message; its final reply."""
    with Smtp(port) as smtp:
        smtp.hello()
        smtp.envelope(sender, *recipients)
        reply = smtp.data(message)
        smtp.cmd("QUIT")
    return reply
