"""smtpd under random clients.  FUZZ_SECONDS=3600 make fuzz-smtpd is the long
form of it."""
import collections
import concurrent.futures
import os
import random
import threading

from harness import proc
from harness.daemons import DOMAIN, PATIENCE, free_ports, running
from harness.fuzz_smtp import fuzz
from harness.load import compose, numbers, untraced
from harness.pop3 import fetch
from harness.smtp import deliver
from harness.stage import ALIASES, USERS
from harness.tls import TlsPair

SECONDS = float(os.environ.get("FUZZ_SMTPD_SECONDS", "4"))
CLIENTS = 4


class Target(TlsPair):
    """Every kind of listener, the users of the conversations, and one whom
    they do not write to."""

    def __init__(self):
        self.submission_port, self.lmtp_port = free_ports(2)
        super().__init__(users=1, smtpd={
            "listen_submission": [f"127.0.0.1:{self.submission_port}"],
            "listen_lmtp": [f"127.0.0.1:{self.lmtp_port}"],
            "trust": {"xclient": ["127.0.0.2"], "proxy": ["127.0.0.3"]},
            "auth": {"mx": True, "plaintext": "loopback"},
            "timeouts": {"command": "20s", "data_block": "20s"}})

    def populate(self):
        super().populate()
        for user in USERS:
            self.add_user(user)
        for alias, targets in ALIASES.items():
            self.must("alias", "add", f"{alias}@{DOMAIN}",
                      *(f"{target}@{DOMAIN}" for target in targets))
        self.add_user("good")
        return self


def good_client(pair, stopping, sent):
    """Brings a message now and then; each must be taken."""
    number = 0
    while not stopping.wait(0.05):
        message = compose(number, random.Random(number), 2000)
        reply = deliver(pair.smtp_port, message, f"good@{DOMAIN}")
        assert reply.code == 250, reply
        sent[number] = message
        number += 1


def check(pair):
    """No process ends, nothing is logged as an error, nothing is left open,
    and what a good client sends meanwhile arrives, all of it, once."""
    client = pair.pid("smtpd/client")
    deliver(pair.smtp_port, b"x\r\n", f"good@{DOMAIN}")
    fetch(pair.pop3_port, "good", delete=True)
    before = proc.shape(client)
    seed = random.SystemRandom().randrange(1 << 32)
    stopping, sent = threading.Event(), {}
    with concurrent.futures.ThreadPoolExecutor(CLIENTS + 1) as pool:
        good = pool.submit(good_client, pair, stopping, sent)
        clients = [pool.submit(fuzz, pair, SECONDS, seed + n)
                   for n in range(CLIENTS)]
        concurrent.futures.wait(clients)
        stopping.set()
    good.result()
    count = sum(client.result() for client in clients)
    assert count > 3
    print(f"seed {seed}: {count} random clients, {len(sent)} good messages")
    assert pair.pid("smtpd/client") == client, "smtpd died"
    letters = fetch(pair.pop3_port, "good")
    assert numbers(letters) == collections.Counter(sent.keys())
    assert sorted(map(untraced, letters)) == sorted(sent.values())
    proc.wait_until("all is closed", lambda: proc.shape(client) == before,
                    60 * PATIENCE)


def test_random_clients():
    with running(Target()) as pair:
        check(pair)
