#!/usr/bin/python3
"""maildrop.py -- what lists and deletions cost, as one markdown table.

Starts ringmail with ours.sh below FOLDER, and takes turns with the other
servers that run already, each given as one argument, a line of key=value:
name=, pop3= (port), pid= (ancestor of its processes), mail= (folder of the
Maildirs).  Each has the user u0, password pw, whose Maildir mail/u0 is empty.

 quit      QUIT alone, with all of DELETE letters marked, until its +OK; the
           login that follows at once and finds none; until no file is left;
           and CPU time of the server until then (of all its processes)
 list      LIST, UIDL, and both, with LETTERS letters, until the last line
           has come; CPU time of the server for both
"""
import os
import pathlib
import statistics
import sys
import time

from core import proc, row
from login import Session, arguments, letter, servers


def cpu(target):
    """Seconds of CPU time that the server has taken."""
    return proc.cpu(int(target["pid"]))


def fill(target, count, size, turn=0):
    """Puts letters into new/, named as their servers name them."""
    folder = pathlib.Path(target["mail"]) / "u0"
    owner = folder.stat()
    text = letter(size).encode()
    wire = size + text.count(b"\n")
    for i in range(count):
        path = (f"{folder}/new/17000{turn:05d}.M{i:06d}P1.bench,S={size},"
                f"W={wire}")
        with open(path, "wb") as file:
            file.write(text)
        os.chown(path, owner.st_uid, owner.st_gid)
    os.sync()


def left(target):
    folder = pathlib.Path(target["mail"]) / "u0"
    return sum(len(os.listdir(folder / sub)) for sub in ("new", "cur"))


def login(target, expected):
    session = Session(target)
    if session.count != expected:
        raise SystemExit(f"maildrop: {target['name']}: {session.count} "
                         f"letters, not {expected}")
    return session


def quit_round(target, args, turn):
    """ms of QUIT, of the next login, until all files have gone, and of CPU."""
    fill(target, args.delete, args.size, turn)
    login(target, args.delete).quit()
    time.sleep(2.5)
    session = login(target, args.delete)
    session.socket.sendall(b"".join(b"DELE %d\r\n" % (i + 1)
                                    for i in range(args.delete)))
    for _ in range(args.delete):
        session.reply()
    busy, start = cpu(target), time.perf_counter()
    session.say("QUIT")
    said = time.perf_counter()
    after = login(target, 0)
    while left(target) > 0:
        time.sleep(0.002)
    gone = time.perf_counter()
    after.quit()
    time.sleep(0.3)
    return {"quit": (said - start) * 1e3, "next": after.seconds * 1e3,
            "gone": (gone - start) * 1e3, "cpu": (cpu(target) - busy) * 1e3}


def answer(session, words):
    """Sends the lines together; seconds until the last answer has ended."""
    wanted = words.count(b"\r\n")
    start = time.perf_counter()
    session.socket.sendall(words)
    data, ends = b"", 0
    while ends < wanted:
        more = session.socket.recv(1 << 20)
        if not more:
            raise SystemExit("maildrop: the server has hung up")
        ends += (data[-4:] + more).count(b"\r\n.\r\n") - \
            data[-4:].count(b"\r\n.\r\n")
        data = (data[-4:] + more)[-4:]
    return time.perf_counter() - start


def list_round(target, args):
    session = login(target, args.letters)
    found = {"list": answer(session, b"LIST\r\n") * 1e3,
             "uidl": answer(session, b"UIDL\r\n") * 1e3}
    busy = cpu(target)
    found["both"] = answer(session, b"LIST\r\nUIDL\r\n") * 1e3
    found["cpu"] = (cpu(target) - busy) * 1e3
    session.quit()
    return found


def measure(targets, rounds, one):
    figures = {t["name"]: [] for t in targets}
    for turn in range(rounds):
        at = turn % len(targets)
        for t in targets[at:] + targets[:at]:
            figures[t["name"]].append(one(t, turn))
    return figures


def show(figures, rows):
    for key, what in rows:
        all_of = {name: statistics.median(f[key] for f in found)
                  for name, found in figures.items()}
        mine = next(iter(all_of.values()))
        row(what, *(f"{value:,.1f}" for value in all_of.values()),
            *(f"{value / mine:.1f}" if mine else "-"
              for value in list(all_of.values())[1:]))


def compare(targets, args):
    names = [t["name"] for t in targets]
    row(f"medians of {args.rounds} rounds, ms", *names,
        *(f"{name} / ours" for name in names[1:]))
    row(*["---"] * (2 * len(names)))
    if args.delete:
        show(measure(targets, args.rounds,
                     lambda t, turn: quit_round(t, args, turn)),
             (("quit", f"QUIT with {args.delete:,} deletions"),
              ("next", "login and STAT right after it"),
              ("gone", "from QUIT until all files have gone"),
              ("cpu", "CPU from QUIT on")))
    if args.letters:
        for t in targets:
            fill(t, args.letters, 200)
            login(t, args.letters).quit()
            list_round(t, args)
        time.sleep(3)
        show(measure(targets, args.rounds,
                     lambda t, turn: list_round(t, args)),
             (("list", f"LIST of {args.letters:,}"), ("uidl", "UIDL"),
              ("both", "LIST and UIDL, pipelined"),
              ("cpu", "CPU of both")))


def main():
    args = arguments(__doc__, delete=1000, letters=100000, size=10240, rounds=5)
    with servers(args) as targets:
        compare(targets, args)


if __name__ == "__main__":
    sys.exit(main())
