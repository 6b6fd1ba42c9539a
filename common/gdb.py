"""Fibers for gdb.  In gdb: source common/gdb.py

info fibers     each worker's fibers: number, name, state, and where it is
fiber N bt      the stack of fiber N of that list

Works on processes and on core files, for x86-64 and aarch64, where
switch_context is the assembly of switch_*.S.
"""
import time

import gdb
from gdb.unwinder import Unwinder

SECOND = 1_000_000_000
NEVER = 2**63 - 1
# What a fiber stands in while it waits says little.
CORE = {"fiber.c", "ring.c", "watch.c", "port.c", "sched.h", "switch.h",
        "switch_x86_64.S", "switch_aarch64.S"}

# Where switch_context leaves registers, in octets above the saved sp, and how
# far it moves sp back.
SAVED = {
    "i386:x86-64": (144, "rsp", "rip", {"rip": 0, "rbp": 8}),
    "aarch64": (160, "sp", "pc", {
        **{f"x{19 + i}": 8 * i for i in range(12)}, "pc": 88}),
}


def is_null(pointer):
    return int(pointer) == 0


def workers():
    """Each struct worker of the process."""
    try:
        first = gdb.parse_and_eval("'worker.c'::workers")
        count = int(gdb.parse_and_eval("'worker.c'::worker_total"))
    except gdb.error:
        first = gdb.parse_and_eval("workers")
        count = int(gdb.parse_and_eval("worker_total"))
    return [first[i] for i in range(0 if is_null(first) else count)]


def fibers_of(worker):
    """The fibers of a worker, the oldest first."""
    found, f = [], worker["fibers"]
    while not is_null(f):
        found.append(f)
        f = f["next"]
    return found[::-1]


def fibers():
    """All fibers, in the order of their numbers, each with its worker."""
    return [(w, f) for w in workers() for f in fibers_of(w)]


def runs_next(worker):
    """The addresses of the fibers in a worker's run queue."""
    found, f = set(), worker["run_head"]
    while not is_null(f):
        found.add(int(f))
        f = f["run_next"]
    return found


def state_of(worker, f):
    if int(worker["current"]) == int(f):
        return "running"
    if int(f) in runs_next(worker):
        return "ready"
    ring = f["waiter"]["ring"]
    if is_null(f["joins"]) and (is_null(ring) or is_null(ring["waiter"])):
        return "waking"
    return "parked"


def deadline_of(worker, f):
    """The seconds until a parked fiber's deadline, as text."""
    place = int(f["timer"]["place"])
    if place == 0:
        return "-"
    deadline = int(worker["timers"]["heap"][place - 1]["deadline"])
    if deadline == NEVER:
        return "-"
    # A process's clock is ours; a core file's stands.
    now = time.monotonic_ns() if is_live() else int(worker["now"])
    return f"{(deadline - now) / SECOND:.1f} s"


def is_live():
    target = gdb.selected_inferior().connection
    return target is not None and target.type == "native"


class FrameId:
    """What gdb wants to know a frame by."""

    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class Parked(Unwinder):
    """While a fiber is set, frame 0 seems to have been called by it."""

    def __init__(self):
        super().__init__("ringmail fibers")
        self.fiber = None
        self.begun = False

    def __call__(self, pending):
        if self.fiber is None or self.begun:
            return None
        self.begun = True
        arch = pending.architecture().name()
        if arch not in SAVED:
            return None
        size, sp_name, pc_name, registers = SAVED[arch]
        sp = self.fiber["context"]["sp"].cast(gdb.lookup_type("long"))
        word = gdb.lookup_type("unsigned long")
        info = pending.create_unwind_info(
            FrameId(sp, pending.read_register(pc_name)))
        for name, offset in registers.items():
            value = (sp + offset).cast(word.pointer()).dereference()
            info.add_saved_register(name, value.cast(
                pending.read_register(name).type))
        info.add_saved_register(sp_name, (sp + size).cast(
            pending.read_register(sp_name).type))
        return info

    def frames(self, f):
        """The frames of a parked fiber, innermost first, as lines of text."""
        self.fiber, self.begun = f, False
        gdb.invalidate_cached_frames()
        try:
            found, frame = [], gdb.newest_frame().older()
            while frame is not None and frame.pc() != 0:
                found.append(describe(frame))
                frame = frame.older()
            return found
        finally:
            self.fiber = None
            gdb.invalidate_cached_frames()


def describe(frame):
    """A frame as (name, file, line)."""
    place = frame.find_sal()
    file = place.symtab.filename if place.symtab else ""
    name = frame.name() or gdb.execute(f"info symbol {frame.pc()}",
                                       to_string=True).split()[0]
    return name, file, place.line


PARKED = Parked()
gdb.unwinder.register_unwinder(None, PARKED, replace=True)


def stack_of(worker, f):
    if int(worker["current"]) != int(f):
        return PARKED.frames(f)
    return running_frames(f)


def running_frames(f):
    """The frames of the thread that stands on the fiber's stack."""
    stack = f["stack"]
    low = int(stack["bottom"])
    chosen = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            frame = gdb.newest_frame()
            if low <= int(frame.read_register("sp")) < low + int(stack["size"]):
                found = []
                while frame is not None:
                    found.append(describe(frame))
                    frame = frame.older()
                return found
    finally:
        chosen.switch()
    return []


def where(frames):
    """The innermost frame that is not the core's."""
    for name, file, line in frames:
        if file.rpartition("/")[2] not in CORE:
            return f"{name} ({file}:{line})" if file else name
    return frames[0][0] if frames else "?"


class InfoFibers(gdb.Command):
    """info fibers -- each worker's fibers and where they are."""

    def __init__(self):
        super().__init__("info fibers", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        print(f"{'':>5} {'worker':6} {'name':23} {'state':8} {'deadline':>10}"
              "  where")
        for number, (worker, f) in enumerate(fibers(), 1):
            print(f"{number:5} {int(worker['index']):6} "
                  f"{f['name'].string():23} {state_of(worker, f):8} "
                  f"{deadline_of(worker, f):>10}  "
                  f"{where(stack_of(worker, f))}")


class Fiber(gdb.Command):
    """fiber N bt -- the stack of fiber N of "info fibers"."""

    def __init__(self):
        super().__init__("fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, _from_tty):
        words = gdb.string_to_argv(argument)
        known = fibers()
        if len(words) != 2 or words[1] != "bt" or not words[0].isdigit() \
                or not 0 < int(words[0]) <= len(known):
            raise gdb.GdbError("usage: fiber N bt, N from info fibers")
        worker, f = known[int(words[0]) - 1]
        print(f'fiber {words[0]} "{f["name"].string()}", '
              f"{state_of(worker, f)}")
        for level, (name, file, line) in enumerate(stack_of(worker, f)):
            print(f"#{level:<3} {name}" + (f" at {file}:{line}" if file
                                           else ""))


InfoFibers()
Fiber()
