"""Imports and exports that end half-way, and what is said of them."""
import contextlib
import csv
import io
import socket
import threading

import pytest

from harness.daemons import DOMAIN, RUNNER

# No checker sees mailctl itself.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="it is mailctl that "
                                "looks")
PACKET = 1 << 17


@contextlib.contextmanager
def lost_after(pair, answers, path):
    """Between mailctl and accounts: passes so many answers on, then the
    connection is gone."""
    kind = socket.SOCK_SEQPACKET
    with socket.socket(socket.AF_UNIX, kind) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def serve():
            client, _ = listener.accept()
            with client, socket.socket(socket.AF_UNIX, kind) as server:
                server.connect(str(pair.run / "admin" / "accounts"))
                for _ in range(answers):
                    server.send(client.recv(PACKET))
                    client.send(server.recv(PACKET))
                client.recv(PACKET)
        thread = threading.Thread(target=serve)
        thread.start()
        yield path
        thread.join()


@pytest.mark.parametrize("answers,text", [
    (2, "not certain"),
    (4, "100 were added and 0 changed before that; run the same command")])
def test_what_was_done_when_accounts_was_lost(pair, tmp_path, answers, text):
    """While it is only tried (three requests), nothing was; then, the first
    hundred."""
    domain = f"lost{answers}.test"
    pair.must("domain", "add", domain)
    file = tmp_path / "users.csv"
    file.write_text("user\n" + "".join(
        f"u{n}@{domain}\n" for n in range(250)))
    with lost_after(pair, answers, tmp_path / "s") as path:
        done = pair.mailctl("-S", str(path), "user", "import", str(file))
    assert done.returncode == 75, done.stdout
    assert text in done.stderr, done.stderr
    listed = pair.must("user", "list", domain).split()
    assert len(listed) == (100 if answers == 4 else 0), done.stderr
    assert ("were added" in done.stderr) == (answers == 4), done.stderr
    assert f"{250 - len(listed)} added" in pair.must(
        "user", "import", str(file))


def test_all_are_exported_whatever_case_counts(make_pair):
    """Users of a domain whose names were case sensitive once."""
    pair = make_pair(users=1)
    pair.must("domain", "add", "exact.example")
    for name in ("Ann", "bob"):
        pair.must("user", "add", f"{name}@exact.example", stdin="pw\n")
    names = pair.must("user", "list").split()
    assert "Ann@exact.example" in names
    conf = pair.conf("helpers")
    text = conf.read_text()
    assert '"exact.example"' in text
    conf.write_text(text.replace('"exact.example"', '"other.example"'))
    pair.stop("helpers")
    pair.start("helpers")
    rows = csv.DictReader(io.StringIO(pair.must("user", "export")))
    assert [row["user"] for row in rows] == names
    assert f"u0@{DOMAIN}" in names
