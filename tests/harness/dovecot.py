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

CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = ringmail-test
protocols = pop3 imap
listen = 127.0.0.1
{ssl}
disable_plaintext_auth = no
log_path = {folder}/log
first_valid_uid = 100
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


Ports = collections.namedtuple("Ports", "pop3 imap log")


def missing():
    """Whether Dovecot is not installed (dovecot-pop3d, dovecot-imapd)."""
    return shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None


@contextlib.contextmanager
def serve(pair, ssl="ssl = no"):
    """Dovecot's ports, POP3 and IMAP, and its log; users log in as user@domain
    with pw.  ssl: the conf's lines about that."""
    folder = tempfile.mkdtemp(prefix="ringmail-dovecot-", dir="/var/tmp")
    pop3, imap = free_ports(2)
    owner = pwd.getpwnam("ringmail")
    with open(f"{folder}/conf", "w", encoding="ascii") as conf:
        conf.write(CONF.format(folder=folder, pop3=pop3, imap=imap, ssl=ssl,
                               uid=owner.pw_uid, gid=owner.pw_gid,
                               mail=pair.mail))
    process = subprocess.Popen(
        ["/usr/sbin/dovecot", "-F", "-c", f"{folder}/conf"],
        stdin=subprocess.DEVNULL)

    def answers():
        assert process.poll() is None, open(f"{folder}/log").read()
        try:
            with socket.create_connection(("127.0.0.1", pop3), 5) as s:
                return s.recv(1) == b"+"
        except OSError:
            return False
    try:
        proc.wait_until("Dovecot starts", answers, 30)
        yield Ports(pop3, imap, pathlib.Path(folder) / "log")
    finally:
        proc.end(process, 15)
        shutil.rmtree(folder, ignore_errors=True)
