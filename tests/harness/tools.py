"""Programs that the tests use and Debian would not let us install: unpacked
below build/tools, since installing them would start a mail server."""
import os
import shutil
import subprocess

from .daemons import ROOT

TOOLS = ROOT / "build" / "tools"


def unpack(package):
    """Downloads a Debian package and unpacks it; its folder."""
    folder = TOOLS / package
    if not folder.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
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
