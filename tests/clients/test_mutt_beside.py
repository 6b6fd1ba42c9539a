"""mutt reads and deletes in the Maildir that ringmail serves, with Dovecot's
IMAP beside."""
import imaplib
import itertools
import os
import pty
import pwd
import select
import shutil
import signal
import threading
import time

import pytest

from harness import dovecot
from harness.daemons import PATIENCE
from harness.pop3 import Pop3
from harness.smtp import deliver

pytestmark = pytest.mark.skipif(
    dovecot.missing() or shutil.which("mutt") is None,
    reason="mutt, dovecot-pop3d and dovecot-imapd are needed")
CONF = """set folder=/tmp
set quit=yes
set delete=yes
set wait_key=no
set mail_check=1
set sort=date-received
"""
# A message is read, and those that end in 5 are deleted.
KEYS = ("<display-message><exit>"
        "<delete-pattern>~s 5$<enter><sync-mailbox><quit>")
# mutt forgets the keys that follow an error, also where it says that a mailbox
# was changed by somebody else: who sits before it types them again.
AGAIN = [b"D~s 5$\r", b"$", b"q"]
ROUNDS = 3


def read(terminal, pid):
    """What mutt shows until it ends."""
    end, again = time.monotonic() + 30 * PATIENCE, itertools.cycle(AGAIN)
    seen = b""
    while time.monotonic() < end:
        if not select.select([terminal], [], [], PATIENCE)[0]:
            os.write(terminal, next(again))
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the terminal has gone with mutt
            return seen
    os.kill(pid, signal.SIGKILL)
    return seen


def mutt(folder, conf):
    """One run of mutt on a terminal, as the Maildir's owner."""
    owner = pwd.getpwnam("ringmail")
    pid, terminal = pty.fork()
    if pid == 0:
        os.setgid(owner.pw_gid)
        os.setgroups([])
        os.setuid(owner.pw_uid)
        os.chdir("/")
        os.execvpe("mutt", ["mutt", "-n", "-F", conf, "-f", folder,
                            "-e", f"push '{KEYS}'"],
                   {"TERM": "xterm", "HOME": "/", "LC_ALL": "C",
                    "PATH": os.environ["PATH"]})
    seen = read(terminal, pid)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen[-2000:]


def by_uidl(port, user):
    """Subjects by UIDL."""
    found = {}
    with Pop3(port, user=user) as pop3:
        for number, uidl in pop3.uidl().items():
            head = pop3.multi(f"TOP {number} 0").split(b"Subject: ")[1]
            found[uidl] = int(head.split()[0])
        pop3.quit()
    return found


def imap_session(port, address, stop):
    """Somebody who looks on by IMAP, and marks what is new."""
    while not stop.is_set():
        imap = imaplib.IMAP4("127.0.0.1", port)
        imap.login(address, "pw")
        imap.select("INBOX")
        for number in imap.search(None, "UNSEEN")[1][0].split():
            imap.fetch(number, "(BODY[HEADER])")
        imap.logout()
        time.sleep(0.1)


def test_mutt_in_the_maildir(pair, user, address):
    """No letter is lost or doubled, each UIDL stays."""
    conf = pair.folder / "muttrc"  # which the owner may read
    conf.write_text(CONF)
    conf.chmod(0o644)
    sent, uidls = 0, {}
    stop = threading.Event()

    def send(count):
        nonlocal sent
        for _ in range(count):
            message = b"Subject: %d\r\n\r\n%d\r\n" % (sent, sent)
            assert deliver(pair.smtp_port, message, address).code == 250
            sent += 1

    with dovecot.serve(pair) as (_, imap_port, _):
        looker = threading.Thread(target=imap_session,
                                  args=(imap_port, address, stop))
        looker.start()
        try:
            for _ in range(ROUNDS):
                send(6)
                sender = threading.Thread(target=send, args=(4,))
                sender.start()
                mutt(str(pair.maildir(user)), str(conf))
                sender.join()
                found = by_uidl(pair.pop3_port, user)
                assert len(set(found.values())) == len(found), "doubled"
                for uidl, subject in found.items():
                    assert uidls.setdefault(uidl, subject) == subject
                known = {s: u for u, s in uidls.items()}
                assert len(known) == len(uidls), "one UIDL each, for ever"
        finally:
            stop.set()
            looker.join()
    send(6)
    mutt(str(pair.maildir(user)), str(conf))
    assert sorted(by_uidl(pair.pop3_port, user).values()) == \
        [n for n in range(sent) if n % 10 != 5]
    assert os.listdir(pair.maildir(user) / "new") == []
