"""The keys helper: what it does for whom, what it never gives, and what happens
where it is away."""
import os
import signal
import socket
import ssl
import struct

import pytest

from harness import proc
from harness.daemons import BUILD, PATIENCE, RUNNER, running, scaled
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp
from harness.tls import TlsPair, holds, openssl, secrets, starttls, stls

CHECKER = bool(RUNNER) or BUILD.name != "build"
SIGN, KEYS = 112, 113
OK, REFUSED = 0, 1
ECDSA, RSA_PSS, ED25519 = 0x0403, 0x0804, 0x0807
TLS13 = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + b"h" * 32
TLS12 = b"r" * 64 + b"\x03\0\x1d\x20" + b"p" * 32


@pytest.fixture(scope="module")
def shared_pair():
    with running(TlsPair()) as made:
        yield made


class Caller:
    """A client process that was taken over, on its helper socket."""

    def __init__(self, pair, service="smtpd"):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(30)
        self.sock.connect(str(pair.run / service / "keys"))

    def ask(self, kind, fields):
        """The reply's status and fields; None where it hangs up."""
        self.sock.send(struct.pack("=IHH", 7, kind, 0) + fields)
        try:
            reply = self.sock.recv(65536)
        except ConnectionError:
            return None
        if not reply:
            return None
        number, same, status = struct.unpack("=IHH", reply[:8])
        assert (number, same) == (7, kind)
        return status, reply[8:]

    def sign(self, name, data, scheme=ECDSA):
        return self.ask(SIGN, struct.pack("=I", len(name)) + name +
                        struct.pack("=II", scheme, len(data)) + data)


def name_of(certificate):
    der = openssl("pkey", "-pubin", "-outform", "DER", stdin=openssl(
        "x509", "-in", certificate, "-noout", "-pubkey"))
    return openssl("dgst", "-sha256", "-binary", stdin=der)


def is_good(certificate, signature, data, tmp_path):
    public = tmp_path / "public"
    public.write_bytes(openssl("x509", "-in", certificate, "-noout",
                               "-pubkey"))
    (tmp_path / "signature").write_bytes(signature[4:])
    return b"OK" in openssl("dgst", "-sha256", "-verify", public,
                            "-signature", tmp_path / "signature", stdin=data)


@pytest.mark.parametrize("service", ["smtpd", "pop3d"])
@pytest.mark.parametrize("data", [TLS13, TLS12])
def test_it_signs_what_a_server_signs(pair, service, data, tmp_path):
    status, fields = Caller(pair, service).sign(
        name_of(pair.certificate), data)
    assert status == OK and is_good(pair.certificate, fields, data, tmp_path)


@pytest.mark.parametrize("data", [
    b"", b"x", TLS13[:-1], TLS13 + b"x", TLS13.replace(b"server", b"client"),
    b" " + TLS13[1:63] + b"x" + TLS13[64:], TLS12[:-1], TLS12 + b"x",
    TLS12.replace(b"\x03\0\x1d\x20", b"\x01\0\x1d\x20"), b"\x30" * 64,
    openssl("version") * 3])
def test_it_signs_nothing_else(pair, data):
    """And hangs up on whoever asks."""
    assert Caller(pair).sign(name_of(pair.certificate), data) is None
    assert Caller(pair).sign(name_of(pair.certificate), TLS13)[0] == OK


@pytest.mark.parametrize("fields", [
    b"", b"\xff" * 8, struct.pack("=I", 32) + b"n" * 32,
    struct.pack("=I", 31) + b"n" * 31 + struct.pack("=II", ECDSA, len(TLS13))
    + TLS13, struct.pack("=I", 32) + b"n" * 32 +
    struct.pack("=II", ECDSA, 600) + b"x" * 600])
def test_malformed_requests(pair, fields):
    assert Caller(pair).ask(SIGN, fields) is None
    assert Caller(pair).ask(200, fields) is None


def test_other_keys_and_schemes_are_refused(pair):
    caller, name = Caller(pair), name_of(pair.certificate)
    assert caller.sign(b"n" * 32, TLS13) == (REFUSED, b"")
    for scheme in (0, RSA_PSS, ED25519, 0x0203, 0x0401, 0xffffffff):
        assert caller.sign(name, TLS13, scheme) == (REFUSED, b"")
    assert caller.ask(KEYS, b"") == (OK, struct.pack("=I", 3))


@pytest.mark.skipif(CHECKER, reason="its shadow is terabytes of memory")
def test_no_private_key_in_a_client_process(pair):
    """All memory of both, after many handshakes; the search finds each key in
    the helper."""
    context = pair.ca.context()
    rsa = pair.ca.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    rsa.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    for n in range(scaled(1000, 20)):
        port = (pair.smtps_port, pair.pop3s_port)[n % 2]
        with pair.connect(port, rsa if n % 4 == 3 else context):
            pass
    needles = {name: secrets(pair.ca.keys / f"{name}.pem")
               for name in ("mx", "rsa", "other")}
    for process in ("smtpd/client", "pop3d/client", "smtpd", "pop3d",
                    "mailbox", "accounts", "resolver", "helpers"):
        assert holds(pair.pid(process), needles) == set(), process
    assert holds(pair.pid("keys"), needles) == set(needles)


def test_its_memory_is_locked(pair):
    status = proc.status(pair.pid("keys"))
    locked = int(status["VmLck"].split()[0])
    assert locked >= 4096, "the arena of private keys"


def test_its_death_fails_no_handshake(pair):
    """A request under way is sent again."""
    for _ in range(3):
        pair.kill_helper("keys")
        with starttls(pair) as smtp:
            smtp.hello()
        with stls(pair, "u0"):
            pass


def test_without_it_there_is_no_tls(pair):
    """RFC 3207 4.1: 454, and the session may go on without."""
    key = pair.ca.keys / "mx.pem"
    hidden = {path: path.read_bytes() for path in pair.ca.keys.iterdir()}
    for path in hidden:
        path.unlink()
    pair.kill_helper("keys")
    pair.allow("keys.refused")
    # Each worker learns of it from a handshake that fails.
    for _ in range(200):
        with Smtp(pair.smtp_port) as smtp:
            smtp.hello()
            code = smtp.cmd("STARTTLS").code
            if code == 454:
                assert smtp.cmd("NOOP").code == 250
                break
            assert code == 220
            with pytest.raises((ssl.SSLError, OSError)):
                pair.ca.context().wrap_socket(smtp.sock,
                                              server_hostname="x")
    assert code == 454
    for path, data in hidden.items():
        path.write_bytes(data)
        path.chmod(0o600)
    assert key.exists()
    pair.kill_helper("keys")

    def works():
        try:
            with Pop3(pair.pop3_port) as pop3:
                pop3.cmd("STLS")
            with Smtp(pair.smtp_port) as smtp:
                smtp.hello()
                return smtp.cmd("STARTTLS").code == 220
        except Failed:
            return False
    proc.wait_until("TLS is back", works, 20 * PATIENCE)


@pytest.mark.parametrize("spoil", ["mode", "owner", "link", "junk", "weak"])
def test_keys_that_others_may_read_are_passed_over(pair, spoil):
    path = pair.ca.keys / "bad.pem"
    path.write_bytes((pair.ca.keys / "mx.pem").read_bytes())
    path.chmod(0o640 if spoil == "mode" else 0o600)
    if spoil == "owner":
        os.chown(path, 1, 1)
    if spoil == "link":
        path.unlink()
        path.symlink_to("mx.pem")
    if spoil == "junk":
        path.write_bytes(b"junk")
    if spoil == "weak":
        path.write_bytes(openssl("genrsa", "1024"))
    pair.allow("keys.passed_over file=bad.pem")
    before = len(pair.log("helpers").read_text())

    def says(line):
        proc.wait_until(line, lambda: line in pair.log(
            "helpers").read_text()[before:], 20 * PATIENCE)

    try:
        os.kill(pair.pid("helpers"), signal.SIGHUP)
        says("keys.passed_over file=bad.pem")
        says("keys.reloaded keys=3 old=0")
    finally:
        path.unlink()


