"""A real server whose database is another than it was: nothing is marked, nothing is written, and a person is asked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.test_sync_void_servers import observation, remove, report_of, stored
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.world import World, started


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("replaced"), shared_hapi) as made:
        yield made


@pytest.fixture
def world(servers: World) -> Iterator[World]:
    """In step; with an Orthanc and a ledger of its own."""
    restart(servers, lambda: shutil.rmtree(storage(servers), ignore_errors=True))
    for file in servers.configuration.parent.glob("bridge.db*"):
        file.unlink()
    for number in range(6):
        put(servers.hapi.base, observation(f"stays-{number}", number))
    stored(servers, "2.25.7001")
    servers.once()
    in_step(servers)
    yield servers


def in_step(world: World) -> None:
    """The echo of what was written is taken in, and what Orthanc notes by itself a second later."""
    while not any(one["ChangeType"] == "StablePatient" for one in changes(world)):
        time.sleep(0.1)
    world.once()
    before = world.written()
    assert (world.once().faults, world.written()) == ([], before)


def changes(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = requests.get(f"{world.orthanc.base}/changes?limit=1000", timeout=60).json()[
        "Changes"
    ]
    return found


def storage(world: World) -> Path:
    return world.configuration.parent / "orthanc" / "storage"


def restart(world: World, meanwhile: Callable[[], object]) -> None:
    world.orthanc.stop()
    meanwhile()
    world.orthanc.start()


def resume(world: World, *, deleted: bool = False) -> None:
    ledger = world.ledger()
    pause = ledger.pauses.of(world.route().name)
    assert pause is not None
    ledger.operations.resume(world.route().name, "tests", pause.name, deleted=deleted)
    ledger.close()


def asked(world: World, *, reconciling: bool = False) -> list[str]:
    """Faults of a pass that wrote nothing, and after which the route is paused."""
    before = world.written()
    faults = world.once(reconciling=reconciling).faults
    assert world.written() == before
    assert any("paused" in fault for fault in world.once().faults)
    return faults


def test_an_orthanc_of_another_hospital_is_not_written_to(world: World) -> None:
    """It has more changes than ours had: the numbers alone do not tell."""
    position = len(changes(world))
    shutil.move(storage(world), storage(world).with_name("ours"))
    restart(world, lambda: None)
    for number in range(2 * position):
        stored(world, f"2.25.72{number:04}")
    put(world.hapi.base, observation("not-for-strangers", 1))
    assert any(fault.startswith("pacs: its changes are others") for fault in asked(world))
    assert report_status(world, "2.25.7001") == "final"

    def ours_again() -> None:
        shutil.rmtree(storage(world))
        shutil.move(storage(world).with_name("ours"), storage(world))

    restart(world, ours_again)
    resume(world)
    summary = world.once(reconciling=True)
    assert (summary.faults, summary.acts["to-dicom created"], summary.acts["to-fhir retracted"]) == ([], 1, 0)
    in_step(world)


def test_what_an_orthanc_lost_by_a_restore_is_asked_about(world: World) -> None:
    backup = storage(world).with_name("backup")
    restart(world, lambda: shutil.copytree(storage(world), backup))
    put(world.hapi.base, observation("of-today", 3))
    stored(world, "2.25.7101")
    world.once()
    in_step(world)

    def yesterday() -> None:
        shutil.rmtree(storage(world))
        shutil.move(backup, storage(world))

    restart(world, yesterday)
    for number in range(12):  # until it has more changes than were read
        stored(world, f"2.25.73{number:04}")
    assert any("replaced or restored" in fault for fault in asked(world))
    resume(world)
    assert world.once().acts["to-fhir created"] == 12  # of what came since
    faults = asked(world, reconciling=True)
    assert any("lacks 2 that were there" in fault for fault in faults), "few as they are"
    assert report_status(world, "2.25.7101") == "final"
    stored(world, "2.25.7101")
    resume(world)
    faults = asked(world)
    assert any("lacks 1 that were there" in fault for fault in faults)
    resume(world, deleted=True)
    assert world.once().acts["to-fhir retracted"] == 1
    assert world.once(reconciling=True).faults == []
    identifier = stored(world, "2.25.7102")
    world.once()
    remove(world, identifier)
    summary = world.once(reconciling=True)
    assert (summary.faults, summary.acts["to-fhir retracted"]) == ([], 1), "all was compared: it is trusted again"


def test_an_orthanc_with_fewer_changes_is_asked_about(world: World) -> None:
    ledger, name = world.ledger(), world.route().name
    ledger.feeds.move(name, "pacs", "99999999")  # a position of before, without anchors
    ledger.close()
    assert any("its last change is" in fault for fault in asked(world))
    resume(world)
    in_step(world)


def test_a_position_without_anchors_is_read_on(world: World) -> None:
    ledger, name = world.ledger(), world.route().name
    number = (ledger.feeds.position(name, "pacs") or "").partition(" ")[0]
    ledger.feeds.move(name, "pacs", number)
    ledger.close()
    in_step(world)


def test_what_was_read_last_may_be_deleted(world: World) -> None:
    """With an instance go its changes."""
    identifier = stored(world, "2.25.7201")
    world.once()
    in_step(world)
    remove(world, identifier)
    assert world.once().faults == []


def test_a_fhir_server_whose_clock_was_set_back_is_read_again(world: World) -> None:
    ledger, name = world.ledger(), world.route().name
    ledger.feeds.move(name, "ehr", "2040-01-01T00:00:00.000+00:00")
    ledger.close()
    put(world.hapi.base, observation("after-the-clock", 1))
    first = world.once()
    assert any("its clock was set back" in fault for fault in first.faults)
    assert first.acts["to-dicom created"] + world.once().acts["to-dicom created"] == 1
    in_step(world)


def test_an_emptied_fhir_server_marks_nothing(world: World) -> None:
    before = world.written()[1]
    world.hapi.empty()
    put(world.hapi.base, {"resourceType": "Patient", "id": "only"})
    world.once()
    assert any("is that the right server" in fault for fault in asked(world, reconciling=True))
    assert world.written()[1] == before


def report_status(world: World, uid: str) -> str:
    return str(report_of(world, uid)["status"])
