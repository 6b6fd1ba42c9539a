#!/usr/bin/python3
"""TLS beside Dovecot and Postfix, in turns on one machine: handshakes (full and
resumed), RETR, memory of idle clients, and plain sessions during a flood of
handshakes.

    tls.py BUILD [PHASE...]     PHASE: handshakes retr idle flood

What counts is the CPU time of the server's processes for one thing done, which
a busy machine changes least; rates are the client's (tls_load.h), on the same
cores, and its own CPU time is shown.
"""
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
os.environ["RINGMAIL_BUILD"] = str(BUILD.resolve())

from harness.daemons import DOMAIN, running  # noqa: E402 (the path comes first)
from harness.smtp import deliver  # noqa: E402
from harness.tls import HOST, TlsPair  # noqa: E402
from tls_servers import Dovecot, Ours, Postfix  # noqa: E402

TURNS, SECONDS, CLIENTS, IDLE, FLOOD = 5, 0.8, 16, 10000, 32
PHASES = ["handshakes", "retr", "idle", "flood"]
KINDS = [(version, kind) for version in ("1.3", "1.2")
         for kind in ("full", "resumed")]
# Octets of a letter, letters of a user, name of the users.
LETTERS = [(10_000, 50, "u"), (4_000_000, 4, "big")]


def load(*words):
    """What the load driver says: numbers by name."""
    done = subprocess.run([BUILD / "bench" / "tls_load", *map(str, words)],
                          stdout=subprocess.PIPE, check=True, timeout=120)
    return {name: float(value) for name, value in (
        word.split("=") for word in done.stdout.decode().split())}


def spread(values, unit):
    return (f"{statistics.median(values):8.1f} ({min(values):.1f}-"
            f"{max(values):.1f}) {unit}")


def say(what, name, *columns):
    print(f"{what:17} {name:10} " + "  ".join(columns), flush=True)


def in_turns(targets, measure):
    """What measure finds of each target, turn by turn."""
    results = {target.name: [] for target in targets}
    for turn in range(TURNS):
        for target in targets[turn % 2:] + targets[:turn % 2]:
            results[target.name].append(measure(target))
    return results


def compare(what, results, pairs):
    """ours beside each peer: of rates, and of CPU times."""
    def median(name, column):
        return statistics.median(r[column] for r in results[name])
    for ours, peer in pairs:
        say(what, ours, f"/ {peer}: rate "
            f"{median(ours, 0) / median(peer, 0):.2f}, CPU "
            f"{median(ours, 1) / median(peer, 1):.2f}")


def handshakes(target, version, kind):
    """Handshakes a second of many clients, CPU for each in us, the client's,
    and the share of those that were what was wanted."""
    before = target.cpu()
    found = load("hands", target.port, SECONDS, CLIENTS, version, kind)
    count = found["done"]
    good = found["resumed"] if kind == "resumed" else count - found["resumed"]
    return (found["rate"], (target.cpu() - before) / count * 1e6,
            found["cpu_us"], 100 * good / count)


def measure_handshakes(pair, pop3d, dovecot):
    others = [Dovecot(pair, 1), Postfix(pair)]
    try:
        others[1].start()
        targets = [pop3d, dovecot, Ours(pair, "smtpd"), *others]
        pairs = [("pop3d", "Dovecot/2"), ("pop3d", "Dovecot/1"),
                 ("smtpd", "Postfix")]
        for version, kind in KINDS:
            what = f"{kind} {version}"
            results = in_turns(
                targets, lambda t, v=version, k=kind: handshakes(t, v, k))
            for name, values in results.items():
                rate, cpu, client, good = zip(*values)
                say(what, name, spread(rate, "/s"), spread(cpu, "us CPU"),
                    f"client {statistics.median(client):.0f} us",
                    f"{statistics.median(good):.0f} % {kind}")
            compare(what, results, pairs)
    finally:
        for other in others:
            other.stop()


def retr(target, size, count, prefix, clients):
    """MB a second, CPU of the server and of the client in ms for each MB."""
    before = target.cpu()
    found = load("retr", target.port, SECONDS, clients, count, prefix, DOMAIN)
    done = found["done"] * size / 1e6
    return (found["mb_s"], (target.cpu() - before) * 1e3 / done,
            found["cpu_us"] / 1e3 * found["done"] / done)


def measure_retr(pair, pop3d, dovecot):
    line = b"a line of a letter, as they are\r\n"
    for size, count, prefix in LETTERS:
        for user in (f"{prefix}0", f"{prefix}1"):
            if user not in pair.users:
                pair.add_user(user)
            for _ in range(count):
                deliver(pair.smtp_port, b"Subject: x\r\n\r\n" + line *
                        (size // len(line)), f"{user}@{DOMAIN}")
        for clients in (1, 2):
            what = f"retr {size // 1000} KB, {clients}"
            results = in_turns([pop3d, dovecot], lambda t, w=(
                size, count, prefix, clients): retr(t, *w))
            for name, values in results.items():
                rate, cpu, client = zip(*values)
                say(what, name, spread(rate, "MB/s"),
                    spread(cpu, "ms CPU/MB"),
                    f"client {statistics.median(client):.1f} ms/MB")
            compare(what, results, [("pop3d", "Dovecot/2")])


def hold(port, context, count, ready, end):
    held = []
    for _ in range(count):
        sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", port), 60),
            server_hostname=HOST)
        sock.recv(100)
        held.append(sock.detach())
    ready.put(1)
    end.wait()


def measure_idle(pair, target):
    """KiB for each of many clients that have said nothing."""
    before = target.memory()
    ready, end = multiprocessing.Queue(), multiprocessing.Event()
    parts = [multiprocessing.Process(
        target=hold, args=(target.port, pair.ca.context(), IDLE // 2, ready,
                           end)) for _ in range(2)]
    for part in parts:
        part.start()
    for _ in parts:
        ready.get(timeout=300)
    time.sleep(15)  # stacks that rest are given back
    say(f"idle {IDLE}", target.name,
        f"{(target.memory() - before) / IDLE:8.1f} KiB each")
    end.set()
    for part in parts:
        part.join()


def spin(end):
    while not end.is_set():
        pass


def flood_of(port, measure):
    """measure(), beside many handshakes; how many a second there were."""
    with subprocess.Popen(
            [BUILD / "bench" / "tls_load", "hello", str(port),
             str(2 * SECONDS + 0.6), str(FLOOD)],
            stdout=subprocess.PIPE) as flood:
        time.sleep(0.3)
        measure()
        words = flood.communicate()[0].decode().split()
    return [float(word.split("=")[1]) for word in words
            if word.startswith("rate=")]


def busy_core(measure):
    """measure(), beside a process that computes."""
    end = multiprocessing.Event()
    other = multiprocessing.Process(target=spin, args=(end,))
    other.start()
    try:
        measure()
    finally:
        end.set()
        other.join()


def measure_flood():
    """A command, and a session with a letter, of a plain client: alone, beside
    a process that computes, and beside a flood of handshakes at the one worker
    that serves it."""
    results, handshakes_done = {}, []
    plain = [("noop",), ("letter", f"u0@{DOMAIN}")]
    with running(TlsPair(users=1, smtpd={"workers": 1})) as pair:
        def take(beside):
            for what, *words in plain:
                results.setdefault((what, beside), []).append(
                    load(what, pair.smtp_port, SECONDS, *words)["median_us"])
        for _ in range(TURNS):
            take("alone")
            busy_core(lambda: take("a core busy"))
            handshakes_done += flood_of(pair.smtps_port,
                                        lambda: take("flooded"))
    for (what, beside), values in results.items():
        first = statistics.median(results[what, "alone"])
        say(f"plain {what}", beside, spread(values, "us"),
            f"{statistics.median(values) / first:.2f}")
    say("the flood", "", spread(handshakes_done, "handshakes/s"))


def measure_beside(phases):
    """What needs another server beside, or as many clients."""
    options = {"users": 2, "pop3d": {"limits": {"sessions": 11000}}}
    with running(TlsPair(**options)) as pair:
        pop3d, dovecot = Ours(pair, "pop3d"), Dovecot(pair, 2)
        try:
            if "handshakes" in phases:
                measure_handshakes(pair, pop3d, dovecot)
            if "retr" in phases:
                measure_retr(pair, pop3d, dovecot)
            if "idle" in phases:
                measure_idle(pair, pop3d)
        finally:
            dovecot.stop()


def main():
    phases = sys.argv[2:] or PHASES
    if phases != ["flood"]:
        measure_beside(phases)
    if "flood" in phases:
        measure_flood()


if __name__ == "__main__":
    main()
