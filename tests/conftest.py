"""Fixtures of the tests over the real processes."""
import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness.daemons import DOMAIN, Pair  # noqa: E402 (the path comes first)

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
    """The services, started once for all tests that do not harm them."""
    pair = Pair()
    try:
        pair.start().populate()
        yield pair
        pair.stop()
        pair.check()
    finally:
        pair.kill_all()
        pair.remove()


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
    pairs = []

    def make(**options):
        pairs.append(Pair(**options))
        return pairs[-1].start().populate()

    yield make
    try:
        for made in pairs:
            made.stop()
            made.check()
    finally:
        for made in pairs:
            made.kill_all()
            made.remove()
