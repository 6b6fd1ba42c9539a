"""Logins over TLS: services that know every mechanism, tokens, and a client
of SCRAM that can be made to lie."""
import base64
import hashlib
import hmac
import json
import time

from .daemons import DOMAIN
from .tls import Authority, TlsPair, openssl

SCRAMS = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
          "SCRAM-SHA-1"]
MECHANISMS = [*SCRAMS, "PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL",
              "OAUTHBEARER", "XOAUTH2"]
ISSUER = "https://issuer.example.test"


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.b64encode(data).decode()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Who signs tokens: an RSA key, and the set that names it."""

    def __init__(self, folder):
        self.key = folder / "issuer.key"
        self.set = folder / "keys.json"
        openssl("genpkey", "-algorithm", "RSA", "-out", self.key)
        digits = openssl("rsa", "-in", self.key, "-noout", "-modulus")
        modulus = bytes.fromhex(digits.decode().strip().partition("=")[2])
        self.set.write_text(json.dumps({"keys": [
            {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
             "n": url64(modulus), "e": "AQAB"}]}))
        self.set.chmod(0o644)

    def token(self, user, **changes):
        """A JSON Web Token (RFC 7519) of ten minutes."""
        claims = {"iss": ISSUER, "aud": "mail", "email": f"{user}@{DOMAIN}",
                  "exp": int(time.time()) + 600, **changes}
        parts = ({"alg": "RS256", "typ": "JWT", "kid": "1"}, claims)
        text = ".".join(url64(json.dumps(part).encode()) for part in parts)
        signature = openssl("dgst", "-sha256", "-sign", self.key,
                            stdin=text.encode())
        return f"{text}.{url64(signature)}"


def certificate_of(clients, user):
    """The certificate that an authority has made for a user, and its key."""
    made = clients.folder / f"{user}.crt"
    if not made.exists():
        clients.make(user, mail=f"{user}@{DOMAIN}", keep_key=False)
    return made, clients.folder / f"{user}.pem"


class AuthPair(TlsPair):
    """Services with TLS where every mechanism may be used."""

    def __init__(self, **rest):
        self.clients = Authority("Clients")
        self.issuer = Issuer(self.clients.folder)
        super().__init__(
            tls={"clients": "optional", "client_ca": self.clients.pem},
            smtpd={"auth": {"mechanisms": MECHANISMS, "mx": True}},
            pop3d={"mechanisms": [*MECHANISMS, "USER", "APOP"],
                   "plaintext_login": "no",
                   "timeouts": {"failed_login": "0s"}},
            helpers={
                "accounts": {"mechanisms": [*MECHANISMS, "USER", "APOP"],
                             "failed_login": "0s", "store_secrets": True},
                # Sessions of one user follow each other at once.
                "mail": {"exclusive": False},
                "tokens": {"keys": self.issuer.set, "issuer": ISSUER,
                           "audience": "mail"}}, **rest)

    def certificate_of(self, user):
        return certificate_of(self.clients, user)

    def remove(self):
        super().remove()
        self.clients.remove()


class Login:
    """A session with either server, over TLS that was checked."""

    def __init__(self, pair, protocol, certificate=None):
        self.pair, self.protocol = pair, protocol
        self.prefix = {"smtp": "334 ", "pop3": "+ "}[protocol]
        context = pair.ca.context()
        if certificate:
            context.load_cert_chain(*certificate)
        port = getattr(pair, f"{protocol}s_port")
        self.attach(pair.connect(port, context))

    def attach(self, sock):
        """Takes any kind of connection and its greeting."""
        self.sock = sock
        self.buffer = b""
        self.line()
        if self.protocol == "smtp":
            self.ask("EHLO client.example")

    def line(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                return ""
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode().rstrip("\r")

    def ask(self, text):
        """Sends a line; the last line of the reply."""
        self.sock.sendall(text.encode() + b"\r\n")
        line = self.line()
        while self.protocol == "smtp" and line[3:4] == "-":
            line = self.line()
        return line

    def outcome(self, reply):
        """What a reply says, whatever the protocol: the challenge's octets,
        or "ok", "denied", "bad", "cancelled" or "temporary"."""
        if reply.startswith(self.prefix):
            return base64.b64decode(reply[len(self.prefix):])
        kinds = {"235": "ok", "535": "denied", "501 5.5": "bad",
                 "501 5.7": "cancelled", "454": "temporary",
                 "+OK": "ok", "-ERR [AUTH]": "denied", "-ERR that": "bad",
                 "-ERR cancelled": "cancelled", "-ERR [SYS": "temporary"}
        return next((kind for start, kind in kinds.items()
                     if reply.startswith(start)), reply)

    def say(self, text):
        return self.outcome(self.ask(text))

    def is_alive(self):
        reply = self.ask("NOOP" if self.protocol == "smtp" else "CAPA")
        while self.protocol == "pop3" and reply not in (".", ""):
            reply = self.line()
        return reply != ""

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Scram:
    """A client's side of RFC 5802.  binding: its name and its octets; flag:
    the GS2 flag where it is to be another than the one that fits."""

    def __init__(self, mechanism, user, password="pw", binding=None,
                 flag=None):
        self.mechanism = mechanism
        self.hash = "sha256" if "256" in mechanism else "sha1"
        self.password = password.encode()
        name, octets = binding or ("", b"")
        self.header = f"{flag or (f'p={name}' if binding else 'n')},,"
        self.bound = b64(self.header.encode() + octets)
        self.bare = f"n={user}@{DOMAIN},r=fyko+d2lbbFgONRv9qkxdawL"

    def first(self):
        return b64(self.header + self.bare)

    def final(self, challenge, nonce=None, iterations=None):
        """The proof, for what the server said or for what is put there
        instead."""
        server = challenge.decode()
        fields = dict(part.split("=", 1) for part in server.split(","))
        salted = hashlib.pbkdf2_hmac(
            self.hash, self.password, base64.b64decode(fields["s"]),
            iterations or int(fields["i"]))
        if iterations:
            server = server.replace(f"i={fields['i']}", f"i={iterations}")
        bare = f"c={self.bound},r={nonce or fields['r']}"
        message = f"{self.bare},{server},{bare}".encode()
        key = hmac.digest(salted, b"Client Key", self.hash)
        signature = hmac.digest(hashlib.new(self.hash, key).digest(), message,
                                self.hash)
        proof = bytes(a ^ b for a, b in zip(key, signature))
        self.server = hmac.digest(
            hmac.digest(salted, b"Server Key", self.hash), message, self.hash)
        return b64(f"{bare},p={b64(proof)}")

    def run(self, login, **changes):
        """The whole exchange; how it ended."""
        got = login.say(f"AUTH {self.mechanism} {self.first()}")
        if isinstance(got, str):
            return got
        got = login.say(self.final(got, **changes))
        if isinstance(got, str):
            return got
        assert got.decode() == "v=" + b64(self.server)
        return login.say("")


def cram(challenge, user, password="pw"):
    """RFC 2195 2."""
    digest = hmac.digest(password.encode(), challenge, "md5").hex()
    return b64(f"{user}@{DOMAIN} {digest}")


def bearer(user, token):
    """RFC 7628 3.1."""
    return b64(f"n,a={user}@{DOMAIN},\1auth=Bearer {token}\1\1")


def xoauth2(user, token):
    return b64(f"user={user}@{DOMAIN}\1auth=Bearer {token}\1\1")
