"""Reads a PNG picture, as far as browsers write them."""
import struct
import zlib


def pixels(octets):
    """The rows of a picture, each a list of (red, green, blue)."""
    assert octets[:8] == b"\x89PNG\r\n\x1a\n"
    at, data = 8, b""
    while at < len(octets):
        size, kind = struct.unpack(">I4s", octets[at:at + 8])
        body = octets[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = \
                struct.unpack(">IIBBBBB", body)
            assert (depth, interlaced) == (8, 0) and colour in (2, 6)
        elif kind == b"IDAT":
            data += body
        at += 12 + size
    step = 3 if colour == 2 else 4
    return list(rows(zlib.decompress(data), width, height, step))


def rows(data, width, height, step):
    length, before = width * step, bytes(width * step)
    for y in range(height):
        at = y * (length + 1)
        before = unfilter(data[at], bytearray(data[at + 1:at + 1 + length]),
                          before, step)
        yield [tuple(before[x:x + 3]) for x in range(0, length, step)]


def unfilter(kind, line, above, step):
    """PNG 9.2: each octet is what differs from its neighbours."""
    for x, value in enumerate(line):
        left = line[x - step] if x >= step else 0
        corner = above[x - step] if x >= step else 0
        if kind == 1:
            value += left
        elif kind == 2:
            value += above[x]
        elif kind == 3:
            value += (left + above[x]) // 2
        elif kind == 4:
            value += min(
                (abs(above[x] - corner), 0, left),
                (abs(left - corner), 1, above[x]),
                (abs(left + above[x] - 2 * corner), 2, corner))[2]
        line[x] = value & 255
    return bytes(line)
