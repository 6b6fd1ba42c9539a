"""The servers that tls.py measures, and the CPU time that they take."""
import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from harness import peers, proc
from harness.daemons import free_ports

TICK = os.sysconf("SC_CLK_TCK")

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = ringmail-bench
protocols = pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
log_path = {folder}/log
first_valid_uid = 100
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
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%d/%n
}}
mail_location = maildir:{mail}/%d/%n
"""




def tree(pid):
    """A process and all that it started."""
    out = [pid]
    for child in proc.children(pid):
        out += tree(child)
    return out


class Server:
    """One that answers at a port that begins with TLS."""

    name, port = "", 0

    def roots(self):
        raise NotImplementedError

    def pids(self):
        return [pid for root in self.roots() for pid in tree(root)]

    def cpu(self):
        """Seconds of all its processes, children that ended included."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text(
                    encoding="ascii").rsplit(")", 1)[1].split()
                total += sum(int(f) for f in fields[11:15])
        return total / TICK

    def memory(self):
        """KiB of its own, of all its processes."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(
                    encoding="ascii").splitlines():
                if line.startswith(("Private_Dirty", "Private_Clean")):
                    total += int(line.split()[1])
        return total


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
        self.folder = tempfile.mkdtemp(prefix="ringmail-bench-",
                                       dir="/var/tmp")
        owner = pwd.getpwnam("ringmail")
        (self.port,) = free_ports(1)
        conf = pathlib.Path(self.folder) / "conf"
        conf.write_text(DOVECOT.format(
            folder=self.folder, port=self.port, uid=owner.pw_uid,
            gid=owner.pw_gid, mail=pair.mail, cert=pair.certificate,
            key=pair.ca.keys / "mx.pem", processes=processes),
            encoding="ascii")
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", conf], stdin=subprocess.DEVNULL)

        def answers():
            try:
                with pair.connect(self.port) as sock:
                    return sock.recv(1) == b"+"
            except OSError:
                return False
        proc.wait_until("Dovecot starts", answers, 30)

    def roots(self):
        return [self.process.pid]

    def stop(self):
        proc.end(self.process, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


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
