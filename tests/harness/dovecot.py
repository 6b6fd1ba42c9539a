"""Dovecot over the Maildirs of a Pair, on ports of its own."""
import collections
import contextlib
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

from . import proc
from .daemons import free_ports

BASE = """
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = ringmail-test
listen = 127.0.0.1
disable_plaintext_auth = no
log_path = {folder}/log
"""

# Users log in as user@domain with pw.
MAILDIRS = """
first_valid_uid = 100
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

CONF = BASE + MAILDIRS + """
protocols = pop3 imap
{ssl}
default_client_limit = 100
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


Ports = collections.namedtuple("Ports", "pop3 imap log")


def missing():
    """Whether Dovecot is not installed (dovecot-pop3d, dovecot-imapd)."""
    return shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None


@contextlib.contextmanager
def run(conf, connect, pair=None, **values):
    """Dovecot with a conf, whose {folder} and values are filled in, and what
    MAILDIRS needs of a pair: its process and its folder, once a socket that
    connect() makes is greeted."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringmail-dovecot-",
                                           dir="/var/tmp"))
    if pair is not None:
        owner = pwd.getpwnam("ringmail")
        values.update(uid=owner.pw_uid, gid=owner.pw_gid, mail=pair.mail)
    path = folder / "conf"
    path.write_text(conf.format(folder=folder, **values), encoding="ascii")
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", path],
                               stdin=subprocess.DEVNULL)

    def answers():
        assert process.poll() is None, (folder / "log").read_text()
        try:
            with connect() as sock:
                return sock.recv(1) == b"+"
        except OSError:
            return False
    try:
        proc.wait_until("Dovecot starts", answers, 30)
        yield process, folder
    finally:
        proc.end(process, 15)
        shutil.rmtree(folder, ignore_errors=True)


def plain(port):
    """A function that connects to a port."""
    return lambda: socket.create_connection(("127.0.0.1", port), 5)


@contextlib.contextmanager
def serve(pair, ssl="ssl = no"):
    """Dovecot's ports, POP3 and IMAP, and its log.  ssl: the conf's lines about
    that."""
    pop3, imap = free_ports(2)
    with run(CONF, plain(pop3), pair, pop3=pop3, imap=imap, ssl=ssl) as (
            _, folder):
        yield Ports(pop3, imap, folder / "log")
