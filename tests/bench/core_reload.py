"""What a thousand reloads under load leave behind: a part of core.py."""
import os
import pathlib
import re
import signal
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import proc  # noqa: E402
from harness.daemons import free_ports  # noqa: E402
from harness.load import Load  # noqa: E402

SESSIONS = 8
WARM = 100  # reloads, until arenas, stacks and buffers have their size
PATIENCE = 20


class Reloads:
    """The smtpd of a ringmail of ours.sh, started with log=file."""

    def __init__(self, folder, target):
        folder = pathlib.Path(folder)
        self.conf = folder / "conf" / "smtpd.conf"
        self.log = folder / "log" / "smtpd"
        self.text = self.conf.read_text()
        self.port = int(target["smtp"])
        self.parent, = (p for p in proc.children(int(target["pid"]))
                        if b"bin/smtpd" in pathlib.Path(
                            f"/proc/{p}/cmdline").read_bytes())
        self.client, = proc.children(self.parent)
        self.extra = free_ports(2)
        self.wrote = self.log.stat().st_size

    def logged(self):
        """What was logged since the last reload."""
        with self.log.open("rb") as log:
            log.seek(self.wrote)
            return log.read().decode(errors="replace")

    def reload(self, n, level="info"):
        """The n-th of them: another host name, and a listener more or less."""
        ports = [self.port] + self.extra[:1 + n % 2] * (n % 3 > 0)
        listen = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        text = re.sub(r'hostname = .*', f'hostname = "n{n}.test"', self.text)
        text = re.sub(r'listen = .*', f"listen = {{{listen}}}", text)
        text = text.replace('log { target = "stderr" }',
                            f'log {{ target = "stderr" level = "{level}" }}')
        self.wrote = self.log.stat().st_size
        new = self.conf.with_suffix(".new")
        new.write_text(text)
        new.rename(self.conf)
        os.kill(self.parent, signal.SIGHUP)
        proc.wait_until("reload", lambda: "reload.done" in self.logged(),
                        PATIENCE)

    def fibers(self):
        """Of all workers while nobody is connected: each says so at debug."""
        workers = len(os.sched_getaffinity(0))

        def counted():
            self.reload(0, "debug")
            found = []

            def lines():
                found[:] = re.findall(
                    r"conf.taken worker=\d+ fibers=(\d+) sessions=(\d+)",
                    self.logged())
                return len(found) >= workers
            proc.wait_until("each worker", lines, PATIENCE)
            return (all(sessions == "0" for _, sessions in found)
                    and sum(int(fibers) for fibers, _ in found))
        return proc.wait_until("all to leave", counted, PATIENCE)

    def state(self):
        """Threads, fibers, descriptors of both processes, and their KiB."""
        fibers = self.fibers()
        self.reload(0)
        time.sleep(3)  # stacks that nobody needs are given back
        both = (self.client, self.parent)
        return {"threads": sum(len(proc.threads(p)) for p in both),
                "fibers": fibers,
                "descriptors": sum(len(proc.descriptors(p)) for p in both),
                "KiB": sum(proc.resident(p) for p in both)}

    def storm(self, count):
        """Reloads while messages come; ns of each, and how many came."""
        load = Load(self.port, ["u0@bench.test", "u1@bench.test"],
                    sessions=SESSIONS, size=2000).start()
        took = []
        for n in range(count):
            start = time.monotonic_ns()
            self.reload(n)
            took.append(time.monotonic_ns() - start)
        load.stop()
        if load.ended or set(load.codes) != {250}:
            raise SystemExit(f"core: {load.ended[:5]} {load.codes}")
        return took, load.codes[250]


def rows(ringmail, count, row):
    """Prints what there was before and after, and what a reload took."""
    ringmail.start("log=file")
    try:
        reloads = Reloads(ringmail.folder, ringmail.target)
        reloads.storm(WARM)
        before = reloads.state()
        took, messages = reloads.storm(count)
        after = reloads.state()
    finally:
        ringmail.stop()
    for what in ("threads", "fibers", "descriptors"):
        row(f"{count:,} reloads under load: {what}; before them",
            after[what], before[what], "", "the same")
    grown = after["KiB"] - before["KiB"]
    row(f"{count:,} reloads under load: memory; before them",
        f"{after['KiB']:,} KiB", f"{before['KiB']:,} KiB",
        f"{grown:+} KiB", "within one stack cache")
    row("one of these reloads, until it is done",
        f"{statistics.median(took) / 1e6:.1f} ms", "",
        f"{messages:,} messages meanwhile, all accepted", "")
