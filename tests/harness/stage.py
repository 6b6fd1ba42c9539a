"""The services that conversations (tests/talk) speak to."""
from .daemons import DOMAIN, Pair

USERS = ["jack", "jill", "postmaster", "Full.Name", "o'hara", "amy", "ben"]
ALIASES = {"both": ["jack", "jill"], "chain": ["both"]}
# Clients that come from these addresses speak for others.
POP3D = {"trust": {"xclient": ["127.0.0.2"], "proxy": ["127.0.0.3"]}}


class Stage:
    """A pair of daemons with users and aliases that all talks share."""

    users = USERS

    def __init__(self):
        self.pair = Pair(users=0, pop3d=POP3D)

    def start(self):
        self.pair.start().populate()
        for user in USERS:
            self.pair.add_user(user)
        for alias, targets in ALIASES.items():
            self.pair.must("alias", "add", f"{alias}@{DOMAIN}",
                           *(f"{target}@{DOMAIN}" for target in targets))

    def endpoint(self, listener):
        """Where a listener listens, by the name that files call it."""
        return {"main": ("127.0.0.1", self.pair.smtp_port),
                "pop3": ("127.0.0.1", self.pair.pop3_port)}[listener]

    def box(self, user, part):
        """The letters in a part of a user's Maildir."""
        folder = self.pair.maildir(user) / part
        return folder.iterdir() if folder.is_dir() else []

    def check(self):
        self.pair.check()

    def stop(self):
        self.pair.stop()
        self.pair.check()

    def remove(self):
        self.pair.kill_all()
        self.pair.remove()
