"""tests/bench/ours.sh: what a benchmark relies on."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import proc
from harness.daemons import BUILD, ROOT, RUNNER, free_ports
from harness.load import untraced
from harness.pop3 import fetch
from harness.smtp import deliver

OURS = ROOT / "tests" / "bench" / "ours.sh"
BODY = b"Subject: o\r\n\r\nx\r\n"

pytestmark = pytest.mark.skipif(
    bool(RUNNER) or BUILD.name != "build",
    reason="nothing here depends on how it was built")


def ours(*args):
    done = subprocess.run([OURS, *args], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "USERS": "2"}, timeout=60,
                          check=True)
    return dict(word.split("=", 1) for word in done.stdout.split())


def descendants(pid):
    found = [pid]
    for child in proc.children(pid):
        found += descendants(child)
    return found


def test_start_and_stop():
    folder = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    smtp, pop3 = free_ports(2)
    options = (f"smtp={smtp}", f"pop3={pop3}", "name=ours-test", "workers=1",
               "helpers.journal.size=8M")
    try:
        target = ours("start", folder, *options)
        assert target["name"] == "ours-test"
        assert (target["smtp"], target["pop3"]) == (str(smtp), str(pop3))
        assert target["mail"] == f"{folder}/mail"
        running = descendants(int(target["pid"]))
        assert len(running) >= 1 + 3 + 5, "all are its descendants"
        assert deliver(smtp, BODY, "u1@bench.test").code == 250
        for login in ("u1", "u1@bench.test"):
            assert [untraced(m) for m in fetch(pop3, login)] == [BODY]
        assert len(os.listdir(folder / "mail" / "u1" / "new")) == 1
        size = sum(f.stat().st_size for f in
                   (folder / "state" / "mailbox").glob("*/journal.*"))
        assert size == 8 << 20, "a setting reaches its conf"
    finally:
        ours("stop", folder, *options)
    try:
        assert not any(proc.alive(pid) for pid in running)
        ours("stop", folder, *options)  # once more harms nobody
    finally:
        shutil.rmtree(folder)
