#!/usr/bin/python3
"""seeds.py FOLDER -- what the fuzz targets of smtpd begin with, made of the
conversations in tests/talk/smtp, so that whatever is talked about there is
known to them: FOLDER/TARGET/NAME."""
import pathlib
import re
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.talk import octets  # noqa: E402 (the path comes first)

# The targets' helpers know this domain.
OURS = (b"example.test", b"example.org")
LISTENERS = {"submission": 1, "lmtp": 2, "small": 32, "tight": 32}
SOURCES = {"127.0.0.2": 4, "127.0.0.3": 8}


def said(text):
    """What one line of a conversation sends."""
    verb, _, argument = text.partition(" ")
    if verb in ("C:", "X:"):
        return octets(argument) + (b"\r\n" if verb == "C:" else b"")
    if verb in ("B:", "E:"):
        chunk = octets(argument)
        last = b" LAST" if verb == "E:" else b""
        return b"BDAT %d%s\r\n%s" % (len(chunk), last, chunk)
    if verb == "hello":
        return b"EHLO client.example\r\n"
    lines = []
    if verb == "envelope":
        lines.append(b"MAIL FROM:<sender@remote.example>\r\n")
    if verb == "from":
        lines.append(b"MAIL FROM:<%s>\r\n" % octets(argument))
    if verb in ("rcpt", "envelope"):
        for name in argument.split():
            path = name if "@" in name else f"{name}@example.test"
            lines.append(b"RCPT TO:<%s>\r\n" % path.encode())
    if verb == "envelope":
        lines.append(b"DATA\r\n")
    return b"".join(lines)


def read(path):
    """The flags of smtp_session, and what the client sends."""
    flags, data = 16, b""
    for text in path.read_text("utf-8").splitlines():
        if text.startswith("to "):
            flags |= LISTENERS.get(text[3:], 0)
        elif text.startswith("via "):
            flags |= SOURCES.get(text[4:], 0)
        else:
            data += said(text)
    return flags, data.replace(*OURS)


def seeds(flags, data):
    """Target and octets of each seed that one conversation makes."""
    yield "smtp_session", bytes([flags, 0]) + data
    for line in data.split(b"\r\n"):
        if re.match(rb"(?i)PROXY |\r\n\r\n\0", line):
            yield "proxy", line + b"\r\n"
        if re.match(rb"(?i)XCLIENT ", line):
            yield "smtp_told", line[8:]
        if re.match(rb"(?i)[A-Z]+( |$)", line):
            yield "smtp_command", line
        for paths in re.findall(rb"(?i)(?:FROM|TO):(<.*>)", line):
            yield "smtp_address", b"\3" + paths
    for text in re.findall(rb"(?si)\r\nDATA\r\n(.*)", data):
        yield "smtp_sink", b"\1\0\0\0" + text
        yield "smtp_sink", b"\7\0\0\0" + text


def heads():
    """Version 2 of the PROXY protocol: families, none, and a TLV."""
    magic = b"\r\n\r\n\0\r\nQUIT\n"
    tlv = b"\x04\0\3abc"
    for name, head, body in (
            ("local", b"\x20\0", b""), ("local-long", b"\x20\0", b"x" * 40),
            ("tcp4", b"\x21\x11", bytes(range(12))),
            ("tcp4-tlv", b"\x21\x11", bytes(range(12)) + tlv),
            ("tcp6", b"\x21\x21", bytes(range(36))),
            ("udp4", b"\x21\x12", bytes(range(12))),
            ("unix", b"\x21\x31", b"u" * 216)):
        yield name, magic + head + struct.pack(">H", len(body)) + body


def main(folder):
    seen = set()

    def keep(target, name, data):
        if len(data) > 20_000 or (target, data) in seen:
            return
        seen.add((target, data))
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)

    for path in sorted((HERE.parent / "talk" / "smtp").glob("*.talk")):
        for number, (target, data) in enumerate(seeds(*read(path))):
            keep(target, f"{path.stem}-{number}", data)
    for name, head in heads():
        keep("proxy", name, head)
        keep("smtp_session", f"proxy-{name}", bytes([24, 0]) + head +
             b"EHLO client.example\r\nQUIT\r\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
