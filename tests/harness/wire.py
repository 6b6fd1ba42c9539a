"""The requests between ringmail's processes (docs/helpers.md), spoken by a
test: what a client process that was taken over could say."""
import socket
import struct

OK, REFUSED, TEMPORARY, GONE = range(4)
CHALLENGE, LOGIN_OK, DENIED, BAD, UNKNOWN, INSECURE = range(6)

LOOKUP, SASL_BEGIN, SASL_STEP, SASL_CANCEL, SENDER = range(16, 21)
ADMIN = (*range(32, 48), *range(56, 60))
LINK = range(48, 51)
SPOOL, DELIVER, ROOM, RETRACT = range(64, 68)
OPEN, DAMAGED, FETCH, EXPUNGE, CLOSE, VISIT, MARK, SHELF = range(80, 88)
BOX = range(96, 101)
RESOLVE, SIGN, KEYS = 1, 112, 113
HASH = (128, 129, 130, 136, 144)


def u8(value):
    return struct.pack("=B", value)


def u32(value):
    return struct.pack("=I", value)


def u64(value):
    return struct.pack("=Q", value)


def data(octets):
    if isinstance(octets, str):
        octets = octets.encode()
    return u32(len(octets)) + octets


class Closed(Exception):
    """The helper broke the connection off."""


class Fields:
    """The fields of a reply, read from the first."""

    def __init__(self, octets):
        self.octets = octets

    def number(self, size):
        value, self.octets = self.octets[:size], self.octets[size:]
        assert len(value) == size, "the reply is too short"
        return int.from_bytes(value, "little")

    def data(self):
        size = self.number(4)
        value, self.octets = self.octets[:size], self.octets[size:]
        assert len(value) == size, "the reply is too short"
        return value


class Wire:
    """One connection to a helper, by the socket of a role."""

    def __init__(self, pair, role, helper, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(timeout)
        self.socket.connect(str(pair.run / role / helper))
        self.last = 0
        self.seen = b""  # all that was ever answered

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, kind, *fields):
        self.last += 1
        head = struct.pack("=IHH", self.last, kind, 0)
        try:
            self.socket.send(head + b"".join(fields))
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed from e
        return self.last

    def receive(self):
        """The next reply: its id, its status, its fields."""
        try:
            octets, ancillary, _, _ = self.socket.recvmsg(
                65536, socket.CMSG_SPACE(64))
        except ConnectionResetError as e:
            raise Closed from e
        for _, _, fds in ancillary:
            for (fd,) in struct.iter_unpack("i", fds):
                socket.close(fd)
        if not octets:
            raise Closed
        self.seen += octets
        number, _, status = struct.unpack("=IHH", octets[:8])
        return number, status, Fields(octets[8:])

    def call(self, kind, *fields):
        self.send(kind, *fields)
        _, status, reply = self.receive()
        return status, reply

    def begin(self, mechanism, initial=None, client="192.0.2.1", tls=1):
        """An exchange: the status, and the result with its fields."""
        return self.call(*begin(mechanism, initial, client, tls))

    def log_in(self, user, password, client="192.0.2.1"):
        """PLAIN: the result, and the ticket of a good one."""
        status, reply = self.begin("PLAIN", f"\0{user}\0{password}", client)
        if status not in (OK, REFUSED):
            return None, b""
        result = reply.number(1)
        if result != LOGIN_OK:
            return result, b""
        reply.data()  # the name
        return result, reply.data()


def begin(mechanism, initial=None, client="192.0.2.1", tls=1):
    """What SASL_BEGIN is made of."""
    return (SASL_BEGIN, data(mechanism), u8(tls), data(""), data(""),
            data(""), data(client), data("mx.example.test"),
            u8(initial is not None), data(initial or ""))
