"""What conversations (tests/talk) need for TLS and logins."""
import hashlib
import re
import socket
import ssl
import warnings

from . import auth
from .daemons import DOMAIN

HOST = "mx.example.test"


def binding(sock):
    """tls-server-end-point (RFC 5929 4): our certificates have SHA-256."""
    return "tls-server-end-point", hashlib.sha256(
        sock.getpeercert(True)).digest()


class AuthSteps:
    """The steps that a Talk has besides; FORWARD: how a challenge begins."""

    FORWARD = ""

    def words(self):
        """What {WORD text} stands for."""
        return {"b64": auth.b64, "token": self.stage.issuer.token}

    # -- TLS

    def context(self, version):
        """A client's, that trusts the stage's certificates alone."""
        context = self.stage.ca.context()
        if version:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an old one, on purpose
                context.minimum_version = ssl.TLSVersion[version]
                context.maximum_version = ssl.TLSVersion[version]
        if self.certificate:
            context.load_cert_chain(*auth.certificate_of(
                self.stage.clients, self.certificate))
        return context

    def do_tls(self, version=""):
        """The handshake; of this version where it says so."""
        if self.line.buffer:
            raise AssertionError(f"in clear: {self.line.buffer!r}")
        self.line.sock = self.context(version).wrap_socket(
            self.line.sock, server_hostname=HOST, suppress_ragged_eofs=True)

    def do_fails(self, version=""):
        """The handshake is begun, and the server ends it."""
        try:
            self.do_tls(version)
        except OSError as error:
            if "alert" not in str(error).lower():
                raise
            self.line.ended = True
            return
        raise AssertionError("TLS came about")

    def do_certificate(self, user):
        """Handshakes that follow show the certificate of this user."""
        self.certificate = user

    def do_beneath(self, text):
        """Octets that are no TLS, below it."""
        self.flush()
        socket.socket.sendall(self.line.sock, self.octets(text))

    def do_notify(self, _=""):
        """A closure alert; what the server sent before it is let go."""
        try:
            self.line.sock.unwrap()
        except (OSError, ValueError):
            pass

    # -- exchanges

    def challenge(self):
        """The octets that the server asks with."""
        line = self.expect(self.FORWARD)
        return auth.base64.b64decode(line[len(self.FORWARD):])

    def send_line(self, text):
        self.line.silent()
        self.line.send(text.encode() + b"\r\n")

    def do_challenge(self, text):
        """The server asks, in base64, with what matches."""
        got = self.challenge()
        if not self.pattern(text).match(got):
            raise AssertionError(f"asked with {got!r}")

    def do_cram(self, argument):
        """USER PASSWORD: an answer by RFC 2195 to the challenge."""
        user, password = argument.split()
        self.send_line(auth.cram(self.challenge(), user, password))

    def do_apop(self, argument):
        """USER PASSWORD: the greeting, and APOP with its timestamp."""
        user, password = argument.split()
        stamp = re.search(rb"<.*>", self.expect("+OK"))
        digest = hashlib.md5((stamp.group() if stamp else b"<>") +
                             password.encode())
        self.send_line(f"APOP {user}@{DOMAIN} {digest.hexdigest()}")

    def do_scram(self, argument):
        """MECHANISM USER PASSWORD [FLAG]: a whole exchange, until the server
        is shown to know the password too, or says something else.  FLAG: y
        or n, or forged for a binding that is not this connection's."""
        mechanism, user, password, flag = (argument.split() + [None])[:4]
        bound = None
        if mechanism.endswith("-PLUS"):
            name, octets = binding(self.line.sock)
            bound = name, octets[::-1] if flag == "forged" else octets
        scram = auth.Scram(mechanism, user, password, bound,
                           None if flag == "forged" else flag)
        self.send_line(f"AUTH {mechanism} {scram.first()}")
        if not self.peek().startswith(self.FORWARD.encode()):
            return
        self.send_line(scram.final(self.challenge()))
        if not self.peek().startswith(self.FORWARD.encode()):
            return
        if self.challenge().decode() != "v=" + auth.b64(scram.server):
            raise AssertionError("the server's signature is wrong")
        self.send_line("")
