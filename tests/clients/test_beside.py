"""Other programs in the same Maildir while ringmail delivers to it."""
import imaplib
import threading

import pytest

from harness import dovecot
from harness.pop3 import Pop3
from harness.smtp import deliver

pytestmark = pytest.mark.skipif(
    dovecot.missing(), reason="dovecot-pop3d and dovecot-imapd are needed")


def send(pair, address, first, count):
    for n in range(first, first + count):
        message = b"Subject: %d\r\n\r\n%d\r\n" % (n, n)
        assert deliver(pair.smtp_port, message, address).code == 250


def subjects(port, user):
    """Subjects by UIDL."""
    found = {}
    with Pop3(port, user=user) as pop3:
        for number, uidl in pop3.uidl().items():
            head = pop3.multi(f"TOP {number} 0").split(b"Subject: ")[1]
            found[uidl] = int(head.split()[0])
        pop3.quit()
    return found


def test_uidls_of_dovecot_are_taken_over(pair, user, address):
    """What Dovecot told its clients, ringmail tells them after the import."""
    send(pair, address, 0, 5)
    with dovecot.serve(pair) as (pop3, _, _):
        theirs = subjects(pop3, address)
        assert sorted(theirs.values()) == list(range(5))
    assert "5 of them new" in pair.must("mailbox", "import", address)
    send(pair, address, 5, 2)
    ours = subjects(pair.pop3_port, user)
    assert theirs.items() <= ours.items()
    assert sorted(ours.values()) == list(range(7))


def imap_session(port, address, stop, seen):
    """Marks letters as read and deletes every fifth, again and again."""
    done = False
    while not done:
        done = stop.is_set()
        imap = imaplib.IMAP4("127.0.0.1", port)
        imap.login(address, "pw")
        imap.select("INBOX")
        for number in imap.search(None, "UNSEEN")[1][0].split():
            body = imap.fetch(number, "(BODY[HEADER])")[1][0][1]
            subject = int(body.split(b"Subject: ")[1].split()[0])
            assert subject not in seen
            seen[subject] = subject % 5 == 0
            if seen[subject]:
                imap.store(number, "+FLAGS", "\\Deleted")
        imap.expunge()
        imap.logout()


def test_dovecot_serves_the_same_maildir(pair, user, address):
    """No letter is lost or doubled; UIDLs stay."""
    seen, stop, uidls = {}, threading.Event(), {}
    with dovecot.serve(pair) as (_, imap, _):
        send(pair, address, 0, 1)
        other = threading.Thread(target=imap_session,
                                 args=(imap, address, stop, seen))
        other.start()
        try:
            for first in range(1, 61, 10):
                send(pair, address, first, 10)
                for uidl, subject in subjects_again(pair, user).items():
                    assert uidls.setdefault(uidl, subject) == subject
        finally:
            stop.set()
            other.join(60)
    assert not other.is_alive()
    assert sorted(seen) == list(range(61))
    left = subjects(pair.pop3_port, user)
    assert sorted(left.values()) == [n for n in range(61) if n % 5]
    assert len(set(uidls.values())) == len(uidls)
    for uidl, subject in left.items():
        assert uidls.setdefault(uidl, subject) == subject
    pair.allow(r"letter\.unreadable")


def subjects_again(pair, user):
    """UIDLs with their subjects, but for letters that vanish meanwhile."""
    found = {}
    with Pop3(pair.pop3_port, user=user) as pop3:
        for number, uidl in pop3.uidl().items():
            pop3.send(b"TOP %d 0\r\n" % number)
            if pop3.line().startswith(b"+OK"):
                head = pop3.lines().split(b"Subject: ")[1]
                found[uidl] = int(head.split()[0])
        pop3.quit()
    return found
