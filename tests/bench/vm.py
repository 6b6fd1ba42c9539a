#!/usr/bin/python3
"""vm.py [options] BUILD COMMAND... -- runs a command of this tree in a virtual
machine of its own, where no limit of this machine holds: a process may have as
many descriptors as it likes.

The machine has Debian's kernel (fetched, not installed), no disk and no network
but loopback.  All that it needs lies in its memory: the programs of BUILD,
tests/bench, bash, busybox and Python with their libraries.
It speaks through a serial line, and ends with the command, with the command's
exit code.  Where KVM does not run it, it is emulated: its times then mean
little, its memory does.  As root, since system users and devices are laid down.
"""
import argparse
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KERNEL = "linux-image-cloud-amd64"
PROGRAMS = ["/bin/bash", "/usr/bin/python3", "/usr/bin/getent"]
FILES = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/protocols",
         "/usr/share/dns/root.key", "/usr/share/dns/root.hints"]
NOT_USED = {"test", "idlelib", "tkinter", "lib2to3", "__pycache__",
            "dist-packages", "ensurepip"}
# dev/console is there before anything is mounted.
INIT = """#!/bin/bash
export PATH=/bin:/usr/bin HOME=/ TERM=dumb LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777,size=80%% shm /dev/shm
mount -t tmpfs -o mode=1777,size=80%% tmp /tmp
ip link set lo up
hostname bench
echo "nameserver 127.0.0.1" >/etc/resolv.conf
echo 4096 >/proc/sys/net/core/somaxconn
echo 262144 >/proc/sys/vm/max_map_count
ulimit -n "$(cat /proc/sys/fs/nr_open)"
cd /ringmail
echo "vm: begins" >/dev/ttyS1
(%s) </dev/null >/dev/ttyS1 2>&1
echo "vm: ended with $?" >/dev/ttyS1
sync
sleep 1
poweroff -f
"""


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True, **options).stdout


def fetch_kernel(folder):
    """Debian's kernel, unpacked below folder: its path."""
    known = sorted(folder.glob("boot/vmlinuz-*"))
    if known:
        return known[-1]
    needs = run("apt-cache", "depends", KERNEL)
    package = re.search(r"Depends: (linux-image-\S+)", needs).group(1)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"vm: fetching {package}", flush=True)
    run("apt-get", "-q", "download", package, cwd=folder,
        stderr=subprocess.DEVNULL)
    archive = next(folder.glob(f"{package}_*.deb"))
    run("dpkg-deb", "-x", archive, folder)
    archive.unlink()
    return sorted(folder.glob("boot/vmlinuz-*"))[-1]


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


class Tree:
    """The machine's file tree, laid down in a folder."""

    def __init__(self, folder):
        self.folder = folder
        for sub in ("proc", "sys", "dev", "tmp", "run", "usr/bin", "usr/lib",
                    "var/tmp", "etc", "ringmail"):
            (folder / sub).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (folder / name).symlink_to(
                "usr/bin" if "bin" in name else "usr/lib")
        os.mknod(folder / "dev/console", stat.S_IFCHR | 0o600,
                 os.makedev(5, 1))

    def place(self, path):
        """Where a path of this machine is in the tree: /bin, /sbin, /lib and
        /lib64 are one with those below /usr."""
        path = re.sub(r"^/(usr/)?s?bin/", "/usr/bin/", str(path))
        path = re.sub(r"^/(usr/)?lib(64)?/", "/usr/lib/", path)
        return self.folder / path.lstrip("/")

    def file(self, path, to=None):
        to = self.place(to or path)
        if to.exists():
            return
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, to)
        if is_elf(path):
            self.libraries(path)

    def libraries(self, path):
        done = subprocess.run(["ldd", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True,
                              check=False)
        for library in re.findall(r"(/\S+) \(0x", done.stdout):
            self.file(library)

    def folders(self, path, to):
        for folder, subs, names in os.walk(path):
            subs[:] = [sub for sub in subs if sub not in NOT_USED]
            for name in names:
                source = pathlib.Path(folder, name)
                if source.is_file():
                    self.file(source, f"{to}{folder[len(str(path)):]}/{name}")


def lay_down(folder, build, extra, command):
    tree = Tree(folder)
    for path in [*PROGRAMS, *extra]:
        tree.file(path)
    for path in filter(os.path.exists, FILES):
        tree.file(path)
    tree.file("/bin/busybox")
    for name in run("/bin/busybox", "--list").split():
        path = folder / "usr/bin" / name
        if not path.exists() and name != "bash":
            path.symlink_to("busybox")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    tree.folders(f"/usr/lib/{version}", f"/usr/lib/{version}")
    for sub in ("bin", "bench"):
        tree.folders(build / sub, f"/ringmail/build/{sub}")
    for sub in ("bench", "harness"):
        tree.folders(ROOT / "tests" / sub, f"/ringmail/tests/{sub}")
    (folder / "init").write_text(INIT % " ".join(command))
    (folder / "init").chmod(0o755)


def pack(folder, archive):
    """An initial file system for the kernel."""
    names = subprocess.Popen(["find", "."], cwd=folder,
                             stdout=subprocess.PIPE)
    with open(archive, "wb") as file:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=folder,
                       stdin=names.stdout, stdout=file, check=True)
    if names.wait() != 0:
        raise SystemExit("vm: find failed")


def speeds():
    """How the machine may be run, the best first."""
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        yield ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]
    print("vm: no KVM for this kernel: emulated, so its times mean little",
          flush=True)
    yield ["-accel", "tcg,thread=multi", "-cpu", "max"]


def boot(kernel, archive, args, speed):
    """Runs the machine, shows what it says; the command's exit code, or None
    where the command was not even begun.  KVM inside a virtual machine may
    hang with a kernel that was not made for it."""
    patience = args.start if "kvm" in speed else args.seconds
    command = ["timeout", "--foreground", "-k", "5", str(args.seconds),
               "qemu-system-x86_64", *speed, "-m", args.memory,
               "-smp", args.processors,
               "-display", "none", "-no-reboot", "-nic", "none",
               "-serial", f"file:{archive}.log", "-serial", "stdio",
               "-kernel", kernel, "-initrd", archive,
               "-append", "console=ttyS0 panic=-1 loglevel=4"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, errors="replace") as qemu:
        hung = threading.Timer(patience, qemu.terminate)
        hung.start()
        begun, code = False, None
        for line in qemu.stdout:
            if line.startswith("vm: begins"):
                hung.cancel()
                begun = True
            elif line.startswith("vm: ended with "):
                code = int(line.split()[-1])
            elif begun:
                print(line.rstrip("\r\n"), flush=True)
        hung.cancel()
    if begun and code is None:
        print(pathlib.Path(f"{archive}.log").read_text(errors="replace")
              [-2000:], file=sys.stderr)
        raise SystemExit(f"vm: no end within {args.seconds} s, or a crash")
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=1800,
                        help="it ends after so many at the latest (1800)")
    parser.add_argument("--start", type=int, default=30,
                        help="seconds within which KVM has it up (30)")
    parser.add_argument("--memory", default="8G", help="its memory (8G)")
    parser.add_argument("--processors", default="2", help="its processors; "
                        "where it is emulated on a busy machine, times are "
                        "steadier with 1 (2)")
    parser.add_argument("--add", action="append", default=[],
                        help="another file that it has, at the same path")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    kernel = fetch_kernel(args.build.resolve() / "vm")
    with tempfile.TemporaryDirectory(prefix="ringmail-vm-") as folder:
        tree = pathlib.Path(folder, "tree")
        tree.mkdir()
        lay_down(tree, args.build.resolve(), args.add, args.command)
        pack(tree, f"{folder}/initrd")
        shutil.rmtree(tree)
        for speed in speeds():
            code = boot(kernel, f"{folder}/initrd", args, speed)
            if code is not None:
                return code
    raise SystemExit("vm: it does not start")


if __name__ == "__main__":
    sys.exit(main())
