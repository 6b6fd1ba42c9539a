"""A key whose file has gone, and whose certificate is shown minutes later: that
somebody did not reload a service is said in the log, and not at each use."""
import os
import re
import signal
import struct

from harness import proc
from harness.daemons import BUILD, PATIENCE
from harness.tls import HOST, TlsPair, starttls

LINE = re.compile(r"warn keys\[\d+\] keys\.old_signs key=([0-9a-f]{64}) "
                  r"left_s=(\d+)$", re.M)
DAY = 86400


def test_old_keys_that_sign_are_told(make_pair, monkeypatch, tmp_path):
    clock = tmp_path / "clock"
    clock.write_bytes(bytes(16))
    pair = make_pair(kind=TlsPair, users=0)
    pair.allow(r"keys\.old_signs")
    pair.stop("helpers")
    with monkeypatch.context() as m:
        m.setenv("LD_PRELOAD", str(BUILD / "fault" / "clock_jump.so"))
        m.setenv("CLOCK_JUMP", str(clock))
        pair.start("helpers")

    def sign():
        """The serial number of what smtpd shows."""
        with starttls(pair) as smtp:
            return smtp.sock.getpeercert()["serialNumber"]

    def lines(seconds):
        """After a handshake so many seconds later."""
        with open(clock, "r+b") as file:
            file.write(struct.pack("=qq", 0, seconds))
        sign()
        return LINE.findall(pair.log("helpers").read_text())

    old = sign()
    pair.ca.make("mx", HOST)
    before = len(pair.log("helpers").read_text())
    os.kill(pair.pid("helpers"), signal.SIGHUP)
    # Whoever starts meanwhile would find his time over.
    proc.wait_until("the key is old, and all serve", lambda: all(
        text in pair.log("helpers").read_text()[before:] for text in (
            " old=1", "accounts.ready", "mailbox.ready", "resolver.ready")),
        30 * PATIENCE)
    assert lines(0) == [], "at first that is what should be"
    assert lines(200) == []
    (key, left), = lines(301)
    assert DAY - 400 * PATIENCE < int(left) <= DAY - 301
    assert lines(302) == lines(800) == [(key, left)]
    first, second = lines(902)
    assert first == (key, left) and second[0] == key
    os.kill(pair.pid("smtpd"), signal.SIGHUP)
    proc.wait_until("smtpd shows the new one", lambda: sign() != old,
                    30 * PATIENCE)
    assert lines(9999) == [first, second]
