"""What a feed must not miss on a real HAPI: what commits late, comes on another page, is listed from a stale result, or
is made again under a version number that was there before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.errors import PermanentError, TemporaryError
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.positions import OVERLAPPED
from bridge.mapping.load import load
from bridge.model.edition import edition
from bridge.settings.settings import Settings
from bridge.stores import fhir
from bridge.stores.fhir import FhirStore
from bridge.stores.folder import InstanceFolder
from bridge.stores.store import Instance, Write
from bridge.sync.basis.route import Route
from bridge.sync.listening import feed
from bridge.sync.listening.feed import take_resources
from bridge.sync.listening.reconcile import reconcile
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import Proxy, reset, status

ROUTE = "ehr-pacs"
MAPPING = load()


@pytest.fixture
def hapi(shared_hapi: Hapi) -> Hapi:
    shared_hapi.empty()
    return shared_hapi


@pytest.fixture
def proxy(hapi: Hapi) -> Iterator[Proxy]:
    made = Proxy(hapi.base)
    yield made
    made.stop()


@pytest.fixture
def route(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Route:
    pacs = InstanceFolder("pacs", tmp_path_factory.mktemp("pacs"))
    return Route(ROUTE, FhirStore("ehr", proxy.base), pacs, "both", "urn:test", None, "+00:00")


@pytest.fixture
def ledger(route: Route, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Which has seen all that other tests left."""
    found = Ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/bridge.db")
    take_resources(route, found)
    owed(found)
    yield found
    found.close()


def owed(ledger: Ledger) -> set[str]:
    """What is owed; as if it was done then."""
    works = ledger.work.claim(ROUTE, "ehr", 100_000)
    for work in works:
        ledger.work.done(work)
    return {work.key for work in works}


def observation(name: str, value: int = 1, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": "x"}, "valueInteger": value,
            **more}  # fmt: skip


def position(ledger: Ledger) -> datetime:
    return datetime.fromisoformat(ledger.feeds.position(ROUTE, "ehr") or "")


# -- what commits late ----------------------------------------------------------------------------------------------
def late_beside_single_writers(hapi: Hapi, route: Route, ledger: Ledger, name: str) -> set[str]:
    """Keys of a transaction that was open while polls went on, and whose time is behind the position they reached.
    Where it was over before a poll was, which rests on the machine, a larger one follows."""
    store = FhirStore("ehr", hapi.base)
    for size in range(800, 4000, 800):
        late = [Write(f"Observation/{name}-{one}-{size}", observation(f"{name}-{one}-{size}")) for one in range(size)]
        writing = threading.Thread(target=store.write, args=(late,))
        writing.start()
        reached = position(ledger)
        put(hapi.base, observation(f"{name}-quick"))
        take_resources(route, ledger)
        while writing.is_alive():
            reached = position(ledger)
            put(hapi.base, observation(f"{name}-quick"))
            take_resources(route, ledger)
        (stored,) = store.read([late[0].key])
        if stored is not None and datetime.fromisoformat(stored.item["meta"]["lastUpdated"]) < reached:
            return {write.key for write in late}
    raise AssertionError("no transaction was open longer than a poll takes")


def test_without_a_history_a_transaction_that_commits_late_is_not_missed(
    hapi: Hapi, searching: Route, searched: Ledger
) -> None:
    """Comes first: a search lists all of the last five minutes, and a poll is to be shorter than the transaction."""
    late = late_beside_single_writers(hapi, searching, searched, "late-search")
    take_resources(searching, searched)
    assert late <= owed(searched)
    take_resources(searching, searched)
    assert owed(searched) == set()


def test_a_transaction_that_commits_late_is_not_missed(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    late = late_beside_single_writers(hapi, route, ledger, "late")
    take_resources(route, ledger)
    assert late <= owed(ledger)
    take_resources(route, ledger)
    assert owed(ledger) == set(), "what the overlap tells again was seen"


def test_one_that_takes_long_is_told_by_the_whole_overlap(
    hapi: Hapi, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BRIEF", timedelta(0))
    late = late_beside_single_writers(hapi, route, ledger, "long")
    take_resources(route, ledger)
    assert not late & owed(ledger)
    ledger.feeds.move(ROUTE, OVERLAPPED, (position(ledger) - feed.OVERLAP).isoformat())  # when it was read last
    take_resources(route, ledger)
    assert late <= owed(ledger)


def test_without_overlap_it_would_be_missed(
    hapi: Hapi, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "OVERLAP", timedelta(0))
    late = late_beside_single_writers(hapi, route, ledger, "missed")
    take_resources(route, ledger)
    assert not late & owed(ledger)
    reconcile(route, ledger)
    assert late <= owed(ledger), "a comparison finds it all the same"


def test_a_deletion_is_told_once(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    """Its entry has no resource and no time, and the overlap tells it again."""
    put(hapi.base, observation("told"))
    take_resources(route, ledger)
    owed(ledger)
    requests.delete(f"{hapi.base}/Observation/told", timeout=60).raise_for_status()
    take_resources(route, ledger)
    assert owed(ledger) == {"Observation/told"}
    feed.forget_resource(route, ledger, "Observation/told")  # asked directly
    take_resources(route, ledger)
    assert owed(ledger) == set()
    ledger.feeds.bury(ROUTE, "ehr", "Observation/told")
    take_resources(route, ledger)
    assert owed(ledger) == set()
    assert ledger.feeds.buried(ROUTE, "ehr", ["Observation/told"]) == {"Observation/told"}
    put(hapi.base, observation("told"))
    take_resources(route, ledger)
    assert owed(ledger) == {"Observation/told"}
    assert ledger.feeds.buried(ROUTE, "ehr", ["Observation/told"]) == set()


# -- pages ----------------------------------------------------------------------------------------------------------
def test_a_poll_that_breaks_between_pages_loses_nothing(
    hapi: Hapi, proxy: Proxy, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest come first: a position that moved with each page would leave the older ones behind."""
    monkeypatch.setattr(fhir, "_PAGE", 7)
    monkeypatch.setattr(feed, "OVERLAP", timedelta(0))
    names = [f"paged-{number:02}" for number in range(40)]
    for name in names:
        put(hapi.base, observation(name))
    before = position(ledger)
    with proxy.inject(reset, "GET", "_offset=14") as rule, pytest.raises(TemporaryError):
        take_resources(route, ledger)
    assert rule.seen
    first = owed(ledger)
    assert first and first < {f"Observation/{name}" for name in names}
    assert position(ledger) == before
    put(hapi.base, observation(names[0], 2))
    take_resources(route, ledger)
    assert owed(ledger) == {f"Observation/{name}" for name in names} - first | {f"Observation/{names[0]}"}
    assert position(ledger) > before


def test_what_is_written_between_two_pages_is_not_missed(
    hapi: Hapi, proxy: Proxy, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages count from the newest: a write moves all that follows, and comes with the next poll."""
    monkeypatch.setattr(fhir, "_PAGE", 5)
    monkeypatch.setattr(feed, "OVERLAP", timedelta(0))
    for number in range(20):
        put(hapi.base, observation(f"between-{number}"))
    pages = 0
    for page in feed_pages(route, ledger):
        pages += 1
        put(hapi.base, observation(f"meanwhile-{pages}"))
        page()
    take_resources(route, ledger)
    wanted = {f"Observation/between-{number}" for number in range(20)}
    assert pages > 4
    assert wanted | {f"Observation/meanwhile-{number + 1}" for number in range(pages)} <= owed(ledger)


def feed_pages(route: Route, ledger: Ledger) -> Iterator[Callable[[], None]]:
    """A poll, page by page, as `take_resources` makes it."""
    position, taken = None, set[str]()
    for page in route.fhir.changes(ledger.feeds.position(ROUTE, "ehr")):
        position = position or page.position
        news = list(feed.resource_news(route, ledger, page, taken))
        yield lambda news=news: ledger.feeds.take_in(ROUTE, "ehr", news)  # type: ignore[misc]
    ledger.feeds.move(ROUTE, "ehr", position or "")


# -- stale results --------------------------------------------------------------------------------------------------
def test_a_listing_shows_what_was_written_a_moment_ago(hapi: Hapi, route: Route) -> None:
    """HAPI answers a search that was made within the last minute from its result of then."""
    assert "Observation/fresh" not in {seen.key for seen in route.fhir.listing()}
    put(hapi.base, observation("fresh"))
    assert "Observation/fresh" in {seen.key for seen in route.fhir.listing()}


def test_without_no_cache_it_would_not(hapi: Hapi, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "_FHIR", {"Accept": "application/fhir+json"})
    list(route.fhir.listing())
    put(hapi.base, observation("stale"))
    assert "Observation/stale" not in {seen.key for seen in route.fhir.listing()}


# -- version numbers that come again ---------------------------------------------------------------------------------
def test_what_is_expunged_and_made_again_is_news(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    """Under the same id it is version 1 again."""
    for value in (1, 2):
        put(hapi.base, observation("again", value))
        take_resources(route, ledger)
        assert owed(ledger) == {"Observation/again"}
        assert _version(route, "Observation/again") == "1"
        requests.delete(f"{hapi.base}/Observation/again", timeout=60).raise_for_status()
        if value == 1:
            _expunge(hapi, "Observation/again")
    take_resources(route, ledger)
    assert owed(ledger) == {"Observation/again"}


def test_a_comparison_finds_what_was_made_again(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    put(hapi.base, observation("compared", 1))
    reconcile(route, ledger)
    owed(ledger)
    reconcile(route, ledger)
    assert owed(ledger) == set()
    requests.delete(f"{hapi.base}/Observation/compared", timeout=60).raise_for_status()
    _expunge(hapi, "Observation/compared")
    put(hapi.base, observation("compared", 2))
    reconcile(route, ledger)
    assert owed(ledger) == {"Observation/compared"}
    take_resources(route, ledger)
    assert owed(ledger) == set(), "the feed tells the same of it as the listing"


def test_what_is_deleted_and_put_again_is_news(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    put(hapi.base, observation("returns"))
    take_resources(route, ledger)
    owed(ledger)
    requests.delete(f"{hapi.base}/Observation/returns", timeout=60).raise_for_status()
    put(hapi.base, observation("returns"))
    take_resources(route, ledger)
    assert owed(ledger) == {"Observation/returns"}
    assert _version(route, "Observation/returns") == "3"


def test_a_ledger_that_knows_no_times_owes_nothing_anew(hapi: Hapi, route: Route, ledger: Ledger) -> None:
    """Of before: versions alone."""
    put(hapi.base, observation("older"))
    take_resources(route, ledger)
    owed(ledger)
    assert ledger.feeds.unseen(ROUTE, "ehr", [("Observation/older", "1@2026-01-01T00:00:00.000+00:00")])
    ledger.feeds.take_in(ROUTE, "ehr", [News("Observation/older", "1")])
    take_resources(route, ledger)
    assert owed(ledger) == set()
    put(hapi.base, observation("older", 2))
    take_resources(route, ledger)
    assert owed(ledger) == {"Observation/older"}


# -- a server without a system history --------------------------------------------------------------------------------
@pytest.fixture
def searching(route: Route, proxy: Proxy) -> Route:
    """By the routes as they are configured."""
    stores = {
        "ehr": {"kind": "fhir", "url": proxy.base, "feed": "search"},
        "pacs": {"kind": "folder", "path": str(route.dicom.path), "holds": "dicom"},  # type: ignore[attr-defined]
    }
    (found,) = routes_of(Settings.model_validate({"stores": stores, "routes": [{"between": ["ehr", "pacs"]}]}))
    return found


@pytest.fixture
def searched(searching: Route, proxy: Proxy, tmp_path: Path) -> Iterator[Ledger]:
    """Which has seen all that other tests left."""
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    with proxy.inject(status(501), "GET", "/_history", times=99) as rule:
        take_resources(searching, found)
        owed(found)
        yield found
        assert rule.seen == []
    found.close()


def test_without_a_history_what_is_new_is_searched(hapi: Hapi, searching: Route, searched: Ledger) -> None:
    for value in (1, 2):
        put(hapi.base, observation("searched", value))
        take_resources(searching, searched)
        assert owed(searched) == {"Observation/searched"}
        take_resources(searching, searched)
        assert owed(searched) == set()


def test_without_a_history_what_is_edited_between_two_pages_is_not_missed(
    hapi: Hapi, searching: Route, searched: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir, "_PAGE", 5)
    for number in range(20):
        put(hapi.base, observation(f"moving-{number}"))
    pages = 0
    for page in feed_pages(searching, searched):
        put(hapi.base, observation("moving-0", 2 + pages))
        pages += 1
        page()
    take_resources(searching, searched)
    assert pages > 4
    assert {f"Observation/moving-{number}" for number in range(20)} <= owed(searched)
    assert searched.feeds.unseen(ROUTE, "ehr", [("Observation/moving-0", _edition(searching, "moving-0"))]) == []


def test_without_a_history_a_comparison_finds_what_is_deleted(hapi: Hapi, searching: Route, searched: Ledger) -> None:
    put(hapi.base, observation("leaves"))
    take_resources(searching, searched)
    owed(searched)
    requests.delete(f"{hapi.base}/Observation/leaves", timeout=60).raise_for_status()
    take_resources(searching, searched)
    assert owed(searched) == set()
    reconcile(searching, searched)
    assert owed(searched) == {"Observation/leaves"}


def test_a_server_that_refuses_its_history_is_said_with_what_to_do(route: Route, proxy: Proxy, ledger: Ledger) -> None:
    with proxy.inject(status(501), "GET", "/_history") as rule, pytest.raises(PermanentError, match="feed: search"):
        take_resources(route, ledger)
    assert rule.seen


def _edition(route: Route, name: str) -> str:
    (stored,) = route.fhir.read([f"Observation/{name}"])
    assert stored is not None
    return edition(stored.item)


# -- what settles ----------------------------------------------------------------------------------------------------
def results_then_report(hapi: Hapi, route: Route, tmp_path: Path, name: str, settle: float) -> list[Instance]:
    """What stands in the PACS when a result was sent, a pass was made, the report was sent, and two passes were made,
    the last one later than everything settles."""
    now = [4e9]
    (tmp_path / "pacs").mkdir(exist_ok=True)
    pacs = InstanceFolder("pacs", tmp_path / "pacs")
    quick = replace(route, dicom=pacs, settle=settle)
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now[0])
    take_resources(quick, ledger)  # all that other tests left
    now[0] += 60
    owed(ledger)
    put(hapi.base, observation(name))
    once([quick], ledger, MAPPING)
    subject = {"resourceType": "DiagnosticReport", "id": name, "status": "final", "code": {"text": "x"}}
    put(hapi.base, subject | {"result": [{"reference": f"Observation/{name}"}]})
    once([quick], ledger, MAPPING)
    now[0] += 60
    once([quick], ledger, MAPPING)
    ledger.close()
    return [one.item for one in pacs.read([seen.key for seen in pacs.listing()]) if one is not None]


def of_result(instances: list[Instance], name: str) -> list[Instance]:
    return [one for one in instances if f"Observation/{name}".encode() in one.data or name.encode() in one.data]


def test_a_report_and_its_results_arrive_together(hapi: Hapi, route: Route, tmp_path: Path) -> None:
    """Though they were sent one after the other."""
    assert len(of_result(results_then_report(hapi, route, tmp_path, "settles", 60), "settles")) == 1


def test_without_time_to_settle_a_result_is_a_document_until_its_report_comes(
    hapi: Hapi, route: Route, tmp_path: Path
) -> None:
    assert len(of_result(results_then_report(hapi, route, tmp_path, "hurries", 0), "hurries")) > 1


def test_what_is_old_does_not_wait(hapi: Hapi, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock of the server: a first load is not put off, whatever the clock here says."""
    put(hapi.base, observation("old"))
    patient = replace(route, settle=3600.0)
    take_resources(patient, ledger)
    assert owed(ledger) == set()
    assert 3590 < (ledger.work.more_in(ROUTE) or 0) <= 3600
    put(hapi.base, observation("older-still"))
    time.sleep(0.3)
    put(hapi.base, observation("clock"))  # a history says the time of its own
    take_resources(replace(route, settle=0.2), ledger)
    assert "Observation/older-still" in owed(ledger)


def _version(route: Route, key: str) -> str:
    (stored,) = route.fhir.read([key])
    assert stored is not None
    return stored.version


def _expunge(hapi: Hapi, key: str) -> None:
    wanted = {"name": "expungeDeletedResources", "valueBoolean": True}
    body = {"resourceType": "Parameters", "parameter": [wanted]}
    requests.post(f"{hapi.base}/{key}/$expunge", json=body, timeout=60).raise_for_status()
