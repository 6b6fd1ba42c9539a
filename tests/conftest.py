"""Fixtures of the tests over the real processes."""
import contextlib
import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness.daemons import DOMAIN, Pair, running  # noqa: E402 (path first)

NUMBERS = itertools.count()


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("these tests start daemons as several users: run as root",
                    1)


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
