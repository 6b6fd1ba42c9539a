#!/usr/bin/python3
"""abuse.py KIND PORT NUMBER -- clients that mean harm, in a process of their
own.  It says "ready" when it is at it, and what it saw, in JSON, when it is
through; those that hold on do so until standard input ends.

slow: so many sessions that bring a message octet by octet
crowd: so many connections of one address, told by a balancer (127.0.0.3)
commands: so many commands that are none
recipients: so many recipients of one message
header: a message of so many header lines
"""
import collections
import json
import resource
import select
import socket
import struct
import sys

ENVELOPE = (b"MAIL FROM:<s@remote.example>\r\nRCPT TO:<u0@example.test>\r\n"
            b"DATA\r\n")
HEAD = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + struct.pack(
    ">IIHH", 0xc0000208, 0xc0000201, 4711, 25)
PAUSE = 5  # seconds from one octet of a slow sender to its next
BATCH = 100


def connect(port, source=None):
    sock = socket.create_connection(("127.0.0.1", port), 120,
                                    source and (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def reply(sock):
    """The code of the next reply of one line."""
    line = b""
    while not line.endswith(b"\n"):
        data = sock.recv(65536)
        if not data:
            return 0
        line += data
    return int(line[:3])


def hello(sock):
    assert reply(sock) == 220
    sock.sendall(b"EHLO client.example\r\n")
    answer = b""
    while b"\r\n250 " not in answer:
        answer += sock.recv(65536)


def hold():
    """Until the test has seen enough."""
    sys.stdin.readline()


def tell(**seen):
    print(json.dumps(seen), flush=True)


def ready():
    print("ready", flush=True)


def slow(port, number):
    socks = []
    for _ in range(number):
        sock = connect(port)
        hello(sock)
        sock.sendall(ENVELOPE)
        answer = b""
        while b"354 " not in answer:
            answer += sock.recv(4096)
        socks.append(sock)
    ready()
    lost = turn = 0
    share = max(1, number // (PAUSE * 10))
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        for sock in socks[turn:turn + share]:
            try:
                sock.send(b"x")
            except OSError:
                lost += 1
        turn = turn + share if turn + share < number else 0
    tell(lost=lost)


def crowd(port, number):
    codes, socks = collections.Counter(), []
    for _ in range(number):
        sock = connect(port, "127.0.0.3")
        sock.sendall(HEAD)
        codes[reply(sock)] += 1
        socks.append(sock)
    ready()
    hold()
    tell(codes=codes)


def commands(port, number):
    """Until the server has had enough of a session; then another."""
    ready()
    left, sessions = number, 0
    while left > 0:
        with connect(port) as sock:
            sessions += 1
            assert reply(sock) == 220
            sock.sendall(b"FOO\r\n" * min(left, BATCH))
            sock.shutdown(socket.SHUT_WR)
            answer = b""
            while data := sock.recv(65536):
                answer += data
            heard = answer.count(b"500 5.5.1")
            assert heard > 0, answer
            left -= heard
    tell(sessions=sessions)


def recipients(port, number):
    """In groups, whose replies it reads."""
    ready()
    codes = collections.Counter()
    with connect(port) as sock:
        hello(sock)
        sock.sendall(b"MAIL FROM:<s@remote.example>\r\n")
        assert reply(sock) == 250
        for first in range(0, number, BATCH):
            group = min(BATCH, number - first)
            sock.sendall(b"RCPT TO:<u0@example.test>\r\n" * group)
            answer = b""
            while answer.count(b"\n") < group:
                answer += sock.recv(65536)
            codes.update(line[:3].decode() for line in answer.splitlines())
        sock.sendall(b"DATA\r\n")
        assert reply(sock) == 354
        sock.sendall(b"Subject: many\r\n\r\n.\r\n")
        codes[f"end {reply(sock)}"] += 1
    tell(codes=codes)


def header(port, number):
    ready()
    with connect(port) as sock:
        hello(sock)
        sock.sendall(ENVELOPE)
        answer = b""
        while b"354 " not in answer:
            answer += sock.recv(4096)
        for first in range(0, number, 5000):
            sock.sendall(b"".join(b"X-%d: y\r\n" % n for n in range(
                first, min(first + 5000, number))))
        sock.sendall(b"\r\nbody\r\n.\r\n")
        tell(code=reply(sock))


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    kind = {f.__name__: f for f in (slow, crowd, commands, recipients,
                                    header)}[sys.argv[1]]
    kind(int(sys.argv[2]), int(sys.argv[3]))
