"""A service whose log goes to syslog: from its parent, from its client process
in its empty root, and with all descriptors that such a process keeps."""
import re
import socket

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER
from harness.smtp import deliver

# A /dev of its own, in which /dev/log leads to a socket of the test.
PLACE = """set -e
mount -t tmpfs none /dev
for d in 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9'; do
	mknod -m 666 /dev/${d%% *} c ${d#* }
done
ln -s "$1" /dev/log
shift
exec "$@"
"""
LINE = re.compile(r"<(\d+)>smtpd\[(\d+)\]: (\S+)( .*)?$", re.S)
MAIL, INFO = 2 << 3, 6
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="the same under it")


class Syslog:
    """Who listens; what has come, as (level, pid, event)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.lines = []

    def has(self, level, pid, event):
        while True:
            try:
                line = self.socket.recv(65536, socket.MSG_DONTWAIT).decode()
            except BlockingIOError:
                return (level, pid, event) in self.lines
            found = LINE.match(line)
            assert found, line
            priority, sender, what, _ = found.groups()
            assert int(priority) & ~7 == MAIL, line
            assert what not in ("process.end", "panic", "start.failed"), line
            self.lines.append((int(priority) & 7, int(sender), what))


def test_client_process_logs_to_syslog(make_pair):
    pair = make_pair(users=1)
    pair.stop("smtpd")
    conf = pair.conf("smtpd")
    text = conf.read_text()
    conf.write_text(text.replace('target = "stderr"', 'target = "syslog"'))
    assert conf.read_text() != text
    log = Syslog(pair.folder / "syslog")
    pair.spawn("smtpd", ["unshare", "-m", "sh", "-c", PLACE, "sh",
                         pair.folder / "syslog", BUILD / "bin" / "smtpd",
                         "-c", conf])

    def says(process, event, level=INFO):
        proc.wait_until(f"{process}: {event}", lambda: log.has(
            level, pair.pid(process), event), 30 * PATIENCE)

    says("smtpd/client", "service.ready")
    assert deliver(pair.smtp_port, b"\r\n", f"u0@{DOMAIN}").code == 250
    says("smtpd/client", "message.accepted")
    pair.stop("smtpd")
    conf.write_text(text)
    pair.start("smtpd")
