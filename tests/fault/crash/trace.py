"""Records the system calls of a program as operations on files.

The model knows folders, files and their content as the running program sees
them.  An operation is one of

    ("data", inode, offset, octets)   write
    ("size", inode, length)           ftruncate
    ("entry", folder, name, inode)    a name appears; inode None: it vanishes
    ("rename", folder, name, inode,   a file changes its place, at one stroke
        folder, name)
    ("sync", test, start)             whatever test(operation) holds for, of
                                      the operations before number start, is
                                      durable from here on
    ("failed", test, start)           the same was to be: what test holds for
                                      is forgotten by the kernel, and no later
                                      sync brings it to the disk
    ("say", line)                     the program told somebody
"""
import os
import re
import subprocess

CALLS = ("openat,openat2,write,pwrite64,pwritev,fsync,fdatasync,syncfs,linkat,"
         "unlinkat,renameat,renameat2,rename,ftruncate,close,fcntl,mkdirat")
LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def octets(text):
    return bytes.fromhex(text.replace("\\x", ""))


def strings(arguments):
    return [octets(m.group(1)) for m in STRING.finditer(arguments)]


class Inode:
    """A file, or a folder with its entries.  space: the file system."""

    def __init__(self, number, space, folder=False):
        self.number = number
        self.space = space
        self.entries = {} if folder else None
        self.length = 0

    def __repr__(self):
        return f"<{self.number} {self.space}>"


class Recording:
    """The operations of one program after another in one folder, which holds
    mail/ and journal/, each taken for a file system of its own."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.operations = []
        self.inodes = []
        self.root = self.inode("root", True)
        self.load(self.root, self.folder, None)
        self.loaded = len(self.operations)
        self.fds = {}

    def inode(self, space, folder=False):
        self.inodes.append(Inode(len(self.inodes), space, folder))
        return self.inodes[-1]

    def load(self, parent, path, space):
        """What is there from the beginning: durable."""
        for name in sorted(os.listdir(path)):
            full = os.path.join(path, name)
            child = self.inode(space or name, os.path.isdir(full))
            self.enter(parent, name, child)
            if child.entries is not None:
                self.load(child, full, space or name)
            else:
                with open(full, "rb") as file:
                    self.write(child, 0, file.read())

    def enter(self, folder, name, inode):
        self.operations.append(("entry", folder, name, inode))
        if inode is None:
            folder.entries.pop(name)
        else:
            folder.entries[name] = inode

    def write(self, inode, offset, data):
        self.operations.append(("data", inode, offset, data))
        inode.length = max(inode.length, offset + len(data))

    # -- recording

    def run(self, command, inject=(), **options):
        """Runs a program, some of whose calls fail (of strace: inject=...);
        its exit code.  Its descriptors begin anew."""
        log = self.folder + ".trace"
        done = subprocess.run(
            ["strace", "-f", "-v", "-xx", "-s", "1000000", "-e",
             f"trace={CALLS}", "-e", "signal=none", "-o", log, *inject,
             *command],
            stdout=subprocess.DEVNULL, check=False, **options)
        self.fds = {}
        with open(log, encoding="ascii") as lines:
            self.parse(lines)
        os.unlink(log)
        return done.returncode

    def parse(self, lines):
        halves = {}
        for line in lines:
            start = len(self.operations)
            pid = line.split(" ", 1)[0]
            line = line.rstrip("\n")
            if line.endswith("<unfinished ...>"):
                halves[pid] = (line[:-len("<unfinished ...>")], start)
                continue
            if "resumed>" in line:
                first, start = halves.pop(pid)
                line = first + line.split("resumed>", 1)[1]
            match = LINE.match(line)
            if not match:
                continue
            failed = match.group(4) == "-1"
            if failed and "sync" in match.group(2):
                method = getattr(self, "do_" + match.group(2))
                method(match.group(3), 0, start)
                _, test, start = self.operations.pop()
                self.operations.append(("failed", test, start))
            elif not failed and match.group(4) != "?":
                method = getattr(self, "do_" + match.group(2))
                method(match.group(3), int(match.group(4)), start)
        assert not any("sync" in half for half, _ in halves.values())

    def walk(self, fd, path):
        """The folder and the last name that a path leads to, or None."""
        if path.startswith("/"):
            if path != self.folder and \
                    not path.startswith(self.folder + "/"):
                return None
            inode, path = self.root, path[len(self.folder):]
        elif fd in self.fds:
            inode = self.fds[fd][0]
        else:
            return None
        parts = [p for p in path.split("/") if p not in ("", ".")]
        for part in parts[:-1]:
            inode = inode.entries[part]
        return inode, parts[-1] if parts else None

    @staticmethod
    def first(arguments):
        return arguments.split(",", 1)[0].strip()

    def do_openat(self, arguments, result, _start):
        where = self.walk(self.first(arguments),
                          strings(arguments)[0].decode())
        if where is None:
            return
        folder, name = where
        if "O_TMPFILE" in arguments:
            inode = self.inode(folder.space)
        elif name is None:
            inode = folder
        else:
            inode = folder.entries.get(name)
            if inode is None:
                assert "O_CREAT" in arguments
                inode = self.inode(folder.space)
                self.enter(folder, name, inode)
        if "O_TRUNC" in arguments and inode.length:
            self.truncate(inode, 0)
        self.fds[str(result)] = [inode, 0]

    do_openat2 = do_openat

    def do_close(self, arguments, _result, _start):
        self.fds.pop(self.first(arguments), None)

    def do_fcntl(self, arguments, result, _start):
        if "F_DUPFD" in arguments and self.first(arguments) in self.fds:
            self.fds[str(result)] = self.fds[self.first(arguments)]

    def do_write(self, arguments, result, _start):
        fd, data = self.first(arguments), strings(arguments)[0][:result]
        if fd in self.fds:
            inode, at = self.fds[fd]
            self.write(inode, at, data)
            self.fds[fd][1] = at + result
        elif fd == "1":
            self.operations.append(("say", data.decode()))

    def do_pwrite64(self, arguments, result, _start):
        data = b"".join(strings(arguments))[:result]
        assert len(data) == result
        self.write(self.fds[self.first(arguments)][0],
                   int(arguments.rsplit(",", 1)[1]), data)

    do_pwritev = do_pwrite64

    def truncate(self, inode, length):
        self.operations.append(("size", inode, length))
        inode.length = length

    def do_ftruncate(self, arguments, _result, _start):
        self.truncate(self.fds[self.first(arguments)][0],
                      int(arguments.rsplit(",", 1)[1]))

    def do_fsync(self, arguments, _result, start):
        inode = self.fds[self.first(arguments)][0]
        self.operations.append(("sync", lambda o: o[1] is inode, start))

    do_fdatasync = do_fsync

    def do_syncfs(self, arguments, _result, start):
        space = self.fds[self.first(arguments)][0].space
        self.operations.append(
            ("sync", lambda o: o[1].space == space, start))

    def do_mkdirat(self, arguments, _result, _start):
        folder, name = self.walk(self.first(arguments),
                                 strings(arguments)[0].decode())
        self.enter(folder, name, self.inode(folder.space, True))

    def do_linkat(self, arguments, _result, _start):
        parts = [a.strip() for a in arguments.split(",")]
        source = octets(parts[1].strip('"')).decode()
        assert source.startswith("/proc/self/fd/")
        folder, name = self.walk(parts[2], octets(parts[3][1:-1]).decode())
        self.enter(folder, name, self.fds[source.rsplit("/", 1)[1]][0])

    def do_unlinkat(self, arguments, _result, _start):
        folder, name = self.walk(self.first(arguments),
                                 strings(arguments)[0].decode())
        self.enter(folder, name, None)

    def do_renameat(self, arguments, _result, _start):
        parts = [a.strip() for a in arguments.split(",")]
        source, old = self.walk(parts[0], octets(parts[1][1:-1]).decode())
        folder, name = self.walk(parts[2], octets(parts[3][1:-1]).decode())
        inode = source.entries.pop(old)
        folder.entries[name] = inode
        self.operations.append(("rename", folder, name, inode, source, old))

    do_renameat2 = do_renameat

    def do_rename(self, arguments, result, start):
        old, new = arguments.split(", ")
        self.do_renameat(f"AT_FDCWD, {old}, AT_FDCWD, {new}", result, start)
