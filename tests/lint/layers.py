#!/usr/bin/python3
"""The layers: who may include whom.

smtpd, pop3d, helpers and mailctl include common, and never each other; common
includes none of them.  Inside common a file includes its own layer and those
below it.  A unit test includes what the module that it tests may include.
"""
import pathlib
import re
import sys

PROGRAMS = ["smtpd", "pop3d", "helpers", "mailctl"]
COMMON = [
    ("base", "arena base64 clock conf hex log meter privileges rate sanitize "
     "super utf8 wire"),
    ("core", "fiber port ring sched stack switch timer watch worker"),
    ("io", "calls conn device listen network packet proxy "
     "replies server service tally tls"),
    ("stubs", "accounts catalog dial keys mailbox mechanism resolver sasl "
     "shelf"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
LEVEL = {module: height for height, (_, modules) in enumerate(COMMON)
         for module in modules.split()}


def level(module):
    """conf_scan is a part of conf, switch_x86_64 one of switch."""
    return LEVEL.get(module, LEVEL.get(module.split("_")[0]))


def area_of(path):
    """The folder that a source file belongs to, for a unit test its area."""
    if path.parts[:2] == ("tests", "unit") and path.suffix == ".c":
        return path.stem.split("_")[0]
    return path.parts[0]


def find(name, includer):
    """The file that an #include "name" stands for, as (area, module)."""
    area = area_of(includer)
    for folder in (includer.parent, pathlib.Path(area),
                   pathlib.Path("common"), pathlib.Path(".")):
        path = folder / name
        if path.exists():
            path = path.resolve().relative_to(pathlib.Path.cwd())
            return area_of(path), path.stem
    return None, name


def check(path):
    """Yields what is wrong with the includes of one file."""
    area = area_of(path)
    is_test = path.parts[0] == "tests"
    own = level(path.stem)
    if area == "common" and not is_test and own is None:
        yield f"{path}: no layer of tests/lint/layers.py has this module"
        return
    for name in INCLUDE.findall(path.read_text()):
        target, module = find(name, path)
        if target is None:
            yield f'{path}: "{name}" is not found'
        elif target not in (area, "common", is_test and "tests"):
            yield f"{path}: {area} may not include {target}"
        elif area == "common" and not is_test and (level(module) or 0) > own:
            yield (f"{path}: layer {COMMON[own][0]} may not include {name} "
                   f"of layer {COMMON[level(module)][0]}")


def main():
    wrong = []
    for folder in ["common", *PROGRAMS, "tests/unit"]:
        for path in sorted(pathlib.Path(folder).rglob("*.[chS]")):
            if area_of(path) != "tests":  # a header of unit tests
                wrong += check(path)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
