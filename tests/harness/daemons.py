"""Starts ringmail's services in a folder of their own, and ends them."""
import contextlib
import itertools
import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile

from . import proc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("RINGMAIL_BUILD", ROOT / "build"))
RUNNER = shlex.split(os.environ.get("RINGMAIL_RUNNER", ""))
LOAD = float(os.environ.get("RINGMAIL_LOAD", "1"))
# How much longer things may take under a checker.
PATIENCE = 8 if RUNNER else 4 if "asan" in BUILD.name else 1
DOMAIN = "example.test"
HELPERS = {"resolver": "ringdns", "accounts": "ringacct",
           "mailbox": "ringbox", "keys": "ringkey", "hasher": "ringhash"}
# Those that run only where a test's conf wants them.
OPTIONAL = {"introspect": "ringtoken", "pam": "root",
            "metrics": "ringstat"}
SERVICES = ["helpers", "smtpd", "pop3d"]
PORTS, STRETCH = range(10000, 30000), 100

# What may stand in no log: our own errors, a process that ended, and what the
# checkers say.
WRONG = re.compile(r"^\S+Z error |\bpanic\b|process\.(end|kill)|Sanitizer"
                   r"|runtime error:|^==\d+==")
KILLED = r"process\.end .*signal=9"


def scaled(number, least=1):
    """A load of this many, less under a checker."""
    return max(least, int(number * LOAD))


def stretches():
    """Parts of the ports that no client's end is given by chance.  Each is
    ours as long as we have the socket of its name, whoever tests beside us;
    when all are somebody's, ours come again."""
    ours = {}
    for at in itertools.count(os.getpid()):
        first = PORTS[at * STRETCH % len(PORTS)]
        if first not in ours:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                sock.bind(f"\0ringmail-test-ports-{first}")
            except OSError:
                sock.close()
                continue
            ours[first] = sock
        yield range(first, first + STRETCH)


OURS = itertools.chain.from_iterable(stretches())


def free_ports(count):
    """Ports of loopback that nobody uses now, nor will before we do."""
    ports = []
    while len(ports) < count:
        port = next(OURS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            ports.append(port)
        except OSError:
            continue
    return ports


def render(conf, indent=""):
    """A conf as text: dicts are blocks, lists are lists."""
    out = []
    for name, value in conf.items():
        if isinstance(value, dict):
            out.append(f"{indent}{name} {{\n{render(value, indent + '    ')}"
                       f"{indent}}}\n")
        elif isinstance(value, list):
            items = ", ".join(f'"{item}"' for item in value)
            out.append(f"{indent}{name} = {{{items}}}\n")
        elif isinstance(value, bool):
            out.append(f"{indent}{name} = {'yes' if value else 'no'}\n")
        else:
            out.append(f'{indent}{name} = "{value}"\n')
    return "".join(out)


def merge(conf, changes):
    """conf with changes laid over it, block by block."""
    out = dict(conf)
    for name, value in changes.items():
        if isinstance(value, dict):
            value = merge(out.get(name, {}), value)
        out[name] = value
    return out


class Pair:
    """helpers, smtpd and pop3d, with users u0, u1... of password "pw"."""

    def __init__(self, users=2, smtpd=None, pop3d=None, helpers=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringmail-test-",
                                                    dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.mail = self.folder / "mail"
        self.run = self.folder / "run"
        self.users = [f"u{n}" for n in range(users)]
        self.smtp_port, self.pop3_port = free_ports(2)
        self.processes = {}
        self.allowed = []  # patterns of log lines that a test expects
        self.read = {}  # octets of each log that were checked already
        self.lay_down({"smtpd": smtpd or {}, "pop3d": pop3d or {},
                       "helpers": helpers or {}})

    def lay_down(self, changes):
        """Folders and conf files."""
        for name in ("run", "state", "mail", "log", "lists"):
            (self.folder / name).mkdir()
        owner = pwd.getpwnam("ringmail")
        os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        conf = {
            "helpers": {
                "run": self.run, "state": self.folder / "state",
                "log": {"target": "stderr", "level": "info"},
                "resolver": {"dnssec": False, "servers": ["127.0.0.1@9"]},
                "accounts": {"default_domain": DOMAIN,
                             "lists": self.folder / "lists",
                             "case_sensitive": ["exact.example"],
                             "failed_login": "20ms",
                             "failed_login_most": "100ms",
                             # Hundreds of helpers are started, some by a
                             # checker: passwords here are worth little.
                             "hash_cost": 1, "scram_iterations": 4096},
                "mail": {"root": self.mail, "layout": "%d/%u"},
                "journal": {"size": "8M"},
            },
            "smtpd": {
                "listen": [f"127.0.0.1:{self.smtp_port}"],
                "run": self.run / "smtpd", "hostname": "mx.example.test",
                "log": {"target": "stderr"},
            },
            "pop3d": {
                "listen": [f"127.0.0.1:{self.pop3_port}"],
                "run": self.run / "pop3d", "hostname": "mx.example.test",
                "log": {"target": "stderr"},
                "timeouts": {"failed_login": "100ms"},
            },
        }
        for name in SERVICES:
            text = render(merge(conf[name], changes[name]))
            self.conf(name).write_text(text)

    def conf(self, name):
        return self.folder / f"{name}.conf"

    def log(self, name):
        return self.folder / "log" / name

    # -- starting and ending

    def start(self, *names):
        """Starts the services (all of them) and waits until they serve."""
        for name in names or SERVICES:
            assert name not in self.processes, f"{name} runs already"
            self.spawn(name, [*RUNNER, BUILD / "bin" / name, "-c",
                              self.conf(name)])
            proc.wait_until(f"{name} starts", self.ready(name),
                            30 * PATIENCE)
        return self

    def spawn(self, name, command, **options):
        """Starts a process of ours, which writes the log of this name, and
        does not wait for it."""
        with open(self.log(name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/", **options)
        return self.processes[name]

    def ready(self, name):
        """A function that tells whether the service serves."""
        def answers():
            code = self.processes[name].poll()
            assert code is None, \
                f"{name} did not start, {code}:\n{self.tail(name)}"
            if name == "helpers":
                return self.mailctl("domain", "list").returncode == 0
            port = {"smtpd": self.smtp_port, "pop3d": self.pop3_port}[name]
            try:
                with socket.create_connection(("127.0.0.1", port), 10) as s:
                    return s.recv(1) in (b"2", b"+")
            except OSError:
                return False
        return answers

    def populate(self):
        """The domain and the users."""
        self.must("domain", "add", DOMAIN)
        for user in self.users:
            self.add_user(user)
        return self

    def stop(self, *names):
        """SIGTERM; each must end in time and with 0."""
        for name in names or reversed(SERVICES):
            process = self.processes.pop(name, None)
            if process is not None:
                intime = proc.end(process, 30 * PATIENCE)
                assert intime, f"{name} did not end on SIGTERM"
                assert process.returncode == 0, \
                    f"{name} ended with {process.returncode}"

    def kill_all(self):
        """SIGKILL to every process, parents first, as a crash would."""
        pids = []
        for process in self.processes.values():
            pids += [process.pid, *proc.children(process.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in self.processes.values():
            process.wait()
        proc.wait_until("all are dead", lambda: not any(
            proc.alive(pid) for pid in pids))
        self.processes.clear()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- looking on

    def pid(self, name):
        """Of a service's parent (smtpd), its client process (smtpd/client),
        or a helper (mailbox, or mailbox.1); None while there is none."""
        service, _, part = name.partition("/")
        name, _, number = name.partition(".")
        if name in SERVICES:
            return self.processes[name].pid
        parent = self.processes[service if part else "helpers"].pid
        uid = None if part else pwd.getpwnam(
            {**HELPERS, **OPTIONAL}[name]).pw_uid
        for child in proc.children(parent):
            try:
                uids = proc.status(child)["Uid"].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if uid is None or str(uid) in uids:
                if not number or self.has_journal(child, number):
                    return child
        return None

    def has_journal(self, pid, number):
        """Whether it is the mailbox helper of this number (mailbox.1)."""
        folder = str(self.folder / "state" / "mailbox" / number)
        try:
            return folder in proc.descriptors(pid).values()
        except OSError:
            return False

    def pids(self):
        """All processes by name, in the order of the table of rights."""
        names = ["smtpd", "smtpd/client", "pop3d", "pop3d/client", "helpers",
                 *HELPERS]
        return {name: self.pid(name) for name in names}

    def kill_helper(self, name):
        """SIGKILL, and waits until its successor is there."""
        self.allow(KILLED)
        old = proc.wait_until(f"there is a {name}", lambda: self.pid(name),
                              40)
        os.kill(old, signal.SIGKILL)
        proc.wait_until(f"a new {name}", lambda: self.pid(name) not in
                        (None, old), 40 * PATIENCE)

    def tail(self, name, lines=30):
        text = self.log(name).read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def allow(self, *patterns):
        """Log lines that this test brings about."""
        self.allowed += patterns

    def check(self):
        """No log has, since the last call, a line that must not be there."""
        wrong = []
        for log in sorted((self.folder / "log").iterdir()):
            with open(log, "rb") as file:
                file.seek(self.read.get(log.name, 0))
                text = file.read().decode(errors="replace")
                self.read[log.name] = file.tell()
            wrong += [f"{log.name}: {line}" for line in text.splitlines()
                      if WRONG.search(line) and not any(
                          re.search(p, line) for p in self.allowed)]
        self.allowed = []
        assert not wrong, "in the logs:\n" + "\n".join(wrong[:40])

    # -- administration

    def mailctl(self, *args, stdin="", timeout=60):
        """Runs mailctl, which is not itself run under a checker's runner."""
        command = [BUILD / "bin" / "mailctl", "-c", self.conf("helpers"),
                   *args]
        return subprocess.run(command, input=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout * PATIENCE, check=False)

    def must(self, *args, stdin=""):
        """mailctl that must work; its output."""
        done = self.mailctl(*args, stdin=stdin)
        assert done.returncode == 0, f"mailctl {args}: {done.stderr}"
        return done.stdout

    def add_user(self, name, password="pw"):
        self.must("user", "add", f"{name}@{DOMAIN}", stdin=password + "\n")

    def maildir(self, user):
        return self.mail / DOMAIN / user

    def letters(self, user):
        """The files of those that no session has seen."""
        folder = self.maildir(user) / "new"
        return sorted(folder.iterdir()) if folder.is_dir() else []


@contextlib.contextmanager
def running(pair):
    """A Pair, started and populated, which ends cleanly and with nothing wrong
    in its logs, if what is done with it succeeds; what is left of it is killed
    and removed whatever happens."""
    try:
        pair.start().populate()
        yield pair
        pair.stop()
        pair.check()
    finally:
        pair.kill_all()
        pair.remove()
