#!/usr/bin/python3
"""core.py -- what the client core costs, as one markdown table.

Runs build/bench/core (fibers, rings and ports beside their peers), then starts
ringmail with ours.sh in a folder of its own and measures what idle clients cost
it, and what they cost an active one.  As root, on a quiet machine.
"""
import argparse
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import core_reload
from core_reload import free_ports, proc

HERE = pathlib.Path(__file__).resolve().parent
# Sleepers give their unused stack back after a second or two, and a process
# its free heap every 30 s: who measures at once measures something else.
SETTLE = 4
FREE = 35
ACTIVE = 2000
SPARE = 200  # descriptors of a client process that no client can have
# An emulated machine takes long to open 50,000.
PATIENT = ["smtpd.timeouts.command=1h", "pop3d.timeouts.idle=1h"]


def memory(pid):
    """KiB of each process of the tree (Pss: what is shared counts in part)."""
    return proc.memory(pid, "Pss")


class Ringmail:
    """A running ringmail of ours.sh."""

    def __init__(self, build, folder, sessions, users):
        self.folder, self.command = folder, HERE / "ours.sh"
        self.env = dict(os.environ, RINGMAIL_BUILD=str(build),
                        USERS=str(users))
        self.sessions, self.users = sessions, users
        self.target = {}

    def start(self, log="log=off"):
        smtp, pop3 = free_ports(2)
        line = self.run("start", "name=core", f"smtp={smtp}", f"pop3={pop3}",
                        log, "hashes=cheap", *PATIENT,
                        f"sessions={self.sessions}")
        self.target = dict(word.split("=", 1) for word in line.split())

    def run(self, command, *args):
        return subprocess.run([self.command, command, self.folder, *args],
                              env=self.env, stdout=subprocess.PIPE,
                              check=True, text=True).stdout

    def memory(self):
        return memory(int(self.target["pid"]))

    def stop(self):
        self.run("stop", "name=core")


class Clients:
    """Idle clients, and an active one beside them."""

    def __init__(self, build, ringmail, protocol, count, users=1):
        command = [build / "bench" / "clients", protocol,
                   ringmail.target[protocol], str(count), str(users)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        said = self.child.stdout.readline()
        if f"ready={count} failed=0" not in said:
            raise SystemExit(f"core: {protocol}, {count} clients: {said}")

    def active(self):
        self.child.stdin.write(f"active {ACTIVE}\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        return {key: int(value) / 1e3 for key, value in
                (word.split("=") for word in line.split())}

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def row(*cells):
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def idle_rows(build, ringmail, protocol, count, state):
    """What each of count idle clients costs: in all, and by process; and what
    they cost an active one, which is alone before and after.

    Ringmail is started for it, since it keeps memory to use it again."""
    ringmail.start()
    # All code that idle clients need has run once.
    Clients(build, ringmail, protocol, 1).close()
    alone = [alone_figures(build, ringmail, protocol)]
    before = ringmail.memory()
    clients = Clients(build, ringmail, protocol, count, ringmail.users)
    time.sleep(SETTLE)
    after = ringmail.memory()
    beside = [clients.active()]
    clients.close()
    time.sleep(FREE)
    left = sum(ringmail.memory().values()) - sum(before.values())
    alone.append(alone_figures(build, ringmail, protocol))
    ringmail.stop()
    grown = {name: (after[name] - before.get(name, 0)) / count
             for name in after}
    total = (sum(after.values()) - sum(before.values())) / count
    parts = ", ".join(f"{name.split()[0]} {kib:.2f}"
                      for name, kib in grown.items() if kib > 0.1)
    row(f"idle client: {protocol} after {state}, {count:,} of them",
        f"{total:.2f} KiB", "",
        f"{parts}; {left / 1024:.1f} MiB kept {FREE} s later",
        "8 KiB or less")
    compare(protocol, count, alone, beside * 2)


def alone_figures(build, ringmail, protocol):
    clients = Clients(build, ringmail, protocol, 0)
    figures = clients.active()
    clients.close()
    time.sleep(SETTLE)
    return figures


def compare(protocol, count, alone, beside):
    """Rows of an active client; the figures are pairs."""
    for key, what in (("noop_ns", "a command and its reply"),
                      ("session_ns", "connect, greet, QUIT")):
        a, b = ([one[key] for one in figures] for figures in (alone, beside))
        ratio = statistics.median(y / x for x, y in zip(a, b))
        row(f"active client: {protocol}, {what}; beside {count:,} idle ones",
            f"{statistics.median(a):.1f} us", f"{statistics.median(b):.1f} us",
            f"{ratio:.2f}", "1.2 or less")


def active_rows(build, ringmail, protocol, count, rounds):
    """An active client beside idle ones, against none, in turns."""
    figures = {0: [], count: []}
    ringmail.start()
    for _ in range(rounds):
        for idle in figures:
            clients = Clients(build, ringmail, protocol, idle, ringmail.users)
            time.sleep(SETTLE)
            figures[idle].append(clients.active())
            clients.close()
            time.sleep(SETTLE)
    ringmail.stop()
    compare(protocol, count, figures[0], figures[count])


def client_rows(build, ringmail, counts, turns):
    for protocol, state in ("smtp", "EHLO"), ("pop3", "login"):
        for count in counts[protocol]:
            idle_rows(build, ringmail, protocol, count, state)
    for protocol in counts:
        if counts[protocol] and turns > 0:
            active_rows(build, ringmail, protocol, max(counts[protocol]),
                        turns)


def conditions():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    print(f"{os.cpu_count()} cores, {model}, Linux {platform.release()}, "
          f"load {os.getloadavg()[0]:.2f} at the start\n")
    row("figure; its peer", "ours", "peer", "peer / ours", "asked")
    row(*["---"] * 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--smtp", type=int, action="append",
                        help="idle SMTP clients; may be repeated")
    parser.add_argument("--pop3", type=int, action="append",
                        help="idle POP3 clients, each a user of its own; with "
                        "neither, 10000 and 500")
    parser.add_argument("--turns", type=int, default=3,
                        help="of the active client, alone and beside as many "
                        "newly opened ones (3)")
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--only", choices=["core", "clients", "reloads"])
    args = parser.parse_args()
    build = args.build.resolve()
    counts = {"smtp": args.smtp or [], "pop3": args.pop3 or []}
    if not args.smtp and not args.pop3:
        counts = {"smtp": [10000], "pop3": [500]}
    conditions()
    if args.only in (None, "core"):
        subprocess.run([build / "bench" / "core", str(args.rounds)],
                       check=True)
    folder = tempfile.mkdtemp(prefix="ringmail-bench-")
    ringmail = Ringmail(build, folder, max(sum(counts.values(), [])) + SPARE,
                        max(counts["pop3"], default=1))
    try:
        if args.only in (None, "reloads"):
            core_reload.rows(ringmail, args.reloads, row)
        if args.only in (None, "clients"):
            client_rows(build, ringmail, counts, args.turns)
    finally:
        ringmail.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
