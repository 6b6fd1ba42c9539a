"""Plays the service manager: passes sockets and hears what a service tells."""
import os
import shutil
import socket
import sys

from .daemons import BUILD, PATIENCE, RUNNER

# Puts the descriptors in their places, and says whom they are for.
LAUNCHER = """
import os, sys
fds = [os.dup(int(fd)) for fd in sys.argv[1].split(",") if fd]
for at, fd in enumerate(fds):
    os.dup2(fd, 100 + at)
for at, fd in enumerate(fds):
    os.dup2(100 + at, 3 + at)
for fd in range(3 + len(fds), 300):
    try:
        os.close(fd)
    except OSError:
        pass
if fds:
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


def which():
    """The checker to run a service under, by its path."""
    return RUNNER and [shutil.which(RUNNER[0]), *RUNNER[1:]]


def launch(pair, name, sockets=(), names=None, env=None):
    """Starts a service of the pair with these listening sockets."""
    fds = [s.fileno() for s in sockets]
    env = {**os.environ, **(env or {})}
    if names:
        env["LISTEN_FDNAMES"] = ":".join(names)
    return pair.spawn(
        name, [sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)),
               *which(), str(BUILD / "bin" / name), "-c",
               str(pair.conf(name))], pass_fds=fds, env=env)


def listener(family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A socket that listens, as a socket unit has it."""
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    sock.listen(64)
    return sock


class Manager:
    """The socket that $NOTIFY_SOCKET names."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)

    def hear(self, word, seconds=20):
        """Waits for a message with this word; all that came until then."""
        heard = []
        self.sock.settimeout(seconds * PATIENCE)
        while not heard or word not in heard[-1]:
            heard.append(self.sock.recv(4096).decode())
        return heard

    def silent(self, seconds):
        """Nothing comes in that time, once what is there is read."""
        self.sock.setblocking(False)
        try:
            while True:
                self.sock.recv(4096)
        except BlockingIOError:
            pass
        self.sock.settimeout(seconds)
        try:
            return not self.sock.recv(4096)
        except TimeoutError:
            return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
