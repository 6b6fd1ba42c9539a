"""Runs the driver of the store in a folder, and spoils it."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from .crash.check import DRIVER, NAME, Promises

CALL = re.compile(r"(\d+) +(\w+)\(")


class Store:
    """A folder with mail and journal, and what its driver said."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.promises = Promises()
        self.said = ""
        for sub in ("mail", "journal"):
            (self.path / sub).mkdir(parents=True)

    def copy(self, path):
        """The same at another place."""
        other = Store.__new__(Store)
        other.path = pathlib.Path(path)
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.path, path)
        other.promises, other.said = self.promises.copy(), ""
        return other

    def run(self, *steps, boot="boot-1", first=1, plant=None, strace=()):
        """Runs the steps; the driver's exit code."""
        command = [DRIVER, "-b", boot, "-t", str(first)]
        if plant:
            command += ["-p", plant]
        if strace:
            command = ["strace", "-f", "-o", "/dev/null", "-e",
                       "signal=none", *strace, *command]
        done = subprocess.run([*command, self.path, *steps],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, check=False,
                              timeout=300)
        self.said, self.log = done.stdout, done.stderr
        self.promises.hear(done.stdout)
        return done.returncode

    def must(self, *steps, **options):
        code = self.run(*steps, **options)
        assert code == 0, f"the driver ended with {code}: {self.log}"

    def wrong(self):
        return self.promises.wrong(self.path / "mail")

    def refused(self):
        """Those of the last run that got another answer than 250: trace,
        size and count of owners."""
        return [tuple(int(w, b) for w, b in zip(line.split()[1:],
                                                (16, 10, 10)))
                for line in self.said.splitlines()
                if re.match(r"45[12] [0-9a-f]+ \d+ \d+$", line)]

    def holds(self, trace):
        """How many owners have the message."""
        return sum(int(NAME.match(p.name).group(1), 16) == trace
                   for p in self.path.glob("mail/*/*/*"))


def calls(store, work, *steps, **options):
    """The system calls between the two marks that steps hold (or up to the
    only one), of the first thread: name, and number among its calls of this
    name since the start."""
    log = f"{work}.calls"
    trial = store.copy(work)
    trial.must(*steps, strace=("-o", log), **options)
    found, per, main, marks = [], {}, None, 0
    with open(log, encoding="ascii", errors="replace") as lines:
        for line in lines:
            match = CALL.match(line)
            if not match:
                continue
            main = main or match.group(1)
            name = match.group(2)
            if match.group(1) != main:
                continue
            per[name] = per.get(name, 0) + 1
            marks += '"/mark"' in line
            if marks == 1 or (marks == 0 and steps.count("mark") == 1):
                found.append((name, per[name]))
    os.unlink(log)
    return found


def temporary():
    return tempfile.mkdtemp(prefix="ringmail-fault-", dir="/dev/shm")
