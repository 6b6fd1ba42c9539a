"""Programs that are replaced while they run, and services that are told to
become what is installed by now."""
import os
import shutil

from . import activate, daemons, proc
from .daemons import BUILD, PATIENCE


def program(pair, name):
    return pair.folder / "bin" / name


def install(pair, name):
    """The program anew: another file by the same name."""
    path = program(pair, name)
    shutil.copy(BUILD / "bin" / name, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)
    return path.stat().st_ino


def replaceable(pair, monkeypatch):
    """Services, started anew with programs of their own."""
    (pair.folder / "bin").mkdir()
    for name in ("smtpd", "pop3d", "helpers", "mailctl"):
        shutil.copy(BUILD / "bin" / name, pair.folder / "bin")
    pair.stop()
    for module in (daemons, activate):
        monkeypatch.setattr(module, "BUILD", pair.folder)
    return pair.start()


def count(pair, name, text):
    return pair.log(name).read_text(errors="replace").count(f" {text}")


def upgrade(pair, name):
    """Once; waits until the new processes serve alone."""
    done = count(pair, name, "upgrade.done")
    pid, client = pair.pid(name), pair.pid(f"{name}/client")
    number = install(pair, name)
    assert f"{name} (pid {pid}) was told" in pair.must("upgrade", name)
    proc.wait_until("it is upgraded", lambda: count(
        pair, name, "upgrade.done") > done, 30 * PATIENCE)
    assert pair.pid(name) == pid
    assert os.stat(f"/proc/{pid}/exe").st_ino == number
    return client


def upgrade_helpers(pair):
    """Likewise; waits until there is another mailbox helper."""
    old, pid = pair.pid("mailbox"), pair.pid("helpers")
    number = install(pair, "helpers")
    pair.must("upgrade", "helpers")
    proc.wait_until("a new mailbox", lambda: pair.pid("mailbox")
                    not in (None, old), 30 * PATIENCE)
    assert pair.pid("helpers") == pid
    assert os.stat(f"/proc/{pid}/exe").st_ino == number
