"""The servers that tls.py measures, and the CPU time that they take."""
import contextlib
import shutil

from harness import dovecot, peers, proc
from harness.daemons import free_ports

DOVECOT = dovecot.BASE + dovecot.MAILDIRS + """
protocols = pop3
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
default_client_limit = 12000
mail_max_userip_connections = 0
service pop3-login {{
  service_count = 0
  process_min_avail = {processes}
  process_limit = {processes}
  client_limit = 12000
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {port}
    ssl = yes
  }}
}}
"""


class Server:
    """One that answers at a port that begins with TLS."""

    name, port = "", 0

    def roots(self):
        raise NotImplementedError

    def cpu(self):
        """Seconds of all its processes, children that ended included."""
        return sum(proc.cpu(root) for root in self.roots())

    def memory(self):
        """KiB of its own, of all its processes."""
        return sum(sum(proc.memory(
            root, "Private_Dirty", "Private_Clean").values())
                   for root in self.roots())


class Ours(Server):
    """smtpd or pop3d, and the helpers, of which keys works for it."""

    def __init__(self, pair, service):
        self.name, self.pair, self.service = service, pair, service
        self.port = {"smtpd": pair.smtps_port, "pop3d": pair.pop3s_port}[
            service]

    def roots(self):
        return [self.pair.pid(self.service), self.pair.pid("helpers")]


class Dovecot(Server):
    """Dovecot with the same certificate, over the same Maildirs.  A login
    process has its own keys for tickets, so that of several each knows its
    own sessions alone."""

    def __init__(self, pair, processes):
        self.name = f"Dovecot/{processes}"
        self.port, = free_ports(1)
        self.stack = contextlib.ExitStack()
        self.process, _ = self.stack.enter_context(dovecot.run(
            DOVECOT, lambda: pair.connect(self.port), pair, port=self.port,
            cert=pair.certificate, key=pair.ca.keys / "mx.pem",
            processes=processes))

    def roots(self):
        return [self.process.pid]

    def stop(self):
        self.stack.close()


class Postfix(Server, peers.Postfix):
    """Postfix with the same certificate and a port that begins with TLS."""

    name = "postfix.example"

    def __init__(self, pair):
        pair.lmtp_port = 1  # nothing is handed on
        (self.tls_port,) = free_ports(1)
        super().__init__(pair)

    def lay_down(self):
        super().lay_down()
        etc = self.folder / "etc" / "postfix"
        for name, path in (("crt", self.pair.certificate),
                           ("key", self.pair.ca.keys / "mx.pem")):
            shutil.copyfile(path, etc / name)
        with open(etc / "main.cf", "a", encoding="ascii") as conf:
            conf.write("smtpd_tls_security_level = may\n"
                       "smtpd_tls_cert_file = /etc/postfix/crt\n"
                       "smtpd_tls_key_file = /etc/postfix/key\n")
        with open(etc / "master.cf", "a", encoding="ascii") as conf:
            conf.write(f"127.0.0.1:{self.tls_port} inet n - n - - smtpd "
                       "-o smtpd_tls_wrappermode=yes\n")

    def start(self):
        super().start()
        self.name, self.port = "Postfix", self.tls_port
        return self

    def roots(self):
        return [self.process.pid]
