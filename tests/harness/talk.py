"""Conversations in files: tests/talk/README.md says how they are written."""
import pathlib
import random
import re
import select
import socket
import ssl
import time

import pytest

from .daemons import DOMAIN, PATIENCE
from .talk_auth import AuthSteps

MODES = ["whole", "octets", "random"]
TIMEOUT = 30 * PATIENCE
NAMES = {"domain": DOMAIN, "nul": "\0", "cr": "\r", "lf": "\n",
         "crlf": "\r\n", "tab": "\t", "blank": " ", "soh": "\1",
         "open": "\ue000", "close": "\ue001"}
WORDS = {}  # functions: {NAME text} is what one makes of the text


class Wrong(AssertionError):
    """What the server did is not what the file says."""


def expand(text):
    """Names and repeats in braces: {domain}, {jack}, {x*998}; the innermost
    first, so that a repeat may have others inside."""
    def one(match):
        inner = match.group(1)
        if times := re.fullmatch(r"(.*)\*(\d+)", inner, re.S):
            return times.group(1) * int(times.group(2))
        word, _, rest = inner.partition(" ")
        if word in WORDS and rest:
            return WORDS[word](rest)
        return NAMES.get(inner, f"{inner}@{DOMAIN}")
    while (done := re.sub(r"\{([^{}]+)\}", one, text)) != text:
        text = done
    return text.replace("\ue000", "{").replace("\ue001", "}")


def octets(text):
    """Text of a file as octets: it is UTF-8, and {0xff} is one octet."""
    parts = re.split(r"\{0x([0-9a-f]{2})\}", text)
    return b"".join(bytes.fromhex(part) if n % 2 else expand(part).encode()
                    for n, part in enumerate(parts))


def pattern(text):
    """What a line must begin with; * stands for anything, $ for its end."""
    end = rb"\Z" if text.endswith("$") else b""
    text = octets(text.removesuffix("$") if end else text)
    return re.compile(b".*".join(map(re.escape, text.split(b"*"))) + end,
                      re.S)


class Line:
    """One connection."""

    def __init__(self, endpoint, cut, rng, source=None):
        self.cut = cut
        self.rng = rng
        self.buffer = b""
        self.ended = False
        if isinstance(endpoint, tuple):
            family = socket.AF_INET6 if ":" in endpoint[0] else socket.AF_INET
        else:
            family, endpoint = socket.AF_UNIX, str(endpoint)
        self.sock = socket.socket(family)
        self.sock.settimeout(TIMEOUT)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect(endpoint)
        if family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def pieces(self, data):
        at = 0
        while at < len(data):
            size = {"whole": len(data), "octets": 1,
                    "random": self.rng.choice([1, 2, 3, 7, 40, 600])}[self.cut]
            # Long stretches of one octet each would test nothing more.
            if at > 3000 and self.cut != "whole":
                size = 1000
            yield data[at:at + size]
            at += size

    def send(self, data):
        """Sends it in pieces; a server that hung up is noticed later."""
        try:
            for piece in self.pieces(data):
                self.sock.sendall(piece)
        except OSError:
            pass

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except socket.timeout as error:
            raise Wrong("the server says nothing") from error
        except ssl.SSLWantReadError:
            raise
        except (ConnectionError, ssl.SSLError):
            data = b""
        self.buffer += data
        self.ended = not data

    def line(self):
        """The next line without its CRLF; None at the end."""
        while b"\n" not in self.buffer and not self.ended:
            self.fill()
        if b"\n" not in self.buffer:
            if self.buffer:
                raise Wrong(f"a line without end: {self.buffer!r}")
            return None
        line, self.buffer = self.buffer.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise Wrong(f"a bare LF ends {line!r}")
        return line[:-1]

    def readable(self, seconds):
        return getattr(self.sock, "pending", lambda: 0)() or \
            select.select([self.sock], [], [], max(seconds, 0))[0]

    def silent(self, seconds=0.0):
        """Nothing is there that nobody waited for."""
        end = time.monotonic() + seconds
        while not self.buffer and not self.ended and \
                self.readable(end - time.monotonic()):
            self.sock.settimeout(0)
            try:
                self.fill()
            except (ssl.SSLWantReadError, BlockingIOError):
                pass  # TLS had something to say to itself
            finally:
                self.sock.settimeout(TIMEOUT)
        if self.buffer:
            raise Wrong(f"unexpected: {self.buffer!r}")

    def shut(self):
        # Below TLS, which is not told.
        socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def close(self):
        self.sock.close()


class Talk(AuthSteps):
    """One conversation: the steps of a file against running services."""

    GREETING = QUIT = None
    octets = staticmethod(octets)
    pattern = staticmethod(pattern)

    def __init__(self, path, stage, cut):
        self.path = pathlib.Path(path)
        self.stage = stage
        self.cut = cut
        self.seed = random.SystemRandom().randrange(1 << 32)
        self.rng = random.Random(self.seed)
        self.lines = {}  # connections by name
        self.current = "main"
        self.listener = "main"
        # A word that no other conversation has.
        NAMES["nonce"] = f"{self.seed:x}"
        WORDS.update(self.words())
        self.source = None  # the client's address, where it matters
        self.certificate = None  # whose one the client shows
        self.begins_with_tls = False
        self.outgoing = b""
        self.boxes = {user: self.letters(user) for user in stage.users}
        self.letter = None
        self.at = 0  # where the last match in the letter ended

    def letters(self, user):
        return {path for part in ("new", "cur")
                for path in self.stage.box(user, part)}

    # -- running

    def run(self):
        number = 0
        try:
            for number, text in enumerate(
                    self.path.read_text("utf-8").splitlines(), 1):
                if text.strip() and not text.startswith("#"):
                    self.step(text)
            self.finish()
        except (AssertionError, OSError) as error:
            raise AssertionError(
                f"{self.path}:{number}: {error} (cut {self.cut}, seed "
                f"{self.seed})") from error
        finally:
            for line in self.lines.values():
                line.close()

    def step(self, text):
        verb, _, argument = text.partition(" ")
        if verb in ("C:", "X:"):
            self.outgoing += octets(argument)
            if verb == "C:":
                self.outgoing += b"\r\n"
            return
        if verb in ("B:", "E:"):
            chunk = octets(argument)
            last = b" LAST" if verb == "E:" else b""
            self.outgoing += b"BDAT %d%s\r\n%s" % (len(chunk), last, chunk)
            return
        self.flush()
        special = {"S:": "expect", "S-": "expect_lines", "M:": "has",
                   "M!": "has_not"}
        name = special.get(verb, f"do_{verb}")
        if not hasattr(self, name):
            raise Wrong(f"no such step: {verb}")
        getattr(self, name)(argument)

    def finish(self):
        """Each connection still answers, and says nothing else."""
        self.flush()
        for name, line in list(self.lines.items()):
            self.current = name
            if not line.ended and self.QUIT:
                line.silent()
                line.send(self.QUIT[0])
                self.expect(self.QUIT[1])
                self.do_closed()

    @property
    def line(self):
        """The current connection, made where there is none."""
        if self.current not in self.lines:
            self.lines[self.current] = Line(
                self.stage.endpoint(self.listener), self.cut, self.rng,
                self.source)
            if self.begins_with_tls:
                self.do_tls()
        return self.lines[self.current]

    def flush(self):
        """Sends what consecutive C: and X: lines have put together."""
        data, self.outgoing = self.outgoing, b""
        if data:
            self.line.silent()
            self.line.send(data)

    # -- expecting

    def expect(self, text):
        line = self.line.line()
        if line is None:
            raise Wrong(f"hung up, and not {text!r}")
        if not pattern(text).match(line):
            raise Wrong(f"{line!r} is not {text!r}")
        return line

    def expect_lines(self, text):
        """One line or more that match, each ending no reply."""
        self.expect(text)
        while pattern(text).match(self.peek()):
            self.line.line()

    def peek(self):
        line = self.line.line()
        if line is None:
            return b""
        self.line.buffer = line + b"\r\n" + self.line.buffer
        return line

    def do_silent(self, argument="200ms"):
        self.line.silent(self.seconds(argument or "200ms"))

    def do_ready(self, argument):
        """The server says something within this time."""
        if not self.line.buffer and not select.select(
                [self.line.sock], [], [], self.seconds(argument))[0]:
            raise Wrong("nothing came in time")

    def do_closed(self, _=""):
        """The server closes, and has nothing more to say."""
        line = self.line.line()
        if line is not None:
            raise Wrong(f"{line!r}, and not the end")

    # -- acting

    @staticmethod
    def seconds(text):
        match = re.fullmatch(r"(\d+)(ms|s)", text)
        return int(match.group(1)) / (1000 if match.group(2) == "ms" else 1)

    def do_pause(self, argument):
        time.sleep(self.seconds(argument))

    def do_cut(self, argument):
        """The file is for one way of cutting."""
        if argument != self.cut:
            pytest.skip(f"cut {argument} alone")

    def do_timed(self, _=""):
        """Its times are short: it is nothing for a checker, which is slow."""
        if PATIENCE > 1:
            pytest.skip("times that a checker does not keep")

    def do_to(self, argument):
        """Which listener the connections that follow go to; "tls" behind it:
        they begin with that."""
        self.listener, _, tls = argument.partition(" ")
        self.begins_with_tls = tls == "tls"

    def do_via(self, address):
        """Connections that follow come from this address of loopback."""
        self.source = address

    def do_on(self, argument):
        """Goes over to the connection of this name."""
        self.current = argument

    def do_connect(self, _=""):
        assert self.line

    def do_shut(self, _=""):
        self.line.shut()

    def do_hangup(self, _=""):
        self.line.close()
        self.line.ended = True
        del self.lines[self.current]

    # -- mailboxes

    def do_empty(self, user):
        """Empties a mailbox."""
        for path in self.letters(user):
            path.unlink()
        self.boxes[user] = set()

    def do_box(self, argument):
        """So many letters (1) have come to the user since the begin, or
        since the last look; M: and M! look at the newest."""
        user, _, count = argument.partition(" ")
        new = self.letters(user) - self.boxes[user]
        if len(new) != int(count or 1):
            raise Wrong(f"{len(new)} letters for {user}")
        self.boxes[user] |= new
        self.letter = None
        self.at = 0
        if new:
            newest = max(new, key=lambda path: path.stat().st_mtime_ns)
            self.letter = newest.read_bytes().replace(
                b"\r\n", b"\n").split(b"\n")

    def has(self, text):
        """A line of the letter, after the last one that was found."""
        for n in range(self.at, len(self.letter)):
            if pattern(text).match(self.letter[n]):
                self.at = n + 1
                return
        raise Wrong(f"no line {text!r} in {self.letter[self.at:]}")

    def has_not(self, text):
        for line in self.letter:
            if pattern(text).match(line):
                raise Wrong(f"{line!r} is in the letter")


class SmtpTalk(Talk):
    """What SMTP conversations need beside."""

    QUIT = (b"QUIT\r\n", "221 2.0.0")
    FORWARD = "334 "

    def reply(self, code):
        """A whole reply of this code; its lines without the code."""
        lines = []
        while True:
            line = self.expect(code)
            lines.append(line[4:])
            if line[3:4] == b" ":
                return lines
            if line[3:4] != b"-":
                raise Wrong(f"no reply: {line!r}")

    def say(self, text, code):
        self.line.silent()
        self.line.send(octets(text) + b"\r\n")
        return self.reply(code)

    def do_hello(self, argument=""):
        """The greeting, where it has not come, and EHLO."""
        if self.current not in self.lines:
            self.reply("220")
        self.extensions = self.say(
            f"{'LHLO' if self.listener.startswith('lmtp') else 'EHLO'} "
            f"{argument or 'client.example'}", "250")[1:]

    def do_offers(self, text):
        if not any(pattern(text).match(line) for line in self.extensions):
            raise Wrong(f"no {text} in {self.extensions}")

    def do_lacks(self, text):
        if any(pattern(text).match(line) for line in self.extensions):
            raise Wrong(f"{text} in {self.extensions}")

    def do_starttls(self, _=""):
        self.say("STARTTLS", "220")
        self.do_tls()

    def do_from(self, argument):
        self.say(f"MAIL FROM:<{argument}>", "250 2.1.0")

    def do_rcpt(self, argument):
        for name in argument.split():
            path = name if "@" in name else f"{name}@{DOMAIN}"
            self.say(f"RCPT TO:<{path}>", "250 2.1.5")

    def do_envelope(self, argument):
        """From a foreigner to these local users, and DATA."""
        self.do_from("sender@remote.example")
        self.do_rcpt(argument)
        self.say("DATA", "354")


KINDS = {"smtp": SmtpTalk}
