#!/usr/bin/python3
"""Functions have at most 60 lines, files at most 500.  No exceptions."""
import json
import pathlib
import subprocess
import sys

FUNCTION, FILE, COLUMNS = 60, 500, 80
SKIP = {"build", ".git", "__pycache__", ".pytest_cache"}


def sources():
    for path in sorted(pathlib.Path(".").rglob("*")):
        if path.suffix in (".c", ".h", ".S", ".py", ".sh", ".md", ".mk") \
                and not SKIP & set(path.parts):
            yield path


def long_functions(paths):
    """Yields the C and Python functions that are too long."""
    command = ["ctags", "-f", "-", "--output-format=json", "--fields=+ne",
               "--kinds-C=f", "--kinds-Python=fm", *map(str, paths)]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if "end" not in tag:
            continue
        lines = tag["end"] - tag["line"] + 1
        if lines > FUNCTION:
            yield (f"{tag['path']}:{tag['line']}: {tag['name']} has {lines} "
                   f"lines, more than {FUNCTION}")


def main():
    wrong = []
    paths = list(sources())
    for path in paths:
        lines = path.read_text().splitlines()
        if path.suffix != ".md" and len(lines) > FILE:
            wrong.append(f"{path}: {len(lines)} lines, more than {FILE}")
        if path.suffix in (".py", ".sh"):
            wrong += [f"{path}:{n}: more than {COLUMNS} columns"
                      for n, line in enumerate(lines, 1)
                      if len(line.expandtabs(8)) > COLUMNS]
    wrong += long_functions([path for path in paths
                             if path.suffix in (".c", ".h", ".py")])
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
