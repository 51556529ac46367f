"""The resources of an SR were written, all or some of them, the process was killed before it noted that, and the PACS
has news before the next pass. Two folder stores."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.stores.folder import ResourceFolder
from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import reports, store, texts
from tests.integration.test_sync_folders import acts, get, instances, put
from tests.integration.test_sync_void import DCM, NOTHING_OPEN, configure, file_of, note, open_points, passed

FIRST, SECOND = "2.25.9001", "2.25.9002"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    (tmp_path / "data" / "fhir").mkdir()
    configure(tmp_path)
    store(tmp_path, "2.25.8000", "other")  # an emptied store is a question
    passed(tmp_path)
    return tmp_path


def statuses(stores: Path) -> list[str]:
    """Of the reports but that one."""
    return [one["status"] for one in reports(stores) if "2.25.8000" not in str(one["identifier"])]


def killed(stores: Path, name: str = "applied") -> None:
    done = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=f"{name}:1")
    assert done.returncode == -signal.SIGKILL


def deleted(stores: Path, uid: str) -> None:
    file_of(stores, instances(stores)[uid]).unlink()


def rejected(stores: Path, uid: str) -> None:
    note(stores, DCM.RejectedForPatientSafetyReasons, instances(stores)[uid])


Void = Callable[[Path, str], None]


@pytest.mark.parametrize("void", [deleted, rejected])
@pytest.mark.parametrize("name", ["intended", "applied"])
def test_what_was_written_and_is_void_since_is_void_in_fhir(stores: Path, void: Void, name: str) -> None:
    store(stores, FIRST, "first")
    killed(stores, name)
    void(stores, FIRST)
    before = set(instances(stores))
    passed(stores)
    assert set(instances(stores)) == before, "nothing is stored again"
    assert statuses(stores) == (["entered-in-error"] if name == "applied" else [])
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)


@pytest.mark.parametrize("void", [deleted, rejected])
@pytest.mark.parametrize("name", ["intended", "applied"])
def test_and_so_is_a_version_that_amends_another(stores: Path, void: Void, name: str) -> None:
    store(stores, FIRST, "first")
    passed(stores)
    store(stores, SECOND, "second", FIRST)
    killed(stores, name)
    void(stores, SECOND)
    before = set(instances(stores))
    done = passed(stores)
    assert set(instances(stores)) == before
    assert statuses(stores) == ["final" if name == "intended" else "amended"]
    if void is deleted and name == "intended":
        return  # the report never said what that version did
    assert "stands there: delete or reject it too" in done.stderr  # the one before, and the report is not of that
    if void is deleted:
        deleted(stores, FIRST)
        fhir_dicom(stores, "retry", "--config", "bridge.yaml")
    else:
        note(stores, DCM.RejectedForPatientSafetyReasons, instances(stores)[FIRST], uid="2.25.7777")
    passed(stores)
    assert statuses(stores) == ["entered-in-error"]
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)


def test_what_was_edited_since_is_decided_by_a_person(stores: Path) -> None:
    store(stores, FIRST, "first")
    killed(stores)
    (file,) = [one for one in (stores / "data" / "fhir" / "Observation").glob("*.json") if b"first" in one.read_bytes()]
    put(stores, get(stores, f"Observation/{file.stem}") | {"valueString": "edited"})
    deleted(stores, FIRST)
    passed(stores)
    assert (set(instances(stores)), "edited" in texts(stores)) == ({"2.25.8000"}, True)
    (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json", "--config", "bridge.yaml").stdout)
    fhir_dicom(stores, "conflicts", conflict["name"], "--holds", "dicom", "--config", "bridge.yaml")
    passed(stores)
    assert statuses(stores) == ["entered-in-error"]
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)


class Killed(BaseException):
    """As SIGKILL: nothing that cleans up after an Exception may run."""


def killed_within(stores: Path, number: int) -> None:
    """When so many of the resources of a document were written: folders have no transactions."""
    write = ResourceFolder.write

    def part(self: ResourceFolder, items: Sequence[Any]) -> Any:
        write(self, items[:number])
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResourceFolder, "write", part)
        with pytest.raises(Killed):
            passed(stores)


@pytest.mark.parametrize("number", range(1, 6))
def test_what_was_written_in_part_is_written_whole(stores: Path, number: int) -> None:
    store(stores, FIRST, "first")
    killed_within(stores, number)
    assert acts(passed(stores)) == {"to-fhir created": 1}
    assert "first" in texts(stores)
    store(stores, SECOND, "second", FIRST)
    killed_within(stores, number)
    assert acts(passed(stores)) == {"to-fhir updated": 1}
    assert "second" in texts(stores)
    assert set(instances(stores)) == {"2.25.8000", FIRST, SECOND}
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
@pytest.mark.parametrize("number", range(1, 6))
def test_what_was_written_in_part_is_void_with_its_instance(stores: Path, number: int, conflicts: str) -> None:
    configure(stores, conflicts=conflicts)
    store(stores, FIRST, "first")
    killed_within(stores, number)
    deleted(stores, FIRST)
    for _ in range(2):
        passed(stores)
    assert set(instances(stores)) == {"2.25.8000"}
    assert set(statuses(stores)) <= {"entered-in-error"}
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)
