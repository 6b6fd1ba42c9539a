"""pop3d under random clients.  FUZZ_SECONDS=3600 make fuzz-pop3d is the long
form of it."""
import os
import threading
import random

from harness import proc
from harness.daemons import DOMAIN
from harness.fuzz_pop3 import fuzz
from harness.pop3 import Pop3
from harness.smtp import deliver

SECONDS = float(os.environ.get("FUZZ_POP3D_SECONDS", "4"))
CLIENTS = 4


def test_random_clients(make_pair):
    """No process ends, nothing is logged as an error, nothing is left open,
    no letter is lost that was not deleted, and others are served on."""
    pair = make_pair(users=3, pop3d={
        "timeouts": {"failed_login": "0s", "idle": "20s"},
        "trust": {"xclient": ["127.0.0.1"]},
        "limits": {"logins": "100", "errors": "50"}})
    for user in range(3):
        for body in (b"1\r\n", b".\r\n" * 9000, b"x" * 70 + b"\r\n"):
            for _ in range(10):
                assert deliver(pair.smtp_port, b"Subject: x\r\n\r\n" + body,
                               f"u{user}@{DOMAIN}").code == 250
    client = pair.pid("pop3d/client")
    before = proc.shape(client)
    seed = random.SystemRandom().randrange(1 << 32)
    counts, errors = [], []

    def run(number):
        try:
            counts.append(fuzz(pair.pop3_port, SECONDS, seed + number))
        except Exception as error:  # told below, with the seed
            errors.append(error)
    threads = [threading.Thread(target=run, args=(n,))
               for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, f"seed {seed}: {errors}"
    assert sum(counts) > 3
    assert pair.pid("pop3d/client") == client, f"seed {seed}: pop3d died"
    with Pop3(pair.pop3_port, user="u2", timeout=60) as pop3:
        assert pop3.stat()[0] == 30
        pop3.all()
        pop3.quit()
    proc.wait_until(f"all is closed (seed {seed})",
                    lambda: proc.shape(client) == before, 40)
