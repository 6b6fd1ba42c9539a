#!/usr/bin/python3
"""Memory of pop3d for an idle session whose mailbox a backend has.

usage: backend.py BUILD [implicit|stls|none] [SESSIONS]
"""
import os
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "system")]
# Free pages are given back each half minute.
REST = 35


def measure(tls, count):
    from harness import proc
    from harness.daemons import running
    from harness.pop3 import Pop3
    from test_backend import Back, Front
    with running(Back()) as back, running(
            Front(back, pop3d={"limits": {"address_sessions": 0}})) as front:
        sessions, sizes = [], []
        for share in (count // 5, count):
            while len(sessions) < share:
                user = f"m{len(sessions)}"
                back.add_user(user)
                front.lead(user, "--new", tls=tls)
                sessions.append(Pop3(front.pop3_port, user=user))
            time.sleep(REST)
            sizes.append(proc.resident(front.pid("pop3d/client")))
        for session in sessions:
            session.quit()
        return (sizes[1] - sizes[0]) / (count - count // 5)


def main():
    os.environ["RINGMAIL_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
    tls = sys.argv[2] if len(sys.argv) > 2 else "implicit"
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 250
    print(f"{measure(tls, count):.1f} KiB for an idle session, {tls}")


if __name__ == "__main__":
    main()
