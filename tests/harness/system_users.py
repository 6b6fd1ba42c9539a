"""System users for a test."""
import contextlib
import pwd
import subprocess


def remove(name):
    """Even while a helper acts for the user: one that stays would be in the
    next test's way."""
    done = subprocess.run(["userdel", "--force", name], check=False,
                          stderr=subprocess.PIPE, text=True)
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        raise AssertionError(f"{name} stays: {done.stderr}")


@contextlib.contextmanager
def system_user(name, *options):
    """Makes one with these options of useradd, and removes it.  The name has
    to differ from those of other tests that run now."""
    done = subprocess.run(["useradd", *options, name], check=False,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    try:
        yield name
    finally:
        remove(name)
