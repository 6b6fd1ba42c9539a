"""Faults under the running services: the client hears 451 or 452, nothing is
lost or doubled, and all is well when the fault is gone, without a hand."""
import contextlib
import os
import re
import select
import struct
import subprocess
import time

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, Pair
from harness.load import untraced
from harness.pop3 import Pop3, fetch
from harness.smtp import Smtp, deliver

TO = f"u0@{DOMAIN}"
# What the services say of a fault that this file brings about.
FAULTS = ["journal.failed", "mailbox.restart", "store.sync", "maildir.sync",
          "process.end", "mailbox.store", "store.unlink", "replay.aside"]


def message(number, size=300):
    return b"Subject: %d\r\n\r\n" % number + b"x" * 70 * (size // 70) + b"\r\n"


def holds(pair, *numbers):
    """Exactly these messages are there, each once and whole."""
    found = [untraced(m) for m in fetch(pair.pop3_port, "u0")]
    heads = sorted(int(m.split(b"\r\n")[0][9:]) for m in found)
    assert heads == sorted(numbers), heads


def deliver_in_time(pair, number, seconds=20):
    """Delivers as soon as it is taken; the replies before that."""
    refused, deadline = [], time.monotonic() + seconds * PATIENCE
    while (reply := deliver(pair.smtp_port, message(number), TO)).code != 250:
        refused.append(reply.code)
        assert time.monotonic() < deadline, reply
        time.sleep(0.1)
    return refused


@contextlib.contextmanager
def injected(pid, *inject):
    """System calls of a running process fail, or take long."""
    command = ["strace", "-f", "-p", str(pid), "-o", "/dev/null"]
    for rule in inject:
        command += ["-e", f"inject={rule}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE,
                          text=True) as strace:
        line = strace.stderr.readline()
        assert "attached" in line, line
        try:
            yield
        finally:
            strace.terminate()
            try:
                strace.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                # strace can miss the end of a process whose first thread
                # went before the others; without it they end.
                strace.kill()
                strace.communicate()


@pytest.mark.parametrize("call", ["fdatasync", "pwritev", "syncfs"])
@pytest.mark.parametrize("size", [300, 300_000])
def test_disk_error(make_pair, call, size):
    pair = make_pair(users=1)
    assert deliver(pair.smtp_port, message(1), TO).code == 250
    pair.allow(*FAULTS)
    old = pair.pid("mailbox")
    with injected(old, f"{call}:error=EIO"):
        reply = deliver(pair.smtp_port, message(2, size), TO)
        assert reply.code == (451 if call == "fdatasync" or (
            call == "pwritev" and size == 300) else 250), reply
    if reply.code == 451:
        if size == 300:
            proc.wait_until("a new mailbox", lambda: pair.pid("mailbox")
                            not in (None, old), 20 * PATIENCE)
        deliver_in_time(pair, 2)
    deliver_in_time(pair, 3)
    holds(pair, 1, 2, 3)


@pytest.mark.parametrize("code", ["EMFILE", "ENOMEM", "ENOSPC", "EDQUOT"])
def test_no_file_for_the_body(make_pair, code):
    pair = make_pair(users=1)
    with injected(pair.pid("mailbox"), f"openat:error={code}"):
        reply = deliver(pair.smtp_port, message(1), TO)
        assert reply.code == (452 if code in ("ENOSPC", "EDQUOT") else 451)
    assert deliver_in_time(pair, 1) == []
    holds(pair, 1)


def test_slow_disk(make_pair):
    """Each sync takes four seconds: all wait, nobody is turned away."""
    pair = make_pair(users=1)
    with injected(pair.pid("mailbox"), "fdatasync:delay_enter=4000000"):
        with Smtp(pair.smtp_port) as one, Smtp(pair.smtp_port) as two:
            for number, smtp in enumerate((one, two)):
                smtp.hello()
                smtp.envelope("a@b.example", TO)
                assert smtp.cmd("DATA").code == 354
                smtp.send(message(number) + b".\r\n")
            # No session waits for another's disk.
            with Smtp(pair.smtp_port) as third:
                third.hello()
                assert third.cmd("NOOP").code == 250
                assert select.select([one.sock, two.sock], [], [], 0)[0] == []
            assert one.reply().code == 250
            assert two.reply().code == 250
    holds(pair, 0, 1)


class SmallDisk(Pair):
    """Services whose mail lies on a small ext4 of its own."""

    def __init__(self, options=()):
        super().__init__(users=1)
        self.options = options

    def start(self, *names):
        if not os.path.ismount(self.mail):
            self.mount()
        return super().start(*names)

    def mount(self):
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(24 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", *self.options,
                        image], check=True)
        done = subprocess.run(["mount", "-o", "loop", image, self.mail],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no loop mounts here: {done.stderr}")
        assert os.path.ismount(self.mail) and self.mail.stat().st_uid == 0
        subprocess.run(["chown", "ringmail:", self.mail], check=True)

    def remove(self):
        if os.path.ismount(self.mail):
            subprocess.run(["umount", self.mail], check=True)
        super().remove()


def fill_blocks(folder):
    """All blocks are taken; a function that frees them."""
    with contextlib.suppress(OSError), open(folder / "filler", "wb",
                                            buffering=0) as file:
        for size in (1 << 16, 4096, 512):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    os.sync()
    return (folder / "filler").unlink


def fill_inodes(folder):
    """All inodes are taken; a function that frees them."""
    made = []
    with contextlib.suppress(OSError):
        while True:
            path = folder / f"filler{len(made)}"
            path.touch()
            made.append(path)
    return lambda: [path.unlink() for path in made]


@pytest.mark.parametrize("size", [300, 300_000])
@pytest.mark.parametrize("fill, options", [(fill_blocks, []),
                                           (fill_inodes, ["-N", "128"])])
def test_full_disk(make_pair, fill, options, size):
    pair = make_pair(SmallDisk, options=options)
    assert deliver(pair.smtp_port, message(1), TO).code == 250
    free = fill(pair.mail)
    for _ in range(3):
        with Smtp(pair.smtp_port) as smtp:
            smtp.hello()
            smtp.envelope("a@b.example", TO)
            reply = smtp.data(message(2, size))
            assert reply.code == 452 and reply.enhanced[0] == "4", reply
    holds(pair, 1)
    free()
    assert deliver(pair.smtp_port, message(2, size), TO).code == 250
    holds(pair, 1, 2)


def test_read_only_and_back(make_pair):
    pair = make_pair(SmallDisk)
    assert deliver(pair.smtp_port, message(1), TO).code == 250
    pair.allow(*FAULTS)

    def remount(how):
        subprocess.run(["mount", "-o", f"remount,{how}", pair.mail],
                       check=True)

    remount("ro")
    try:
        for size in (300, 300_000):
            reply = deliver(pair.smtp_port, message(2, size), TO)
            assert reply.code == 451, reply
        holds(pair, 1)
        # A start finds it so, too, and tries again.
        pair.kill_helper("mailbox")
    finally:
        remount("rw")
    deliver_in_time(pair, 2)
    holds(pair, 1, 2)


def test_clock_jumps_a_day(make_pair, monkeypatch, tmp_path):
    """Back and forward, under sessions that live on."""
    clock = tmp_path / "clock"
    clock.write_bytes(bytes(8))
    monkeypatch.setenv("LD_PRELOAD", str(BUILD / "fault" / "clock_jump.so"))
    monkeypatch.setenv("CLOCK_JUMP", str(clock))
    pair = make_pair(users=1)
    monkeypatch.delenv("LD_PRELOAD")
    day = 86400
    with Smtp(pair.smtp_port) as smtp:
        smtp.hello()
        for number, jump in enumerate((0, day, -day, 0)):
            with open(clock, "r+b") as file:
                file.write(struct.pack("=q", jump))
            with Pop3(pair.pop3_port, user="u0") as pop3:
                assert pop3.stat()[0] == number
                smtp.envelope("a@b.example", TO)
                assert smtp.data(message(number)).code == 250
                pop3.quit()
        assert smtp.cmd("QUIT").code == 221
    with Pop3(pair.pop3_port, user="u0") as pop3:
        assert len(set(pop3.uidl().values())) == 4
        dates = {re.search(rb"\d+ [A-Z][a-z]{2} \d{4}", m).group()
                 for m in pop3.all()}
        assert len(dates) == 3, "the clock did jump"
        pop3.quit()
    holds(pair, 0, 1, 2, 3)
