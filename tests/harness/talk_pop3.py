"""What POP3 conversations (tests/talk/pop3) need beside."""
import itertools
import struct

from . import maildir, proc, talk
from .pop3 import Failed, Pop3
from .talk import TIMEOUT, Wrong, octets

UNIQUE = itertools.count()
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"


class Pop3Talk(talk.Talk):
    """Letters lie in mailboxes before the conversation begins."""

    QUIT = (b"QUIT\r\n", "+OK")
    FORWARD = "+ "

    def __init__(self, path, stage, cut):
        super().__init__(path, stage, cut)
        self.listener = "pop3"
        self.laid = None  # the letter that is being written: file, octets
        self.numbers = {}  # of letters laid, by user

    def step(self, text):
        verb, _, argument = text.partition(" ")
        if verb in ("L:", "l:"):
            if self.laid is None:
                raise Wrong("no letter was begun")
            self.laid[1] += octets(argument) + b"\n" * (verb == "L:")
            return
        self.finish_letter()
        super().step(text)

    def finish(self):
        self.finish_letter()
        super().finish()

    # -- letters

    def do_letter(self, argument):
        """Begins a letter, whose lines follow: USER, and a name of its file
        that is not the usual one."""
        user, _, name = argument.partition(" ")
        number = self.numbers[user] = self.numbers.get(user, 0) + 1
        # No name comes twice: that is what an index relies on.
        name = name or \
            f"cur/{1700000000 + number}.M{next(UNIQUE)}P1.host:2,"
        self.laid = [self.stage.pair.maildir(user) / name, b""]

    def do_letters(self, argument):
        """USER N: so many short ones."""
        user, _, count = argument.partition(" ")
        for number in range(int(count)):
            self.do_letter(user)
            self.laid[1] = b"Subject: %d\n\nbody\n" % (number + 1)
            self.finish_letter()

    def finish_letter(self):
        if self.laid is None:
            return
        path, text = self.laid
        self.laid = None
        for folder in reversed(path.parents):
            if not folder.is_dir():
                folder.mkdir(0o700)
                maildir.own(folder)
        maildir.put(path, text)

    def do_left(self, argument):
        """USER N: so many letters lie in the mailbox."""
        user, _, count = argument.partition(" ")
        found = len(self.letters(user))
        if found != int(count):
            raise Wrong(f"{found} letters for {user}")

    # -- connections

    def do_free(self, user):
        """The user's maildrop becomes free: a login of another one is taken."""
        def opens():
            with Pop3(self.stage.pair.pop3_port, TIMEOUT) as pop3:
                try:
                    pop3.login(user)
                except Failed as error:
                    if not str(error).startswith("[IN-USE]"):
                        raise
                    return False
                pop3.quit()
                return True
        proc.wait_until(f"{user}'s maildrop is free", opens, TIMEOUT)

    def do_proxy(self, argument):
        """A header of the PROXY protocol, version 2: FROM [tls]."""
        address, _, rest = argument.partition(" ")
        host = bytes(map(int, address.split(".")))
        addresses = host + bytes([127, 0, 0, 1]) + struct.pack(">HH", 4711, 110)
        values = b"\x20\0\x05\x01\0\0\0\0" if rest == "tls" else b""
        self.line.send(PROXY_2 + struct.pack(
            ">BBH", 0x21, 0x11, len(addresses + values)) + addresses + values)

    # -- commands

    def say(self, text, reply="+OK"):
        self.line.silent()
        self.line.send(octets(text) + b"\r\n")
        return self.expect(reply)

    def do_greeting(self, _=""):
        self.expect("+OK ")

    def do_login(self, user):
        """The greeting, where it has not come, and a login."""
        if self.current not in self.lines:
            self.do_greeting()
        self.say(f"USER {user}")
        self.say("PASS pw")

    def do_stls(self, _=""):
        """The greeting, where it has not come, and STLS."""
        if self.current not in self.lines:
            self.do_greeting()
        self.say("STLS")
        self.do_tls()

    def listing(self, command):
        self.say(command)
        lines = []
        while (line := self.line.line()) != b".":
            if line is None:
                raise Wrong(f"the listing of {command} has no end")
            lines.append(line)
        return lines

    def do_rest(self, _=""):
        """The rest of a multi-line reply."""
        while (line := self.line.line()) != b".":
            if line is None:
                raise Wrong("a reply has no end")

    def do_capable(self, text):
        """CAPA tells of it."""
        if text.encode() not in self.listing("CAPA"):
            raise Wrong(f"no {text}: {self.listing('CAPA')}")

    def do_incapable(self, text):
        if any(line.split()[0] == text.encode()
               for line in self.listing("CAPA")):
            raise Wrong(f"{text} is there")

    def do_count(self, argument):
        """STAT and LIST: so many letters, of together so many octets."""
        count, _, size = argument.partition(" ")
        self.say("STAT", f"+OK {count} {size}" + "$" * bool(size))
        sizes = [int(line.split()[1]) for line in self.listing("LIST")]
        if len(sizes) != int(count) or (size and sum(sizes) != int(size)):
            raise Wrong(f"LIST: {sizes}")


talk.KINDS["pop3"] = Pop3Talk
