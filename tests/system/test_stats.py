"""mailctl stats and top read what a metrics helper shows; here a server that
counts up with each look."""
import http.server
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness import proc
from harness.daemons import BUILD, PATIENCE, RUNNER

# It is mailctl that is tested, which no runner runs.
pytestmark = pytest.mark.skipif(bool(RUNNER), reason="no part of a service")
TEXT = """# TYPE ringmail_up gauge
ringmail_up{process="smtpd"} 1
ringmail_up{process="pop3d"} 0
ringmail_sessions{process="smtpd"} 3
ringmail_sessions_opened_total{process="smtpd"} %(many)d
ringmail_messages_total{process="smtpd",result="good"} %(many)d
ringmail_messages_total{process="smtpd",result="bad"} 1
ringmail_commit_seconds_bucket{process="smtpd",le="0.001"} %(many)d
ringmail_commit_seconds_bucket{process="smtpd",le="0.002"} %(more)d
ringmail_commit_seconds_bucket{process="smtpd",le="+Inf"} %(more)d
ringmail_requests_pending{process="smtpd",helper="accounts"} 4
ringmail_batch_messages_bucket{process="mailbox",le="2.0"} 1
ringmail_batch_messages_bucket{process="mailbox",le="+Inf"} 1
# EOF
"""


class Shown(http.server.BaseHTTPRequestHandler):
    looks, text = 0, TEXT

    def do_GET(self):
        Shown.looks += 1
        body = (Shown.text % {"many": 100 * Shown.looks,
                              "more": 101 * Shown.looks}).encode()
        self.send_response(200 if self.path == "/metrics" else 404)
        self.send_header("Content-Type", "application/openmetrics-text")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def shown():
    """Its address."""
    Shown.looks = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_stats(pair, shown):
    said = pair.must("stats", "--from", shown)
    assert "smtpd  3 sessions; 100.0 begun" in said
    assert re.search(r"messages +taken 100.0  refused 1.0", said)
    assert re.search(r"until durable +half <1 ms  99 % <1 ms", said)
    assert re.search(r"accounts +waiting 4", said)
    assert "pop3d does not run" in said
    assert re.search(r"batches +half <= 2 messages", said)
    samples = json.loads(pair.must("--json", "stats", "--from", shown))
    assert {"name": "ringmail_sessions", "labels": 'process="smtpd"',
            "value": 3} in samples


def test_half_an_answer(pair, shown, monkeypatch):
    """Of a server that hangs up in the middle no number is shown."""
    for text in (TEXT[:-len("# EOF\n")], TEXT[:100], ""):
        monkeypatch.setattr(Shown, "text", text)
        for args in (["stats"], ["top"]):
            done = pair.mailctl(*args, "--from", shown)
            assert (done.returncode, done.stdout) == (75, "")
            assert "was cut off" in done.stderr


def test_top_shows_rates_until_it_is_interrupted(pair, shown):
    said = pair.must("top", "--from", shown, "1")
    rate = float(re.search(r"taken ([0-9.]+)/s", said)[1])
    looks = Shown.looks
    assert {"name": "ringmail_up", "labels": 'process="smtpd"',
            "value": 1} in json.loads(pair.must(
                "--json", "top", "--from", shown, "1"))
    assert Shown.looks == looks + 2
    assert 20 < rate <= 101  # a hundred between two looks
    master, slave = pty.openpty()
    with subprocess.Popen(
            [BUILD / "bin" / "mailctl", "top", "--from", shown, "1"],
            stdout=slave, stderr=slave) as process:
        os.close(slave)
        proc.wait_until("it has looked thrice", lambda: Shown.looks >= 7,
                        20 * PATIENCE)
        process.send_signal(signal.SIGINT)
        screens = b""
        try:
            while chunk := os.read(master, 65536):
                screens += chunk
        except OSError:
            pass
        assert process.wait() == 0
    os.close(master)
    assert screens.count(b"\x1b[H\x1b[2J") >= 2


def test_without_metrics(pair):
    done = pair.mailctl("stats")
    assert done.returncode == 1 and "metrics { listen }" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = pair.mailctl("stats", "--from", f"127.0.0.1:{port}")
    assert done.returncode == 75 and "does the metrics helper" in done.stderr
    done = pair.mailctl("stats", "--from", f"127.0.0.1:{pair.smtp_port}")
    assert done.returncode == 75 and "is not the metrics helper" in \
        done.stderr
    for args in (["stats", "x"], ["top", "0"], ["top", "--from"]):
        assert pair.mailctl(*args).returncode == 2
