#!/usr/bin/python3
"""check.py [--write] FOLDER -- the man pages' example programs.

Each page of section 3 shows a program that stands in tests/examples; page and
file must agree, and the program, built in FOLDER, must do what it is for.
--write puts the file into the page.
"""
import pathlib
import re
import signal
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = {"ring": ["ring", "port"], "fiber": ["fiber", "worker"]}
BEGIN, END = ".Sh EXAMPLES\n", ".Ed\n"


def roff(text):
    """A program as a literal display of mdoc has it."""
    lines = text.replace("\\", "\\e").splitlines()
    return "".join(f"\\&{line}\n" if line[:1] in (".", "'") else f"{line}\n"
                   for line in lines)


def shown(page):
    """What stands before, in and after the display of a page's example."""
    head, rest = page.split(BEGIN)
    start = rest.index(".Bd -literal\n") + len(".Bd -literal\n")
    end = rest.index(END)
    return head + BEGIN + rest[:start], rest[start:end], rest[end:]


def agrees(name, write):
    path = ROOT / "common" / f"{name}.3"
    source = roff((ROOT / "tests/examples" / f"{name}.c").read_text())
    head, example, tail = shown(path.read_text())
    if write:
        path.write_text(head + source + tail)
    return write or example == source


def is_complete(name):
    """Whether the page has each function of its headers."""
    page = (ROOT / "common" / f"{name}.3").read_text()
    declared = [function for header in PAGES[name] for function in re.findall(
        r"^[a-z].*?\b(\w+)\(", (ROOT / "common" / f"{header}.h").read_text(),
        re.M)]
    missing = set(declared) - set(re.findall(r"^\.F[no] (\w+)", page, re.M))
    print(*(f"     {function} is missing" for function in missing), sep="\n",
          end="\n" if missing else "")
    return len(declared) > 5 and not missing


def ring_runs(program):
    done = subprocess.run([program], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode == 0 and done.stdout == (
        "greeting 1\ngreeting 2\ngreeting 3\nhung up\n")


def fiber_runs(program):
    """Two clients at once, one of whom is still there when the server ends."""
    with subprocess.Popen([program], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            port = int(server.stdout.readline().split()[1])
            a, b = (socket.create_connection(("127.0.0.1", port), timeout=60)
                    for _ in range(2))
            with a, b:
                for client, line in (a, b"one"), (b, b"two"), (a, b"three"):
                    client.sendall(line + b"\r\n")
                    if client.recv(100) != line + b"\r\n":
                        return False
                a.close()
                server.send_signal(signal.SIGTERM)
                return server.wait(60) == 0 and b.recv(1) == b""
        finally:
            server.kill()


def main(args):
    write = args[0] == "--write"
    folder = pathlib.Path(args[-1]).resolve()
    results = []
    for name, runs in zip(PAGES, (ring_runs, fiber_runs)):
        results.append((f"{name}(3) shows its example", agrees(name, write)))
        results.append((f"{name}(3) is complete", is_complete(name)))
        results.append((f"{name}(3)'s example runs", runs(folder / name)))
    for what, good in results:
        print("ok  " if good else "FAIL", what)
    failed = sum(not good for _, good in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
