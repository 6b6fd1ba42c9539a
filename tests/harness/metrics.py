"""Reads what the metrics helper shows: OpenMetrics text, strictly."""
import http.client
import re
import shutil
import socket

from . import tools

MEDIA = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9.e+-]+|\+Inf)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)')
SUFFIXES = {"counter": ["_total"], "gauge": [""],
            "histogram": ["_bucket", "_sum", "_count"]}


class Family:
    """One metric: its type, its unit, its samples by suffix and labels."""

    def __init__(self, name, kind):
        self.name, self.kind, self.unit, self.help = name, kind, "", ""
        self.samples = {}


def labels_of(text):
    out, at = [], 0
    for match in LABEL.finditer(text or ""):
        assert match.start() == at, text
        at = match.end()
        out.append(match.groups())
    assert at == len(text or ""), text
    assert len(dict(out)) == len(out), f"a label twice: {text}"
    return tuple(sorted(out))


def parse(text):
    """The families of an exposition, which must be right (OpenMetrics 1.0)."""
    assert text.endswith("\n# EOF\n") and "\r" not in text
    families, now = {}, None
    for line in text.removesuffix("# EOF\n").splitlines():
        word = line.split(" ", 3)
        if word[:2] == ["#", "TYPE"]:
            assert word[2] not in families, f"{word[2]} stands twice"
            now = families[word[2]] = Family(word[2], word[3])
            continue
        assert now is not None, line
        if word[0] == "#":
            assert word[1] in ("UNIT", "HELP") and word[2] == now.name, line
            setattr(now, word[1].lower(), word[3])
            if word[1] == "UNIT":
                assert now.name.endswith("_" + now.unit)
            continue
        match = SAMPLE.match(line)
        assert match, line
        suffix = match.group(1).removeprefix(now.name)
        assert suffix in SUFFIXES[now.kind], line
        key = (suffix, labels_of(match.group(2)))
        assert key not in now.samples, f"twice: {line}"
        now.samples[key] = float(match.group(3))
    for family in families.values():
        check_histogram(family)
    return families


def check_histogram(family):
    """Buckets grow, and the last one is the count."""
    if family.kind != "histogram":
        return
    series = {}
    for (suffix, labels), value in family.samples.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        series.setdefault(rest, {"_bucket": []})
        if suffix == "_bucket":
            series[rest]["_bucket"].append((float(dict(labels)["le"]), value))
        else:
            series[rest][suffix] = value
    for one in series.values():
        assert one["_bucket"] == sorted(one["_bucket"])
        counts = [count for _, count in one["_bucket"]]
        assert counts == sorted(counts)
        assert one["_bucket"][-1] == (float("inf"), one["_count"])


class Unix(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(where, path="/metrics", method="GET", headers=None, body=None,
        timeout=20):
    """(status, headers, text) of a request to a port, or a socket's path."""
    c = Unix(where, timeout) if not isinstance(where, int) else \
        http.client.HTTPConnection("127.0.0.1", where, timeout=timeout)
    try:
        c.request(method, path, body=body, headers=headers or {})
        answer = c.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        c.close()


def scrape(where):
    status, headers, text = ask(where)
    assert (status, headers["Content-Type"]) == (200, MEDIA)
    return parse(text)


def value(families, name, suffix="", **labels):
    """The sum of the samples that have these labels."""
    return sum(v for (s, have), v in families[name].samples.items()
               if s == suffix and labels.items() <= dict(have).items())


def total(families, name, **labels):
    return value(families, name, "_total", **labels)


def tool(package, name):
    """A program of a Debian package whose installation would start it."""
    return shutil.which(name) or tools.unpack(package) / "usr" / "bin" / name
