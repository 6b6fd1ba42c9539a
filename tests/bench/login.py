#!/usr/bin/python3
"""login.py -- what a large maildrop costs at login, as one markdown table.

Starts ringmail with ours.sh below FOLDER, and takes turns with the other
servers that run already, each given as one argument, a line of key=value:
name=, pop3= (port), pid= (ancestor of its processes), mail= (folder of the
Maildirs) and lmtp= (socket).  Each has the user u0, password pw, whose Maildir
mail/u0 is empty.  FOLDER and the Maildirs want 4 inodes for each message.

 first     login and STAT of a maildrop that the server has not seen
 later     the same again, when LIST and UIDL have been asked for once
 after     the same, the first time after MORE messages were delivered, by SMTP
           (to ringmail) or LMTP
 memory    growth of the server's memory (Pss) while such a session is open
"""
import argparse
import contextlib
import os
import pathlib
import smtplib
import socket
import statistics
import sys
import time

from core import SETTLE, Ringmail, memory, row

LINE = "X" * 79 + "\n"
HEAD = ("From: <s@load.test>\nTo: <u0@bench.test>\nSubject: load\n"
        "Date: Mon, 1 Jan 2024 00:00:00 +0000\n\n")


def letter(size):
    return (HEAD + LINE * (size // 80 + 1))[:size - 1] + "\n"


class Session:
    """A POP3 session; seconds: what login and STAT took."""

    def __init__(self, target):
        self.socket = socket.create_connection(("127.0.0.1",
                                                int(target["pop3"])), 600)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say("USER u0@bench.test")
        start = time.perf_counter()
        self.say("PASS pw")
        self.login = time.perf_counter() - start
        self.count = int(self.say("STAT").split()[1])
        self.seconds = time.perf_counter() - start

    def reply(self):
        line = self.file.readline().decode(errors="replace")
        if not line.startswith("+OK"):
            raise SystemExit(f"login: {line}")
        return line

    def say(self, words, many=False):
        self.socket.sendall(words.encode() + b"\r\n")
        line = self.reply()
        while many and self.file.readline() not in (b".\r\n", b""):
            pass
        return line

    def quit(self):
        self.say("QUIT")
        self.file.close()
        self.socket.close()


def fill(target, count, size):
    """Puts messages into new/, as another program would."""
    folder = pathlib.Path(target["mail"]) / "u0"
    owner = folder.stat()
    text = letter(size).encode()
    for i in range(count):
        path = f"{folder}/new/1700000000.M{i:06d}P1.bench"
        with open(path, "wb") as file:
            file.write(text)
        os.chown(path, owner.st_uid, owner.st_gid)
    os.sync()


def deliver(target, count, size):
    if "smtp" in target:
        server = smtplib.SMTP("127.0.0.1", int(target["smtp"]))
    else:
        server = smtplib.LMTP(target["lmtp"])
    server.ehlo_or_helo_if_needed()
    for _ in range(count):
        server.sendmail("s@load.test", ["u0@bench.test"], letter(size))
    server.quit()


def timed(target, expected):
    """One session; ms of login and STAT."""
    session = Session(target)
    session.quit()
    if session.count != expected:
        raise SystemExit(f"login: {target['name']}: {session.count} messages, "
                         f"not {expected}")
    return session.seconds * 1e3


def session_memory(target):
    """KiB that one open session adds; what it keeps afterwards does not
    count: the session before has made the server keep that too."""
    time.sleep(SETTLE)
    before = sum(memory(int(target["pid"])).values())
    session = Session(target)
    time.sleep(SETTLE)
    grown = sum(memory(int(target["pid"])).values()) - before
    session.quit()
    return grown


def measure(targets, args):
    """Figures of each target: a dict of lists."""
    figures = {t["name"]: {"first": [], "later": [], "after": [],
                           "memory": []} for t in targets}
    for t in targets:
        fill(t, args.count, args.size)
        figures[t["name"]]["first"].append(timed(t, args.count))
        session = Session(t)
        session.say("LIST", True)
        session.say("UIDL", True)
        session.quit()
    for turn in range(args.rounds):
        for t in targets[turn % len(targets):] + \
                targets[:turn % len(targets)]:
            mine = figures[t["name"]]
            there = args.count + turn * args.more
            mine["later"] += [timed(t, there) for _ in range(5)]
            mine["memory"].append(session_memory(t))
            deliver(t, args.more, args.size)
            mine["after"].append(timed(t, there + args.more))
    return figures


def arguments(doc, **numbers):
    """The command line: options with numbers, which have these defaults; where
    ringmail is built and may run; the other servers."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("target", nargs="*")
    return parser.parse_args()


@contextlib.contextmanager
def servers(args):
    """What is known of each server, ringmail first, which runs meanwhile."""
    ringmail = Ringmail(args.build.resolve(), args.folder, 1000, 1)
    try:
        ringmail.start()
        yield [ringmail.target] + [
            dict(word.split("=", 1) for word in line.split())
            for line in args.target]
    finally:
        ringmail.stop()


def main():
    args = arguments(__doc__, count=100000, more=1000, size=2000, rounds=5)
    with servers(args) as targets:
        figures = measure(targets, args)
    names = list(figures)
    row(f"{args.count:,} messages, medians of {args.rounds} rounds", *names)
    row(*["---"] * (len(names) + 1))
    for key, what, form in (
            ("first", "login and STAT, the first, ms", "{:,.1f}"),
            ("later", "login and STAT, a later one, ms", "{:,.2f}"),
            ("after", f"the first after {args.more:,} deliveries, ms",
             "{:,.2f}"),
            ("memory", "memory of a session, KiB", "{:,.0f}")):
        row(what, *(form.format(statistics.median(figures[name][key]))
                    for name in names))


if __name__ == "__main__":
    sys.exit(main())
