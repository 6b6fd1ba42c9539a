"""A small POP3 client that checks what every reply must look like."""
import re
import socket
import time

from .daemons import PATIENCE
from .smtp import Closed


class Failed(Exception):
    """A reply of -ERR; its text is the exception's."""


class Pop3:
    """One session; first: what is sent before the greeting."""

    def __init__(self, port, timeout=60.0 * PATIENCE, user=None, password="pw",
                 source=None, first=b""):
        self.sock = socket.create_connection(
            ("127.0.0.1", port), timeout, source and (source, 0))
        self.sock.sendall(first)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb", 1 << 16)
        self.greeting = self.reply()
        if user:
            self.login(user, password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        try:
            line = self.file.readline()
        except ConnectionError as error:
            raise Closed from error
        if not line.endswith(b"\n"):
            raise Closed(line)
        assert line.endswith(b"\r\n"), f"a bare LF ends {line!r}"
        return line[:-2]

    def reply(self):
        """The text after +OK; raises Failed with that after -ERR."""
        line = self.line().decode("ascii")
        assert len(line) <= 510, "RFC 1939 3: 512 octets"
        match = re.fullmatch(r"(\+OK|-ERR)( (.*))?", line)
        assert match, f"no reply: {line!r}"
        if match.group(1) == "-ERR":
            raise Failed(match.group(3) or "")
        return match.group(3) or ""

    def lines(self):
        """A multi-line answer, dots taken out, CRLFs in place."""
        out = []
        while (line := self.line()) != b".":
            out.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in out)

    def cmd(self, line):
        if isinstance(line, str):
            line = line.encode()
        self.send(line + b"\r\n")
        return self.reply()

    def multi(self, line):
        self.cmd(line)
        return self.lines()

    def login(self, user, password="pw"):
        self.cmd(f"USER {user}")
        return self.cmd(f"PASS {password}")

    def stat(self):
        count, octets = self.cmd("STAT").split()[:2]
        return int(count), int(octets)

    def list(self):
        """Octets by message number."""
        return {int(n): int(octets) for n, octets in
                (l.split() for l in self.multi("LIST").splitlines())}

    def uidl(self):
        """Unique ids by message number."""
        return {int(n): uid.decode("ascii") for n, uid in
                (l.split() for l in self.multi("UIDL").splitlines())}

    def retr(self, number):
        return self.multi(f"RETR {number}")

    def all(self):
        """Every message of the maildrop; its size is checked with LIST."""
        found = []
        for number, octets in self.list().items():
            message = self.retr(number)
            assert len(message) == octets, f"LIST lies about {number}"
            found.append(message)
        return found

    def quit(self):
        text = self.cmd("QUIT")
        assert self.file.read() == b"", "something follows the reply to QUIT"
        self.close()
        return text


def fetch(port, user, password="pw", delete=False):
    """All messages of a maildrop, in a session of their own."""
    with Pop3(port, user=user, password=password) as pop3:
        found = pop3.all()
        if delete:
            for number in range(1, len(found) + 1):
                pop3.cmd(f"DELE {number}")
        pop3.quit()
    return found


def patient(action, but=None):
    """Repeats what is answered with [SYS/TEMP], for a while."""
    deadline = time.monotonic() + 30 * PATIENCE
    while True:
        try:
            return action()
        except Failed as error:
            if "SYS/TEMP" not in str(error) or (but and but in str(error)) \
                    or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
