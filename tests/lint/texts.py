#!/usr/bin/python3
"""Every text of a POP3 reply stands in lang.c, and nothing else does."""
import pathlib
import re
import sys

LITERAL = r'(?:"(?:[^"\\\n]|\\.)*"|PRI[a-z]\d+)'
TEXT = re.compile(rf'{LITERAL}(?:\s*{LITERAL})*')
CALL = re.compile(r"\b(?:reply_(?:ok|refuse|wrong|temporary)|lang_text)\(")
# Functions that return such texts: all of their files' literals count.
RETURNS = re.compile(rf'\breturn ({LITERAL}(?:\s*{LITERAL})*);')


def normal(text):
    return re.sub(r'\s+', " ", text.strip()).replace('" "', "")


def arguments(source, at):
    """The text of a call's arguments, from behind its bracket."""
    depth, end, quoted = 1, at, False
    while depth:
        c = source[end]
        if c == "\\":
            end += 1
        elif c == '"':
            quoted = not quoted
        elif not quoted:
            depth += (c == "(") - (c == ")")
        end += 1
    return source[at:end - 1]


def used():
    """Texts of replies, with a place where each is used."""
    found = {}
    for path in sorted(pathlib.Path("pop3d").glob("*.c")):
        if path.name in ("lang.c", "reply.c", "settings.c"):
            continue
        source = path.read_text()
        for call in CALL.finditer(source):
            for text in TEXT.findall(arguments(source, call.end())):
                found[normal(text)] = path
        if path.name == "argument.c":
            for text in RETURNS.findall(source):
                found[normal(text)] = path
    source = pathlib.Path("pop3d/reply.c").read_text()
    for call in CALL.finditer(source):
        for text in TEXT.findall(arguments(source, call.end())):
            found[normal(text)] = "pop3d/reply.c"
    return found


def main():
    source = pathlib.Path("pop3d/lang.c").read_text()
    table = source[source.index("texts[]"):]
    table = table[:table.index("};\n")]
    known = {normal(pair.group(1)) for pair in re.finditer(
        rf'\{{({LITERAL}(?:\s*{LITERAL})*),', table)}
    texts = used()
    wrong = [f"{where}: {text} is not in pop3d/lang.c"
             for text, where in texts.items()
             if text not in known and text != '"%s"']
    wrong += [f"pop3d/lang.c: {text} is used nowhere"
              for text in known - set(texts)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
