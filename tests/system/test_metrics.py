"""What the metrics helper shows: true counters that outlive the processes that
count, in a form that Prometheus takes."""
import base64
import contextlib
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, ROOT, RUNNER, Pair, \
    free_ports, running
from harness.metrics import ask, parse, scrape, tool, total, value
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp, deliver
from harness.tls import TlsPair, starttls

CHECKER = bool(RUNNER) or BUILD.name != "build"
# What Valgrind sees in the others, too.
SEEN = pytest.mark.skipif(bool(RUNNER), reason="no other code than elsewhere")
LETTER = b"Subject: counted\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def shown():
    """Services whose metrics are shown at .port and at .socket."""
    port, = free_ports(1)
    pair = Pair(helpers={"metrics": {"listen": [f"127.0.0.1:{port}"],
                                     "group": "ringstat"}})
    conf = pair.conf("helpers")
    pair.port, pair.socket = port, pair.folder / "metrics.sock"
    conf.write_text(conf.read_text().replace(
        f'{{"127.0.0.1:{port}"}}',
        f'{{"127.0.0.1:{port}", "{pair.socket}"}}'))
    with running(pair):
        up(pair)
        yield pair
        pair.stop()
        assert not pair.socket.exists(), "its file went with the service"


@pytest.fixture
def pair(shown):
    yield shown
    shown.check()


def up(pair):
    """Waits until both services have handed their memory over."""
    proc.wait_until("both are shown", lambda: value(
        scrape(pair.port), "ringmail_up") == 2, 30 * PATIENCE)


class Change:
    """How much a counter grew since then."""

    def __init__(self, pair):
        self.pair, self.before = pair, scrape(pair.port)

    def __call__(self, name, suffix="_total", **labels):
        return value(scrape(self.pair.port), "ringmail_" + name, suffix,
                     **labels) - \
            value(self.before, "ringmail_" + name, suffix, **labels)


def test_smtp_is_counted(pair):
    grew = Change(pair)
    to = f"{pair.users[0]}@{DOMAIN}"
    for _ in range(3):
        assert deliver(pair.smtp_port, LETTER, to).code == 250
    with Smtp(pair.smtp_port) as s:
        s.send(b"EHLO x\r\n")
        s.reply()
        s.send(b"MAIL FROM:<>\r\n")
        s.reply()
        s.send(f"RCPT TO:<nobody@{DOMAIN}>\r\n".encode())
        assert s.reply().code == 550
        assert value(scrape(pair.port), "ringmail_sessions",
                     process="smtpd") == 1
        s.send(b"WHAT\r\n")
        s.reply()
    assert grew("messages", process="smtpd", result="good") == 3
    assert grew("messages") == grew("recipients") == 3
    assert grew("message_bytes") > 3 * len(LETTER)
    assert grew("commit_seconds", "_count") == 3
    assert grew("commit_seconds", "_sum") > 0
    assert grew("sessions_opened", process="smtpd") == 4
    assert grew("banner_seconds", "_count", process="smtpd") == 4
    assert grew("replies", process="smtpd", code="354") == 3
    assert grew("replies", process="smtpd", code="550") == 1
    assert grew("commands", process="smtpd", command="DATA") == 3
    assert grew("commands", process="smtpd", command="other") == 1
    assert grew("command_seconds", "_count", process="smtpd") == \
        grew("commands", process="smtpd")
    assert grew("received_bytes", process="smtpd") > 3 * len(LETTER)
    assert grew("request_seconds", "_count", process="smtpd",
                helper="mailbox") == 3
    assert grew("batch_messages", "_sum") == 3
    assert 1 <= grew("batch_messages", "_count") <= 3
    assert grew("journal_sync_seconds", "_count") >= 1
    now = scrape(pair.port)
    assert 0 < value(now, "ringmail_journal_used_bytes") <= \
        value(now, "ringmail_journal_size_bytes") == 4 << 20


def test_pop3_is_counted(pair):
    grew = Change(pair)
    user = pair.users[1]
    deliver(pair.smtp_port, LETTER, f"{user}@{DOMAIN}")
    with Pop3(pair.pop3_port) as p:
        with pytest.raises(Failed):
            p.login(user, "wrong")
        p.login(user, "pw")
        p.send(b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
        p.reply()
        letter = b"".join(iter(p.line, b"."))
        assert b"counted" in letter
        p.reply()
        p.reply()
    assert grew("logins", mechanism="USER", result="good") == 1
    assert grew("logins", mechanism="USER", result="bad") == 1
    assert grew("logins") == grew("login_seconds", "_count") == 2
    assert grew("messages_retrieved") == grew("messages_deleted") == 1
    assert grew("retrieved_bytes") > len(LETTER)
    assert grew("replies", process="pop3d", code="-ERR") == 1
    assert grew("replies", process="pop3d", code="+OK") == 7
    assert grew("commands", process="pop3d", command="RETR") == 1
    assert grew("sessions_opened", process="pop3d") == 1
    assert grew("request_seconds", "_count", process="accounts",
                helper="hasher") >= 1
    assert grew("requests_answered", process="mailbox", status="ok") >= 4


def test_commands_and_replies_have_their_names(pair):
    """What is no command of the protocol is `other`, also where a line is
    refused before it is looked at; of codes each is told."""
    grew = Change(pair)
    with Smtp(pair.smtp_port) as s:
        for line in (b"RETR 1", b"CAPA", b"LHLO x", b"NOOP " + b"x" * 20000,
                     b"NO\0OP"):
            s.send(line + b"\r\n")
            assert s.reply().code == 500
        assert s.cmd("HELP").code == 214
        s.hello()
        assert s.cmd("MAIL FROM:<> NONE=1").code == 555
    with Pop3(pair.pop3_port) as p:
        for line in (b"EHLO", b"", b"\xff\xff 1", b"NOOP" + b"x" * 20000):
            p.send(line + b"\r\n")
            assert p.line().startswith(b"-ERR"), line[:10]
    assert grew("commands", process="smtpd", command="other") == 5
    assert grew("commands", process="smtpd") == 8
    for name in ("RETR", "CAPA", "LHLO"):
        assert grew("commands", process="smtpd", command=name) == 0
    for code in ("214", "555"):
        assert grew("replies", process="smtpd", code=code) == 1
    assert grew("replies", process="smtpd", code="other") == 0
    assert grew("commands", process="pop3d", command="other") == 4
    assert grew("replies", process="pop3d", code="-ERR") == 4


@SEEN
def test_recipients_who_have_it(pair):
    """PRDR: one has room, the other has none."""
    pair.add_user("full")
    pair.must("user", "quota", f"full@{DOMAIN}", "1K")
    grew = Change(pair)
    with Smtp(pair.smtp_port) as s:
        s.hello()
        s.cmd("MAIL FROM:<> PRDR")
        for name in ("u0", "full"):
            assert s.cmd(f"RCPT TO:<{name}@{DOMAIN}>").code == 250
        s.cmd("DATA")
        s.send(LETTER + b"x" * 900 + b"\r\n.\r\n")
        assert [s.reply().code for _ in range(4)] == [353, 250, 452, 250]
    assert grew("messages", result="good") == grew("messages") == 1
    assert grew("recipients") == 1
    assert grew("replies", process="smtpd", code="353") == 1


def test_form(pair):
    """OpenMetrics where it is asked for or nothing is, else the older text;
    HEAD and GET alone."""
    status, headers, text = ask(pair.port)
    assert status == 200 and parse(text)
    assert headers["Connection"] == "close"
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    assert ask(pair.port, headers={"Accept": accept})[1]["Content-Type"] == \
        headers["Content-Type"]
    plain = ask(pair.port, headers={"Accept": "text/plain"})
    assert plain[1]["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "# EOF" not in plain[2]
    assert ask(pair.port, method="HEAD")[::2] == (200, "")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(pair.port, method=method, body=b"x")[0] == 405
    for path in ("/x", "/metrics/", "/..", "//", "/metricsx"):
        assert ask(pair.port, path=path)[0] == 404


@SEEN
def test_promtool(pair):
    """Its linter finds nothing."""
    plain = ask(pair.port, headers={"Accept": "text/plain"})[2]
    done = subprocess.run(
        [tool("prometheus", "promtool"), "check", "metrics"], input=plain,
        text=True, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def documented():
    """docs/metrics.md: each series with its type, labels and unit."""
    rows = {}
    for line in (ROOT / "docs" / "metrics.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| `ringmail_"):
            labels = {c.strip(" `") for c in cells[2].split(",")} - {"-"}
            rows[cells[0].strip("`")] = (cells[1], labels,
                                         cells[3].replace("-", ""))
            assert cells[4], f"{cells[0]}: nothing is said of it"
    return rows


@SEEN
def test_all_are_documented(pair):
    families = scrape(pair.port)
    rows = documented()
    assert set(rows) == set(families)
    for name, family in families.items():
        kind, labels, unit = rows[name]
        assert (family.kind, family.unit) == (kind, unit), name
        for _, have in family.samples:
            assert {k for k, _ in have} - {"le"} == labels, name


@SEEN
def test_what_is_under_way_ends(pair):
    """Of requests, logins and sessions that have ended none is shown."""
    name, address = "rest", f"rest@{DOMAIN}"
    pair.add_user(name)
    deliver(pair.smtp_port, LETTER, address)
    with Pop3(pair.pop3_port) as p:
        p.login(address)
        p.quit()

    def under_way():
        return {(name, labels): number for name in (
            "sessions", "requests_pending", "requests_answering",
            "logins_waiting", "handshakes_queued", "connections_queued")
            for labels, number in scrape(
                pair.port)["ringmail_" + name].samples.items() if number}
    try:
        proc.wait_until("nothing is under way", lambda: not under_way(),
                        10 * PATIENCE)
    except AssertionError:
        raise AssertionError(under_way()) from None


def test_counters_outlive_a_client_process(pair):
    """SIGKILL: the next one counts on, and no session of the old one is
    left."""
    pair.allow(r"process\.end .*signal=9", r"device\.away")
    with Smtp(pair.smtp_port), contextlib.suppress(ConnectionError):
        before = scrape(pair.port)
        assert value(before, "ringmail_sessions", process="smtpd") == 1
        old = pair.pid("smtpd/client")
        os.kill(old, signal.SIGKILL)
    proc.wait_until("a new client process", lambda: pair.pid("smtpd/client")
                    not in (None, old), 30 * PATIENCE)
    assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
    up(pair)
    after = scrape(pair.port)
    assert total(after, "ringmail_messages") == \
        total(before, "ringmail_messages") + 1
    assert value(after, "ringmail_sessions", process="smtpd") == 0
    assert total(after, "ringmail_process_starts", process="smtpd") == \
        total(before, "ringmail_process_starts", process="smtpd") + 1


def test_counters_outlive_a_service_and_the_helper(pair):
    """The whole of smtpd, and then metrics itself."""
    before = scrape(pair.port)
    pair.stop("smtpd")
    proc.wait_until("it is down", lambda: value(
        scrape(pair.port), "ringmail_up", process="smtpd") == 0)
    down = scrape(pair.port)
    assert total(down, "ringmail_messages") == \
        total(before, "ringmail_messages")
    pair.start("smtpd")
    up(pair)
    assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
    pair.kill_helper("metrics")
    assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
    proc.wait_until("it answers", lambda: answers(pair.port), 30 * PATIENCE)
    up(pair)
    assert total(scrape(pair.port), "ringmail_messages") == \
        total(before, "ringmail_messages") + 2


def answers(port):
    try:
        return ask(port)[0] == 200
    except OSError:
        return False


@SEEN
def test_counters_outlive_helpers(pair):
    """A mailbox helper that is killed counts on as well."""
    before = scrape(pair.port)
    pair.kill_helper("mailbox")
    assert deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}").code == 250
    after = scrape(pair.port)
    assert value(after, "ringmail_batch_messages", "_sum") == \
        value(before, "ringmail_batch_messages", "_sum") + 1


@SEEN
def test_socket(pair):
    """Root's, and of the group that the conf names."""
    status = pair.socket.stat()
    assert status.st_mode & 0o777 == 0o660 and status.st_uid == 0
    assert status.st_gid == pwd.getpwnam("ringstat").pw_gid
    assert parse(ask(pair.socket)[2])


@SEEN
def test_rights(pair):
    """As helpers/README.md says, and /proc."""
    rows = (ROOT / "helpers" / "README.md").read_text().splitlines()
    row = next(r for r in rows if r.startswith("| `metrics` "))
    cells = [c.strip(" `") for c in row.strip("| ").split("|")]
    assert cells[1:4] == ["ringstat", "RUN/empty", "none"]
    pid = pair.pid("metrics")
    assert os.readlink(f"/proc/{pid}/root") == str(pair.run / "empty")
    uid = str(pwd.getpwnam("ringstat").pw_uid)
    for thread in proc.threads(pid):
        status = proc.status(pid, thread)
        assert status["Uid"].split() == [uid] * 4
        assert status["Groups"].split() == []
        for kind in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0, kind
        assert status["NoNewPrivs"] == "1"
        assert CHECKER or status["Seccomp"] == "2"
    if not CHECKER:
        assert len(proc.threads(pid)) == 1
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@SEEN
def test_log_lines(pair):
    """As many as stand in its log."""
    def lines():
        pid = pair.pid("smtpd/client")
        return len(re.findall(rf" info smtpd\[{pid}\] ",
                              pair.log("smtpd").read_text()))

    grew, before = Change(pair), lines()
    for _ in range(3):
        deliver(pair.smtp_port, LETTER, f"u0@{DOMAIN}")
    assert grew("log_lines", process="smtpd", level="info") == \
        lines() - before >= 3


@SEEN
def test_another_address_needs_a_restart(pair):
    """The reload says so, and what is shown stays."""
    pair.allow(r"reload\.refused .*needs_restart=\"metrics listen\"")
    conf = pair.conf("helpers").read_text()
    pair.conf("helpers").write_text(conf.replace(f"127.0.0.1:{pair.port}",
                                                 "127.0.0.1:9"))
    os.kill(pair.pid("helpers"), signal.SIGHUP)
    proc.wait_until("it says so", lambda: "metrics listen" in
                    pair.log("helpers").read_text(), 20 * PATIENCE)
    pair.conf("helpers").write_text(conf)
    assert answers(pair.port)


@pytest.fixture(scope="module")
def full():
    """Services with TLS and few places."""
    port, = free_ports(1)
    limits = {"limits": {"sessions": 4, "address_sessions": 99}}
    pair = TlsPair(smtpd={**limits, "workers": 1,
                          "auth": {"mechanisms": ["PLAIN"], "mx": True}},
                   pop3d=limits)
    conf = pair.conf("helpers")
    conf.write_text(f'{conf.read_text()}metrics {{\n'
                    f'    listen = {{"127.0.0.1:{port}"}}\n}}\n')
    pair.port = port
    with running(pair):
        up(pair)
        yield pair


@SEEN
def test_tls_and_logins(full):
    grew = Change(full)
    with starttls(full, minimum_version=ssl.TLSVersion.TLSv1_3) as s:
        s.hello()
        plain = base64.b64encode(b"\0u0\0pw").decode()
        wrong = base64.b64encode(b"\0u0\0no").decode()
        assert s.cmd(f"AUTH PLAIN {wrong}").code == 535
        assert s.cmd("AUTH PLAIN").code == 334
        assert s.cmd(plain).code == 235
    with full.connect(full.pop3s_port,
                      maximum_version=ssl.TLSVersion.TLSv1_2) as p:
        assert p.recv(100).startswith(b"+OK")
    with socket.create_connection(("127.0.0.1", full.smtps_port)) as s:
        s.sendall(b"EHLO x\r\n\r\n")
        while s.recv(100):
            pass
    assert grew("replies", process="smtpd", code="334") == 1
    assert grew("tls_handshakes", process="smtpd", version="TLSv1.3") == 1
    assert grew("tls_handshakes", process="pop3d", version="TLSv1.2") == 1
    assert grew("tls_handshakes") == 2
    assert grew("tls_handshakes_failed", process="smtpd") == 1
    assert grew("logins", process="smtpd", mechanism="PLAIN",
                result="good") == 1
    assert grew("logins", process="smtpd", mechanism="PLAIN",
                result="bad") == 1
    assert grew("request_seconds", "_count", process="smtpd",
                helper="keys") >= 1


@SEEN
def test_evictions(full):
    """Of a full house the worst goes; where all are as good, the new one."""
    full.allow(r"client\.(refused|turned_away)")
    proc.wait_until("it is empty", lambda: value(
        scrape(full.port), "ringmail_sessions", process="smtpd") == 0,
        20 * PATIENCE)
    grew = Change(full)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            s = stack.enter_context(Smtp(full.smtp_port))
            for _ in range(3):
                s.cmd("WHAT")
        new = stack.enter_context(Smtp(full.smtp_port))
        assert new.greeting.code == 220
        assert grew("evictions", process="smtpd") == 1
        assert value(scrape(full.port), "ringmail_sessions",
                     process="smtpd") in (4, 5)
        for s in [Smtp(full.smtp_port) for _ in range(6)]:
            stack.enter_context(s)
        assert grew("connections_refused", process="smtpd") + \
            grew("evictions", process="smtpd") == 7
        assert grew("connections_refused", process="smtpd") >= 1


@SEEN
def test_off_by_default(shared_pair):
    """No process, no socket."""
    assert shared_pair.pid("metrics") is None
    assert not (shared_pair.run / "smtpd" / "metrics").exists()


@SEEN
def test_each_set_is_its_process_s_own(pair):
    """A helper can't reach what the others have counted."""
    maps = {name: re.findall(r"^(\S+) (\S+) .*ringmail-meter",
                             (proc.PROC / str(pair.pid(name)) /
                              "maps").read_text(), re.M)
            for name in ("resolver", "mailbox", "accounts", "metrics")}
    for name in ("resolver", "mailbox", "accounts"):
        (where, rights), = maps[name]
        assert rights == "rw-s" and size_of(where) <= 16384, name
    sizes = {rights: size_of(where) for where, rights in maps["metrics"]
             if rights == "rw-s"}
    assert sizes == {"rw-s": 3 * size_of(maps["resolver"][0][0])}


def size_of(stretch):
    low, high = stretch.split("-")
    return int(high, 16) - int(low, 16)
