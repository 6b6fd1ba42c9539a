"""common/gdb.py on a running smtpd."""
import re
import subprocess

import pytest

from harness.daemons import ROOT, RUNNER
from harness.smtp import Smtp


def gdb(pid, *commands):
    """What gdb says of a process that it stops for a moment."""
    args = [arg for command in ("set debuginfod enabled off",
                                "source common/gdb.py", *commands)
            for arg in ("-iex" if command.startswith("set") else "-ex",
                        command)]
    return subprocess.run(["gdb", "-batch", "-nx", "-p", str(pid), *args],
                          cwd=ROOT, capture_output=True, text=True,
                          timeout=300, check=False).stdout


@pytest.mark.skipif(bool(RUNNER), reason="gdb would show the runner's stacks")
def test_session_is_shown(pair):
    with Smtp(pair.smtp_port) as client:
        client.hello()
        shown = gdb(pair.pid("smtpd/client"), "info fibers")
        found = re.search(r"^ +(\d+) +\d+ session +parked +\d+\.\d s  (.*)$",
                          shown, re.M)
        assert found, shown
        assert "conn.c" in found.group(2)
        stack = gdb(pair.pid("smtpd/client"), f"fiber {found.group(1)} bt")
        assert re.search(r"^#\d+ +session_run at .*smtpd/", stack, re.M), stack
        assert client.cmd("NOOP").code == 250
