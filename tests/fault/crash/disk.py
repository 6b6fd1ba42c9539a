"""What a disk may hold after a crash.

Content and length of a file are durable after fsync, fdatasync or syncfs; an
entry of a folder after fsync of the folder or syncfs.  All else may be there
or not, in any combination, whatever came first; and a write may be there in
part, by sectors or pages.  That is less than any file system promises.
"""
import hashlib

SECTOR, PAGE = 512, 4096


def pending_at(recording):
    """Yields (k, the numbers of the operations before k that need not be on
    the disk when the machine stops there)."""
    pending, forgotten = [], set()
    for k, operation in enumerate(recording.operations):
        if k >= recording.loaded:
            yield k, pending
        if operation[0] == "sync":
            _, test, start = operation
            pending = [i for i in pending if i >= start or i in forgotten or
                       not test(recording.operations[i])]
        elif operation[0] == "failed":
            _, test, start = operation
            forgotten |= {i for i in pending if i < start and
                          recording.operations[i][0] == "data" and
                          test(recording.operations[i])}
        elif operation[0] != "say" and k >= recording.loaded:
            pending = pending + [k]
    yield len(recording.operations), pending


def choices(pending, operations, rng, most):
    """Yields up to `most` choices: dicts of those pending operations that
    reached the disk, with a seed (where a write is torn) or None."""
    count = len(pending)
    yield {}
    yield dict.fromkeys(pending)
    made = 2
    if 2 ** count <= most:
        for mask in range(1, 2 ** count - 1):
            yield {p: None for i, p in enumerate(pending) if mask >> i & 1}
            made += 1
    else:
        for p in rng.sample(pending, min(count, most // 4)):
            yield {p: None}
            yield {q: None for q in pending if q != p}
            made += 2
    while made < most and count:
        density, torn = rng.random(), rng.random()
        yield {p: rng.getrandbits(32) if operations[p][0] == "data" and
               rng.random() < torn else None
               for p in pending if rng.random() < density}
        made += 1


def tear(content, offset, data, seed):
    """Writes some parts of data: the others stay as they were."""
    kind = seed % 5
    unit = SECTOR if seed >> 3 & 1 else PAGE
    end = offset + len(data)
    if kind != 4 and len(content) < end:
        content.extend(bytes(end - len(content)))  # length came, octets not
    if kind == 0:
        return
    state = seed
    cut = offset + (seed >> 5) % len(data)
    at = offset
    while at < end:
        upto = min(end, (at // unit + 1) * unit)
        state = (state * 1103515245 + 12345) % 2 ** 31
        if (kind == 1 and upto <= cut) or (kind == 2 and at >= cut) or \
                (kind == 3 and state >> 16 & 1) or (kind == 4 and upto <= cut):
            put(content, at, data[at - offset:upto - offset])
        at = upto


def put(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def image(recording, k, pending, choice):
    """The files and folders (None) of one state, by path."""
    waiting = set(pending)
    contents, folders = {}, {}
    for i, operation in enumerate(recording.operations[:k]):
        if operation[0] in ("sync", "failed", "say") or \
                (i in waiting and i not in choice):
            continue
        kind, inode = operation[:2]
        if kind == "entry":
            folders.setdefault(inode, {})[operation[2]] = operation[3]
            continue
        if kind == "rename":
            folders.setdefault(inode, {})[operation[2]] = operation[3]
            folders.setdefault(operation[4], {})[operation[5]] = None
            continue
        content = contents.setdefault(inode, bytearray())
        if kind == "size":
            del content[operation[2]:]
            content.extend(bytes(operation[2] - len(content)))
        elif choice.get(i) is not None:
            tear(content, *operation[2:], choice[i])
        else:
            put(content, *operation[2:])
    return dict(tree(recording.root, "", folders, contents))


def tree(folder, path, folders, contents):
    for name, inode in folders.get(folder, {}).items():
        if inode is None:
            continue
        full = f"{path}/{name}" if path else name
        if inode.entries is None:
            yield full, bytes(contents.get(inode, b""))
        else:
            yield full, None
            yield from tree(inode, full, folders, contents)


def digest(files):
    """Two states of the same digest are one."""
    total = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        total.update(path.encode() + b"\0" + hashlib.blake2b(
            files[path] or b"", digest_size=16).digest())
    return total.digest()
