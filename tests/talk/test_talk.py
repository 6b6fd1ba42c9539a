"""Runs the conversations of *.talk files: see README.md."""
import pathlib
import zlib

import pytest

from harness import talk, talk_pop3
from harness.daemons import LOAD, running
from harness.stage import Stage

HERE = pathlib.Path(__file__).parent


def share(path, cut):
    """Under a checker each file is run once or not at all."""
    if LOAD >= 1:
        return True
    number = zlib.crc32(path.name.encode())
    return number % 1000 < 1000 * LOAD ** 0.5 and \
        cut == talk.MODES[number % len(talk.MODES)]


FILES = [pytest.param(path, cut, id=f"{path.parent.name}/{path.stem}-{cut}")
         for path in sorted(HERE.glob("*/*.talk")) for cut in talk.MODES
         if share(path, cut)]


@pytest.fixture(scope="session")
def stage():
    with running(Stage()) as made:
        yield made


assert talk_pop3.Pop3Talk is talk.KINDS["pop3"]


@pytest.mark.parametrize("path,cut", FILES)
def test_talk(stage, path, cut):
    talk.KINDS[path.parent.name](path, stage, cut).run()
    stage.check()


@pytest.mark.parametrize("steps", [
    "hello\nC: NOOP\nS: 251", "hello\nC: NOOP", "hello\nC: NOOP\nclosed",
    "hello\noffers NOTHING", "hello\nbox jack", "hello\nnonsense",
    "hello\nC: NOOP\nS: 250\nS: 250", "hello\nC: QUIT\nS: 221",
    "connect\nS: 220 mx$"])
def test_a_file_that_is_wrong_fails(stage, tmp_path, monkeypatch, steps):
    monkeypatch.setattr(talk, "TIMEOUT", 0.5)
    path = tmp_path / "wrong.talk"
    path.write_text(steps + "\n")
    with pytest.raises(AssertionError):
        talk.SmtpTalk(path, stage, "whole").run()
