"""Certificates that are renewed with a new key, under load: whatever is
reloaded first, or alone, no handshake fails."""
import contextlib
import os
import signal
import ssl
import threading

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, RUNNER, running
from harness.pop3 import Failed, Pop3
from harness.smtp import Smtp
from harness.tls import (HOST, OTHER, TlsPair, holds, openssl, secrets, secure,
                         starttls, stls)

slow = pytest.mark.skipif(bool(RUNNER), reason="the same ways as the others")
# Handshakes of each client that a step is watched for.
SOME = 3
SERVICES = ["smtpd", "pop3d"]
NAMES = {HOST: ["mx", HOST], OTHER: ["other", OTHER, "*.wild.example.test"]}


@pytest.fixture(scope="module")
def shared_pair():
    with running(TlsPair()) as made:
        yield made


def reload(pair, name):
    os.kill(pair.pid(name), signal.SIGHUP)


def serial(certificate):
    return openssl("x509", "-noout", "-serial", "-in",
                   certificate).strip()[7:].decode()


def renew(pair, name=HOST):
    """A new key and a new certificate in the place of those of a host: its
    serial number."""
    return serial(pair.ca.make(*NAMES[name]))


def shown(pair, service, name=HOST):
    """The serial number of what a service shows to who asks for a host."""
    port = {"smtpd": pair.smtps_port, "pop3d": pair.pop3s_port}[service]
    with pair.connect(port, name=name) as sock:
        return sock.getpeercert()["serialNumber"]


def count(pair, log, event):
    return pair.log(log).read_text(errors="replace").count(f" {event} ")


@contextlib.contextmanager
def said(pair, log, event):
    """Waits, at its end, for a line that was not there at its begin."""
    before = count(pair, log, event)
    yield
    proc.wait_until(f"{log}: {event}",
                    lambda: count(pair, log, event) > before, 30 * PATIENCE)


def wait_shown(pair, wanted, *services, name=HOST):
    for service in services or SERVICES:
        proc.wait_until(f"{service} shows the new one", lambda s=service:
                        shown(pair, s, name) == wanted, 30 * PATIENCE)


def wait_shown_after_failures(pair, wanted):
    """Where the key of what is shown is lost."""
    def is_shown(service):
        try:
            return shown(pair, service) == wanted
        except (OSError, ssl.SSLError):
            return False
    for service in SERVICES:
        proc.wait_until(f"{service} shows the new one",
                        lambda s=service: is_shown(s), 30 * PATIENCE)


def smtp_session(pair, name):
    """Refusals of a busy machine (4xx) are none of an ended session."""
    with Smtp(pair.smtp_port, timeout=60.0 * PATIENCE) as smtp:
        smtp.hello()
        assert smtp.cmd("STARTTLS").code == 220
        secure(smtp, pair.ca.context(), name)
        smtp.hello()
        for line in ("MAIL FROM:<s@remote.example>", f"RCPT TO:<u0@{DOMAIN}>",
                     "RSET"):
            assert smtp.cmd(line).code < 500
        assert smtp.cmd("QUIT").code == 221


def pop3_session(pair, name):
    with Pop3(pair.pop3_port, timeout=60.0 * PATIENCE) as pop3:
        pop3.cmd("STLS")
        secure(pop3, pair.ca.context(), name)
        pop3.multi("CAPA")
        pop3.cmd("QUIT")


class Load:
    """Clients that come, shake hands, and have a session, all the time; each
    asks for one of the names."""

    def __init__(self, pair):
        self.pair, self.failures = pair, []
        self.end = threading.Event()
        self.done = {(way, name): 0 for way in (smtp_session, pop3_session)
                     for name in NAMES}
        self.threads = [threading.Thread(target=self.run, args=key)
                        for key in self.done]

    def run(self, way, name):
        while not self.end.is_set():
            try:
                way(self.pair, name)
                self.done[way, name] += 1
            except (OSError, EOFError, AssertionError, Failed) as error:
                self.failures.append((way.__name__, name, repr(error)))

    def some(self):
        """Waits until each has had some more sessions."""
        before = dict(self.done)
        proc.wait_until("clients are served", lambda: all(
            self.done[key] >= before[key] + SOME for key in before),
            60 * PATIENCE)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.some()
        return self

    def __exit__(self, kind, *_):
        self.end.set()
        for thread in self.threads:
            thread.join()
        assert kind or not self.failures, self.failures[:10]


@pytest.fixture
def load(pair):
    """One that goes on through the test; and two sessions from before."""
    old = starttls(pair), stls(pair)
    with Load(pair) as load:
        yield load
        load.some()
    assert old[0].cmd("NOOP").code == 250
    old[1].multi("CAPA")
    for session in old:
        session.close()


@slow
def test_all_at_once(pair, load):
    """As mailctl reload does it."""
    for _ in range(3):
        new = renew(pair)
        for name in ("helpers", *SERVICES):
            reload(pair, name)
        wait_shown(pair, new)
        load.some()


def test_helpers_first(pair, load):
    """What is shown yet has a key that is old: it signs on."""
    old, new = shown(pair, "smtpd"), renew(pair)
    with said(pair, "helpers", "keys.reloaded"):
        reload(pair, "helpers")
    load.some()
    assert {shown(pair, s) for s in SERVICES} == {old}
    reload(pair, "smtpd")
    wait_shown(pair, new, "smtpd")
    assert shown(pair, "pop3d") == old
    load.some()
    reload(pair, "pop3d")
    wait_shown(pair, new)


def test_helpers_last(pair, load):
    """What has no key yet is not shown yet, and then at once."""
    old, new = shown(pair, "smtpd"), renew(pair)
    for service in SERVICES:
        with said(pair, service, "certificate.waits"):
            reload(pair, service)
    load.some()
    assert {shown(pair, s) for s in SERVICES} == {old}
    reload(pair, "helpers")
    wait_shown(pair, new)
    assert count(pair, "smtpd", "certificate.shown") > 0


@slow
def test_one_name_of_several(pair, load):
    """The others do not wait for it, nor does the rest of the conf."""
    mx, other = shown(pair, "smtpd"), renew(pair, OTHER)
    key = pair.ca.keys / "other.pem"
    hidden = key.rename(key.with_suffix(".later"))
    new = renew(pair)
    with said(pair, "helpers", "keys.reloaded"):
        reload(pair, "helpers")
    for service in SERVICES:
        with said(pair, service, "certificate.waits"):
            reload(pair, service)
    wait_shown(pair, new)
    assert mx != new and shown(pair, "smtpd", OTHER) != other
    load.some()
    hidden.rename(key)
    reload(pair, "helpers")
    wait_shown(pair, other, name=OTHER)


@slow
def test_a_key_that_is_none(pair, load):
    """A file that was cut off on its way, in the place of the old key."""
    pair.allow("keys.passed_over file=mx.pem")
    old, new = shown(pair, "smtpd"), renew(pair)
    key = pair.ca.keys / "mx.pem"
    text = key.read_bytes()
    key.write_bytes(text[:100])
    with said(pair, "helpers", "keys.reloaded"):
        reload(pair, "helpers")
    for service in SERVICES:
        with said(pair, service, "certificate.waits"):
            reload(pair, service)
    load.some()
    assert {shown(pair, s) for s in SERVICES} == {old}
    key.write_bytes(text)
    reload(pair, "helpers")
    wait_shown(pair, new)


@slow
def test_newer_ones_before_the_first_has_come(pair, load):
    """The one that waits is renewed again; and taken back."""
    old = shown(pair, "smtpd")
    before = {path: path.read_bytes() for path in
              (pair.certificate, pair.ca.keys / "mx.pem")}
    for _ in range(2):
        renew(pair)
        with said(pair, "smtpd", "certificate.waits"):
            reload(pair, "smtpd")
    load.some()
    for path, text in before.items():
        path.write_bytes(text)
    with said(pair, "smtpd", "reload.done"):
        reload(pair, "smtpd")
    with said(pair, "helpers", "keys.reloaded"):
        reload(pair, "helpers")
    load.some()
    assert shown(pair, "smtpd") == old


def test_keys_dies_meanwhile(pair):
    """It has read the new key as it came back, and lost the old one: what
    waited is shown, soon and for good."""
    new = renew(pair)
    for service in SERVICES:
        with said(pair, service, "certificate.waits"):
            reload(pair, service)
    pair.allow("keys.refused", "keys.failed")
    pair.kill_helper("keys")
    wait_shown_after_failures(pair, new)
    with Load(pair) as load:
        load.some()


def test_keys_dies_before_a_reload(pair):
    """What is shown has lost its key: the services find the new certificate
    by themselves."""
    for again in range(2):
        new = renew(pair)
        pair.allow("keys.refused", "keys.failed")
        pair.kill_helper("keys")
        wait_shown_after_failures(pair, new)
        assert count(pair, "smtpd", "certificate.reread") > again
    with Load(pair) as load:
        load.some()


@pytest.mark.skipif(bool(RUNNER) or BUILD.name != "build",
                    reason="a checker's memory holds what was freed")
def test_old_keys_go_in_time(make_pair):
    """From the memory of the helper, too; its parent never had one."""
    pair = make_pair(TlsPair, helpers={"keys": {"keep": "0s"}})
    old = secrets(pair.ca.keys / "mx.pem")
    new = renew(pair)
    with said(pair, "helpers", "keys.reloaded"):
        reload(pair, "helpers")
    pair.allow("keys.refused")
    with pytest.raises((OSError, ssl.SSLError)):
        shown(pair, "smtpd")
    needles = {"old": old, "new": secrets(pair.ca.keys / "mx.pem")}
    assert holds(pair.pid("keys"), needles) == {"new"}
    for name in ("helpers", "smtpd/client", "mailbox"):
        assert holds(pair.pid(name), needles) == set(), name
    for service in SERVICES:
        reload(pair, service)
    wait_shown_after_failures(pair, new)
