"""GnuTLS's own idea of channel bindings, which OpenSSL's need not share: its
library as a client, where programs that stand on it bind by other kinds."""
import contextlib
import ctypes
import socket

import pytest

from harness.auth import AuthPair, Login, Scram
from harness.daemons import running
from harness.tls import HOST

CLIENT, CERTIFICATES, PEM, DNS = 1 << 1, 1, 1, 1
AGAIN = -28
# gnutls_channel_binding_t.
KINDS = {"tls-server-end-point": 1, "tls-exporter": 2}


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_ubyte)),
                ("size", ctypes.c_uint)]


class GnuTls:
    """A connection with the methods of a socket that Login calls."""

    def __init__(self, port, version, trusted):
        self.lib = ctypes.CDLL("libgnutls.so.30")
        self.lib.gnutls_record_recv.restype = ctypes.c_ssize_t
        self.lib.gnutls_record_send.restype = ctypes.c_ssize_t
        self.credentials = ctypes.c_void_p()
        self.session = ctypes.c_void_p()
        self.do("certificate_allocate_credentials",
                ctypes.byref(self.credentials))
        assert self.lib.gnutls_certificate_set_x509_trust_file(
            self.credentials, str(trusted).encode(), PEM) == 1
        self.do("init", ctypes.byref(self.session), CLIENT)
        self.do("priority_set_direct", self.session,
                f"NORMAL:-VERS-ALL:+VERS-TLS{version}".encode(), None)
        self.do("credentials_set", self.session, CERTIFICATES,
                self.credentials)
        self.do("server_name_set", self.session, DNS, HOST.encode(),
                ctypes.c_size_t(len(HOST)))
        self.name = HOST.encode()  # which it does not copy
        self.lib.gnutls_session_set_verify_cert(self.session, self.name, 0)
        self.plain = socket.create_connection(("127.0.0.1", port))
        self.lib.gnutls_transport_set_int2(self.session, self.plain.fileno(),
                                           self.plain.fileno())
        self.do("handshake", self.session)

    def do(self, name, *args):
        code = getattr(self.lib, f"gnutls_{name}")(*args)
        assert code == 0, f"gnutls_{name}: {code}"

    def recv(self, size):
        buffer = ctypes.create_string_buffer(size)
        got = AGAIN  # after a ticket
        while got == AGAIN:
            got = self.lib.gnutls_record_recv(self.session, buffer,
                                              ctypes.c_size_t(size))
        assert got >= 0, f"gnutls_record_recv: {got}"
        return buffer.raw[:got]

    def sendall(self, data):
        assert self.lib.gnutls_record_send(
            self.session, data, ctypes.c_size_t(len(data))) == len(data)

    def binding(self, name):
        datum = Datum()
        self.do("session_channel_binding", self.session, KINDS[name],
                ctypes.byref(datum))
        # What it allocated is the process's until its end.
        return name, ctypes.string_at(datum.data, datum.size)

    def close(self):
        self.plain.close()
        self.lib.gnutls_deinit(self.session)
        self.lib.gnutls_certificate_free_credentials(self.credentials)


class GnuTlsLogin(Login):
    def __init__(self, pair, protocol, version):
        self.pair, self.protocol = pair, protocol
        self.prefix = {"smtp": "334 ", "pop3": "+ "}[protocol]
        self.attach(GnuTls(getattr(pair, f"{protocol}s_port"), version,
                           pair.ca.pem))


@pytest.fixture(scope="module")
def services():
    with running(AuthPair()) as made:
        yield made


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
def test_bound_by_gnutls(services, protocol, version, name):
    """RFC 9266 2 has an exporter with an empty context, which is not the same
    as none in TLS 1.2 (RFC 5705 4)."""
    with contextlib.closing(GnuTlsLogin(services, protocol,
                                        version)) as login:
        binding = login.sock.binding(name)
        wrong = (name, bytes(octet ^ 1 for octet in binding[1]))
        mechanism = "SCRAM-SHA-256-PLUS"
        assert Scram(mechanism, "u0", binding=wrong).run(login) == "denied"
        assert Scram(mechanism, "u0", binding=binding).run(login) == "ok"
