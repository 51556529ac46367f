"""What goes wrong between the bridge and its servers: each ends in another try or a dead letter with its reason,
nothing else waits behind it, and nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import requests

from bridge.settings.settings import settings
from bridge.stores.fhir import FhirStore
from bridge.stores.orthanc import OrthancStore
from bridge.sync.routes import routes_of
from tests.integration.test_sync_void_servers import observation, report_of, stored
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import Fault, reset, stalled, status, truncated, wrong_type
from tests.servers.world import World, started

FAULTS: dict[str, Fault] = {
    "reset": reset,
    "too many requests": status(429, Retry_After="1"),
    "server error": status(500),
    "unavailable": status(503),
    "truncated": truncated,
    "a page to log in": wrong_type,
    "expired token": status(401),
}
WHERE = ["history", "read", "changes", "file"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("bad-days"), shared_hapi) as made:
        made.once()
        yield made


def settled(world: World) -> None:
    """Everything that was put off is done, and a further pass writes nothing."""
    world.retry()
    assert world.once().faults == []
    world.once()
    before = world.written()
    assert (world.once().faults, world.written()) == ([], before)
    ledger = world.ledger()
    status = ledger.status()
    ledger.close()
    assert {key: status[key] for key in ("owed", "held", "dead", "intents", "conflicts")} == dict.fromkeys(
        ("owed", "held", "dead", "intents", "conflicts"), 0
    )


@pytest.mark.parametrize(("name", "where"), [*zip(FAULTS, cycle(WHERE)), *zip(FAULTS, cycle(WHERE[2:] + WHERE[:2]))])
def test_a_read_that_fails_is_tried_again(world: World, name: str, where: str) -> None:
    number = 100 * list(FAULTS).index(name) + WHERE.index(where)
    put(world.hapi.base, observation(f"read-{number}", number))
    stored(world, f"2.25.9000{number}")
    proxy, method, path = {
        "history": (world.to_hapi, "GET", "/_history"),
        "read": (world.to_hapi, "POST", "/fhir"),
        "changes": (world.to_orthanc, "GET", "/changes"),
        "file": (world.to_orthanc, "GET", "/file"),
    }[where]
    with proxy.inject(FAULTS[name], method, path) as rule:
        summary = world.once()
    assert rule.seen and summary.faults
    settled(world)
    assert len(world.srs_of(f"Observation/read-{number}")) == 1
    assert report_of(world, f"2.25.9000{number}")["status"] == "final"


@pytest.mark.parametrize("name", FAULTS)
def test_a_write_whose_answer_is_lost_is_written_once(world: World, name: str) -> None:
    """The server has done it; the bridge cannot know."""
    number = list(FAULTS).index(name)
    put(world.hapi.base, observation(f"write-{number}", number))
    stored(world, f"2.25.9100{number}")
    with (
        world.to_orthanc.inject(FAULTS[name], "POST", "/instances"),
        world.to_hapi.inject(FAULTS[name], "POST", "/fhir"),
    ):
        assert world.once().faults
    with world.to_orthanc.inject(FAULTS[name], "POST", "/instances"):
        world.retry()
        assert world.once().faults
    settled(world)
    assert len(world.srs_of(f"Observation/write-{number}")) == 1
    report = report_of(world, f"2.25.9100{number}")
    assert report["meta"]["versionId"] == "1"


def test_a_page_to_log_in_is_no_damaged_instance(world: World) -> None:
    """It is answered with 200: the instance is tried again, and is no dead letter."""
    stored(world, "2.25.9201")
    with world.to_orthanc.inject(wrong_type, "GET", "/file"):
        assert any("is this an Orthanc" in fault for fault in world.once().faults)
    ledger = world.ledger()
    assert ledger.status()["dead"] == 0
    ledger.close()
    world.later(7200)
    assert world.once().acts["to-fhir created"] == 1


def test_a_server_that_is_down_does_not_stop_the_other(world: World) -> None:
    put(world.hapi.base, observation("while-down", 1))
    world.orthanc.stop()
    summary = world.once()
    assert any("pacs" in fault for fault in summary.faults)
    world.orthanc.start()
    settled(world)
    assert len(world.srs_of("Observation/while-down")) == 1


def test_a_stall_ends(world: World) -> None:
    (route,) = routes_of(settings(world.configuration))
    store = FhirStore("ehr", world.to_hapi.base, timeout=1)
    with world.to_hapi.inject(stalled(3), "POST", "/fhir"), pytest.raises(Exception, match="no answer in time"):
        store.read(["Observation/x"])
    archive = OrthancStore("pacs", world.to_orthanc.base, timeout=1)
    with world.to_orthanc.inject(stalled(3), "GET", "/changes"), pytest.raises(Exception, match="no answer in time"):
        list(archive.changes(None))
    assert route.fhir.read(["Observation/x"]) == [None]


def test_retry_after_is_waited_for(world: World) -> None:
    put(world.hapi.base, observation("patience", 1))
    with world.to_orthanc.inject(status(429, Retry_After="3600"), "GET", "/instances/") as rule:
        world.once()
        asked = len(rule.seen)
        ledger = world.ledger()
        (reason,) = [one for one in ledger.status()["reasons"] if one["key"] == "Observation/patience"]
        ledger.close()
        assert "429" in reason["reason"]
        world.later(3000)
        world.once()
        assert len(rule.seen) == asked
    world.later(700)
    summary = world.once()
    assert (summary.faults, summary.acts["to-dicom created"]) == ([], 1)


def test_one_poisonous_document_among_many(world: World) -> None:
    for number in range(20):
        put(world.hapi.base, observation(f"crowd-{number}", number))
    poison: dict[str, Any] = observation("crowd-7", 7)
    poison["component"] = [{"code": {"text": "x"}, "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}]
    requests.put(f"{world.hapi.base}/Observation/crowd-7", json=poison, timeout=60).raise_for_status()
    summary = world.once()
    assert summary.acts["to-dicom created"] == 19
    assert [fault for fault in summary.faults if "crowd-7" in fault] == summary.faults
    put(world.hapi.base, observation("crowd-7", 7))
    settled(world)
