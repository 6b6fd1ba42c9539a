#!/usr/bin/python3
"""TLS beside Dovecot, in turns on one machine: handshakes (full, resumed),
RETR, memory of idle clients, and plain sessions during a flood of handshakes.

    tls.py BUILD [PHASE...]     PHASE: handshakes retr idle flood

What counts is the CPU time of the server's processes for one thing done, which
a busy machine changes least; rates are the client's, on the same cores.
"""
import contextlib
import multiprocessing
import os
import pathlib
import pwd
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
os.environ["RINGMAIL_BUILD"] = str(BUILD.resolve())

from harness import proc  # noqa: E402 (the path comes first)
from harness.daemons import DOMAIN, free_ports  # noqa: E402
from harness.smtp import deliver  # noqa: E402
from harness.tls import HOST, TlsPair  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
TURNS, SECONDS, CLIENTS, IDLE = 5, 3, 8, 10000

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = ringmail-bench
protocols = pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
log_path = {folder}/log
first_valid_uid = 100
default_client_limit = 12000
mail_max_userip_connections = 0
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  client_limit = 12000
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {port}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%d/%n
}}
mail_location = maildir:{mail}/%d/%n
"""


def tree(pid):
    """A process and all that it started."""
    out = [pid]
    for child in proc.children(pid):
        out += tree(child)
    return out


def cpu(pids):
    """Seconds of CPU of all of them, children that ended included."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text(
                encoding="ascii").rsplit(")", 1)[1].split()
            total += sum(int(f) for f in fields[11:15])
    return total / TICK


class Ours:
    name = "ringmail"

    def __init__(self, pair):
        self.port, self.pair = pair.pop3s_port, pair

    def roots(self):
        return [self.pair.pid("pop3d"), self.pair.pid("helpers")]


class Dovecot:
    """Dovecot with the same certificate, over the same Maildirs."""
    name = "Dovecot"

    def __init__(self, pair):
        self.folder = tempfile.mkdtemp(prefix="ringmail-bench-",
                                       dir="/var/tmp")
        owner = pwd.getpwnam("ringmail")
        (self.port,) = free_ports(1)
        conf = pathlib.Path(self.folder) / "conf"
        conf.write_text(DOVECOT.format(
            folder=self.folder, port=self.port, uid=owner.pw_uid,
            gid=owner.pw_gid, mail=pair.mail, cert=pair.certificate,
            key=pair.ca.keys / "mx.pem"), encoding="ascii")
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", conf], stdin=subprocess.DEVNULL)

        def answers():
            try:
                with pair.connect(self.port) as sock:
                    return sock.recv(1) == b"+"
            except OSError:
                return False
        proc.wait_until("Dovecot starts", answers, 30)

    def roots(self):
        return [self.process.pid]

    def stop(self):
        proc.end(self.process, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


def pids(target):
    return [pid for root in target.roots() for pid in tree(root)]


def handshakes(target, pair, kind):
    """Handshakes a second of several clients, and CPU for each in us.  (The
    client takes no ticket of TLS 1.3, so sessions are taken up by 1.2.)"""
    version = ["-tls1_2"] if kind == "reuse" else []
    before = cpu(pids(target))
    clients = [subprocess.Popen(
        ["openssl", "s_time", "-connect", f"127.0.0.1:{target.port}",
         f"-{kind}", *version, "-time", str(SECONDS), "-CAfile", pair.ca.pem],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
               for _ in range(CLIENTS)]
    count = 0
    for client in clients:
        for line in client.communicate()[0].decode().splitlines():
            if "real seconds" in line:
                count += int(line.split()[0])
    assert count > 0
    return count / SECONDS, (cpu(pids(target)) - before) / count * 1e6


def login(pair, port, user):
    sock = pair.connect(port)
    file = sock.makefile("rb", 1 << 16)
    file.readline()
    for line in (f"USER {user}@{DOMAIN}", "PASS pw"):
        sock.sendall(line.encode() + b"\r\n")
        assert file.readline().startswith(b"+OK"), line
    return sock, file


def retr(target, pair, user, count, rounds):
    """MB a second, and CPU in ms for each MB."""
    sock, _ = login(pair, target.port, user)
    before, began, octets = cpu(pids(target)), time.monotonic(), 0
    request = b"".join(b"RETR %d\r\n" % n for n in range(1, count + 1))
    for _ in range(rounds):
        sock.sendall(request)
        ends, tail = 0, b""
        while ends < count:
            more = sock.recv(65536)
            assert more, "it has hung up"
            data = tail[-4:] + more
            octets += len(more)
            ends += data.count(b"\r\n.\r\n")
            tail = data if not data.endswith(b"\r\n.\r\n") else b""
    took = time.monotonic() - began
    spent = cpu(pids(target)) - before
    sock.sendall(b"QUIT\r\n")
    sock.close()
    return octets / took / 1e6, spent * 1e3 / (octets / 1e6)


def anonymous(target):
    """KiB of memory of its own, of all processes that face clients."""
    total = 0
    for pid in pids(target):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(
                encoding="ascii").splitlines():
            if line.startswith(("Private_Dirty", "Private_Clean")):
                total += int(line.split()[1])
    return total


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


def idle(target, pair):
    """KiB for each of many clients that have said nothing."""
    before = anonymous(target)
    ready, end = multiprocessing.Queue(), multiprocessing.Event()
    parts = [multiprocessing.Process(
        target=hold, args=(target.port, pair.ca.context(), IDLE // 2, ready,
                           end)) for _ in range(2)]
    for part in parts:
        part.start()
    for _ in parts:
        ready.get(timeout=300)
    time.sleep(25)  # stacks that rest are given back
    each = (anonymous(target) - before) / IDLE
    end.set()
    for part in parts:
        part.join()
    return each


def hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        incoming, outgoing, server_hostname=HOST)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def flood(port, end):
    data = hello()
    while not end.is_set():
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 30) as sock:
            sock.sendall(data)
            sock.recv(100)


def spin(end):
    while not end.is_set():
        pass


def plain(pair, background, *args):
    """ms of a plain session with a letter, beside something else."""
    end = multiprocessing.Event()
    other = multiprocessing.Process(target=background, args=(*args, end))
    other.start()
    time.sleep(0.5)
    took = []
    for _ in range(200):
        began = time.monotonic()
        deliver(pair.smtp_port, b"Subject: x\r\n\r\n", f"u1@{DOMAIN}")
        took.append((time.monotonic() - began) * 1e3)
    end.set()
    other.join()
    return statistics.median(took)


def say(what, target, *columns):
    print(f"{what:22} {target:10} " + "  ".join(columns), flush=True)


def spread(values, unit):
    return (f"{statistics.median(values):8.1f} ({min(values):.1f}-"
            f"{max(values):.1f}) {unit}")


def table(what, targets, measure, first, second):
    results = {target.name: [] for target in targets}
    for turn in range(TURNS):
        for target in targets[turn % 2:] + targets[:turn % 2]:
            results[target.name].append(measure(target))
    for name, values in results.items():
        say(what, name, spread([v[0] for v in values], first),
            spread([v[1] for v in values], second))


def main():
    phases = sys.argv[2:] or ["handshakes", "retr", "idle", "flood"]
    pair = TlsPair(users=3, pop3d={"limits": {"sessions": 11000}})
    dovecot = None
    try:
        pair.start().populate()
        dovecot = Dovecot(pair)
        targets = [Ours(pair), dovecot]
        if "handshakes" in phases:
            for kind in ("new", "reuse"):
                table(f"handshakes {kind}", targets,
                      lambda t, k=kind: handshakes(t, pair, k), "/s",
                      "us CPU")
        if "retr" in phases:
            for size, count, rounds, user in ((10_000, 100, 10, "u0"),
                                              (4_000_000, 5, 3, "u2")):
                line = b"a line of a letter, as they are\r\n"
                for _ in range(count):
                    deliver(pair.smtp_port, b"Subject: x\r\n\r\n" + line *
                            (size // len(line)), f"{user}@{DOMAIN}")
                table(f"retr {size}", targets,
                      lambda t, u=user, c=count, r=rounds:
                      retr(t, pair, u, c, r), "MB/s", "ms CPU/MB")
        if "idle" in phases:
            for target in targets:
                say(f"idle {IDLE}", target.name,
                    f"{idle(target, pair):8.1f} KiB each")
        if "flood" in phases:
            say("plain, a core busy", "ringmail",
                f"{plain(pair, spin):8.2f} ms")
            say("plain, flooded", "ringmail",
                f"{plain(pair, flood, pair.smtps_port):8.2f} ms")
    finally:
        if dovecot:
            dovecot.stop()
        pair.kill_all()
        pair.remove()


if __name__ == "__main__":
    main()
