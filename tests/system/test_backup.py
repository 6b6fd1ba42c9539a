"""Backup of services that run and are busy; a restore into an empty machine;
what is damaged, cut off or in the way."""
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import tarfile
import threading
import time

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER, scaled
from harness.load import Load
from harness.pop3 import Pop3
from harness.smtp import deliver

# No checker sees mailctl itself.
OF_MAILCTL = pytest.mark.skipif(bool(RUNNER), reason="it is mailctl that looks")

USERS = 3


def uidls(pair, user):
    with Pop3(pair.pop3_port) as session:
        session.login(user)
        return session.multi("UIDL").decode().splitlines()


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def wipe(pair):
    """All is gone, but the mail, which other tools bring back."""
    shutil.rmtree(pair.folder / "state")
    shutil.rmtree(pair.run)
    for name in ("helpers", "smtpd", "pop3d"):
        pair.conf(name).unlink()


def restore(pair, path, *options):
    return pair.mailctl("restore", *options, path)


@pytest.fixture
def busy(make_pair):
    """Services with users, mail, stored UIDLs, a key and an included conf."""
    pair = make_pair(users=USERS)
    lists = pair.folder / "lists" / "all"
    lists.write_text(f"u0@{DOMAIN}\n")
    pair.must("alias", "add", f"all@{DOMAIN}", ":include:all")
    anchor, conf = pair.folder / "root.key", pair.conf("helpers")
    anchor.write_text("; no key\n")
    conf.write_text(conf.read_text().replace(
        "resolver {", f'resolver {{\n    anchor = "{anchor}"', 1))
    shared = pair.folder / "shared.conf"
    shared.write_text('smtpd { limits { recipients = 77 } }\n')
    conf = pair.conf("smtpd")
    conf.write_text(f'include("{shared}")\n' + conf.read_text())
    for n in range(4):
        deliver(pair.smtp_port, b"Subject: %d\r\nX-UIDL: old-%d\r\n\r\nx\r\n"
                % (n, n), f"u0@{DOMAIN}")
    pair.must("mailbox", "import-xuidl", f"u0@{DOMAIN}")
    return pair


def test_round_trip_under_load(busy):
    """While mail and new users come in: who logs in afterwards on an empty
    machine finds all as it was."""
    path = busy.folder / "backup.tar"
    before = uidls(busy, "u0")
    assert any("old-" in line for line in before)
    load = Load(busy.smtp_port, [f"u1@{DOMAIN}"], sessions=2).start()
    added, stopping = [], threading.Event()

    def add_users():
        for n in itertools.count():
            if stopping.is_set() or len(added) == scaled(40, 4):
                return
            # A busy machine may have one answered "not now".
            if busy.mailctl("user", "add", f"late{n}@{DOMAIN}",
                            stdin="pw\n").returncode == 0:
                added.append(f"late{n}")
    thread = threading.Thread(target=add_users)
    thread.start()
    proc.wait_until("some came", lambda: len(added) > 1, 30 * PATIENCE)
    certain = list(added)
    said = busy.must("backup", path)
    stopping.set()
    thread.join()
    load.stop()
    assert re.search(r"written, \d+ files, \d+ octets", said)
    assert path.stat().st_mode & 0o777 == 0o600
    inside = members(path)
    assert {"INFO", "conf/smtpd.conf", "conf/helpers.conf", "MANIFEST",
            f"files{busy.folder}/shared.conf", "accounts/users.db",
            f"files{busy.folder}/lists/all",
            f"files{busy.folder}/root.key"} <= set(inside)
    sums = dict(line.split()[::-2] for line in
                inside.pop("MANIFEST").decode().splitlines()[1:-1])
    assert sums == {name: hashlib.sha256(data).hexdigest()
                    for name, data in inside.items()}
    assert "refuse" not in busy.tail("helpers")
    newest = uidls(busy, "u1")
    busy.stop()
    wipe(busy)
    done = restore(busy, path)
    assert done.returncode == 0, done.stderr
    assert not (busy.folder / "state" / ".restore").exists()
    busy.start()
    assert uidls(busy, "u0") == before
    assert uidls(busy, "u1") == newest, "those follow from the names"
    listed = busy.must("user", "list").split()
    for name in certain:
        assert f"{name}@{DOMAIN}" in listed
        uidls(busy, name)
    assert "recipients = 77" in busy.must("conf", "smtpd")
    deliver(busy.smtp_port, b"Subject: new\r\n\r\nx\r\n", f"all@{DOMAIN}")
    assert len(uidls(busy, "u0")) == len(before) + 1


@OF_MAILCTL
def test_links_that_mailbox_has_laid(busy):
    """Who took the mailbox helper over gets nothing of root's into a backup,
    and so not back by a restore."""
    secret = busy.folder / "secret"
    secret.mkdir()
    (secret / "key").write_text("of root\n")
    uidl = busy.folder / "state" / "mailbox" / "uidl"
    (uidl / "fe").mkdir(exist_ok=True)
    (uidl / "fe" / "key").symlink_to(secret / "key")
    os.link(secret / "key", uidl / "fe" / "hard")
    (uidl / "fd").symlink_to(secret)
    path = busy.folder / "backup.tar"
    busy.must("backup", path)
    inside = members(path)
    assert any(name.startswith("mailbox/uidl/") for name in inside)
    assert "of root" not in {data.decode(errors="replace").strip()
                             for data in inside.values()}


@OF_MAILCTL
def test_what_is_in_the_way(busy):
    """A state that is there, helpers that run, a name that is taken."""
    path = busy.folder / "backup.tar"
    busy.must("backup", path)
    done = busy.mailctl("backup", path)
    assert done.returncode == 1 and "is there already" in done.stderr
    assert busy.must("restore", "--check", path).startswith(f"{path}: whole")
    done = restore(busy, path, "--force")
    assert done.returncode == 1 and "stop them first" in done.stderr
    busy.add_user("after")
    busy.stop()
    done = restore(busy, path)
    assert done.returncode == 1 and "--force" in done.stderr
    state = sorted(p.name for p in (busy.folder / "state").iterdir())
    assert state == ["accounts", "mailbox"]
    conf = busy.conf("pop3d")
    conf.write_text(conf.read_text() + "# mine\n")
    done = restore(busy, path, "--force")
    assert done.returncode == 0, done.stderr
    assert "# mine" not in conf.read_text()
    kept, = busy.folder.glob("pop3d.conf.before-restore-*")
    assert "# mine" in kept.read_text()
    assert not list(busy.folder.glob("smtpd.conf.before*")), "it is the same"
    assert list((busy.folder / "state").glob("accounts.before-restore-*"))
    busy.start()
    assert f"after@{DOMAIN}" not in busy.must("user", "list")
    assert any("old-" in line for line in uidls(busy, "u0"))


def damage(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        octet = file.read(1)[0]
        file.seek(at)
        file.write(bytes([octet ^ 0x10]))


@OF_MAILCTL
def test_damage_is_named(busy, tmp_path):
    """A changed octet in any member, in its head, in the MANIFEST; a cut
    anywhere: each is told with the file, the place and the member, and nothing
    is changed."""
    good = busy.folder / "backup.tar"
    busy.must("backup", good)
    busy.stop()
    wipe(busy)
    bad = tmp_path / "bad.tar"
    with tarfile.open(good) as tar:
        places = {m.name: (m.offset, m.offset_data, m.size) for m in tar}
    kinds = ["INFO", "conf/smtpd.conf", "accounts/users.db", "MANIFEST",
             next(n for n in places if n.startswith("mailbox/uidl/")),
             next(n for n in places if n.startswith("accounts/log."))]
    for name in kinds:
        _, data, size = places[name]
        shutil.copy(good, bad)
        damage(bad, data + size // 2)
        done = restore(busy, bad)
        assert done.returncode == 1 and name in done.stderr
        assert str(bad) in done.stderr and "damaged" in done.stderr
    for name in kinds[2:4]:
        shutil.copy(good, bad)
        damage(bad, places[name][0] + 10)  # in the head: the name
        done = restore(busy, bad)
        assert done.returncode == 1 and str(bad) in done.stderr
        assert re.search(r"octet \d+", done.stderr), done.stderr
    ends = [places["accounts/users.db"][1] + 1000,
            places["MANIFEST"][0], places["MANIFEST"][1] + 10, 3]
    for end in ends:
        shutil.copy(good, bad)
        os.truncate(bad, end)
        done = restore(busy, bad)
        assert done.returncode == 1 and re.search(
            r"damaged at octet \d+", done.stderr), done.stderr
    assert not (busy.folder / "state").exists()
    assert not busy.conf("smtpd").exists()
    for path in (tmp_path / "none", tmp_path, bad):
        if path == bad:
            bad.write_bytes(b"")
        assert restore(busy, path).returncode == 1
    assert restore(busy, good).returncode == 0
    busy.start()


@OF_MAILCTL
def test_hostile_archives(busy, tmp_path):
    """Whole by its sums, and yet no backup: paths that lead elsewhere, links,
    other parts."""
    busy.stop()

    def make(name, kind=tarfile.REGTYPE):
        path = tmp_path / "made.tar"
        text = f"ringmail backup 1\n{hashlib.sha256(b'').hexdigest()} 0 " \
               f"{name}\n"
        text += hashlib.sha256(text.encode()).hexdigest() + " end\n"
        with tarfile.open(path, "w") as tar:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
            member = tarfile.TarInfo("MANIFEST")
            member.size = len(text)
            (tmp_path / "m").write_text(text)
            with open(tmp_path / "m", "rb") as file:
                tar.addfile(member, file)
        return path
    for name, kind in [("/etc/x", tarfile.REGTYPE),
                       ("files/../../x", tarfile.REGTYPE),
                       ("conf/x", tarfile.SYMTYPE),
                       ("conf/x", tarfile.LNKTYPE),
                       ("conf/x", tarfile.DIRTYPE)]:
        done = restore(busy, make(name, kind))
        assert done.returncode == 1 and "no member of a backup" in done.stderr
    done = restore(busy, make("other/x"))
    assert done.returncode == 1 and "INFO" in done.stderr
    busy.start()


def kill_while(command, times):
    """SIGKILL at so many moments of the time that it takes; how often it was
    quicker."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - began
    finished = 0
    for n in range(times):
        yield
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(whole * (n + 0.5) / times)
                finished += 1
            except subprocess.TimeoutExpired:
                process.kill()
    assert finished < times, "some were killed"


@pytest.mark.cases_under_valgrind(0)
def test_killed_backup_and_restore(busy):
    """SIGKILL at many moments: no half file has the final name, and the next
    try works."""
    path = busy.folder / "kept" / "backup.tar"
    path.parent.mkdir()
    command = [BUILD / "bin" / "mailctl", "-c", busy.conf("helpers")]
    for _ in kill_while([*command, "backup", path], scaled(15, 4)):
        if path.exists():
            busy.must("restore", "--check", path)
            path.unlink()
        assert not list(path.parent.iterdir())
    busy.allow("backup.given_up")
    path.unlink(missing_ok=True)
    busy.must("backup", path)
    busy.stop()
    wipe(busy)
    for _ in kill_while([*command, "restore", "--force", path],
                        scaled(15, 4)):
        pass
    done = restore(busy, path, "--force")
    assert done.returncode == 0, done.stderr
    busy.start()
    assert any("old-" in line for line in uidls(busy, "u0"))
    for user in busy.users:
        uidls(busy, user)


@OF_MAILCTL
def test_no_helpers_and_no_room(busy):
    """What can't be done is said, and leaves nothing."""
    folder = busy.folder / "kept"
    folder.mkdir()
    done = busy.mailctl("backup", "/dev/full")
    assert done.returncode == 1
    done = busy.mailctl("backup", folder / "no" / "backup.tar")
    assert done.returncode == 1 and "No such file" in done.stderr
    said = busy.must("backup", folder)
    made, = folder.iterdir()
    assert str(made) in said and re.search(r"-\d{8}T\d{6}Z\.tar$", made.name)
    made.unlink()
    done = busy.mailctl("-S", folder / "other", "backup", folder / "a.tar")
    assert done.returncode == 75 and f"{folder}/other: " in done.stderr
    busy.must("-S", busy.run / "admin" / "accounts", "backup",
              folder / "a.tar")
    (folder / "a.tar").unlink()
    busy.stop("helpers")
    done = busy.mailctl("backup", folder / "backup.tar")
    assert done.returncode == 75 and "start the helpers" in done.stderr
    assert not list(folder.iterdir())
    busy.start("helpers")
