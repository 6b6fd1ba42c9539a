"""Clients that mean no good by TLS: none costs more than its deadline, gets a
letter in, or keeps others waiting."""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, LOAD, PATIENCE, running, scaled
from harness.pop3 import Pop3, fetch
from harness.smtp import Closed, Smtp, deliver
from harness.tls import HOST, TlsPair, starttls

HANDSHAKE = 1.0 * PATIENCE


@pytest.fixture(scope="module")
def shared_pair():
    seconds = {"timeouts": {"handshake": f"{int(HANDSHAKE * 1000)}ms"}}
    with running(TlsPair(smtpd=seconds)) as made:
        yield made


def hello(context=None):
    """A ClientHello, as a program would send it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = context or ssl.create_default_context()
    client = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def open_tls(pair, data=b""):
    sock = socket.create_connection(("127.0.0.1", pair.smtps_port),
                                    HANDSHAKE * 10)
    sock.sendall(data)
    return sock


def rest(sock):
    """All that comes until the connection is closed."""
    data = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return data
            data += more
    except ConnectionError:
        return data


@pytest.mark.parametrize("data", [
    b"", b"\x16", b"\x16\x03\x01", hello()[:40], hello()[:-1]],
    ids=["nothing", "an octet", "a head", "a part", "all but one"])
@pytest.mark.cases_under_valgrind(1)
def test_half_a_handshake_ends_at_its_deadline(pair, data):
    began = time.monotonic()
    with open_tls(pair, data) as sock:
        rest(sock)
    assert HANDSHAKE * 0.5 < time.monotonic() - began < HANDSHAKE * 8


def test_a_slow_handshake_ends_at_its_deadline(pair):
    """The deadline is for all of it, not for each octet."""
    began = time.monotonic()
    with open_tls(pair) as sock:
        try:
            for octet in hello():
                sock.sendall(bytes([octet]))
                time.sleep(HANDSHAKE / 50)
            rest(sock)
        except ConnectionError:
            pass
    assert time.monotonic() - began < HANDSHAKE * 8


@pytest.mark.parametrize("data", [
    b"EHLO client.example\r\nMAIL FROM:<a@b>\r\n",
    b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 4,
    b"\x16\x03\x01\xff\xff" + b"\0" * 70000,
    b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
    b"\x80\x2e\x01\x00\x02" + b"\0" * 60])
def test_no_tls_on_a_port_for_tls(pair, data):
    """Closed at once, and not a word in clear."""
    with open_tls(pair) as sock:
        try:
            sock.sendall(data)
        except ConnectionError:
            pass
        assert b"220" not in rest(sock)
    assert pair.connect(pair.smtps_port).recv(4).startswith(b"220")


@pytest.mark.parametrize("behind", [
    b"RSET\r\n", b"MAIL FROM:<a@remote.example>\r\nRCPT TO:<u0@example.test>"
    b"\r\nDATA\r\n", b"x" * 3000])
def test_commands_behind_starttls_are_not_taken(pair, behind):
    """RFC 3207 6; CVE-2011-0411 in another server."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        smtp.send(b"STARTTLS\r\n" + behind)
        assert smtp.closed()
    with Pop3(pair.pop3_port) as pop3:
        pop3.send(b"STLS\r\n" + behind)
        assert pop3.line().startswith(b"-ERR")
        with pytest.raises(Closed):
            pop3.line()


def test_commands_that_come_late_are_no_handshake(pair):
    """Octets that only the kernel had when STARTTLS was read."""
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        assert smtp.cmd("STARTTLS").code == 220
        smtp.send(b"MAIL FROM:<a@remote.example>\r\nNOOP\r\n")
        assert b"250" not in rest(smtp.sock)


def test_renegotiation_is_refused(pair, tmp_path):
    """Asked for once the greeting is there, by a client that waits for the
    answer."""
    with open(tmp_path / "out", "wb") as out, subprocess.Popen(
            ["openssl", "s_client", "-connect",
             f"127.0.0.1:{pair.smtps_port}", "-tls1_2", "-CAfile",
             str(pair.ca.pem)], stdin=subprocess.PIPE, stdout=out,
            stderr=subprocess.STDOUT) as client:
        proc.wait_until("the greeting", lambda: b"\n220 " in (
            tmp_path / "out").read_bytes(), 30 * PATIENCE)
        client.stdin.write(b"R\n")
        client.stdin.flush()
        client.wait(60 * PATIENCE)
    said = (tmp_path / "out").read_bytes()
    assert b"RENEGOTIATING" in said and b"no renegotiation" in said


@pytest.mark.parametrize("how", ["fin", "reset", "close_notify"])
def test_a_cut_in_data_leaves_no_letter(pair, how):
    smtp = starttls(pair)
    smtp.hello()
    smtp.envelope("s@remote.example", f"u0@{DOMAIN}")
    assert smtp.cmd("DATA").code == 354
    smtp.send(b"Subject: cut\r\n\r\nhalf a li")
    plain = socket.socket(fileno=os.dup(smtp.sock.fileno()))
    if how == "close_notify":
        smtp.sock.unwrap()
    elif how == "reset":
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
    plain.shutdown(socket.SHUT_WR) if how == "fin" else None
    smtp.close()
    plain.close()
    assert deliver(pair.smtp_port, b"Subject: marker\r\n\r\n",
                   f"u0@{DOMAIN}").code == 250
    assert all(b"Subject: marker" in letter
               for letter in fetch(pair.pop3_port, "u0"))


def test_forged_records_end_the_session(pair):
    smtp = starttls(pair)
    smtp.hello()
    plain = socket.socket(fileno=os.dup(smtp.sock.fileno()))
    plain.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    plain.settimeout(30)
    rest(plain)
    smtp.close()


def test_a_flood_of_handshakes_lets_others_work(pair):
    """Plain sessions go on, and what the flood took comes back."""
    end = threading.Event()
    data = hello()

    def flood():
        # as many as a checker works off in good time
        for _ in range(scaled(200, 4)):
            if end.is_set():
                return
            try:
                socks = [open_tls(pair, data) for _ in range(20)]
                for sock in socks:
                    sock.close()
            except OSError:
                pass

    client = pair.pid("smtpd/client")
    threads = [threading.Thread(target=flood) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for n in range(scaled(20)):
            assert deliver(pair.smtp_port, b"Subject: %d\r\n\r\n" % n,
                           f"u1@{DOMAIN}").code == 250
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert pair.pid("smtpd/client") == client
    proc.wait_until("no session is left", lambda: len(
        [t for t in proc.descriptors(client).values()
         if t.startswith("socket:")]) < 40, 30 * PATIENCE)

    def is_served():
        """What the flood has left in the queue is worked off first."""
        try:
            with pair.connect(pair.smtps_port) as sock:
                return sock.recv(4).startswith(b"220")
        except OSError:
            return False
    proc.wait_until("others are served", is_served, 30 * PATIENCE)


def leave(pair, context, data, state):
    """A client that goes in one of the states of a handshake."""
    if state == "starttls":
        with Smtp(pair.smtp_port) as smtp:
            smtp.hello()
            assert smtp.cmd("STARTTLS").code == 220
        return
    if state in ("greeted", "reset"):
        sock = pair.connect(pair.smtps_port, context)
        sock.recv(100)
        if state == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        sock.close()
        return
    part = {"connected": b"", "a part": data[:40], "hello": data,
            "answered": data, "garbage": b"EHLO x\r\n"}[state]
    with contextlib.closing(open_tls(pair, part)) as sock:
        if state in ("answered", "garbage"):
            sock.recv(1)


STATES = ["connected", "a part", "hello", "answered", "garbage", "starttls",
          "greeted", "reset"]


def test_disconnects_leave_nothing(pair):
    """In whatever state clients go, nothing of them stays: neither memory nor
    descriptors."""
    client, data = pair.pid("smtpd/client"), hello()
    context = pair.ca.context()

    def sockets():
        return len([t for t in proc.descriptors(client).values()
                    if t.startswith("socket:")])

    before = sockets()

    def go(rounds):
        for _ in range(rounds):
            for state in STATES:
                leave(pair, context, data, state)
        proc.wait_until("all have gone", lambda: sockets() <= before,
                        30 * PATIENCE)

    go(scaled(40))
    first = proc.resident(client)
    go(scaled(80))
    # A session that stayed would take 10 KiB and more, its smallest part some
    # hundred octets: of 640 of them.
    grown = proc.resident(client) - first
    if LOAD >= 1:
        assert grown < 384, f"{grown} KiB"
