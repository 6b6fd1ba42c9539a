#!/usr/bin/python3
"""Text that does not belong into the tree: notes to self, and paths of the
machine on which a file was written.  Nor do blanks at the end of a line."""
import pathlib
import re
import sys

SKIP = {"build", ".git", "__pycache__", ".pytest_cache"}
WRONG = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|X{3})\b"), "an open end"),
    (re.compile(r"(?<![\w.$}])/(work|root|Users|home/\w+)/"),
     "a path of one machine"),
    (re.compile(r"[ \t]+$"), "blanks at the end of the line"),
    (re.compile(r"^(<{7}|>{7}|={7})( |$)"), "a merge conflict"),
    (re.compile(r"\r"), "a carriage return"),
]


def main():
    wrong = 0
    for path in sorted(pathlib.Path(".").rglob("*")):
        if SKIP & set(path.parts) or not path.is_file():
            continue
        try:
            lines = path.read_bytes().decode().split("\n")
        except UnicodeDecodeError:
            continue  # not text: a corpus of the fuzzers
        if "corpus" in path.parts:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, what in WRONG:
                if pattern.search(line):
                    print(f"{path}:{number}: {what}")
                    wrong += 1
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
