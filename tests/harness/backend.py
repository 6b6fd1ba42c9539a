"""A server that has mailboxes which another pop3d leads users on to."""
from .tls import TlsPair


class Back(TlsPair):
    """The server that has the mailboxes; its certificate is for localhost."""

    def __init__(self, **rest):
        super().__init__(
            pop3d={"trust": {"xclient": ["127.0.0.1"]},
                   "hostname": "back.example.test"}, **rest)

    def lay_down(self, changes):
        path = self.ca.make("back", "localhost")
        changes["pop3d"]["tls"] = {"certificates": [path]}
        super().lay_down(changes)
