"""What each process may do, as /proc tells it, against the table of
helpers/README.md."""
import grp
import os
import pwd
import re
import socket
import subprocess

import pytest

from harness import proc
from harness.daemons import BUILD, RUNNER, ROOT
from harness.pop3 import fetch
from harness.smtp import deliver

CHILDREN = {
    "smtpd/client": "ringsmtp", "pop3d/client": "ringpop",
    "resolver": "ringdns", "accounts": "ringacct", "mailbox": "ringbox",
    "keys": "ringkey", "hasher": "ringhash"}
CAPABILITIES = {"cap_setgid": 1 << 6, "cap_setuid": 1 << 7}
# A checker needs system calls of its own, so seccomp is left out under it.
CHECKER = bool(RUNNER) or BUILD.name != "build"


@pytest.fixture
def busy(pair, user, address):
    """The services, after each process has done some work."""
    assert deliver(pair.smtp_port, b"Subject: x\r\n\r\n", address).code == 250
    assert len(fetch(pair.pop3_port, user)) == 1
    return pair


def table():
    """The rows of the table of rights, by process."""
    rows = {}
    for line in (ROOT / "helpers" / "README.md").read_text().splitlines():
        cells = [c.strip().strip("`") for c in line.strip("| ").split("|")]
        if line.startswith("|") and len(cells) >= 4 and \
                not set(line) <= set("|-: "):
            rows[cells[0]] = cells
    return rows


def all_threads(pair, name):
    pid = pair.pid(name)
    for thread in proc.threads(pid):
        yield pid, proc.status(pid, thread)


@pytest.mark.parametrize("name", CHILDREN)
def test_user_and_groups(busy, name):
    """Each thread has the process's own user and group, and no other."""
    entry = pwd.getpwnam(CHILDREN[name])
    for _, status in all_threads(busy, name):
        assert status["Uid"].split() == [str(entry.pw_uid)] * 4
        assert status["Gid"].split() == [str(entry.pw_gid)] * 4
        assert status["Groups"].split() in ([], [str(entry.pw_gid)])
        assert entry.pw_uid != 0 and entry.pw_gid != 0


@pytest.mark.parametrize("name", CHILDREN)
def test_capabilities(busy, name):
    """None at all, save that mailbox may become the owner of a mailbox."""
    allowed = sum(CAPABILITIES.values()) if name == "mailbox" else 0
    for _, status in all_threads(busy, name):
        for kind in ("CapPrm", "CapEff"):
            assert int(status[kind], 16) == allowed, kind
        for kind in ("CapBnd", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0, kind


@pytest.mark.parametrize("name", CHILDREN)
def test_no_way_back(busy, name):
    """No new privileges, and a filter of system calls."""
    for _, status in all_threads(busy, name):
        assert status["NoNewPrivs"] == "1"
        if not CHECKER:
            assert status["Seccomp"] == "2", "a filter"


@pytest.mark.parametrize("name", ["smtpd/client", "pop3d/client"])
def test_client_process_sees_only_sockets(busy, name):
    root = os.readlink(f"/proc/{busy.pid(name)}/root")
    assert root == str(busy.run / name.split("/")[0])
    seen = sorted(os.listdir(root))
    assert set(seen) <= {"accounts", "keys", "mailbox", "resolver"}
    for entry in seen:
        assert os.stat(os.path.join(root, entry)).st_mode & 0o170000 == \
            0o140000, f"{entry} is a socket"
    assert os.readlink(f"/proc/{busy.pid(name)}/cwd") == root


@pytest.mark.parametrize("name", ["resolver", "keys"])
def test_helper_sees_nothing(busy, name):
    root = os.readlink(f"/proc/{busy.pid(name)}/root")
    assert root != "/" and os.listdir(root) == []


@pytest.mark.parametrize("name", ["smtpd/client", "pop3d/client"])
def test_client_process_holds_no_file(busy, name):
    """Sockets, the event queues, the log, and the memory that it counts in,
    which is not to be opened for writing."""
    allowed = ("socket:", "anon_inode:", "pipe:", "/dev/null",
               "/memfd:ringmail-meter", str(busy.folder / "log"))
    for number, target in proc.descriptors(busy.pid(name)).items():
        if RUNNER and number > 1000:
            continue  # Valgrind's own are the last ones
        assert target.startswith(allowed), f"{number}: {target}"


@pytest.mark.parametrize("name", ["smtpd/client", "pop3d/client"])
def test_threads_are_the_workers(busy, name):
    """Each worker has a partner, which does handshakes."""
    want = 2 if RUNNER else 2 * len(os.sched_getaffinity(0))
    assert len(proc.threads(busy.pid(name))) >= want
    if not CHECKER:
        assert len(proc.threads(busy.pid(name))) == want


@pytest.mark.parametrize("name", ["smtpd", "pop3d", "helpers"])
def test_parents_have_one_thread_and_read_no_client(busy, name):
    pid = busy.pid(name)
    if not CHECKER:
        assert len(proc.threads(pid)) == 1
    own = {t for t in proc.descriptors(pid).values() if t[:7] == "socket:"}
    with socket.create_connection(("127.0.0.1", busy.smtp_port)) as s:
        s.recv(512)
        now = {t for t in proc.descriptors(pid).values()
               if t[:7] == "socket:"}
    assert now == own, "a client's connection never reaches the parent"


@pytest.mark.skipif(CHECKER, reason="seccomp is left out")
@pytest.mark.parametrize("name", ["smtpd/client", "pop3d/client"])
def test_client_process_connects_nowhere(busy, name):
    """It may make UNIX sockets, for the helpers, and no others."""
    make = "print ((int (*)(int, int, int))socket)({:d}, 1, 0)".format
    commands = [make(socket.AF_UNIX), "print ((int (*)(int))close)($1)",
                make(socket.AF_INET), make(socket.AF_INET6)]
    shown = subprocess.run(
        ["gdb", "-batch", "-nx", "-p", str(busy.pid(name)),
         *(word for c in commands for word in ("-ex", c))],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60, check=True).stdout
    values = re.findall(r"^\$\d = (-?\d+)$", shown, re.M)
    assert int(values[0]) > 2 and values[1:] == ["0", "-1", "-1"], shown


@pytest.mark.skipif(CHECKER, reason="a checker looks into its process")
@pytest.mark.parametrize("name", CHILDREN)
def test_not_dumpable(busy, name):
    """Memory that holds passwords is in no core file, and only root may look
    into it: the files of /proc belong to root."""
    assert os.stat(f"/proc/{busy.pid(name)}/mem").st_uid == 0


def test_table_names_each_process(busy):
    """helpers/README.md says what the running processes are."""
    rows = table()
    for name, user in CHILDREN.items():
        cells = rows[name.split("/")[0]]
        status = proc.status(busy.pid(name))
        assert cells[1] == user == pwd.getpwuid(
            int(status["Uid"].split()[0])).pw_name
        assert user == grp.getgrgid(int(status["Gid"].split()[0])).gr_name
        root = cells[2].replace("RUN", str(busy.run))
        assert os.readlink(f"/proc/{busy.pid(name)}/root") == root
        held = {c for c, bit in CAPABILITIES.items()
                if int(status["CapEff"], 16) & bit}
        assert {w.lower().strip(",`") for w in cells[3].split()} - \
            {"none"} == held, name
    for name in ("smtpd", "pop3d", "helpers"):
        assert rows[f"{name} parent"][1] == "root"


@pytest.mark.parametrize("name,owner", [("accounts", "ringacct"),
                                       ("mailbox", "ringbox")])
def test_state_is_its_owners_alone(busy, name, owner):
    folder = busy.folder / "state" / name
    files = [folder, *folder.rglob("*")]
    assert len(files) > 1
    for path in files:
        assert path.owner() == path.group() == owner, path
        assert path.stat().st_mode & 0o077 == 0, path


def test_maildirs_are_their_owners(busy, user):
    entry = pwd.getpwnam("ringmail")
    for path in busy.maildir(user).rglob("*"):
        status = path.stat()
        assert (status.st_uid, status.st_gid) == \
            (entry.pw_uid, entry.pw_gid), path
        assert status.st_mode & 0o077 == 0, path
