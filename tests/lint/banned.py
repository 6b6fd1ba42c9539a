#!/usr/bin/python3
"""Functions that C here does not call, each with what to call instead."""
import pathlib
import re
import sys

BANNED = {
    "alloca": "the arena",
    "asctime": "strftime",
    "atof": "strtod",
    "atoi": "strtol",
    "atol": "strtol",
    "atoll": "strtoll",
    "bcopy": "memmove",
    "bzero": "memset, explicit_bzero for secrets",
    "ctime": "strftime",
    "gethostbyaddr": "the resolver helper",
    "gethostbyname": "the resolver helper",
    "gets": "fgets",
    "gmtime": "gmtime_r",
    "localtime": "localtime_r",
    "mktemp": "mkstemp",
    "popen": "nothing: no shell",
    "rand": "getrandom",
    "random": "getrandom",
    "readdir_r": "readdir",
    "sleep": "ring_sleep",
    "sprintf": "snprintf",
    "srand": "getrandom",
    "sscanf": "strtoull and a check of what is left",
    "strcat": "snprintf",
    "strcpy": "snprintf",
    "strncat": "snprintf",
    "strncpy": "snprintf",
    "strtok": "strsep or strtok_r",
    "system": "nothing: no shell",
    "tmpnam": "mkstemp",
    "usleep": "ring_sleep",
    "vsprintf": "vsnprintf",
}
# Comments, strings and characters: their text calls nothing.
QUIET = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                   r"|'(?:\\.|[^'\\\n])*'", re.S)
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))


def blank(match):
    """As many lines as the text had, and nothing else."""
    return "\n" * match.group().count("\n")


def main():
    wrong = 0
    for folder in ("common", "smtpd", "pop3d", "helpers", "mailctl"):
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]")):
            text = QUIET.sub(blank, path.read_text())
            for match in CALL.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                name = match.group(1)
                print(f"{path}:{line}: {name} is banned, use {BANNED[name]}")
                wrong += 1
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
