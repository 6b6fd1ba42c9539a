"""Certificates for tests, made by openssl, and services that have them."""
import pathlib
import socket
import ssl
import subprocess
import tempfile

from .daemons import Pair, free_ports, merge
from .pop3 import Pop3
from .smtp import Smtp

HOST = "mx.example.test"
OTHER = "other.example.test"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
KINDS = {"ec": CURVE, "rsa": ["-newkey", "rsa:2048"],
         "ed25519": ["-newkey", "ed25519"]}


def openssl(*args, stdin=b""):
    done = subprocess.run(["openssl", *map(str, args)], input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A certification authority with a folder of its own; its certificates
    go there, and their keys into keys/."""

    def __init__(self, name="Test CA"):
        self.folder = pathlib.Path(
            tempfile.mkdtemp(prefix="ringmail-ca-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.keys = self.folder / "keys"
        self.keys.mkdir(mode=0o700)
        self.pem = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        openssl("req", "-x509", *CURVE, "-nodes", "-keyout", self.key, "-out",
                self.pem, "-subj", f"/CN={name}", "-days", "30")

    def make(self, name, *hosts, kind="ec", mail=None, keep_key=True):
        """A certificate for hosts (or a mail address): its path."""
        folder = self.keys if keep_key else self.folder
        names = [f"DNS:{h}" for h in hosts] + ([f"email:{mail}"]
                                               if mail else [])
        request = openssl("req", *KINDS[kind], "-nodes", "-keyout",
                          folder / f"{name}.pem", "-subj",
                          f"/CN={mail or hosts[0]}")
        (folder / f"{name}.pem").chmod(0o600)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\n")
        path = self.folder / f"{name}.crt"
        openssl("x509", "-req", "-CA", self.pem, "-CAkey", self.key,
                "-CAcreateserial", "-days", "30", "-extfile", extensions,
                "-out", path, stdin=request)
        return path

    def respond(self, certificate):
        """Lays an OCSP response beside a certificate."""
        serial = openssl("x509", "-in", certificate, "-noout", "-serial")
        index = self.folder / "index"
        index.write_text("V\t400101000000Z\t\t"
                         f"{serial.decode().strip()[7:]}\tunknown\t/CN=x\n")
        openssl("ocsp", "-index", index, "-CA", self.pem, "-rsigner", self.pem,
                "-rkey", self.key, "-issuer", self.pem, "-cert", certificate,
                "-ndays", "5", "-respout", f"{certificate}.ocsp")

    def context(self, certificate=None, **versions):
        """A client's context that trusts us alone."""
        context = ssl.create_default_context(cafile=self.pem)
        if certificate:
            context.load_cert_chain(
                certificate, self.folder / f"{certificate.stem}.pem")
        for name, value in versions.items():
            setattr(context, name, value)
        return context

    def remove(self):
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)


class TlsPair(Pair):
    """Services with certificates: an ECDSA and an RSA one for HOST, one for
    OTHER and *.wild.example.test."""

    def __init__(self, tls=None, smtpd=None, pop3d=None, helpers=None,
                 **rest):
        self.ca = Authority()
        self.smtps_port, self.pop3s_port = free_ports(2)
        self.certificate = self.ca.make("mx", HOST)
        paths = [self.certificate, self.ca.make("rsa", HOST, kind="rsa"),
                 self.ca.make("other", OTHER, "*.wild.example.test")]
        block = {"certificates": paths, **(tls or {})}
        conf = {name: {"listen_tls": [f"127.0.0.1:{port}"], "tls": block}
                for name, port in (("smtpd", self.smtps_port),
                                   ("pop3d", self.pop3s_port))}
        super().__init__(
            smtpd={**conf["smtpd"], **(smtpd or {})},
            pop3d={**conf["pop3d"], **(pop3d or {})},
            helpers=merge({"keys": {"folder": self.ca.keys}}, helpers or {}),
            **rest)

    def remove(self):
        super().remove()
        self.ca.remove()

    def connect(self, port, context=None, name=HOST, session=None, **options):
        """A TLS socket to a port that begins with it."""
        plain = socket.create_connection(("127.0.0.1", port), 30)
        context = context or self.ca.context(**options)
        return context.wrap_socket(plain, server_hostname=name,
                                   session=session)


def secure(client, context, name=HOST):
    """Takes an Smtp or a Pop3, which has said STARTTLS or STLS, to TLS."""
    client.sock = context.wrap_socket(client.sock, server_hostname=name)
    if isinstance(client, Pop3):
        client.file = client.sock.makefile("rb", 1 << 16)
    return client


def starttls(pair, **options):
    """An Smtp session that has gone over to TLS, and not greeted again."""
    smtp = Smtp(pair.smtp_port)
    smtp.hello()
    assert smtp.cmd("STARTTLS").code == 220
    return secure(smtp, pair.ca.context(**options))


def stls(pair, user=None):
    """A Pop3 session that has gone over to TLS."""
    pop3 = Pop3(pair.pop3_port)
    pop3.cmd("STLS")
    secure(pop3, pair.ca.context())
    if user:
        pop3.login(user, "pw")
    return pop3


def memory(pid):
    """The writable memory of a process, mapping by mapping."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or line.rstrip().endswith(("[vvar]",
                                                            "[vsyscall]")):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue


def secrets(key):
    """What a private key in PEM would look like in memory: its numbers as
    OpenSSL keeps them, as DER has them, and the text itself."""
    text = openssl("pkey", "-in", key, "-noout", "-text").decode()
    found, name = [], None
    for line in text.splitlines():
        if not line.startswith(" "):
            name = line.split(":")[0].strip()
            found.append((name, ""))
        else:
            found[-1] = (name, found[-1][1] + line.strip())
    wanted = ("priv", "privateExponent", "prime1", "prime2", "exponent1")
    out = [b"".join(pathlib.Path(key).read_bytes().split(b"\n")[1:2])]
    for name, digits in found:
        if name in wanted:
            number = bytes.fromhex(digits.replace(":", "")).lstrip(b"\0")
            out += [number, number[::-1]]
    assert len(out) > 2
    return out


def holds(pid, needles):
    """Which of needles (a dict of lists) stand in a process's memory."""
    found = set()
    for part in memory(pid):
        found |= {name for name, octets in needles.items()
                  if any(needle in part for needle in octets)}
    return found
