"""Hypothesis: the same examples on every run; `HYPOTHESIS_PROFILE=soak` takes many and new ones. Servers that
many tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers.postgresql import Postgresql

settings.register_profile("test", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("soak", deadline=None, max_examples=4000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    server = Postgresql()
    server.start()
    yield server
    server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The trials come first: they take minutes, and one of two workers would be left alone with them in the end."""
    items.sort(key=lambda item: "tests/trials/" not in item.nodeid)
