#!/usr/bin/python3
"""docs/logs.md has each event that the source writes, with its levels and its
fields, and each field's meaning; and nothing else.

logs.py -w writes the tables anew: what was said of an event or a field stays,
and what is new has an empty place, which this check then points at.
"""
import pathlib
import re
import sys

DOC = pathlib.Path("docs/logs.md")
PARTS = ["common", "smtpd", "pop3d", "helpers"]
LEVELS = ["error", "warn", "info", "debug"]
CALL = re.compile(r"\b(?:log_(error|warn|info|debug|record)"
                  r"|log_write(?:_all)?|write_fields)\(")
KEY = re.compile(r'\blog_(?:text|int|id)\(\s*"([^"]+)"|\blog_(errno)\(')
NAME = re.compile(r'"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)"')
DOTTED = re.compile(r'"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)"')
FUNCTION = re.compile(r"^(\w+)\(", re.M)
ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$")


def arguments(source, at):
    """A call's arguments, from behind its bracket."""
    depth, out, quoted, i = 1, [""], False, at
    while depth:
        c = source[i]
        if c == "\\":
            out[-1] += source[i:i + 2]
            i += 2
            continue
        if c == '"':
            quoted = not quoted
        elif not quoted:
            depth += (c in "([{") - (c in ")]}")
            if c == "," and depth == 1:
                out.append("")
                i += 1
                continue
        out[-1] += c
        i += 1
    return out[:-1] + [out[-1][:-1]]


def handed_over(sources, path, at):
    """The events that callers give to the function around this place, which
    may have them from callers of their own."""
    function = FUNCTION.findall(sources[path][:at])[-1]
    found = set()
    for where, source in sources.items():
        for call in re.finditer(rf"(?<![\w*]){function}\(|^{function}\(",
                                source, re.M):
            for argument in arguments(source, call.end()):
                if argument.strip() == "event":
                    found |= handed_over(sources, where, call.start())
                elif "(" not in argument:
                    found |= set(DOTTED.findall(argument))
    return found


def calls(sources, path):
    """Each call of the log in a file: its place, level and arguments."""
    for call in CALL.finditer(sources[path]):
        given = arguments(sources[path], call.end())
        level = call.group(1)
        if level is None:
            level = given.pop(0).strip().removeprefix("LEVEL_").lower()
        yield call.start(), "info" if level == "record" else level, given


def events(part):
    """What the source of a part writes: levels and fields by event."""
    sources = {path: path.read_text()
               for path in sorted(pathlib.Path(part).glob("*.c"))}
    found = {}
    for path in sources:
        for at, level, given in calls(sources, path):
            if path.name == "log.c" and given[0].endswith("event"):
                continue  # how log_write writes
            names = set(NAME.findall(given[0]))
            if not names and level in LEVELS:
                names = handed_over(sources, path, at)
            keys = [name or "error" for name, _ in
                    KEY.findall(",".join(given[1:]))]
            if given[1:] == [" fields"]:  # a literal above the call
                above = sources[path][:at]
                keys = [name or "error" for name, _ in
                        KEY.findall(above[above.rindex("fields[]"):])]
            assert names, f"{path}: no event in {given[0]}"
            for name in names:
                levels, fields = found.setdefault(name, (set(), []))
                levels.add(level)
                fields += [key for key in keys if key not in fields]
    return found


def expected():
    """The lines of all tables by their section, meanings left out."""
    out, keys = {}, set()
    for part in PARTS:
        rows = out[part] = {}
        for name, (levels, fields) in sorted(events(part).items()):
            rows[name] = [" ".join(sorted(levels, key=LEVELS.index)),
                          " ".join(fields)]
            keys |= set(fields)
    out["fields"] = {key: [] for key in sorted(keys)}
    return out


def section_of(line):
    match = re.search(r"<!-- (\w+) -->", line)
    return match and match.group(1)


def documented():
    """The rows of the page, with their meanings."""
    out, section = {}, None
    for line in DOC.read_text().splitlines():
        section = section_of(line) or section
        match = ROW.match(line)
        if match and section:
            cells = [cell.strip() for cell in match.group(2).split("|")]
            out.setdefault(section, {})[match.group(1)] = cells
    return out


def write(rows, known):
    lines, section = [], None
    for line in DOC.read_text().splitlines():
        if section and ROW.match(line):
            continue
        lines.append(line)
        section = section_of(line) or section
        if line.startswith("| ---") and section:
            for name, cells in rows[section].items():
                meaning = known.get(section, {}).get(name, [""])[-1]
                lines.append(" | ".join([f"| `{name}`", *cells, meaning])
                             + " |")
    DOC.write_text("\n".join(lines) + "\n")


def check(rows, known):
    for section, names in rows.items():
        there = known.get(section, {})
        for name, cells in names.items():
            if name not in there:
                yield f"{name} of {section} is not there"
            elif there[name][:-1] != cells:
                yield (f"{name} of {section} has {' | '.join(cells)}, "
                       f"not {' | '.join(there[name][:-1])}")
            elif not there[name][-1]:
                yield f"{name} of {section} is not explained"
        for name in sorted(set(there) - set(names)):
            yield f"{name} of {section} is written nowhere"


def main():
    rows = expected()
    if sys.argv[1:] == ["-w"]:
        write(rows, documented())
    wrong = [f"{DOC}: {text}" for text in check(rows, documented())]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        print("tests/lint/logs.py -w brings its tables up to date")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
