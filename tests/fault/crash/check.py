"""Recovers a state of the disk and compares it with what was promised."""
import collections
import os
import pathlib
import re
import shutil
import subprocess

from harness.daemons import BUILD

DRIVER = BUILD / "fault" / "store_driver"
NAME = re.compile(r"\d+\.M\d{6}R([0-9a-f]{16})\.host,S=(\d+),W=(\d+)")
LINE = 32


def body(trace, size):
    """As the driver makes it."""
    lines = "".join(f"{trace:016x} {at:014x}\n" for at in range(0, size, LINE))
    return (lines[:size - 1] + "\n").encode()


def size_of(trace, size):
    """As the driver's step "batch" varies it."""
    return size + trace * 997 % (size // 2 + 1)


class Promises:
    """What the driver has said."""

    def __init__(self, lines=()):
        self.there = {}  # (owner, trace): size
        self.maybe = set()  # it is being removed
        self.gone = set()
        self.codes = collections.Counter()
        for line in lines:
            self.hear(line)

    def copy(self):
        other = Promises()
        other.there, other.maybe = dict(self.there), set(self.maybe)
        other.gone, other.codes = set(self.gone), self.codes.copy()
        return other

    def hear(self, text):
        for line in text.splitlines():
            word, *rest = line.split()
            if word in ("expunging", "expunged"):
                key = (rest[1], int(rest[0], 16))
                (self.maybe if word == "expunging" else self.gone).add(key)
            elif word.isdigit():
                self.codes[word] += 1
                if word == "250":
                    for owner in range(int(rest[2])):
                        key = f"u{owner}", int(rest[0], 16)
                        self.there[key] = int(rest[1])

    def wrong(self, mail):
        """What is not as promised below a mail root, as a list of texts."""
        wrong, seen = [], collections.Counter()
        for path in sorted(pathlib.Path(mail).glob("*/*/*")):
            owner, sub, name = path.parts[-3:]
            match = NAME.fullmatch(name)
            if sub != "new" or not match:
                wrong.append(f"{owner}/{sub}/{name} is there")
                continue
            trace, size = int(match.group(1), 16), int(match.group(2))
            seen[owner, trace] += 1
            if path.read_bytes() != body(trace, size):
                wrong.append(f"{owner}'s {trace} is damaged")
            if self.there.get((owner, trace), size) != size:
                wrong.append(f"{owner}'s {trace} has another size")
        wrong += [f"{owner}'s {trace} is lost" for owner, trace in self.there
                  if (owner, trace) not in self.maybe and
                  not seen[owner, trace]]
        wrong += [f"{owner}'s {trace} is doubled"
                  for (owner, trace), n in seen.items() if n > 1]
        wrong += [f"{owner}'s {trace} came back"
                  for owner, trace in self.gone if seen[owner, trace]]
        return wrong


class Recovery:
    """A driver that recovers one folder after the other."""

    def __init__(self, folder, boot="boot-2"):
        self.folder = pathlib.Path(folder)
        self.boot = boot
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [DRIVER, "-r", "-b", self.boot], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def lay_down(self, files):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        for path, content in files.items():
            full = f"{self.folder}/{path}"
            if content is None:
                os.mkdir(full)
            else:
                with open(full, "wb") as file:
                    file.write(content)

    def recover(self, files):
        """Lays the state down and recovers it: "" or what went wrong."""
        self.lay_down(files)
        if self.process is None:
            self.start()
        self.process.stdin.write(f"{self.folder}\n")
        self.process.stdin.flush()
        said = [self.process.stdout.readline().strip() for _ in range(2)]
        if said == ["open", "closed"]:
            return ""
        self.stop()
        return f"recovery ends with {said}"

    def wrong(self, files, promises):
        failure = self.recover(files)
        return [failure] if failure else promises.wrong(self.folder / "mail")
