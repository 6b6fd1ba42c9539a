"""Letters that another program lays into a Maildir."""
import os
import pwd

# Seconds until the time of a folder tells of each change (helpers/index.h).
REST = 2.1


def own(path):
    """Gives a file or a folder to the user who has the mail."""
    owner = pwd.getpwnam("ringmail")
    os.chown(path, owner.pw_uid, owner.pw_gid)


def make(path):
    """A Maildir, or what one lacks."""
    for sub in ("", "new", "cur", "tmp"):
        (path / sub).mkdir(parents=True, exist_ok=True)
    for folder in (path.parent, path, *path.iterdir()):
        own(folder)


def put(path, octets=b""):
    """One file of it."""
    path.write_bytes(octets)
    own(path)


def fill(path, letters, first=0):
    """Letters, in names that tell their sizes."""
    make(path)
    for number, text in enumerate(letters, first):
        wire = len(text) + text.count(b"\n")
        put(path / "new" / (f"{1700000000 + number}.M1P1.other,"
                            f"S={len(text)},W={wire}"), text)
