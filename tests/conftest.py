"""Fixtures of the tests over the real processes."""
import collections
import contextlib
import itertools
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

# The path comes first.
from harness.daemons import DOMAIN, Pair, RUNNER, running  # noqa: E402

NUMBERS = itertools.count()
# What no busy machine explains: a process that ended, a checker's finding, a
# message lost or doubled.
GRAVE = re.compile(r"Sanitizer|runtime error:|==\d+==|\bpanic\b|process\.end|"
                   r"ended with|lost after|more than once|without 250|crashed")


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("these tests start daemons as several users: run as root",
                    1)
    config.addinivalue_line("markers", "cases_under_valgrind(n): only the "
                            "first n cases (or none), others go the same ways")


def pytest_collection_modifyitems(config, items):
    """Under Valgrind, whose starts are slow, of many cases a few."""
    if not RUNNER:
        return
    seen, kept, left_out = collections.Counter(), [], []
    for item in items:
        mark = item.get_closest_marker("cases_under_valgrind")
        seen[item.function] += 1
        is_one_more = mark and seen[item.function] > mark.args[0]
        (left_out if is_one_more else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_runtest_logreport(report):
    """Failed tests, in a file: run.py looks which of them fail again."""
    path = os.environ.get("RINGMAIL_FAILURES")
    if path and report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        kind = "grave" if GRAVE.search(str(report.longrepr)) else "plain"
        with open(path, "a", encoding="utf-8") as file:
            print(kind, report.nodeid, file=file)


def pytest_make_parametrize_id(val):
    """The name of a test stands in its environment, where a long one lets no
    program start: of a long value it has the beginning and the length."""
    if isinstance(val, (bytes, str)) and len(val) > 80:
        return f"{val[:20]!r}... {len(val)}"
    return None


@pytest.fixture(scope="session")
def shared_pair():
    """The services, started once for all tests that do not harm them.  A file
    whose tests need others has a fixture of this name, of scope "module"."""
    with running(Pair()) as made:
        yield made


@pytest.fixture
def pair(shared_pair):
    """The shared services; fails the test that leaves errors in a log."""
    yield shared_pair
    shared_pair.check()


@pytest.fixture
def user(pair):
    """The name of a user of the shared services that is new."""
    name = f"t{next(NUMBERS)}"
    pair.add_user(name)
    return name


@pytest.fixture
def address(user):
    return f"{user}@{DOMAIN}"


@pytest.fixture
def make_pair():
    """Makes services of a test's own, with conf of its own."""
    with contextlib.ExitStack() as stack:
        def make(kind=Pair, **options):
            return stack.enter_context(running(kind(**options)))
        yield make
