"""Mail servers of others, each with a queue of its own, that hand what they are
given to our smtpd: by STARTTLS, with our certificate checked.  Debian lets one
of them be installed, so each is unpacked (tools.py) and laid over the system's
folders where its own processes see it and nobody else."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import proc
from .daemons import PATIENCE, free_ports
from .smtp import Smtp
from .tls import HOST
from .tools import unpack

RESOLV = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
NSSWITCH = "".join(f"{name}: files\n" for name in (
    "passwd", "group", "shadow", "hosts", "services", "protocols"))
FIRST_UID = 64100
# What a process of a peer sees in place of the system's own folders.
INSIDE = """
for tree in {packages}; do
    mount -t overlay -o ro,lowerdir="$tree/usr:/usr" peer /usr || exit 1
done
mount -t overlay -o ro,lowerdir={folder}/etc:/etc peer /etc || exit 1
for name in spool lib log; do
    mount --bind {folder}/$name /var/$name || exit 1
done
mount --bind {folder}/run /run || exit 1
exec "$@"
"""


class Peer:
    """One of them; subclasses say what it is made of."""

    packages = ()
    users = ()  # each with a group of its name
    groups = ()
    offers = ()  # what may be asked of it at its port, beside plain mail
    received = re.compile(rb"Received: [^\n]*\n(?:[ \t][^\n]*\n)*")

    def __init__(self, pair):
        self.pair = pair
        self.port, = free_ports(1)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringmail-peer-",
                                                    dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.process = None
        for name in ("etc", "spool", "lib", "log", "run", "root"):
            (self.folder / name).mkdir()
        self.lay_down_etc()
        self.lay_down()

    def lay_down(self):
        """Its conf and its folders."""
        raise NotImplementedError

    def command(self):
        """What runs it in the foreground."""
        raise NotImplementedError

    # -- its view of the system

    def lay_down_etc(self):
        ours = self.groups + self.users
        passwd, group = (
            "".join(line for line in open(f"/etc/{name}", encoding="utf-8")
                    if line.split(":")[0] not in ours)
            for name in ("passwd", "group"))
        for number, name in enumerate(ours, FIRST_UID):
            group += f"{name}:x:{number}:\n"
            if name in self.users:
                passwd += (f"{name}:x:{number}:{number}::/nonexistent:"
                           "/usr/sbin/nologin\n")
        for name, text in (
                ("passwd", passwd), ("group", group), ("resolv.conf", RESOLV),
                ("hosts", f"127.0.0.1 localhost\n127.0.0.1 {HOST}\n"),
                ("nsswitch.conf", NSSWITCH), ("mailname", f"{self.name}\n")):
            self.write(name, text)
        self.write("ssl/certs/ca-certificates.crt",
                   self.pair.ca.pem.read_text())

    @property
    def name(self):
        """The host that it is."""
        return f"{type(self).__name__.lower()}.example"

    def write(self, name, text):
        """A file of /etc."""
        path = self.folder / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(self, name, owner="root", mode=0o755, group=None):
        """A folder of its own, with an owner that only it knows."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        names = self.groups + self.users
        uid, gid = (FIRST_UID + names.index(n) if n in names else 0
                    for n in (owner, group or owner))
        os.chown(path, uid, gid)
        path.chmod(mode)
        return path

    def inside(self, *command):
        """A command that sees the peer's folders as the system's."""
        script = INSIDE.format(folder=self.folder, packages=" ".join(
            str(unpack(package)) for package in self.packages))
        return ["unshare", "-m", "sh", "-c", script, "sh", *map(str, command)]

    def run(self, *command):
        """Runs one, which must work; its output."""
        done = subprocess.run(
            self.inside(*command), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=60 * PATIENCE, cwd="/", env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
        output = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{command}: {output}\n{self.logged()}"
        return output

    # -- its life

    def start(self):
        with open(self.folder / "output", "ab") as log:
            self.process = subprocess.Popen(
                self.inside(*self.command()), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, cwd="/",
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
        proc.wait_until(f"{self.name} starts", self.answers, 30 * PATIENCE)
        return self

    def answers(self):
        assert self.process.poll() is None, self.logged()
        try:
            Smtp(self.port).close()
        except OSError:
            return False
        return True

    def stop(self):
        if self.process is not None:
            proc.end(self.process, 15)
        shutil.rmtree(self.folder, ignore_errors=True)

    def logged(self):
        """The end of what it wrote, for a test that failed."""
        paths = [self.folder / "output", *(self.folder / "log").rglob("*")]
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-6000:]}"
            for path in paths if path.is_file())

    # -- mail

    def submit(self, sender, recipients, message, mail="", rcpt=""):
        """Hands it a message of CRLF lines; it must take all of it."""
        with Smtp(self.port) as smtp:
            smtp.hello()
            for line in (f"MAIL FROM:<{sender}>{mail}", *(
                    f"RCPT TO:<{r}>{rcpt}" for r in recipients)):
                reply = smtp.cmd(line)
                assert reply.code == 250, f"{line}: {reply}"
            reply = smtp.data(message)
            assert reply.code == 250, reply
            smtp.cmd("QUIT")

    def queue(self):
        """What waits in its queue, as it tells administrators; "" for
        nothing."""
        raise NotImplementedError

    def flush(self):
        """Lets it try again at once."""
        raise NotImplementedError


POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = /var/spool/postfix
data_directory = /var/lib/postfix
maillog_file = /var/log/postfix.log
myhostname = {name}
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_delay_reject = no
relayhost = [{host}]:{port}
transport_maps = inline:{{
    {{ jill@example.test = lmtp:inet:[{host}]:{lmtp} }} }}
smtp_dns_support_level = disabled
lmtp_host_lookup = native
smtp_tls_security_level = verify
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt
lmtp_tls_security_level = verify
lmtp_tls_CAfile = $smtp_tls_CAfile
smtp_tls_loglevel = 1
minimal_backoff_time = 300s
in_flow_delay = 0
"""
POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Peer):
    packages = ("postfix",)
    users = ("postfix",)
    groups = ("postdrop",)
    offers = ("SMTPUTF8", "DSN", "LMTP")

    def lay_down(self):
        for name in ("main.cf", "master.cf", "dynamicmaps.cf"):
            self.write(f"postfix/{name}", "")
        self.write("postfix/main.cf", POSTFIX_MAIN.format(
            name=self.name, host=HOST, port=self.pair.smtp_port,
            lmtp=self.pair.lmtp_port))
        self.write("postfix/master.cf", POSTFIX_MASTER.format(port=self.port))
        self.make("spool/postfix")
        self.make("spool/postfix/pid")
        self.make("lib/postfix", "postfix", 0o700)
        for name in ("active", "bounce", "corrupt", "defer", "deferred",
                     "flush", "hold", "incoming", "private", "saved",
                     "trace"):
            self.make(f"spool/postfix/{name}", "postfix", 0o700)
        self.make("spool/postfix/maildrop", "postfix", 0o730, "postdrop")
        self.make("spool/postfix/public", "postfix", 0o710, "postdrop")

    def command(self):
        return ["/usr/lib/postfix/sbin/master", "-s", "-c", "/etc/postfix"]

    def queue(self):
        text = self.run("postqueue", "-p")
        return "" if "is empty" in text else text

    def flush(self):
        self.run("postqueue", "-f")


EXIM = """
primary_hostname = {name}
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
daemon_smtp_ports = {port}
local_interfaces = <; 127.0.0.1
disable_ipv6 = true
host_lookup =
rfc1413_hosts =
never_users =
acl_smtp_rcpt = accept
acl_smtp_data = accept
tls_advertise_hosts =
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
accept_8bitmime = true
add_environment = PATH=/usr/sbin:/usr/bin
keep_environment =
log_selector = +tls_certificate_verified +smtp_confirmation
begin routers
all:
  driver = manualroute
  route_list = * {host} byname
  self = send
  transport = ours
begin transports
ours:
  driver = smtp
  port = {smtp}
  hosts_require_tls = *
  tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
  hosts_try_dane =
  hosts_try_prdr = *
begin retry
* * F,2h,15m
"""


class Exim(Peer):
    packages = ("exim4-daemon-light",)
    users = ("Debian-exim",)
    offers = ("SMTPUTF8", "DSN", "CHUNKING")

    def lay_down(self):
        self.write("exim4/exim4.conf", EXIM.format(
            name=self.name, host=HOST, smtp=self.pair.smtp_port,
            port=self.port))
        self.make("spool/exim4", "Debian-exim", 0o750)
        self.make("log/exim4", "Debian-exim", 0o750)

    def command(self):
        return ["/usr/sbin/exim4", "-bdf"]

    def queue(self):
        return self.run("exim4", "-bp").strip()

    def flush(self):
        self.run("exim4", "-qff")


OPENSMTPD = """
listen on 127.0.0.1 port {port} hostname {name}
action "ours" relay host "smtp+tls://{host}:{smtp}" tls
match from any for any action "ours"
"""


class OpenSmtpd(Peer):
    packages = ("opensmtpd",)
    users = ("opensmtpd", "opensmtpq")
    offers = ("DSN",)

    def lay_down(self):
        self.write("smtpd.conf", OPENSMTPD.format(
            name=self.name, host=HOST, smtp=self.pair.smtp_port,
            port=self.port))
        self.make("spool/smtpd", mode=0o711)
        self.make("lib/opensmtpd/empty")

    def command(self):
        return ["/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"]

    def queue(self):
        return self.control("show", "queue").strip()

    def flush(self):
        self.control("schedule", "all")

    def control(self, *command):
        """Its control program, which is setgid where it is installed."""
        return self.run("setpriv", "--egid", "opensmtpq", "--keep-groups",
                        "smtpctl", *command)


PEERS = [Postfix, Exim, OpenSmtpd]
