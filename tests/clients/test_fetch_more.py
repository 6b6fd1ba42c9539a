"""More mail programs that fetch by POP3, and more of what they can do; another
server's proxy in front of ours."""
import contextlib
import mailbox
import subprocess

import pytest

import test_fetch
from harness import dovecot
from harness.daemons import DOMAIN, PATIENCE, free_ports
from harness.pop3 import Failed, Pop3, fetch
from harness.smtp import deliver
from harness.tools import npm

COUNT, WANT = test_fetch.COUNT, test_fetch.WANT
run, subjects, sent = test_fetch.run, test_fetch.subjects, test_fetch.sent


class Fetchmail:
    """Runs of fetchmail with one conf; its mail is appended to a file."""

    def __init__(self, pair, user, folder, options, uidl=""):
        self.out, self.folder = folder / "out", folder
        conf = folder / "fetchmailrc"
        conf.write_text(
            f"poll 127.0.0.1 protocol pop3 service {pair.pop3_port} {uidl}\n"
            f'    user "{user}" password "pw" sslproto ""\n'
            f"    {options}\n"
            f'    mda "cat >>{self.out}"\n')
        conf.chmod(0o600)

    def __call__(self, *args, codes=(0,)):
        run("fetchmail", "-f", self.folder / "fetchmailrc",
            "-i", self.folder / "ids", "--pidfile", self.folder / "pid",
            "--auth", "password", *args, home=self.folder, codes=codes)
        return self.out.read_text() if self.out.exists() else ""


def has_all(text):
    return all(f"Subject: number {n}\n" in text for n in range(COUNT))


def test_fetchmail_keep_without_uidl(pair, user, sent, tmp_path):
    """With no UIDLs it fetches all of them again when told to."""
    fetchmail = Fetchmail(pair, user, tmp_path, "keep fetchall")
    assert has_all(fetchmail())
    assert fetchmail().count("Subject: number 0\n") == 2
    assert len(fetch(pair.pop3_port, user)) == COUNT


def test_fetchmail_flush(pair, user, address, sent, tmp_path):
    """What was fetched before goes; what is new is fetched, and stays."""
    fetchmail = Fetchmail(pair, user, tmp_path, "keep", "uidl")
    assert has_all(fetchmail())
    assert deliver(pair.smtp_port, b"Subject: late\r\n\r\n",
                   address).code == 250
    text = fetchmail("--flush")
    assert text.count("Subject: late\n") == 1
    assert text.count("Subject: number 0\n") == 1
    assert len(fetch(pair.pop3_port, user)) == 1


def test_fetchmail_limit(pair, user, address, sent, tmp_path):
    """It leaves what LIST says to be too large."""
    large = b"Subject: large\r\n\r\n" + b"x" * 70 * 1000 + b"\r\n"
    assert deliver(pair.smtp_port, large, address).code == 250
    fetchmail = Fetchmail(pair, user, tmp_path, "no keep limit 50000")
    text = fetchmail(codes=(0, 13))
    assert has_all(text) and "Subject: large\n" not in text
    assert len(fetch(pair.pop3_port, user)) == 1


@pytest.mark.parametrize("delete", ["true", "false"])
def test_getmail(pair, user, sent, tmp_path, delete):
    """getmail6 knows its letters by UIDL."""
    out = tmp_path / "out"
    (tmp_path / "rc").write_text(
        "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\n"
        f"port = {pair.pop3_port}\nusername = {user}\npassword = pw\n"
        "[destination]\ntype = MDA_external\npath = /usr/bin/tee\n"
        f'arguments = ("-a", "{out}")\nallow_root_commands = true\n'
        f"[options]\nread_all = false\ndelete = {delete}\n")
    command = ("getmail", "--getmaildir", tmp_path, "--rcfile", "rc")
    for _ in range(2):
        run(*command, home=tmp_path)
        text = out.read_text()
        assert has_all(text) and text.count("Subject: number 0\n") == 1
    assert len(fetch(pair.pop3_port, user)) == \
        (0 if delete == "true" else COUNT)


def test_neomutt_over_pop(pair, user, sent, tmp_path):
    copy = tmp_path / "copy"
    test_fetch.in_terminal(
        "neomutt", "-n", "-F", test_fetch.mutt_conf(tmp_path, copy), "-f",
        f"pop://{user}:pw@127.0.0.1:{pair.pop3_port}/")
    assert subjects(mailbox.Maildir(copy)) == WANT


def test_mpop_by_pipelining_and_not(pair, user, sent, tmp_path):
    for way in ("on", "off"):
        box = mailbox.Maildir(tmp_path / way)
        run("mpop", "--file=/dev/null", "--host=127.0.0.1",
            f"--port={pair.pop3_port}", f"--user={user}",
            "--passwordeval=echo pw", "--auth=user", "--keep=on",
            f"--pipelining={way}", f"--uidls-file={tmp_path}/uidls-{way}",
            f"--deliver=maildir,{tmp_path}/{way}", home=tmp_path)
        assert subjects(box) == WANT


NODE = """
const Pop3 = require('node-pop3');
const [port, user] = process.argv.slice(2);
(async () => {
  const pop3 = new Pop3({user, password: 'pw', host: '127.0.0.1',
                         port: +port});
  const uids = await pop3.UIDL();
  console.log(uids.length);
  for (const [number] of uids)
    console.log((await pop3.RETR(number)).split('\\r\\n').find(
      line => line.startsWith('Subject: ')));
  const top = await pop3.TOP(1, 0);
  console.log(top.includes('.dot'));
  await pop3.command('DELE', 1);
  await pop3.QUIT();
})().catch(error => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="module")
def node_pop3():
    """A folder with node-pop3."""
    return npm("node-pop3")


def test_node_pop3(pair, user, sent, tmp_path, node_pop3):
    script = node_pop3 / "fetch.js"
    script.write_text(NODE)
    out = subprocess.run(
        ["node", script, str(pair.pop3_port), user], text=True, check=True,
        stdout=subprocess.PIPE, timeout=60 * PATIENCE).stdout.split("\n")
    assert out == [str(COUNT), *(f"Subject: {s}" for s in WANT), "false", ""]
    assert len(fetch(pair.pop3_port, user)) == COUNT - 1


PROXY = dovecot.BASE + """
protocols = pop3
ssl = no
login_trusted_networks = 127.0.0.0/8
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = proxy=y host=127.0.0.1 port={backend} nopassword=y
}}
"""


@contextlib.contextmanager
def dovecot_proxy(backend):
    """Dovecot's POP3 proxy in front of a port; its own port."""
    port, = free_ports(1)
    with dovecot.run(PROXY, dovecot.plain(port), port=port, backend=backend):
        yield port


@pytest.mark.skipif(dovecot.missing(), reason="Dovecot is not installed")
def test_dovecot_proxy_in_front(make_pair):
    """It says XCLIENT, since our greeting invites it to."""
    pair = make_pair(users=1, pop3d={"trust": {"xclient": ["127.0.0.1"]}})
    message = b"Subject: behind\r\n\r\n.dot\r\n"
    assert deliver(pair.smtp_port, message, f"u0@{DOMAIN}").code == 250
    with dovecot_proxy(pair.pop3_port) as port:
        with Pop3(port, user=f"u0@{DOMAIN}") as pop3:
            assert pop3.stat()[0] == 1
            assert pop3.retr(1).endswith(message)
            pop3.cmd("DELE 1")
            pop3.quit()
        with Pop3(port) as pop3, pytest.raises(Failed, match="AUTH"):
            pop3.login(f"u0@{DOMAIN}", "wrong")
    assert fetch(pair.pop3_port, "u0") == []
    log = pair.log("pop3d").read_text()
    assert " session.client " in log and "client=127.0.0.1" in log
