"""The services that conversations (tests/talk) speak to."""
import socket
import subprocess

from . import proc
from .daemons import BUILD, DOMAIN, PATIENCE, RUNNER, Pair, free_ports, \
    merge, render

USERS = ["jack", "jill", "postmaster", "Full.Name", "o'hara", "amy", "ben",
         "zo\u00eb"]
IDN = "xn--bcher-kva.example"
ALIASES = {"both": ["jack", "jill"], "chain": ["both"]}
# Clients that come from these addresses speak for others.
POP3D = {"trust": {"xclient": ["127.0.0.2"], "proxy": ["127.0.0.3"]}}
# Further smtpds over the same helpers, each with a conf of its own.
CONFS = {
    "small": {"limits": {"message_size": "64K"}},
    "tight": {"limits": {"recipients": 2, "errors": 3, "hops": 2,
                         "unknown_recipients": 2, "messages": 2}},
    "hasty": {"timeouts": {"command": "300ms", "data_block": "300ms"}},
    "brief": {"timeouts": {"session": "500ms"}},
    "slow": {"timeouts": {"data_block": "1s"},
             "limits": {"data_rate": "1M"}},
    "quiet": {"vrfy": "off"},
    "lax": {"strict_pipelining": False},
    "rated": {"limits": {"messages_minute": 2, "recipients_minute": 3},
              "trust": {"xclient": ["127.0.0.2"]}},
    "few": {"limits": {"address_sessions": 1, "network_sessions": 2},
            "trust": {"proxy": ["127.0.0.3"]}},
    "trusting": {"trust": {"xclient": ["127.0.0.2"],
                           "proxy": ["127.0.0.3"]}},
    "lmtp": {"listen_lmtp": ["{folder}/lmtp"]},
    "submission": {"listen_submission": ["{folder}/submission"],
                   "trust": {"xclient": []}},
}


class Stage:
    """A pair of daemons with users and aliases that all talks share."""

    users = USERS

    def __init__(self):
        self.pair = Pair(users=0, pop3d=POP3D)
        self.smtpds = {}  # further ones by the name of their listener

    def start(self):
        self.pair.start().populate()
        for user in USERS:
            self.pair.add_user(user)
        self.pair.must("domain", "add", IDN)
        self.pair.must("user", "add", f"post@{IDN}", stdin="pw\n")
        for alias, targets in ALIASES.items():
            self.pair.must("alias", "add", f"{alias}@{DOMAIN}",
                           *(f"{target}@{DOMAIN}" for target in targets))

    def endpoint(self, listener):
        """Where a listener listens, by the name that files call it."""
        if listener in CONFS:
            if listener not in self.smtpds:
                self.smtpds[listener] = self.add(listener)
            path = self.pair.folder / listener
            return path if path.is_socket() else \
                ("127.0.0.1", self.smtpds[listener])
        return {"main": ("127.0.0.1", self.pair.smtp_port),
                "pop3": ("127.0.0.1", self.pair.pop3_port)}[listener]

    def add(self, name):
        """Starts a further smtpd; its port."""
        port, = free_ports(1)
        conf = {"listen": [f"127.0.0.1:{port}"],
                "run": self.pair.run / "smtpd", "hostname": "mx.example.test",
                "log": {"target": "stderr"}, "workers": 1}
        path = self.pair.folder / f"smtpd-{name}.conf"
        path.write_text(render(merge(conf, CONFS[name])).replace(
            "{folder}", str(self.pair.folder)))
        with open(self.pair.log(f"smtpd-{name}"), "ab") as log:
            process = subprocess.Popen(
                [*RUNNER, BUILD / "bin" / "smtpd", "-c", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/")
        self.pair.processes[f"smtpd-{name}"] = process

        def answers():
            assert process.poll() is None, self.pair.tail(f"smtpd-{name}")
            try:
                socket.create_connection(("127.0.0.1", port), 10).close()
            except OSError:
                return False
            return True

        proc.wait_until(f"smtpd-{name} starts", answers, 30 * PATIENCE)
        return port

    def box(self, user, part):
        """The letters in a part of a user's Maildir."""
        folder = self.pair.maildir(user.lower()) / part
        return folder.iterdir() if folder.is_dir() else []

    def check(self):
        self.pair.check()

    def stop(self):
        self.pair.stop(*(f"smtpd-{name}" for name in self.smtpds), "")
        self.pair.stop()
        self.pair.check()

    def remove(self):
        self.pair.kill_all()
        self.pair.remove()
