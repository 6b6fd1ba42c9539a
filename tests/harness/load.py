"""Load: many SMTP sessions at once, with messages of every kind."""
import collections
import random
import re
import threading

from .smtp import Closed, Smtp, stuffed

TRACE = re.compile(rb"Return-Path: <[^\r\n]*>\r\n"
                   rb"(?:Delivered-To: [^\r\n]*\r\n)?"
                   rb"Received: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
NUMBER = re.compile(rb"^X-Load: (\d+)\r$", re.M)
OCTETS = bytes(c for c in range(1, 256) if c not in b"\r\n")


def untraced(message):
    """A fetched message without the fields that smtpd put on top."""
    match = TRACE.match(message)
    assert match, f"no trace fields: {message[:300]!r}"
    return message[match.end():]


def line(rng):
    """One line of a body, of a kind that something might stumble over."""
    kind = rng.randrange(10)
    if kind == 0:
        return b""
    if kind == 1:
        return b"." * rng.randint(1, 3)
    if kind == 2:
        return b".leading dot"
    if kind == 3:
        return rng.randbytes(rng.randint(1, 900)).translate(
            None, b"\r\n\0")
    if kind == 4:
        return b"trailing blanks \t "
    if kind == 5:
        return b"From nobody " + b"x" * rng.randint(0, 50)
    if kind == 6:
        return b"y" * rng.randint(900, 998)
    return bytes(rng.choices(OCTETS[31:126], k=rng.randint(1, 78)))


def compose(number, rng, size=None):
    """A message of about size octets; the number is in its header."""
    if size is None:
        size = rng.choice([0, 100, 1000, 10_000, 10_000, 60_000])
    lines = [b"X-Load: %d" % number, b"Subject: load", b""]
    length = 0
    while length < size:
        lines.append(line(rng))
        length += len(lines[-1]) + 2
    return b"".join(text + b"\r\n" for text in lines)


def number_of(message):
    return int(NUMBER.search(message).group(1))


def numbers(messages):
    """The numbers of fetched messages, with how often each is there."""
    return collections.Counter(map(number_of, messages))


class Load:
    """Sessions that send messages until stopped, and what became of them;
    pause: seconds that each waits between two."""

    def __init__(self, port, recipients, sessions=20, seed=0, count=None,
                 first=0, size=None, pause=0):
        self.port = port
        self.recipients = recipients
        self.seed = seed
        self.size = size
        self.pause = pause
        self.next = first
        self.last = None if count is None else first + count
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.sent = {}  # number: the message, whatever was answered
        self.accepted = set()  # numbers that got 250
        self.codes = collections.Counter()
        self.ended = []  # sessions that ended of themselves, and why
        self.threads = [threading.Thread(target=self.session, daemon=True)
                        for _ in range(sessions)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def wait(self, seconds):
        """Until all that were asked for are sent."""
        for thread in self.threads:
            thread.join(seconds)
            assert not thread.is_alive(), "a session hangs"
        return self

    def stop(self, seconds=120):
        self.stopping.set()
        return self.wait(seconds)

    def take(self):
        """The next message, or None at the end."""
        with self.lock:
            if self.stopping.is_set() or self.next == self.last:
                return None, None
            number = self.next
            self.next += 1
        rng = random.Random(f"{self.seed}/{number}")
        message = compose(number, rng, self.size)
        self.sent[number] = message
        return number, message

    def send(self, smtp, number, message):
        """One transaction; counts each code that is not the usual one."""
        to = self.recipients[number % len(self.recipients)]
        steps = [(b"MAIL FROM:<s@remote.example>\r\n", 250),
                 (b"RCPT TO:<%s>\r\n" % to.encode(), 250),
                 (b"DATA\r\n", 354), (stuffed(message) + b".\r\n", 250)]
        for data, expected in steps:
            smtp.send(data)
            reply = smtp.reply()
            if reply.code != expected:
                with self.lock:
                    self.codes[reply.code] += 1
                return smtp.cmd("RSET").code == 250
        with self.lock:
            self.codes[250] += 1
            self.accepted.add(number)
        return True

    def open(self):
        """A session that was greeted."""
        smtp = Smtp(self.port, timeout=120)
        smtp.hello()
        return smtp

    def session(self):
        try:
            with self.open() as smtp:
                while True:
                    number, message = self.take()
                    if number is None or not self.send(smtp, number, message):
                        break
                    self.stopping.wait(self.pause)
                smtp.cmd("QUIT")
        except (OSError, Closed, AssertionError) as error:
            with self.lock:
                self.ended.append(repr(error))

    def check(self, messages, exactly=True):
        """What was accepted is there once, octet for octet; the rest of what
        is there (exactly: nothing) is whole and there once."""
        found = numbers(messages)
        twice = [n for n, times in found.items() if times > 1]
        assert not twice, f"there more than once: {twice[:10]}"
        missing = self.accepted - set(found)
        assert not missing, f"lost after 250: {sorted(missing)[:10]}"
        for message in messages:
            number = number_of(message)
            assert untraced(message) == self.sent[number], \
                f"message {number} is not what was sent"
        if exactly:
            extra = set(found) - self.accepted
            assert not extra, f"there without 250: {sorted(extra)[:10]}"
