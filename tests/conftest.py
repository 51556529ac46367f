"""Hypothesis: the same examples on every run; `HYPOTHESIS_PROFILE=soak` takes many and new ones. Servers that
many tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bridge.ledger.ledger import Ledger
from tests import ledgers
from tests.servers.hapi import Hapi
from tests.servers.postgresql import Postgresql

settings.register_profile("test", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("soak", deadline=None, max_examples=4000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
ledgers.quicken()


@pytest.fixture(scope="session")
def shared_hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hapi]:
    """Who uses it empties it first."""
    server = Hapi(tmp_path_factory.mktemp("hapi"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    server = Postgresql()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """On SQLite, new and empty."""
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def each_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bridge.db"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.ledger()


@pytest.fixture
def each_ledger(each_url: str) -> Iterator[Ledger]:
    found = Ledger(each_url)
    yield found
    found.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The trials come first: they take minutes, and one of two workers would be left alone with them in the end."""
    items.sort(key=lambda item: "tests/trials/" not in item.nodeid)
