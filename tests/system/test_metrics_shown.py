"""The status page in a browser; the alerts and the dashboard in Prometheus."""
import html.parser
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import pytest

from harness import proc
from harness.daemons import BUILD, DOMAIN, PATIENCE, ROOT, RUNNER, Pair, \
    free_ports, running
from harness.metrics import ask, scrape, tool, value
from harness.png import pixels
from harness.smtp import deliver

RULES = ROOT / "etc" / "prometheus" / "ringmail.rules.yml"
DASHBOARD = ROOT / "etc" / "grafana" / "ringmail.json"
# What other programs make of the text is the same under a checker.
pytestmark = pytest.mark.skipif(bool(RUNNER) or BUILD.name != "build",
                                reason="of other programs: once is enough")


@pytest.fixture(scope="module")
def pair():
    port, = free_ports(1)
    pair = Pair(helpers={"metrics": {"listen": [f"127.0.0.1:{port}"]}})
    pair.port = port
    with running(pair):
        proc.wait_until("both are shown", lambda: value(
            scrape(port), "ringmail_up") == 2, 30 * PATIENCE)
        for _ in range(5):
            deliver(pair.smtp_port, b"Subject: x\r\n\r\n", f"u0@{DOMAIN}")
        # The page has a sample each 5 s, and the messages may be in two.
        proc.wait_until("it is on the page", lambda: re.search(
            r"Messages accepted</h2><p class=\"now\">[0.]*[1-9]",
            page(pair)), 30 * PATIENCE)
        yield pair


def page(pair):
    return ask(pair.port, "/")[2]


class Outline(html.parser.HTMLParser):
    """Elements and their attributes; all must be closed as they were opened."""

    VOID = {"meta", "link", "br", "img"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def test_page_is_one_document(pair):
    """Nothing to run and nothing to fetch; what is shown has words."""
    status, headers, text = ask(pair.port, "/")
    assert status == 200 and text.startswith("<!DOCTYPE html>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    outline = Outline(text)
    assert outline.all("html")[0]["lang"] == "en"
    assert {"http-equiv": "refresh", "content": "5"} in outline.all("meta")
    assert [len(outline.all(t)) for t in ("title", "main", "h1")] == [1, 1, 1]
    assert not [t for t, _ in outline.elements
                if t in ("script", "img", "link", "iframe", "form")]
    assert not [a for _, attrs in outline.elements for a in attrs
                if a.startswith("on") or a == "src"]
    assert len(outline.all("svg")) >= 10
    for svg in outline.all("svg"):
        assert svg["role"] == "img" and "last ten minutes" in \
            svg["aria-label"]
    assert outline.all("caption") and all(
        th["scope"] in ("col", "row") for th in outline.all("th"))
    for svg in re.findall(r"<svg.*?</svg>", text):
        xml.etree.ElementTree.fromstring(svg)
    assert "smtpd serves." in text and "pop3d serves." in text


def luminance(colour):
    """WCAG 2.1: relative luminance."""
    parts = [c / 255 / 12.92 if c / 255 <= 0.03928 else
             ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_contrast(pair, scheme):
    """WCAG 2.1 1.4.3: 4.5 to 1 for text, 1.4.11: 3 to 1 for lines."""
    roots = re.findall(r":root{([^}]*)}", page(pair))
    colours = {name: value for name, value in re.findall(
        r"--(\w+):(#\w+)", roots[scheme == "dark"])}

    def rgb(name):
        code = colours[name][1:]
        code = "".join(c * 2 for c in code) if len(code) == 3 else code
        return tuple(bytes.fromhex(code))

    for text in ("text", "dim", "bad"):
        for ground in ("page", "card"):
            assert contrast(rgb(text), rgb(ground)) >= 4.5, (text, ground)
    assert contrast(rgb("line"), rgb("card")) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(pair, scheme, tmp_path):
    """As Chromium paints it: the ground of the scheme, cards, and a line."""
    browser = shutil.which("chromium-headless-shell") or \
        shutil.which("chromium")
    if browser is None:
        pytest.skip("no Chromium is installed (tools/packages/browser.txt)")
    picture = tmp_path / "page.png"
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'chromium'}",
         f"--screenshot={picture}", "--window-size=1000,900",
         f"--blink-settings=preferredColorScheme={int(scheme == 'light')}",
         f"http://127.0.0.1:{pair.port}/"],
        check=True, timeout=120, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    rows = pixels(picture.read_bytes())
    assert (len(rows[0]), len(rows)) == (1000, 900)
    ground, card = {
        "light": ((0xf4, 0xf6, 0xf8), (0xff, 0xff, 0xff)),
        "dark": ((0x12, 0x17, 0x1e), (0x1b, 0x22, 0x2c))}[scheme]
    assert rows[5][5] == ground
    counts = {}
    for row in rows:
        for pixel in row:
            counts[pixel] = counts.get(pixel, 0) + 1
    assert counts[ground] > 100000 and counts[card] > 100000
    # Lines alone are blue, mixed at their edges with what is behind them.
    assert sum(n for (red, _, blue), n in counts.items()
               if blue - red > 60) > 10


def test_rules(tmp_path):
    """promtool finds them right, and they fire when they should."""
    promtool = tool("prometheus", "promtool")
    text = (ROOT / "tests" / "system" / "metrics_rules.yml").read_text()
    tests = tmp_path / "tests.yml"
    tests.write_text(text.replace("RULES", str(RULES)))
    for command in (["check", "rules", RULES], ["test", "rules", tests]):
        done = subprocess.run([promtool, *command], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus(pair, tmp_path_factory):
    """A real one, that scrapes the pair each second."""
    folder, (port,) = tmp_path_factory.mktemp("prometheus"), free_ports(1)
    conf = folder / "prometheus.yml"
    conf.write_text(json.dumps({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                   "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "ringmail", "static_configs": [
            {"targets": [f"127.0.0.1:{pair.port}"]}]}]}))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [tool("prometheus", "prometheus"), f"--config.file={conf}",
             f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield lambda what, **arguments: query(port, what, arguments)
    finally:
        proc.end(process, 30)


def query(port, what, arguments):
    """An answer of Prometheus' API; None while it is not there."""
    url = f"http://127.0.0.1:{port}/api/v1/{what}?" + \
        urllib.parse.urlencode(arguments)
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.loads(answer.read())["data"]
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return None
        raise AssertionError(f"{arguments}: {error.read()}") from error
    except OSError:
        return None


def test_prometheus_scrapes(pair, prometheus):
    """It takes the text, as OpenMetrics, with all that stands in it."""
    def scraped():
        data = prometheus("targets")
        found = data and data["activeTargets"]
        state = found and (found[0]["health"], found[0]["lastError"])
        # A scrape that took too long on a busy machine says nothing.
        return state and state[0] != "unknown" and \
            "deadline" not in state[1] and state

    assert proc.wait_until("a scrape", scraped, 60) == ("up", "")

    def messages():
        data = prometheus("query", query="ringmail_messages_total"
                          '{result="good"}')
        return data["result"] and float(data["result"][0]["value"][1])

    proc.wait_until("it sees five", lambda: messages() == 5, 30)
    assert deliver(pair.smtp_port, b"Subject: x\r\n\r\n",
                   f"u0@{DOMAIN}").code == 250
    proc.wait_until("it sees one more", lambda: messages() == 6, 30)
    kinds = prometheus("metadata")
    assert kinds["ringmail_commit_seconds"][0]["type"] == "histogram"
    assert kinds["ringmail_commit_seconds"][0]["unit"] == "seconds"
    rules = prometheus("rules")["groups"][0]["rules"]
    proc.wait_until("alerts are looked at", lambda: all(
        rule["health"] == "ok"
        for rule in prometheus("rules")["groups"][0]["rules"]), 30)
    assert len(rules) >= 10
    assert not [a for a in prometheus("alerts")["alerts"]
                if a["state"] == "firing"]


def test_dashboard(pair, prometheus):
    """Each panel asks for series that there are, in words that Prometheus
    takes."""
    proc.wait_until("it is up", lambda: prometheus("targets"), 30)
    known = set(scrape(pair.port))
    board = json.loads(DASHBOARD.read_text())
    assert len({p["id"] for p in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            expression = expression.replace("$instance", ".*")
            assert prometheus("query", query=expression) is not None
            for name in re.findall(r"ringmail_\w+", expression):
                base = re.sub(r"_(total|bucket)$", "", name)
                assert base in known, name


def test_rules_ask_for_what_there_is(pair):
    known = set(scrape(pair.port))
    for name in re.findall(r"\bringmail_\w+", RULES.read_text()):
        assert re.sub(r"_(total|bucket)$", "", name) in known, name
