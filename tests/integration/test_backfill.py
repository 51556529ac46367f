"""What a window of time brings into work: all of it, whatever was seen of it, and the feeds stay where they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pydicom
import pytest

from bridge.errors import TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.sync.listening.backfill import backfill
from fixtures.stores import lay_out
from tests.command_line import Done, fhir_dicom
from tests.corpus import FIXTURES
from tests.integration.test_sync_folders import acts, sync
from tests.integration.test_sync_void_servers import observation, sent
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import status
from tests.servers.world import World, started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("backfill"), shared_hapi) as made:
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ledger]:
    """That has seen nothing."""
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    yield found
    found.close()


def of_day(world: World, uid: str, day: str) -> str:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.StudyInstanceUID, dataset.StudyDate = f"{uid}.1", day
    return sent(world, dataset)


def owed(ledger: Ledger, store: str) -> set[str]:
    return {one.key for one in ledger.work.in_state("ehr-pacs", "owed") if one.store == store}


def days(found: Iterator[tuple[date, int]]) -> dict[str, int]:
    return {f"{day}": number for day, number in found}


def test_instances_of_the_studies_of_a_window(world: World, fresh: Ledger) -> None:
    keys = [of_day(world, f"2.25.66{number}", day) for number, day in
            enumerate(("20260131", "20260201", "20260203", "20260204"))]  # fmt: skip
    route = world.route()
    found = days(backfill(route, fresh, route.dicom, date(2026, 2, 1), date(2026, 2, 3)))
    assert found == {"2026-02-01": 1, "2026-02-02": 0, "2026-02-03": 1}
    assert owed(fresh, "pacs") == {keys[1], keys[2]}
    assert fresh.feeds.position("ehr-pacs", "pacs") is None


def test_resources_that_were_changed_in_a_window(world: World, fresh: Ledger) -> None:
    for number in range(3):
        put(world.hapi.base, observation(f"window-{number}", number))
    route, today = world.route(), datetime.now(UTC).date()
    list(backfill(route, fresh, route.fhir, today - timedelta(days=9), today - timedelta(days=2)))
    assert owed(fresh, "ehr") == set()
    list(backfill(route, fresh, route.fhir, today - timedelta(days=1), today))
    assert owed(fresh, "ehr") >= {f"Observation/window-{number}" for number in range(3)}
    assert fresh.feeds.position("ehr-pacs", "ehr") is None
    (seen,) = [one for one in fresh.view.progress() if one["store"] == "ehr"]
    assert seen["seen"] == seen["open"]


def test_what_is_in_step_is_looked_at_and_stays(world: World) -> None:
    put(world.hapi.base, observation("in-step", 1))
    of_day(world, "2.25.6690", "20250505")
    world.once()
    world.later(7200)
    world.once()
    before, route, today = world.written(), world.route(), datetime.now(UTC).date()
    ledger = world.ledger()
    places = [ledger.feeds.position("ehr-pacs", store) for store in ("ehr", "pacs")]
    list(backfill(route, ledger, route.fhir, today - timedelta(days=1), today))
    list(backfill(route, ledger, route.dicom, date(2025, 5, 5), date(2025, 5, 5)))
    assert [ledger.feeds.position("ehr-pacs", store) for store in ("ehr", "pacs")] == places
    assert "Observation/in-step" in owed(ledger, "ehr") and len(owed(ledger, "pacs")) == 1
    ledger.close()
    summary = world.once()
    assert summary.faults == [] and summary.acts["to-dicom nothing"] and summary.acts["to-fhir nothing"]
    assert world.written() == before


def test_one_that_broke_off_goes_on(world: World, fresh: Ledger) -> None:
    first, second = (of_day(world, f"2.25.67{number}", f"2024030{number}") for number in (1, 2))
    route, window = world.route(), (date(2024, 3, 1), date(2024, 3, 2))
    with (
        world.to_orthanc.inject(status(500), "POST", "/tools/bulk-content", times=2),
        pytest.raises(TemporaryError),
    ):
        world.to_orthanc.rules[0].times = 0
        found = backfill(route, fresh, route.dicom, *window)
        next(found)
        world.to_orthanc.rules[0].times = 1
        next(found)
    assert owed(fresh, "pacs") == {first}
    assert days(backfill(route, fresh, route.dicom, *window)) == {"2024-03-02": 1}
    assert owed(fresh, "pacs") == {first, second}
    assert days(backfill(route, fresh, route.dicom, *window)) == {"2024-03-01": 1, "2024-03-02": 1}, "once more"


def test_the_command(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    sync(tmp_path)
    old = datetime(2020, 2, 2, 12, tzinfo=UTC).timestamp()
    some = sorted((tmp_path / "data/fhir/Observation").glob("*.json"))[:2]
    for file in some:
        os.utime(file, (old, old))
    done = command(tmp_path, "--from", "2020-02-01", "--until", "2020-02-02")
    assert done.stdout == "2 looked at again by the next pass; what is in step stays as it is\n"
    assert acts(sync(tmp_path)) == {}
    assert "names a store" in command(tmp_path, "--from", "2020-02-01", "--until", "2020-02-02", "--store", "x").stderr
    assert "before --from" in command(tmp_path, "--from", "2020-02-02", "--until", "2020-02-01").stderr
    trail = fhir_dicom(tmp_path, "audit", "export").stdout
    assert trail.count("backfill 2020-02-01 to 2020-02-02") == 2, "of either store"


def command(folder: Path, *words: str) -> Done:
    return fhir_dicom(folder, "backfill", "fhir-dicom", *words)
