"""Each setting stands in the parser's table, in the man page, with its unit,
default and limits, and nowhere is one that the others lack."""
import json
import re
import subprocess

import pytest

from harness.daemons import BUILD, PATIENCE, ROOT, SERVICES

UNITS = {"bool": "yes | no|no | yes", "number": "number", "size": "size",
         "duration": "duration"}
# What the text of a default that is nothing may say.
NOTHING = ("none", "nobody", "empty", "name of the host", "no limit",
           "a file in pem", "iss", "that of the parent")


def table(name):
    """The settings of the sample conf, as the program prints them."""
    done = subprocess.run(
        [BUILD / "bin" / name, "-d", "json", "-c",
         ROOT / "etc" / f"{name}.conf"], stdout=subprocess.PIPE,
        text=True, timeout=10 * PATIENCE, check=True)
    return json.loads(done.stdout)


class Entries:
    """The settings of a man page: block.name to the entry's lines, of which
    the first is its head."""

    def __init__(self, lines):
        self.found = {}
        self.outer, self.block = [], ""
        self.inner = None  # the block whose list comes next
        self.names = []  # of the entry that is being read
        for line in lines:
            self.take(line)

    def take(self, line):
        item = re.match(r"\.It Ic (.*)", line)
        if item or line.startswith((".El", ".Ss")):
            self.names = []
        if line.startswith(".Bl"):
            self.outer.append(self.block)
            self.block, self.inner = self.inner or self.block, None
        elif line.startswith(".El"):
            self.block = self.outer.pop()
        elif line.startswith(".Ss"):
            self.block = line.split()[1]
        elif item and "Brq ..." in line:
            self.inner = item.group(1).split()[0]
        elif item:
            head = item.group(1).split(" No ")[0]
            self.names = [f"{self.block}.{name}".lstrip(".")
                          for name in head.split() if name != ","]
        for name in self.names:
            self.found.setdefault(name, []).append(line)


def entries(name):
    page = (ROOT / name / f"{name}.conf.5").read_text()
    page = re.split(r"^\.Sh ", page, flags=re.M)
    page = next(part for part in page if part.startswith("DESCRIPTION"))
    return Entries(page.splitlines()).found


def plain(text):
    """A page's text without its macros."""
    text = re.sub(r"(?:^|\s)\.(?:Cm|Pa|Ic|Li|Qq|Sq|Ar|Xr|Dv|Ql|Pp|It) ", " ",
                  text)
    return " ".join(text.replace('"', " ").split()).lower()


def says(text, value):
    """Whether the text has this value as a word of its own."""
    return re.search(rf"(?<![\w.]){re.escape(value.lower())}(?![\w])", text)


def default_is_said(setting, text):
    default = setting["default"]
    if isinstance(default, bool):
        default = "yes" if default else "no"
    if default in ("", []):
        return any(word in text for word in NOTHING)
    if isinstance(default, list):
        return "default" in text
    return "default" in text and (says(text, str(default)) or
                                  len(str(default)) > 60)


@pytest.mark.parametrize("name", SERVICES)
def test_each_setting_has_an_entry(name):
    pages, rows = entries(name), table(name)
    assert set(pages) == set(rows), "the man page, and the parser"


@pytest.mark.parametrize("name", SERVICES)
def test_units_defaults_and_limits_are_said(name):
    wrong, pages = [], entries(name)
    for key, setting in table(name).items():
        head, text = pages[key][0], plain("\n".join(pages[key]))
        unit = UNITS.get(setting["kind"])
        if unit and not re.search(rf"\b(?:Ar|Cm) (?:{unit})", head):
            wrong.append(f"{key} does not say that it is a {unit}")
        if not default_is_said(setting, text):
            wrong.append(f"{key} lacks its default {setting['default']}")
        for bound in ("minimum", "maximum"):
            if bound in setting and not says(text, setting[bound]):
                wrong.append(f"{key} lacks its {bound} {setting[bound]}")
        for choice in setting.get("choices", []):
            if not says(text, choice):
                wrong.append(f"{key} lacks its choice {choice}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SERVICES)
def test_the_sample_has_the_defaults(name):
    """And names no setting that is none, not even in a comment."""
    for key, setting in table(name).items():
        assert setting["value"] == setting["default"], key
    known, block = table(name), ""
    for line in (ROOT / "etc" / f"{name}.conf").read_text().splitlines():
        match = re.match(r"\s*#?(\w+) (=|\{)", line)
        if match and match.group(2) == "{":
            block = match.group(1) + "."
        elif match:
            assert block + match.group(1) in known, line
        elif line == "}":
            block = ""
