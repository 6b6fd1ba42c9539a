"""Ten thousand idle clients, and one that works."""
import os
import resource
import socket
import time

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, scaled
from harness.load import untraced
from harness.pop3 import Pop3, fetch
from harness.smtp import deliver

CLIENTS = scaled(10_000, 300)
BODY = b"Subject: active\r\n\r\nx\r\n"


def connect(port, count):
    """So many clients that have read their greeting and say nothing more."""
    found = []
    for n in range(count):
        s = socket.socket()
        # One address has 28,000 ports at most: take several.
        s.bind((f"127.0.1.{1 + n % 8}", 0))
        s.settimeout(60 * PATIENCE)
        s.connect(("127.0.0.1", port))
        found.append(s)
    for s in found:
        assert s.recv(512)[:1] in (b"2", b"+")
    return found


def test_idle_clients(make_pair):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pair = make_pair(users=1, smtpd={"limits": {"sessions": CLIENTS + 100}})
    client = pair.pid("smtpd/client")
    threads = len(proc.threads(client))
    assert threads == 2 * len(os.sched_getaffinity(0)), \
        "a worker a core, and its partner for handshakes"
    before = proc.resident(client)
    idle = connect(pair.smtp_port, CLIENTS)
    try:
        assert len(proc.threads(client)) == threads
        used = proc.resident(client) - before
        assert used < CLIENTS * 24 + 16_384, f"{used} KiB for idle clients"
        start = time.monotonic()
        for _ in range(10):
            assert deliver(pair.smtp_port, BODY,
                           f"u0@{DOMAIN}").code == 250
        assert time.monotonic() - start < 20 * PATIENCE, "served at once"
        messages = fetch(pair.pop3_port, "u0")
        assert [untraced(m) for m in messages] == [BODY] * 10
        for s in idle[::max(1, CLIENTS // 100)]:
            s.sendall(b"NOOP\r\n")
            assert s.recv(512)[:3] == b"250"
        assert len(proc.threads(client)) == threads
    finally:
        for s in idle:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    proc.wait_until("all sessions have ended", lambda: len(
        proc.descriptors(client)) < 100, 30 * PATIENCE)
    assert len(proc.threads(client)) == threads


def test_sessions_limit(make_pair):
    """RFC 5321 3.1: 421 for one too many, and room again after one left."""
    pair = make_pair(users=1, smtpd={"limits": {"sessions": 20}},
                     pop3d={"limits": {"sessions": 20}})
    pair.allow("client.refused")
    for port, busy in ((pair.smtp_port, b"421 "),
                       (pair.pop3_port, b"-ERR ")):
        held = []

        def has_room():
            s = socket.create_connection(("127.0.0.1", port), 30)
            if s.recv(512)[:1] in b"2+":
                held.append(s)
                return True
            s.close()
            return False

        while len(held) < 20:
            proc.wait_until("there is room", has_room)
        for _ in range(3):
            s = socket.create_connection(("127.0.0.1", port), 30)
            assert s.recv(512).startswith(busy)
            assert s.recv(512) == b""
            s.close()
        held.pop().close()
        proc.wait_until("there is room again", has_room)
        for s in held:
            s.close()


def test_idle_pop3_sessions_keep_their_maildrops(make_pair):
    pair = make_pair(users=scaled(20, 4))
    sessions = [Pop3(pair.pop3_port, user=u) for u in pair.users]
    assert deliver(pair.smtp_port, BODY,
                   *(f"{u}@{DOMAIN}" for u in pair.users)).code == 250
    for session in sessions:
        assert session.stat() == (0, 0)
        session.quit()
    for user in pair.users:
        assert len(fetch(pair.pop3_port, user)) == 1
