"""What a worker holds on PostgreSQL it holds through long tasks, and loses when its session is silent for too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import LedgerError
from bridge.ledger import leases
from bridge.ledger.ledger import Ledger
from bridge.stores.store import Page, Store
from bridge.sync import run, worker
from bridge.sync.basis.hands import Task, is_mine
from bridge.sync.basis.route import Route
from bridge.sync.listening import reconcile
from bridge.sync.listening.feed import take_instances, take_resources
from bridge.sync.worker import Worker
from tests.folders import route_of, worker_of
from tests.integration.test_sync_edges import observation, store
from tests.integration.test_sync_folders import put, until
from tests.servers.postgresql import Postgresql

_SESSIONS = """
SELECT state_change FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND datname = current_database() ORDER BY state_change DESC LIMIT 1
"""


class Watched:
    """A ledger on PostgreSQL, and when the session of its worker was heard of last."""

    def __init__(self, server: Postgresql) -> None:
        self._server, url = server, server.ledger()
        self._name = url.rpartition("/")[2]
        self.ledger = Ledger(url)

    def heard(self) -> object:
        """Instant; None where no session holds anything."""
        found = self._server.execute(_SESSIONS, self._name)
        return found[0][0] if found else None


@pytest.fixture
def watched(postgresql: Postgresql) -> Iterator[Watched]:
    made = Watched(postgresql)
    yield made
    made.ledger.close()


@pytest.fixture
def route(tmp_path: Path) -> Route:
    for number in range(3):
        put(tmp_path, observation(f"o{number}", number))
        store(tmp_path, f"2.25.900{number}", str(number))
    return route_of(tmp_path)


def in_pages(monkeypatch: pytest.MonkeyPatch, route: Route, between: Callable[[], None]) -> None:
    """Each store tells one item a page; `between` happens while it looks for the next."""

    def slowly(items: Sequence[Any]) -> Iterator[Any]:
        for item in items:
            between()
            yield item
        between()

    stores: tuple[Store[Any], Store[Any]] = (route.fhir, route.dicom)
    for one in stores:
        found = [change for page in one.changes(None) for change in page.changes]

        pages = [Page((change,), f"2026-03-02T08:15:0{number}.000+00:00") for number, change in enumerate(found)]
        seen = list(one.listing())
        monkeypatch.setattr(one, "changes", lambda _, pages=pages: slowly(pages))
        monkeypatch.setattr(one, "listing", lambda seen=seen: slowly(seen))
    monkeypatch.setattr(reconcile, "PAGE", 1)


@pytest.mark.parametrize("task", run.TASKS)
def test_the_session_is_heard_of_with_every_page_of_a_long_task(
    watched: Watched, route: Route, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    """However long all of them take: only what is silent between two pages is taken for dead."""
    instants: list[object] = []
    in_pages(monkeypatch, route, lambda: instants.append(watched.heard()))
    assert is_mine(route, watched.ledger, task)
    run.TASKS[task](route, watched.ledger)
    assert len(instants) >= 4 and None not in instants
    assert len(instants) - len(set(instants)) == (1 if task == "reconcile" else 0), "each store ends with one"


def test_who_was_silent_for_too_long_in_a_task_ends_it(
    watched: Watched, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another is at it by then; the position is not moved over what that one reads."""
    monkeypatch.setattr(leases, "STALLED", "300ms")
    other = watched.ledger.another()
    name = f"{route.name}|task take_resources"  # as other versions of the bridge in the cluster have it

    def stalls() -> None:
        until(lambda: watched.heard() is None)

    in_pages(monkeypatch, route, stalls)
    assert is_mine(route, watched.ledger, "take_resources")
    with pytest.raises(LedgerError, match="another's by now"):
        take_resources(route, watched.ledger)
    assert other.leases.hold([name])
    assert watched.ledger.feeds.position(route.name, route.fhir.name) is None
    other.leave()


def test_nobody_is_taken_for_dead_who_has_just_claimed(
    watched: Watched, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first claim comes before anything that it holds."""
    take_instances(route, watched.ledger)
    mine, other = watched.ledger.another(), watched.ledger.another()
    other.leases.appear()
    found: list[int] = []

    def claimed(_: str) -> None:
        other.work.reap(other.leases.is_alive)
        found.append(len(other.work.claim(route.name, route.dicom.name, 99)))

    monkeypatch.setattr(worker, "failpoint", claimed)
    assert worker_of(route, mine).work()
    assert found == [0, 0, 0]
    mine.leave()
    other.leave()


def test_who_waits_for_others_is_heard_of(watched: Watched, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has nothing to do any more holds its pass until the last one has ended."""
    for number in range(20):
        watched.ledger.work.owe(route.name, route.fhir.name, f"Observation/o{number}")
    first = worker_of(route, watched.ledger)
    first.ledger.leases.appear()

    def to_the_end(one: Worker) -> None:
        if threading.current_thread() is not threading.main_thread():
            before = watched.heard()
            until(lambda: watched.heard() != before)

    monkeypatch.setattr(run, "_BEAT", 0.05)
    monkeypatch.setattr(run, "_to_the_end", to_the_end)
    run._work(first, 2)
