"""The services that conversations (tests/talk) speak to."""
import socket

from . import proc
from .auth import ISSUER, MECHANISMS, Issuer
from .daemons import BUILD, DOMAIN, PATIENCE, RUNNER, Pair, free_ports, \
    merge, render
from .tls import HOST, Authority

USERS = ["jack", "jill", "postmaster", "Full.Name", "o'hara", "amy", "ben",
         "zo\u00eb"]
IDN = "xn--bcher-kva.example"
CAUGHT = "caught.example"  # has a catch-all
ALIASES = {"both": ["jack", "jill"], "team": ["jack", "jill"],
           "chain": ["both"]}
EXACT = "exact.example"  # Ann is not ann there
INNER = "inner.example"
RULES = [(INNER, "only", f"@{INNER}", "boss@remote.example"),
         (f"open@{INNER}", "not", "@bad.example", "<>"),
         (f"team@{DOMAIN}", "only", "logins")]
# Clients that come from these addresses speak for others.
POP3D = {"trust": {"xclient": ["127.0.0.2"], "proxy": ["127.0.0.3"]}}
LOGINS = {"auth": {"mechanisms": MECHANISMS, "mx": True}}
POP3_LOGINS = {"mechanisms": [*MECHANISMS, "USER", "APOP"],
               "timeouts": {"failed_login": "0s"}}
TLS = {"tls": {"certificates": ["{certificate}"], "clients": "optional",
               "client_ca": "{clients}"}}
# Further smtpds over the same helpers, each with a conf of its own.
CONFS = {
    # Where one may log in: in clear, only over TLS, from the begin with it.
    "open": {"auth": {**LOGINS["auth"], "plaintext": "loopback"}},
    "starttls": {**LOGINS, **TLS},
    "smtps": {**LOGINS, **TLS, "listen": [], "listen_tls": ["{address}"]},
    "small": {"limits": {"message_size": "64K"}},
    "tight": {"limits": {"recipients": 2, "errors": 3, "hops": 2,
                         "unknown_recipients": 2, "messages": 2}},
    "hasty": {"timeouts": {"command": "2s", "data_block": "2s"}},
    "brief": {"timeouts": {"session": "2s"}},
    "slow": {"timeouts": {"data_block": "3s"},
             "limits": {"data_rate": "1M"}},
    "quiet": {"vrfy": "off"},
    "lax": {"strict_pipelining": False},
    "lengthy": {"timeouts": {"message": "2500ms"},
                "limits": {"data_rate": 0}},
    "rated": {"limits": {"messages_minute": 3, "recipients_minute": 4,
                         "user_messages_minute": 2,
                         "user_recipients_minute": 3},
              "trust": {"xclient": ["127.0.0.2"]}},
    "few": {"limits": {"address_sessions": 1, "network_sessions": 2},
            "trust": {"proxy": ["127.0.0.3"]}},
    "trusting": {"trust": {"xclient": ["127.0.0.2"],
                           "proxy": ["127.0.0.3"]}},
    "patient": {"greet_pause": "2s", "trust": {"xclient": ["127.0.0.2"]}},
    "noting": {"early_talkers": "note", "trust": {"proxy": ["127.0.0.3"]}},
    "lmtp": {"listen_lmtp": ["{folder}/lmtp"]},
    "lmtps": {"listen_lmtp": ["{folder}/lmtps"], **TLS},
    # Users, who come in clear and may do nothing before TLS and a login.
    "mua": {"listen": [], "listen_submission": ["{address}"], **TLS},
    "tighttls": {"limits": {"recipients": 2, "errors": 3, "messages": 2},
                 "timeouts": {"handshake": "2s", "command": "10s"}, **TLS},
    "submission": {"listen_submission": ["{folder}/submission"],
                   "trust": {"xclient": []}},
}
# Likewise pop3ds.
POP3_CONFS = {
    "pop3open": POP3_LOGINS,
    "stls": {**POP3_LOGINS, **TLS, "plaintext_login": "no"},
    "pop3s": {**POP3_LOGINS, **TLS, "plaintext_login": "no", "listen": [],
              "listen_tls": ["{address}"]},
}


class Stage:
    """A pair of daemons with users and aliases that all talks share; running()
    takes it as it takes a Pair."""

    users = USERS

    def __init__(self):
        self.ca = Authority()
        self.clients = Authority("Clients")
        self.issuer = Issuer(self.clients.folder)
        self.certificate = self.ca.make("mx", HOST)
        self.pair = Pair(users=0, pop3d=POP3D, helpers={
            "keys": {"folder": self.ca.keys},
            "accounts": {"mechanisms": [*MECHANISMS, "USER", "APOP"],
                         "store_secrets": True, "hash_cost": 1,
                         "failed_login": "0s"},
            "tokens": {"keys": self.issuer.set, "issuer": ISSUER,
                       "audience": "mail"}})
        self.ports = {}  # of further services by the name of their listener

    def start(self):
        self.pair.start()
        return self

    def populate(self):
        self.pair.populate()
        for user in USERS:
            self.pair.add_user(user)
        self.pair.must("domain", "add", IDN)
        self.pair.must("user", "add", f"post@{IDN}", stdin="pw\n")
        self.pair.must("domain", "add", CAUGHT)
        self.pair.must("user", "add", f"named@{CAUGHT}", stdin="pw\n")
        self.pair.must("alias", "add", f"@{CAUGHT}", f"jill@{DOMAIN}")
        self.pair.must("domain", "add", EXACT)
        for user in ("Ann", "ann"):
            self.pair.must("user", "add", f"{user}@{EXACT}", stdin="pw\n")
        self.pair.must("domain", "add", INNER)
        for user in ("open", "ears"):
            self.pair.must("user", "add", f"{user}@{INNER}", stdin="pw\n")
        for alias, targets in ALIASES.items():
            self.pair.must("alias", "add", f"{alias}@{DOMAIN}",
                           *(f"{target}@{DOMAIN}" for target in targets))
        for name, *rule in RULES:
            self.pair.must("rule", "set", name, *rule)

    def endpoint(self, listener):
        """Where a listener listens, by the name that files call it."""
        if listener in CONFS or listener in POP3_CONFS:
            if listener not in self.ports:
                self.ports[listener] = self.add(listener)
            path = self.pair.folder / listener
            return path if path.is_socket() else \
                ("127.0.0.1", self.ports[listener])
        return {"main": ("127.0.0.1", self.pair.smtp_port),
                "pop3": ("127.0.0.1", self.pair.pop3_port)}[listener]

    def service(self, name):
        """The name of the process that has this listener."""
        return f"{'pop3d' if name in POP3_CONFS else 'smtpd'}-{name}"

    def add(self, name):
        """Starts a further smtpd or pop3d; its port."""
        port, = free_ports(1)
        service = self.service(name)
        program = service.partition("-")[0]
        conf = {"listen": [f"127.0.0.1:{port}"],
                "run": self.pair.run / program, "hostname": HOST,
                "log": {"target": "stderr"}, "workers": 1}
        path = self.pair.folder / f"{service}.conf"
        text = render(merge(conf, {**CONFS, **POP3_CONFS}[name]))
        for word, value in (("folder", self.pair.folder),
                            ("address", f"127.0.0.1:{port}"),
                            ("certificate", self.certificate),
                            ("clients", self.clients.pem)):
            text = text.replace(f"{{{word}}}", str(value))
        path.write_text(text)
        socket_path = str(self.pair.folder / name)
        process = self.pair.spawn(
            service, [*RUNNER, BUILD / "bin" / program, "-c", path])

        def answers():
            assert process.poll() is None, self.pair.tail(service)
            try:
                socket.create_connection(("127.0.0.1", port), 10).close()
                if socket_path in text:
                    with socket.socket(socket.AF_UNIX) as sock:
                        sock.connect(socket_path)
            except OSError:
                return False
            return True

        proc.wait_until(f"{service} starts", answers, 30 * PATIENCE)
        return port

    def box(self, user, part):
        """The letters in a part of a user's Maildir."""
        folder = self.pair.maildir(user.lower()) / part
        return folder.iterdir() if folder.is_dir() else []

    def check(self):
        self.pair.check()

    def stop(self):
        self.pair.stop(*map(self.service, self.ports))
        self.pair.stop()

    def kill_all(self):
        self.pair.kill_all()

    def remove(self):
        self.pair.remove()
        self.ca.remove()
        self.clients.remove()
