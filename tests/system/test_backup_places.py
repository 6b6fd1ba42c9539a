"""Backup and restore: what confs may name, and how; who has the state; whose
the folders are that a restore makes."""
import fcntl
import grp
import os
import re
import shutil
import subprocess
import tarfile

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, ROOT, RUNNER
from harness.pop3 import Pop3
from harness.smtp import deliver

# No checker sees mailctl itself.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="it is mailctl that "
                                "looks")


def wipe(pair):
    """All but the mail is gone."""
    for name in ("state", "run", "lists"):
        shutil.rmtree(pair.folder / name)
    for name in ("helpers", "smtpd", "pop3d"):
        pair.conf(name).unlink()


def change(path, old, new):
    text = path.read_text()
    assert old in text, f"{old} is not in {path}"
    path.write_text(text.replace(old, new, 1))


def test_names_and_rights(make_pair):
    """A folder written in a roundabout way, a file that two settings name, a
    name in UTF-8, a file that is not there: the backup is one that restore
    takes, and who could read a list can read it again."""
    pair = make_pair(users=1)
    lists, group = pair.folder / "lists", grp.getgrnam("ringacct")
    (lists / "räte").write_text("one\n")
    (lists / "root").write_text("of root alone\n")
    (lists / "all").write_text(f"u0@{DOMAIN}\n")
    os.chown(lists, 0, group.gr_gid)
    os.chown(lists / "all", 0, group.gr_gid)
    for path, mode in ((lists, 0o750), (lists / "all", 0o640),
                       (lists / "root", 0o600), (lists / "räte", 0o640)):
        path.chmod(mode)
    pair.must("alias", "add", f"all@{DOMAIN}", ":include:all")
    shared = lists / "shared.conf"
    shared.write_text('smtpd { limits { recipients = 77 } }\n')
    conf = pair.conf("smtpd")
    conf.write_text(f'include("{shared}")\n' + conf.read_text())
    change(pair.conf("helpers"), f'"{lists}"',
           f'"{pair.folder}/run/..//lists/./"')
    change(pair.conf("helpers"), "resolver {",
           f'resolver {{\n    anchor = "{pair.folder}/no.key"')
    change(pair.conf("pop3d"), "timeouts {",
           f'tls {{ certificates = {{"{pair.folder}/no.pem"}} }}\n'
           "timeouts {")
    path = pair.folder / "backup.tar"
    done = pair.mailctl("backup", path)
    assert done.returncode == 0, done.stderr
    assert f"{pair.folder}/no.pem is not there" in done.stderr
    with tarfile.open(path) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)), f"one is there twice: {names}"
    assert f"files{lists}/räte" in names and f"files{lists}/all" in names
    change(pair.conf("pop3d"), f'tls {{ certificates = {{"{pair.folder}/'
           'no.pem"} }\n', "")
    kept = pair.conf("pop3d").read_text()
    pair.stop()
    wipe(pair)
    done = pair.mailctl("restore", path)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(lists)) == ["all", "root", "räte",
                                         "shared.conf"]
    assert (lists / "root").stat().st_mode & 0o777 == 0o600
    st = lists.stat()
    assert (st.st_mode & 0o777, st.st_gid) == (0o750, group.gr_gid)
    pair.conf("pop3d").write_text(kept)
    change(pair.conf("helpers"), f'anchor = "{pair.folder}/no.key"', "")
    pair.start()
    deliver(pair.smtp_port, b"Subject: new\r\n\r\nx\r\n", f"all@{DOMAIN}")
    with Pop3(pair.pop3_port) as session:
        session.login("u0")
        assert session.stat()[0] == 1


def sparse(path):
    """An archive of one file that has 2 TiB of holes."""
    member = tarfile.TarInfo("INFO")
    member.pax_headers = {"GNU.sparse.size": str(1 << 41),
                          "GNU.sparse.numblocks": "1",
                          "GNU.sparse.map": f"{1 << 41},0"}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member)
    return path


def test_who_has_the_state(make_pair, tmp_path):
    """Helpers with another run folder, another restore, a full disk, holes
    without an end: nothing is changed."""
    pair = make_pair(users=1)
    path = pair.folder / "backup.tar"
    pair.must("backup", path)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small],
                   check=True)
    try:
        done = pair.mailctl("backup", small / "a.tar")
        assert done.returncode == 75, done.stderr
        assert "No space left on device" in done.stderr
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", small], check=True)
    done = pair.mailctl("restore", "--check", sparse(tmp_path / "a.tar"))
    assert done.returncode == 1, done.stdout
    assert "no member of a backup" in done.stderr
    pair.stop()
    change(pair.conf("helpers"), f'run = "{pair.run}"',
           f'run = "{pair.folder}/other"')
    pair.start("helpers")
    done = pair.mailctl("restore", "--force", path)
    assert done.returncode == 1, done.stdout
    assert "is used by helpers that run" in done.stderr
    state = pair.folder / "state"
    assert sorted(os.listdir(state)) == ["accounts", "mailbox"]
    pair.stop("helpers")
    held = os.open(state, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    done = pair.mailctl("restore", "--force", path)
    assert done.returncode == 75, done.stdout
    assert "another restore is under way" in done.stderr
    assert sorted(os.listdir(state)) == ["accounts", "mailbox"]
    os.close(held)
    done = pair.mailctl("restore", "--force", path)
    assert done.returncode == 0, done.stderr


def test_the_guides_backup_day_by_day(make_pair):
    """Its words twice, with letters that come and go in between, then on a
    machine where users have other numbers: the last day's state, no more."""
    pair = make_pair(users=1)
    page = (ROOT / "docs" / "guide.md").read_text()
    backup, = re.findall(r"^```sh\n([^`]*mailctl backup[^`]*)^```$", page,
                         re.M)
    restore, = re.findall(r"^```sh restore\n([^`]*)^```$", page, re.M)
    mailctl = f"{BUILD}/bin/mailctl -c {pair.conf('helpers')} "

    def run(text):
        for theirs, ours in (("/var/mail/ringmail", str(pair.mail)),
                             ("/srv/backup", f"{pair.folder}/srv"),
                             ("mailctl ", mailctl)):
            text = text.replace(theirs, ours)
        done = subprocess.run(["bash", "-e", "-c", text], text=True,
                              check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"{text}\n{done.stdout}"

    for n in range(3):
        deliver(pair.smtp_port, b"Subject: %d\r\n\r\nx\r\n" % n,
                f"u0@{DOMAIN}")
    run(backup)
    with Pop3(pair.pop3_port, user="u0") as session:
        session.cmd("DELE 1")
        session.cmd("QUIT")
    proc.wait_until("the letter has gone",
                    lambda: len(pair.letters("u0")) == 2, 30 * PATIENCE)
    deliver(pair.smtp_port, b"Subject: late\r\n\r\nx\r\n", f"u0@{DOMAIN}")
    with Pop3(pair.pop3_port, user="u0") as session:
        wanted = session.multi("UIDL")
    first, = (pair.folder / "srv").iterdir()
    first.rename(first.with_name("20000101T000000"))
    run(backup)
    pair.stop()
    subprocess.run(["chown", "-R", "4242:4242", pair.folder / "srv"],
                   check=True)
    shutil.rmtree(pair.mail)
    wipe(pair)
    (pair.folder / "lists").mkdir()
    run(restore)
    pair.start()
    with Pop3(pair.pop3_port, user="u0") as session:
        assert session.multi("UIDL") == wanted
        session.multi("RETR 3")
    assert [p.name for p in pair.mail.iterdir()] == [DOMAIN]


def test_half_a_restore_is_no_state(make_pair):
    """Where one was cut off between its parts, helpers don't start, as they
    would know no user and have mail refused; the next one mends it."""
    pair = make_pair(users=1)
    path = pair.folder / "backup.tar"
    pair.must("backup", path)
    pair.stop()
    wipe(pair)
    (pair.folder / "lists").mkdir()
    (pair.folder / "state").mkdir()
    (pair.folder / "state" / "mailbox").write_text("in the way\n")
    done = pair.mailctl("restore", path)
    assert done.returncode == 75, done.stdout
    assert "a part was restored" in done.stderr
    started = subprocess.run(
        [BUILD / "bin" / "helpers", "-c", pair.conf("helpers")], check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60 * PATIENCE)
    assert started.returncode != 0 and "restore --force" in started.stdout
    (pair.folder / "state" / "mailbox").unlink()
    done = pair.mailctl("restore", "--force", path)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(pair.folder / "state")) == ["accounts",
                                                         "mailbox"]
    pair.start()
    with Pop3(pair.pop3_port, user="u0") as session:
        assert session.stat()[0] == 0
