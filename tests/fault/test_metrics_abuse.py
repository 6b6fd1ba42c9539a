"""What may go wrong with metrics: hostile askers, a service that was taken
over, a helper that dies.  Mail goes on meanwhile."""
import contextlib
import fcntl
import os
import signal
import socket
import struct
import time

import pytest

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, Pair, free_ports, running
from harness.metrics import ask, scrape, total, value
from harness.smtp import deliver
from harness.wire import Closed, Wire

METER = 152
SLOW = 200  # connections, of which 64 are served at a time
LETTER = b"Subject: x\r\n\r\n"


def both_up(pair):
    proc.wait_until("both are shown", lambda: value(
        scrape(pair.port), "ringmail_up") == 2, 30 * PATIENCE)


@pytest.fixture(scope="module")
def shown():
    port, = free_ports(1)
    pair = Pair(helpers={"metrics": {"listen": [f"127.0.0.1:{port}"]}})
    conf = pair.conf("helpers")
    pair.port, pair.socket = port, pair.folder / "metrics.sock"
    conf.write_text(conf.read_text().replace(
        f'"127.0.0.1:{port}"', f'"127.0.0.1:{port}", "{pair.socket}"'))
    with running(pair):
        both_up(pair)
        yield pair


@pytest.fixture
def pair(shown):
    yield shown
    shown.check()


def connect(pair):
    return socket.create_connection(("127.0.0.1", pair.port), 30)


def test_slow_askers(pair):
    """Each gets an octet in now and then, so that none is idle: their time is
    up all the same.  Another address is served meanwhile, and mail flows."""
    slow = [connect(pair) for _ in range(SLOW)]
    began = time.monotonic()
    try:
        for s in slow:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert ask(pair.socket)[0] == 200
        assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
        first = slow[0]
        first.settimeout(0.2)
        ended = None
        while ended is None and time.monotonic() - began < 20 * PATIENCE:
            try:
                first.sendall(b"x")
                ended = first.recv(1) == b"" or None
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True
        assert ended, "who is slow is never hung up on"
        assert 2 < time.monotonic() - began < 20 * PATIENCE
    finally:
        for s in slow:
            s.close()
    assert ask(pair.port)[0] == 200


def test_slow_reader(pair):
    """Who takes nothing of his answer holds nobody up."""
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            s = stack.enter_context(socket.socket())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            s.connect(("127.0.0.1", pair.port))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ask(pair.port)[0] == 200


@pytest.mark.parametrize("octets", [
    b"\x16\x03\x01\x02\x00", b"\0" * 4096, b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10000,
    b"POST / HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 99999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"fffffffffffffffff\r\n", b"EHLO x\r\n\r\n"],
    ids=lambda octets: ascii(octets[:12]))
def test_no_http(pair, octets):
    """Whatever comes, no answer is a good one, and the next is served."""
    with connect(pair) as s:
        s.settimeout(1)  # to some it says nothing until their time is up
        with contextlib.suppress(OSError):
            s.sendall(octets)
            s.shutdown(socket.SHUT_WR)
            answer = s.recv(65536)
            good = octets.startswith(b"GET / HTTP/1.1") and \
                len(octets) < 1000
            assert answer == b"" or not answer.startswith(b"HTTP/1.1 2") or \
                good
    assert ask(pair.port)[0] == 200


@pytest.mark.parametrize("host", [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "",
    "[::1].evil.example", "10.0.0.1", "localhost evil"])
def test_another_name(pair, host):
    """A page of the web whose name leads to loopback can't read ours."""
    for path in ("/", "/metrics"):
        assert ask(pair.port, path, headers={"Host": host})[0] in (400, 403)
    assert ask(pair.socket, headers={"Host": "anything"})[0] == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1",
                                  "127.0.0.1:80", "[::1]:9"])
def test_our_names(pair, host):
    assert ask(pair.port, headers={"Host": host})[0] == 200


@contextlib.contextmanager
def tell(pair, fields, fd=None):
    """What a client process that was taken over could send."""
    with Wire(pair, "smtpd", "metrics") as wire:
        head = struct.pack("=IHH", 1, METER, 0)
        socket.send_fds(wire.socket, [head + fields],
                        [] if fd is None else [fd])
        yield wire


def is_hung_up_on(pair, fields, fd=None):
    with tell(pair, fields, fd) as wire:
        wire.socket.settimeout(20 * PATIENCE)
        with pytest.raises(Closed):
            wire.receive()
    return True


@pytest.fixture(scope="module")
def layout(shown):
    """What smtpd says of its memory, to one who sits in the helper's place."""
    shown.allow(r"process\.end .*signal=9", r"device\.away")
    path = shown.run / "smtpd" / "metrics"
    aside = path.with_name("aside")
    path.rename(aside)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.bind(str(path))
            path.chmod(0o666)
            s.listen()
            s.settimeout(30 * PATIENCE)
            os.kill(shown.pid("smtpd/client"), signal.SIGKILL)
            with s.accept()[0] as client:
                said, fds, _, _ = socket.recv_fds(client, 100, 1)
                os.close(fds[0])
    finally:
        aside.rename(path)
    both_up(shown)
    assert struct.unpack("=IHH", said[:8])[1] == METER
    return struct.unpack("=II", said[8:16])[0]


def test_bad_memory(pair, layout):
    """Memory that is none, or might shrink and so kill its reader, or is too
    small."""
    pair.allow(r"request\.refused")
    old = pair.pid("metrics")
    before = scrape(pair.port)
    fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, 1 << 16)
    sealed = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.ftruncate(sealed, 1000)
    fcntl.fcntl(sealed, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    with open("/dev/null", "rb") as null:
        for sets in (0, 1, 2, 5, 256, 257, 0x7fffffff, 0xffffffff):
            fields = struct.pack("=II", layout, sets)
            for one in (None, fd, null.fileno(), sealed):
                assert is_hung_up_on(pair, fields, one)
    for fields in (b"", b"x" * 7, struct.pack("=II", layout, 1) + b"x"):
        assert is_hung_up_on(pair, fields, fd)
    assert pair.pid("metrics") == old
    now = scrape(pair.port)
    assert value(now, "ringmail_up") == 2
    assert total(now, "ringmail_messages") == \
        total(before, "ringmail_messages")
    assert total(now, "ringmail_requests_malformed", process="metrics") - \
        total(before, "ringmail_requests_malformed", process="metrics") == 35
    os.close(fd)
    os.close(sealed)


def test_other_version(pair, layout):
    """Who counts in another layout has nothing taken from him, and is no
    enemy."""
    before = scrape(pair.port)
    fd = os.memfd_create("x")
    with tell(pair, struct.pack("=II", layout ^ 1, 1), fd) as wire:
        proc.wait_until("it says so", lambda: "metrics.other_version role=1"
                        in pair.log("helpers").read_text(), 20 * PATIENCE)
        now = scrape(pair.port)
        wire.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            wire.socket.recv(1)
    os.close(fd)
    assert total(now, "ringmail_requests_malformed") == \
        total(before, "ringmail_requests_malformed")
    assert value(now, "ringmail_up") == 2


def test_one_service_keeps_none_from_the_other(pair):
    """Whoever has taken smtpd over takes all places for connections; pop3d
    hands its counters over all the same, also anew."""
    pair.allow(r"peer\.refused")
    pair.stop("pop3d")
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(Wire(pair, "smtpd", "metrics"))
        proc.wait_until("they are too many", lambda: "peer.refused role=1" in
                        pair.log("helpers").read_text(), 20 * PATIENCE)
        pair.start("pop3d")
        proc.wait_until("it has handed over", lambda: value(
            scrape(pair.port), "ringmail_up", process="pop3d"), 30 * PATIENCE)
    both_up(pair)


def test_stopped_helper(pair):
    """One that hangs: nobody waits for it."""
    before = total(scrape(pair.port), "ringmail_messages")
    pid = pair.pid("metrics")
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(5):
            assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
        assert time.monotonic() - began < 20 * PATIENCE
    finally:
        os.kill(pid, signal.SIGCONT)
    assert total(scrape(pair.port), "ringmail_messages") == before + 5


def test_reload(pair):
    """All helpers start anew, and counters go on."""
    before = scrape(pair.port)
    old = pair.pid("metrics")
    os.kill(pair.pid("helpers"), signal.SIGHUP)
    proc.wait_until("a new metrics", lambda: pair.pid("metrics") not in
                    (None, old), 30 * PATIENCE)
    both_up(pair)
    assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
    now = scrape(pair.port)
    assert total(now, "ringmail_messages") == \
        total(before, "ringmail_messages") + 1
    assert value(now, "ringmail_batch_messages", "_sum") == \
        value(before, "ringmail_batch_messages", "_sum") + 1
