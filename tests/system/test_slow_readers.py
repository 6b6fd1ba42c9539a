"""Clients that ask for much and read nothing cost little memory."""
import pathlib
import socket

import pytest

from harness import maildir, proc
from harness.daemons import BUILD, PATIENCE, RUNNER
from harness.pop3 import Pop3

READERS = 100
LINE = b"y" * 79 + b"\n"
# What one of them may cost: a stack, an output buffer, rows of the catalog, a
# block of a letter that is converted, and the head that was looked at.
EACH = 192 << 10

pytestmark = pytest.mark.skipif(bool(RUNNER), reason="memory is counted")


def resident(pid):
    """Octets of a process that are its own."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    raise ValueError(pid)


def slow_reader(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", port))
    sock.sendall(b"USER u0\r\nPASS pw\r\n")
    said = b""
    while said.count(b"\r\n") < 3:
        said += sock.recv(512)
    assert said.count(b"+OK") == 3, said
    return sock


@pytest.mark.parametrize("command, letters", [
    (b"RETR 1", [b"Subject: x\n\n" + LINE * 60_000]),
    (b"LIST", [b"\nx\n"] * 4_000), (b"UIDL", [b"\nx\n"] * 4_000)])
def test_slow_readers(make_pair, command, letters):
    pair = make_pair(users=1, helpers={"mail": {"exclusive": "no"}},
                     pop3d={"limits": {"sessions": "500",
                                       "address_sessions": "500"}})
    maildir.fill(pair.maildir("u0"), letters)
    Pop3(pair.pop3_port, user="u0", timeout=60).quit()
    client = pair.pid("pop3d/client")
    before = resident(client)
    readers = [slow_reader(pair.pop3_port) for _ in range(READERS)]
    try:
        for sock in readers:
            sock.sendall(command + b"\r\n")
        grown = proc.settled("the readers' memory",
                             lambda: resident(client),
                             seconds=30 * PATIENCE) - before
        # One that reads is served meanwhile.
        with Pop3(pair.pop3_port, user="u0", timeout=60) as pop3:
            assert pop3.stat()[0] == len(letters)
            pop3.quit()
    finally:
        for sock in readers:
            sock.close()
    print(f"{command.decode()}: {grown / READERS:.0f} octets each")
    if "asan" not in BUILD.name:  # which keeps what is freed for a while
        assert grown < READERS * EACH, f"{grown / READERS:.0f} octets each"
