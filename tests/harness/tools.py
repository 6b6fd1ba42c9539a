"""Programs that the tests use and Debian would not let us install: unpacked
below build/tools, since installing them would start a mail server; and packages
of npm."""
import contextlib
import fcntl
import os
import shutil
import subprocess

import pytest

from .daemons import BUILD, ROOT

TOOLS = ROOT / "build" / "tools"


@contextlib.contextmanager
def alone():
    """One of the tests that run beside each other does it; the others wait."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpack(package):
    """Downloads a Debian package and unpacks it; its folder."""
    folder = TOOLS / package
    if folder.exists():
        return folder
    with alone():
        return fetch(package, folder)


def fetch(package, folder):
    """What unpack does where nobody has done so yet."""
    if not folder.exists():
        work = TOOLS / f"{package}.new"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root",
                        "download", package], cwd=work, check=True,
                       stdout=subprocess.DEVNULL)
        deb = next(work.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", deb, work], check=True)
        deb.unlink()
        work.rename(folder)
    return folder


def smtp_source():
    """The command that runs Postfix's smtp-source."""
    folder = unpack("postfix")
    return ["env", f"LD_LIBRARY_PATH={folder}/usr/lib/postfix",
            os.fspath(folder / "usr" / "sbin" / "smtp-source"), "-4"]


def npm(package):
    """A folder with a package of tools/packages/npm.txt, which npm installs
    there by its name and version."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = BUILD / "test" / "npm" / package
    names = (ROOT / "tools/packages/npm.txt").read_text().split()
    name, = (n for n in names if n.startswith(f"{package}@"))
    with alone():
        if not (folder / f"node_modules/{package}/package.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                ["npm", "install", "--silent", "--no-audit", "--no-fund",
                 "--ignore-scripts", "--prefix", folder, name],
                stdin=subprocess.DEVNULL, timeout=300, check=False)
            assert done.returncode == 0, f"npm can't install {name}"
    return folder
