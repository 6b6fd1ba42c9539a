"""Mail programs of Debian that fetch, each with its defaults."""
import fcntl
import mailbox
import os
import poplib
import pty
import pwd
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from harness.daemons import DOMAIN, PATIENCE
from harness.pop3 import fetch
from harness.smtp import deliver

COUNT = 5


def run(*command, home, stdin="", codes=(0,)):
    """Runs a client; its output."""
    done = subprocess.run(
        [str(word) for word in command], input=stdin.encode(), check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=60 * PATIENCE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
             "HOME": str(home), "USER": "root"})
    output = done.stdout.decode(errors="replace")
    assert done.returncode in codes, f"{command[0]}: {output}"
    return output


@pytest.fixture
def sent(pair, user, address):
    """Some messages in the user's maildrop."""
    messages = [b"From: s@remote.example\r\nSubject: number %d\r\n"
                b"Message-ID: <%d@remote.example>\r\n\r\n.dot %d\r\n"
                % (n, n, n) for n in range(COUNT)]
    for message in messages:
        assert deliver(pair.smtp_port, message, address).code == 250
    return messages


def subjects(box):
    return sorted(str(message["Subject"]) for message in box)


WANT = [f"number {n}" for n in range(COUNT)]


def test_curl(pair, user, sent, tmp_path):
    base = f"pop3://{user}:pw@127.0.0.1:{pair.pop3_port}"
    listed = run("curl", "-sS", base, home=tmp_path)
    assert len(listed.splitlines()) == COUNT
    for number, message in enumerate(sent, 1):
        got = run("curl", "-sS", f"{base}/{number}", home=tmp_path)
        assert got.replace("\r\n", "\n").endswith(
            message.decode().replace("\r\n", "\n"))
    run("curl", "-sS", f"{base}/1", "-X", "DELE", "-l", home=tmp_path)
    assert len(fetch(pair.pop3_port, user)) == COUNT - 1


def test_curl_with_a_wrong_password(pair, user, tmp_path):
    run("curl", "-sS", f"pop3://{user}:no@127.0.0.1:{pair.pop3_port}",
        home=tmp_path, codes=(67,))


def test_mpop(pair, user, sent, tmp_path):
    box = mailbox.Maildir(tmp_path / "in")
    run("mpop", "--file=/dev/null", "--host=127.0.0.1",
        f"--port={pair.pop3_port}", f"--user={user}",
        "--passwordeval=echo pw", "--auth=user", "--keep=off",
        f"--deliver=maildir,{tmp_path}/in", home=tmp_path)
    assert subjects(box) == WANT
    assert fetch(pair.pop3_port, user) == []


def test_mpop_keeps_and_fetches_only_what_is_new(pair, user, address, sent,
                                                 tmp_path):
    box = mailbox.Maildir(tmp_path / "in")
    command = ("mpop", "--file=/dev/null", "--host=127.0.0.1",
               f"--port={pair.pop3_port}", f"--user={user}",
               "--passwordeval=echo pw", "--auth=user", "--keep=on",
               f"--uidls-file={tmp_path}/uidls",
               f"--deliver=maildir,{tmp_path}/in")
    run(*command, home=tmp_path)
    run(*command, home=tmp_path)
    assert subjects(box) == WANT
    assert deliver(pair.smtp_port, b"Subject: one more\r\n\r\n",
                   address).code == 250
    run(*command, home=tmp_path)
    assert subjects(box) == [*WANT, "one more"]


@pytest.mark.parametrize("keep", [True, False])
def test_fetchmail(pair, user, sent, tmp_path, keep):
    """Its mail goes to a program that appends it to a file."""
    out = tmp_path / "out"
    conf = tmp_path / "fetchmailrc"
    conf.write_text(
        f'poll 127.0.0.1 protocol pop3 service {pair.pop3_port} uidl\n'
        f'    user "{user}" password "pw" sslproto ""\n'
        f'    {"keep" if keep else "no keep"}\n'
        f'    mda "cat >>{out}"\n')
    conf.chmod(0o600)
    command = ("fetchmail", "-f", conf, "-i", tmp_path / "ids",
               "--pidfile", tmp_path / "pid", "--auth", "password")
    run(*command, home=tmp_path)
    text = out.read_text()
    assert all(f"Subject: number {n}\n" in text for n in range(COUNT))
    run(*command, home=tmp_path, codes=(1,))  # 1: nothing new
    assert out.read_text() == text
    assert len(fetch(pair.pop3_port, user)) == (COUNT if keep else 0)


def test_s_nail(pair, user, sent, tmp_path):
    out = run("s-nail", "-:/", "-Sv15-compat", "-R", "-Snopop3-use-starttls",
              "-Spop3-auth=plain", "-f",
              f"pop3://{user}:pw@127.0.0.1:{pair.pop3_port}",
              stdin="headers\ntype 1\nexit\n", home=tmp_path)
    assert all(f"number {n}" in out for n in range(COUNT))
    assert ".dot 0" in out


def test_mutt_over_pop(pair, user, sent, tmp_path):
    """mutt pushes its own keys: copy all messages to a maildir, and quit."""
    copy = tmp_path / "copy"
    in_terminal("mutt", "-n", "-F", mutt_conf(tmp_path, copy), "-f",
                f"pop://{user}:pw@127.0.0.1:{pair.pop3_port}/")
    assert subjects(mailbox.Maildir(copy)) == WANT


def test_mutt_reads_the_maildir(pair, user, sent, tmp_path):
    copy = tmp_path / "copy"
    in_terminal("mutt", "-n", "-R", "-F", mutt_conf(tmp_path, copy), "-f",
                pair.maildir(user))
    assert subjects(mailbox.Maildir(copy)) == WANT
    assert len(fetch(pair.pop3_port, user)) == COUNT


def in_terminal(*command):
    """Runs a program that wants a terminal, until it ends by itself."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        os.execvpe(command[0], [str(word) for word in command], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    output, deadline = b"", time.monotonic() + 60 * PATIENCE
    try:
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                output += os.read(terminal, 65536)
    except OSError:
        pass  # it has ended
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0, output.decode(errors="replace")


def mutt_conf(folder, copy):
    """A conf by which mutt copies the mailbox and ends, all by itself."""
    for name in ("tmp", "new", "cur"):
        (copy / name).mkdir(parents=True)
    conf = folder / "muttrc"
    conf.write_text(
        "set mbox_type=Maildir confirmappend=no confirmcreate=no "
        "ssl_starttls=no ssl_force_tls=no pop_authenticators=user "
        "quit=yes delete=no pop_delete=no move=no wait_key=no\n"
        # Tag all, copy what is tagged, end.
        f'push "T~A<enter>;C<kill-line>{copy}<enter>x"\n')
    return conf


def test_poplib(pair, user, sent):
    pop3 = poplib.POP3("127.0.0.1", pair.pop3_port, timeout=30 * PATIENCE)
    assert b"mx.example.test" in pop3.getwelcome()
    assert "UIDL" in pop3.capa()
    pop3.user(f"{user}@{DOMAIN}")
    pop3.pass_("pw")
    assert pop3.stat()[0] == COUNT
    assert len(pop3.list()[1]) == len(pop3.uidl()[1]) == COUNT
    for number, message in enumerate(sent, 1):
        lines, octets = pop3.retr(number)[1:]
        text = b"".join(line + b"\r\n" for line in lines)
        assert text.endswith(message)
        assert len(pop3.top(number, 0)[1]) < len(lines)
        assert octets >= len(text)
    pop3.dele(1)
    pop3.rset()
    pop3.dele(2)
    pop3.noop()
    pop3.quit()
    assert len(fetch(pair.pop3_port, user)) == COUNT - 1


def test_maildir_module_reads_the_mailbox(pair, user, sent):
    """Python's own reader of Maildirs agrees with what POP3 serves."""
    box = pair.maildir(user)
    owner = pwd.getpwnam("ringmail").pw_uid
    assert os.stat(box).st_uid == owner
    assert subjects(mailbox.Maildir(box, create=False)) == WANT
