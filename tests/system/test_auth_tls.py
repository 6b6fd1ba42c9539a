"""Logins over TLS: each mechanism right and wrong, left at each step, bound
to the channel, and tampered with."""
import hashlib
import socket
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from harness import proc
from harness.auth import AuthPair, Login, Scram, b64, bearer, cram, xoauth2
from harness.daemons import BUILD, DOMAIN, LOAD, RUNNER, running, scaled
from harness.tls import HOST

CHECKER = bool(RUNNER) or BUILD.name != "build"
# A checker sees the same code below both.
PROTOCOLS = ["smtp", "pop3"] if LOAD >= 1 else ["pop3"]
VERSIONS = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION][LOAD < 1:]
LABEL = b"EXPORTER-Channel-Binding"  # RFC 9266 2


@pytest.fixture(scope="module")
def services():
    with running(AuthPair()) as made:
        yield made


@pytest.fixture(params=PROTOCOLS)
def login(services, request):
    with Login(services, request.param) as made:
        yield made
        assert made.is_alive()
    services.check()


def steps(login, mechanism, user="u0", password="pw"):
    """A client that keeps to the mechanism: yields each line to be sent, and
    is sent what the server answered."""
    if mechanism.startswith("SCRAM"):
        scram = Scram(mechanism, user, password)
        got = yield f"AUTH {mechanism} {scram.first()}"
        got = yield scram.final(got)
        assert got.decode() == "v=" + b64(scram.server)
        yield ""
    elif mechanism == "PLAIN":
        yield "AUTH PLAIN"
        yield b64(f"\0{user}@{DOMAIN}\0{password}")
    elif mechanism == "LOGIN":
        yield "AUTH LOGIN"
        yield b64(f"{user}@{DOMAIN}")
        yield b64(password)
    elif mechanism == "CRAM-MD5":
        got = yield "AUTH CRAM-MD5"
        yield cram(got, user, password)
    elif mechanism == "EXTERNAL":
        yield "AUTH EXTERNAL"
        yield ""
    else:
        make = bearer if mechanism == "OAUTHBEARER" else xoauth2
        token = login.pair.issuer.token(user)
        got = yield f"AUTH {mechanism}"
        got = yield make(user, token if password == "pw" else token + "AAAA")
        assert b'"status"' in got
        yield b64("\1") if mechanism == "OAUTHBEARER" else ""


def run(login, mechanism, stop=None, instead=None, **who):
    """Runs an exchange; in place of its line number `stop`, sends `instead`
    or, for None, nothing.  How it ended."""
    script = steps(login, mechanism, **who)
    line = next(script)
    for number in range(9):
        if number == stop:
            return instead and login.say(instead)
        got = login.say(line)
        if isinstance(got, str):
            return got
        line = script.send(got)
    raise AssertionError("an exchange without end")


# Each mechanism, and how many lines its client sends behind AUTH.
LINES = {"PLAIN": 1, "LOGIN": 2, "CRAM-MD5": 1, "SCRAM-SHA-1": 2,
         "SCRAM-SHA-256": 2, "OAUTHBEARER": 1, "XOAUTH2": 1}
WITH_A_SECRET = sorted(LINES)


@pytest.mark.parametrize("mechanism", WITH_A_SECRET)
def test_right(login, mechanism):
    assert run(login, mechanism) == "ok"


@pytest.mark.parametrize("mechanism", WITH_A_SECRET)
def test_wrong_then_right(login, mechanism):
    """In one session, so nothing of the first exchange is left over."""
    assert run(login, mechanism, password="no") == "denied"
    assert run(login, mechanism) == "ok"


@pytest.mark.parametrize("mechanism", WITH_A_SECRET)
def test_cancelled_at_each_step(login, mechanism):
    """RFC 4954 4: "*" ends an exchange, and another may follow."""
    for step in range(1, LINES[mechanism] + 1):
        assert run(login, mechanism, step, "*") == "cancelled", step
    assert run(login, mechanism) == "ok"


@pytest.mark.parametrize("mechanism", WITH_A_SECRET)
def test_no_base64_at_each_step(login, mechanism):
    for step in range(1, LINES[mechanism] + 1):
        for wrong in "not base64!", "QQ=", "Q===", "QQ==QQ==":
            with Login(login.pair, login.protocol) as other:
                assert run(other, mechanism, step, wrong) == "bad", wrong
                assert other.is_alive()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cut_off_at_each_step(services, protocol):
    """Hang-ups, orderly and not, leave nothing behind: no descriptor in any
    process, no exchange at the helper."""
    def leave(mechanism, step, how):
        login = Login(services, protocol)
        run(login, mechanism, step)
        if how == "reset":
            login.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  b"\1\0\0\0\0\0\0\0")
        elif how == "half a line":
            login.sock.sendall(b"QUJD")
        elif how == "close_notify":
            login.sock.settimeout(5)
            try:
                login.sock.unwrap()
            except (OSError, ssl.SSLError):
                pass
        login.close()

    def all_ways():
        for mechanism, lines in LINES.items():
            for step in range(1, lines + 1 if LOAD >= 1 else 2):
                for how in "close_notify", "reset", "half a line", "close":
                    leave(mechanism, step, how)

    def shapes():
        return {name: proc.shape(pid)
                for name, pid in services.pids().items() if pid}

    def is_calm():
        # What is kept for later (idle stacks, spare sockets) may be less
        # than before, never more.
        now = shapes()
        return all(count <= before[name].get(kind, 0)
                   for name, kinds in now.items()
                   for kind, count in kinds.items())

    all_ways()
    before = shapes()
    pids = {name: pid for name, pid in services.pids().items() if pid}
    sizes = {name: proc.resident(pid) for name, pid in pids.items()}
    for _ in range(scaled(4)):
        all_ways()
    proc.wait_until("descriptors are closed", is_calm, 20)
    assert pids == {n: p for n, p in services.pids().items() if p}
    grown = {name: proc.resident(pid) - sizes[name]
             for name, pid in pids.items()}
    # 160 exchanges; a session that stayed would cost 16 KiB and more.  What
    # is freed stays with a checker, which looks for leaks itself.
    assert CHECKER or all(more < 1024 for more in grown.values()), grown
    with Login(services, protocol) as login:
        assert run(login, "PLAIN") == "ok"
    services.check()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_nonce_and_iterations_are_the_servers(login, mechanism):
    """RFC 5802 5.1: another nonce, a part of it, fewer rounds."""
    scram = Scram(mechanism, "u0")
    assert scram.run(login, nonce="fyko+d2lbbFgONRv9qkxdawL") in (
        "denied", "bad")
    assert scram.run(login, iterations=1) == "denied"
    assert scram.run(login) == "ok"


def test_a_proof_serves_once(login):
    """What was heard of one exchange opens no other."""
    scram = Scram("SCRAM-SHA-256", "u0")
    final = scram.final(login.say(f"AUTH SCRAM-SHA-256 {scram.first()}"))
    assert login.say("*") == "cancelled"
    assert not isinstance(
        login.say(f"AUTH SCRAM-SHA-256 {scram.first()}"), str)
    assert login.say(final) in ("denied", "bad")


# -- bound to the channel: RFC 5802 6, RFC 9266, RFC 5929

class Bound(Login):
    """A session through a library that tells the bindings."""

    def __init__(self, pair, protocol, version):
        self.pair, self.protocol = pair, protocol
        self.prefix = {"smtp": "334 ", "pop3": "+ "}[protocol]
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.load_verify_locations(str(pair.ca.pem))
        context.set_verify(SSL.VERIFY_PEER, lambda *seen: seen[4])
        plain = socket.create_connection(
            ("127.0.0.1", getattr(pair, f"{protocol}s_port")), 60)
        plain.setblocking(True)
        sock = SSL.Connection(context, plain)
        sock.set_tlsext_host_name(HOST.encode())
        sock.set_connect_state()
        sock.do_handshake()
        self.attach(sock)

    def binding(self, name):
        if name == "tls-exporter":
            # RFC 9266 2: the context is empty, not none (RFC 5705 4).
            return name, self.sock.export_keying_material(LABEL, 32, b"")
        certificate = self.sock.get_peer_certificate().to_cryptography()
        octets = certificate.public_bytes(Encoding.DER)
        return name, hashlib.sha256(octets).digest()


@pytest.fixture(params=[(p, v) for p in PROTOCOLS
                        for v in VERSIONS],
                ids=lambda p: f"{p[0]}-{p[1]:x}")
def bound(services, request):
    with Bound(services, *request.param) as made:
        yield made
        assert made.is_alive()
    services.check()


@pytest.mark.parametrize("name", ["tls-exporter", "tls-server-end-point"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS",
                                       "SCRAM-SHA-1-PLUS"])
def test_bound(bound, mechanism, name):
    binding = bound.binding(name)
    wrong = (name, bytes(octet ^ 1 for octet in binding[1]))
    assert Scram(mechanism, "u0", binding=wrong).run(bound) == "denied"
    assert Scram(mechanism, "u0", "no", binding).run(bound) == "denied"
    assert Scram(mechanism, "u0", binding=binding).run(bound) == "ok"


def test_a_binding_of_another_channel(bound):
    """Who stands between client and server has two channels, not one."""
    with Bound(bound.pair, bound.protocol, SSL.TLS1_3_VERSION) as other:
        foreign = other.binding("tls-exporter")
    assert Scram("SCRAM-SHA-256-PLUS", "u0", binding=foreign).run(bound) == \
        "denied"


@pytest.mark.parametrize("flag", ["y", "n"])
def test_plus_wants_its_flag(bound, flag):
    """RFC 5802 6: a -PLUS mechanism without p= is no such exchange."""
    assert Scram("SCRAM-SHA-256-PLUS", "u0", flag=flag).run(bound) in (
        "denied", "bad")


def test_unknown_bindings(bound):
    for name in "tls-unique", "nonsense":
        assert Scram("SCRAM-SHA-256-PLUS", "u0", binding=(name, b"x" * 32)
                     ).run(bound) in ("denied", "bad")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_downgrade_is_noticed(login, mechanism):
    """RFC 5802 6: y says that the client binds, and believes that the server
    does not; it does, so somebody took -PLUS out of its list."""
    assert Scram(mechanism, "u0", flag="y").run(login) in ("denied", "bad")
    assert Scram(mechanism, "u0").run(login) == "ok"


# -- EXTERNAL and tokens

@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_external(services, protocol):
    certificate = services.certificate_of("u0")
    for response, wanted in (("=", "ok"), (b64(f"u0@{DOMAIN}"), "ok"),
                             (b64(f"u1@{DOMAIN}"), "denied")):
        with Login(services, protocol, certificate) as login:
            assert login.say(f"AUTH EXTERNAL {response}") == wanted
    with Login(services, protocol, certificate) as login:
        assert run(login, "EXTERNAL", 1, "*") == "cancelled"
        assert run(login, "EXTERNAL") == "ok"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_external_of_nobody(services, protocol):
    """A certificate of somebody who has no account, and none at all."""
    certificate = services.certificate_of("nobody")
    with Login(services, protocol, certificate) as login:
        assert login.say("AUTH EXTERNAL =") == "denied"
    with Login(services, protocol) as login:
        assert login.ask("AUTH EXTERNAL =")[:4] in ("538 ", "-ERR")
        assert login.is_alive()


@pytest.mark.parametrize("mechanism, make", [("OAUTHBEARER", bearer),
                                             ("XOAUTH2", xoauth2)])
@pytest.mark.parametrize("changes", [
    {"exp": 1}, {"nbf": 1 << 40}, {"iss": "https://other.example"},
    {"aud": "other"}, {"email": f"u1@{DOMAIN}"}, {"email": 7},
    {"email": f"nobody@{DOMAIN}"}], ids=str)
def test_tokens_that_are_not_good(login, mechanism, make, changes):
    token = login.pair.issuer.token("u0", **changes)
    got = login.say(f"AUTH {mechanism} {make('u0', token)}")
    if isinstance(got, bytes):  # RFC 7628 3.2.3
        assert b'"status"' in got
        got = login.say(b64("\1"))
    assert got == "denied"


def test_a_token_that_nobody_signed(login):
    """alg none, another key's signature, a byte changed."""
    token = login.pair.issuer.token("u0")
    head, body, signature = token.split(".")
    none = b64('{"alg":"none"}').rstrip("=")
    # Lengths that no octets give, with padding: nothing that ends a hasher.
    for wrong in (f"{none}.{body}.", f"{head}.{body}.{'A' * len(signature)}",
                  f"{head}.{body}.A", "A.B.C", "AAAAA.AAAAA.AAAAA", "..",
                  "=.=.=", f"{head}.{body}.{signature}.A",
                  f"{head}.{body}.A=", f"{head}.A.AAAAA=", "A.A.A==="):
        with Login(login.pair, login.protocol) as other:
            got = other.say(f"AUTH OAUTHBEARER {bearer('u0', wrong)}")
            assert isinstance(got, bytes), wrong
            assert other.say(b64("\1")) == "denied"
