#!/usr/bin/python3
"""docs/*-conformance.md: what each row names is there.

A row is | paragraph | what it asks for | kept by | proved by |.
Kept by: `file.c`, `file.c:function`.  Proved by: `talk/NAME` of that protocol,
`test_file`, `test_file::test_name`, `unit/NAME`, `fuzz/NAME`.  What is not
kept says "no:" and why in the third column, and needs no proof.
"""
import pathlib
import re
import sys

ROW = re.compile(r"^\| (RFC \d+ [^|]*?) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$")
NAMED = re.compile(r"`([^`]+)`")


def is_kept(name):
    """A source file, and a function that it defines."""
    path, _, function = name.partition(":")
    path = pathlib.Path(path)
    if not path.is_file():
        return False
    text = path.read_text()
    return not function or re.search(rf"^{function}\(|\b{function}\b", text,
                                     re.M) is not None


def is_proved(name, protocol):
    kind, _, rest = name.partition("/")
    if kind == "talk":
        return pathlib.Path(f"tests/talk/{protocol}/{rest}.talk").is_file()
    if kind in ("unit", "fuzz"):
        return pathlib.Path(f"tests/{kind}/{rest}.c").is_file()
    file, _, test = name.partition("::")
    found = list(pathlib.Path("tests").glob(f"*/{file}.py"))
    return any(f"def {test}" in path.read_text() for path in found)


def check(path):
    """Yields what is wrong with one document."""
    protocol = path.name.split("-")[0]
    rows = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.startswith("| RFC"):
            continue
        row = ROW.match(line)
        if row is None:
            yield f"{path}:{number}: no row of four columns"
            continue
        rows += 1
        kept, proved = row.group(3), row.group(4)
        if kept.startswith(("no:", "-")):
            continue
        for name in NAMED.findall(kept):
            if not is_kept(name):
                yield f"{path}:{number}: {name} is not there"
        names = NAMED.findall(proved)
        if not names or not NAMED.findall(kept):
            yield f"{path}:{number}: kept or proved by nothing"
        for name in names:
            if not is_proved(name, protocol):
                yield f"{path}:{number}: there is no {name}"
    if rows == 0:
        yield f"{path}: no rows"


def main():
    wrong = [line for path in sorted(pathlib.Path("docs").glob(
        "*-conformance.md")) for line in check(path)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
