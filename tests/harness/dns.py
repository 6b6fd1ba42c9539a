"""A DNS server for tests: what a table says, over UDP."""
import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.rstrip(".").split(".")) + b"\0"


def wire_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "PTR":
        return wire_name(value)
    if kind == "MX":
        preference, name = value.split()
        return struct.pack("!H", int(preference)) + wire_name(name)
    return bytes([len(value)]) + value.encode()


class Dns:
    """Answers from records[(name, type)], a list of texts; NXDOMAIN where a
    name has nothing at all."""

    def __init__(self, records):
        self.records = {(name.lower(), TYPES[kind]): (kind, values)
                        for (name, kind), values in records.items()}
        self.names = {name for name, _ in self.records}
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A closed socket alone leaves the thread where it waits.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.sock.close()

    def answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        question = packet[12:at + 5]
        name = ".".join(labels).lower()
        kind, = struct.unpack("!H", packet[at + 1:at + 3])
        kind_name, values = self.records.get((name, kind), ("", []))
        code = 0 if name in self.names else 3
        out = packet[:2] + struct.pack("!HHHHH", 0x8580 | code, 1,
                                       len(values), 0, 0) + question
        for value in values:
            data = wire_data(kind_name, value)
            out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60,
                                             len(data)) + data
        return out

    def serve(self):
        while True:
            packet, peer = self.sock.recvfrom(4096)
            if not packet:
                return
            if len(packet) > 16:
                self.sock.sendto(self.answer(packet), peer)
