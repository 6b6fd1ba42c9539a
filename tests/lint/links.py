#!/usr/bin/python3
"""Links of pages lead to files that are there; each file of the source that is
named as `folder/name` is there too; and the events that manual pages name are
those of docs/logs.md."""
import pathlib
import re
import sys

SKIP = {"build", ".git", "__pycache__", ".pytest_cache"}
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SOURCE = re.compile(r"(?<![\w./])((?:common|smtpd|pop3d|helpers|mailctl|docs|"
                    r"tests|tools|debian)/[\w/-]+\.[a-z]+)\b")
EVENT = re.compile(r"\b[a-z]+\.[a-z_]+\b")


def pages(*kinds):
    return [(path, path.read_text())
            for path in sorted(pathlib.Path(".").rglob("*"))
            if path.suffix in kinds and not SKIP & set(path.parts)]


def main():
    wrong = []
    for path, text in pages(".md"):
        wrong += [f"{path}: {link} is not there" for link in LINK.findall(text)
                  if not link.startswith("http")
                  and not (path.parent / link).exists()]
    for path, text in pages(".md", ".3", ".5", ".8"):
        wrong += [f"{path}: {name} is not there"
                  for name in SOURCE.findall(text)
                  if not pathlib.Path(name).exists()]
    events = set(re.findall(r"^\| `([a-z_.]+)` \|",
                            pathlib.Path("docs/logs.md").read_text(), re.M))
    for path, text in pages(".8"):
        items = re.findall(r"^\.It Cm ((?:[a-z]+\.[a-z_]+(?: , )?)+)$", text,
                           re.M)
        wrong += [f"{path}: {event} is no event" for item in items
                  for event in EVENT.findall(item) if event not in events]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
