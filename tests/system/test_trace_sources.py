"""mailctl trace by itself finds what syslog and logrotate have laid down, and
systemd's journal: a real one, which systemd-journal-remote writes here."""
import bz2
import gzip
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER
from harness import proc
from harness.smtp import deliver

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
REMOTE = pathlib.Path("/lib/systemd/systemd-journal-remote")
JOURNAL = pytest.mark.skipif(
    not REMOTE.exists() or shutil.which("journalctl") is None,
    reason="there is no systemd-journal-remote")
MACHINE = "0123456789abcdef0123456789abcdef"
UNITS = {"smtpd": "ringmail-smtpd", "pop3d": "ringmail-pop3d",
         "resolver": "ringmail-resolver"}
ID = "00000000000000aa"


@pytest.fixture(scope="module")
def sent(shared_pair):
    """A message's trace id, and all lines that were logged by then."""
    reply = deliver(shared_pair.smtp_port, b"Subject: x\r\n\r\nx\r\n",
                    f"u0@{DOMAIN}", sender="journal@a.test")
    trace = re.search(r"[0-9a-f]{16}", reply.text)[0]

    def lines():
        return [line for name in ("smtpd", "helpers")
                for line in shared_pair.log(name).read_text().splitlines()]
    proc.wait_until("it is logged", lambda: any(
        "message.accepted" in line and trace in line for line in lines()),
        10 * PATIENCE)
    return trace, lines()


def write_journal(file, messages):
    """A journal of (unit, identifier, pid, message)."""
    text = "".join(
        f"__REALTIME_TIMESTAMP={1795348800000000 + n * 1000}\n"
        f"__MONOTONIC_TIMESTAMP={1000 + n}\n_BOOT_ID={MACHINE}\n"
        f"_MACHINE_ID={MACHINE}\n_HOSTNAME=mx\n_SYSTEMD_UNIT={unit}.service\n"
        f"SYSLOG_IDENTIFIER={name}\n_PID={pid}\nMESSAGE={message}\n\n"
        for n, (unit, name, pid, message) in enumerate(messages))
    subprocess.run([REMOTE, "-o", file, "-"], input=text, text=True,
                   check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE, cwd=file.parent)


def of_services(lines):
    """As units write to standard error, which the journal takes."""
    for line in lines:
        name, pid = re.match(r"\S+ \w+ ([\w-]+)\[(\d+)\] ", line).groups()
        yield UNITS.get(name, "ringmail-helpers"), name, pid, line


def trace(*args, **options):
    return subprocess.run(
        [BUILD / "bin" / "mailctl", "--json", "trace", *map(str, args)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False, timeout=60 * PATIENCE, **options)


def events(done):
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    return [line["event"] for line in found]


@JOURNAL
def test_a_file_of_the_journal(sent, tmp_path):
    trace_id, lines = sent
    file = tmp_path / "system.journal"
    write_journal(file, of_services(lines))
    found = json.loads(trace(trace_id, file).stdout)
    log = tmp_path / "log"
    log.write_text("\n".join(lines) + "\n")
    # The same as from the file that the lines came from.
    assert found == json.loads(trace(trace_id, log).stdout)
    assert "message.accepted" in [line["event"] for line in found]
    # As the program hands them to syslog: without time and level.
    syslog = tmp_path / "syslog.journal"
    write_journal(syslog, [(unit, name, pid, re.sub(r"^.*?\] ", "", line))
                           for unit, name, pid, line in of_services(lines)])
    again = json.loads(trace(trace_id, syslog).stdout)
    assert sorted(line["event"] for line in again) == sorted(
        line["event"] for line in found)
    assert all(line["time"].endswith("+0000") for line in again)
    done = trace(trace_id, tmp_path / "gone.journal")
    assert done.returncode == 1 and "gone.journal: No such" in done.stderr
    assert not (tmp_path / "gone.journal").exists()


@pytest.fixture
def elsewhere(tmp_path):
    """mailctl in a mount namespace where /var/log is a folder of ours, and the
    machine has an id of its own."""
    log, machine = tmp_path / "log", tmp_path / "machine-id"
    log.mkdir()
    machine.write_text(MACHINE + "\n")
    script = ('mount --bind "$1" /var/log && mount --bind "$2" /etc/machine-id'
              ' && shift 2 && exec "$@"')
    wrap = ["unshare", "-m", "sh", "-c", script, "sh", log, machine]
    if not os.path.exists("/etc/machine-id") or subprocess.run(
            [*wrap, "true"], stderr=subprocess.PIPE, check=False).returncode:
        pytest.skip("no mount namespaces here")

    def run(*args):
        return subprocess.run(
            [*wrap, BUILD / "bin" / "mailctl", "--json", "trace", *args],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False, timeout=60 * PATIENCE)
    run.log = log
    return run


@JOURNAL
def test_the_journal_where_there_is_no_other_log(sent, elsewhere):
    trace_id, lines = sent
    folder = elsewhere.log / "journal" / MACHINE
    folder.mkdir(parents=True)
    write_journal(folder / "system.journal", [
        *of_services(lines),
        # Somebody else's line is none of ours, whatever it says.
        ("other", "smtpd", 1, f"smtpd[1] message.forged trace={trace_id}")])
    found = events(elsewhere(trace_id))
    assert "message.accepted" in found and "message.forged" not in found
    # A service of its own.
    write_journal(folder / "user.journal", [(
        "ringmail-resolver", "resolver", 9,
        f"2026-11-22T05:11:00.123Z info resolver[9] lookup.done "
        f"session={ID}")])
    assert events(elsewhere("aa")) == ["lookup.done"]


def line(second, event):
    return (f"2026-11-22T05:11:{second:02}.123Z info smtpd[1] {event} "
            f"session={ID}\n").encode()


def test_rotated_and_packed_logs_in_their_order(elsewhere):
    """As logrotate names them; what is packed otherwise is passed over."""
    log = elsewhere.log
    packers = {"mail.log.3.gz": gzip.compress, "mail.log.2.xz": lzma.compress,
               "mail.log.1": bytes, "mail.log": bytes,
               "mail.log.9.bz2": bz2.compress}
    if shutil.which("zstd"):
        packers["mail.log.4.zst"] = lambda text: subprocess.run(
            ["zstd", "-qc"], input=text, check=True,
            stdout=subprocess.PIPE).stdout
    order = ["mail.log.4.zst", "mail.log.3.gz", "mail.log.2.xz", "mail.log.1",
             "mail.log", "mail.log.9.bz2"]
    present = [name for name in order if name in packers]
    for n, name in enumerate(present):
        (log / name).write_bytes(packers[name](line(n, f"event.n{n}")))
        os.utime(log / name, (1000 + n, 1000 + n))
    (log / "ringmail").mkdir()
    (log / "ringmail" / "smtpd.log").write_bytes(line(59, "event.last"))
    want = [f"event.n{n}" for n in range(len(present) - 1)]
    assert events(elsewhere("aa")) == [*want, "event.last"]


def test_no_log_at_all(elsewhere):
    done = elsewhere("aa")
    assert done.returncode == 1
    assert json.loads(done.stdout)["done"] is False
    assert f"no log has a line of {ID}" in done.stderr
