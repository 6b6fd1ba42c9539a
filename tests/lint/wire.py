#!/usr/bin/python3
"""docs/helpers.md has each request of common/wire.h, with who may send it as
the row of its table says, and no other; and each request has one such row.

In the page a request is **WIRE_NAME** (who), or one of several such names, or
a row | `NAME` | of a table of admin requests.  Where nobody is named, the
section's head says who: "hasher, from accounts".
"""
import pathlib
import re
import sys

WIRE = pathlib.Path("common/wire.h")
DOC = pathlib.Path("docs/helpers.md")
FOLDERS = ["common", "helpers", "smtpd", "pop3d"]
TYPES = re.compile(r"enum wire_type \{(.*?)\};", re.S)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
ROW = re.compile(r"\{(WIRE_[A-Z_]+),\s*(ROLE_[A-Z_0-9| \n\t]+),")
ADMIN = re.compile(r"^[^:.]*\(role admin\b", re.I)
ENTRY = re.compile(r"^(\*\*WIRE_[A-Z_]+\*\*(?:, \*\*WIRE_[A-Z_]+\*\*)*)"
                   r"(?: \(([^)]*)\))?")
CELLS = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|")
WHO = ["smtpd", "pop3d", "mailbox", "accounts", "admin", "parent"]


def named(text):
    """Which of those who ask are named in a text."""
    return {who for who in WHO if re.search(rf"\b{who}\b", text)}


def types():
    """The requests in wire.h."""
    body = COMMENT.sub("", TYPES.search(WIRE.read_text()).group(1))
    return re.findall(r"\bWIRE_[A-Z_]+\b", body)


def rows():
    """Who may send each request, as the tables of the source have it."""
    found = {}
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).glob("*.c")):
            for name, roles in ROW.findall(path.read_text()):
                found.setdefault(name, []).append(
                    {role.strip().removeprefix("ROLE_").lower()
                     for role in roles.split("|")})
    return found


def documented():
    """Each request of the page: its name, its line, and who may send it."""
    section, is_admin = "", False
    lines = DOC.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            section, is_admin = line.partition(" from ")[2], False
        elif ADMIN.match(line):
            is_admin = True
        entry, cells = ENTRY.match(" ".join(lines[number - 1:number + 1])), \
            CELLS.match(line)
        if entry:
            who = named(entry.group(2) or "") or \
                ({"admin"} if is_admin else named(section))
            for name in re.findall(r"WIRE_[A-Z_]+", entry.group(1)):
                yield name, number, who
        elif cells:
            for name in re.findall(r"`([A-Z_]+)`", cells.group(1)):
                yield f"WIRE_{name}", number, {"admin"}


def check():
    known, asked, seen = types(), rows(), {}
    for name, number, who in documented():
        where = f"{DOC}:{number}: {name}"
        if name not in known:
            yield f"{where} is not in {WIRE}"
        elif name in seen:
            yield f"{where} stands in line {seen[name]} already"
        elif name in asked and asked[name][0] != who:
            yield (f"{where} is sent by {', '.join(sorted(who)) or 'nobody'},"
                   f" and by {', '.join(sorted(asked[name][0]))} in its table")
        seen[name] = number
    for name in known:
        if name not in seen:
            yield f"{DOC}: {name} is not there"
        if len(asked.get(name, [])) != 1:
            yield (f"{WIRE}: {name} has {len(asked.get(name, []))} rows in "
                   "the tables of those who answer")


def main():
    wrong = list(check())
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
