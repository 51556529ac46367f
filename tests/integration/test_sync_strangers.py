"""SRs whose resources have the ids of others: another hospital's, or those of a second FHIR server on the same PACS."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.ledger.ledger import Ledger
from bridge.sync.run import once
from tests.command_line import Done, fhir_dicom
from tests.folders import MAPPING, make_stores, route_of
from tests.integration.test_sync_edges import VALUE, heads, observation, report
from tests.integration.test_sync_folders import acts, get, put, tree
from tests.integration.test_sync_theirs import edited
from tests.integration.test_sync_void import DCM, NOTHING_OPEN, file_of, note, open_points

MINE = {"subject": {"reference": "Patient/q"}, "effectiveDateTime": "2026-03-02T10:00:00Z"}
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8889-8"}]}


def patient(name: str, number: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "identifier": [{"system": "urn:mrn", "value": number}]}


def passed(folder: Path, system: str = "urn:mine", **route: Any) -> Done:
    make_stores(folder)
    stores = {
        "ehr": {"kind": "folder", "path": "data/fhir", "holds": "fhir", "system": system},
        "pacs": {"kind": "folder", "path": "data/dicom", "holds": "dicom"},
    }
    routes = [{"between": ["ehr", "pacs"]} | route]
    (folder / "bridge.yaml").write_text(json.dumps({"stores": stores, "routes": routes}))
    return fhir_dicom(folder, "sync", "--once", "--json", "--config", "bridge.yaml")


def foreign(folder: Path, number: str = "1", value: int = 88) -> pydicom.Dataset:
    """An SR of another hospital's Observation/1001, put into our PACS."""
    other = folder / "other"
    put(other, patient("q", number))
    put(other, observation("1001", value, **(MINE | {"code": PULSE})))
    passed(other, "urn:theirs")
    shutil.copytree(other / "data" / "dicom", folder / "data" / "dicom", dirs_exist_ok=True)
    (one,) = heads(other)
    return one


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """An Observation of our own that does not cross, for the route goes the other way."""
    put(tmp_path, patient("q", "1"))
    put(tmp_path, observation("1001", 4, **MINE))
    return tmp_path


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
@pytest.mark.parametrize("number", ["1", "2"], ids=["same patient", "another's"])
@pytest.mark.parametrize("route", [{"direction": "to-fhir"}, {"only": {"categories": ["laboratory"]}}])
def test_it_is_held_and_nothing_that_becomes_of_it_touches_ours(
    stores: Path, number: str, conflicts: str, route: dict[str, Any]
) -> None:
    how = route | {"conflicts": conflicts}
    one = foreign(stores, number)
    before = tree(stores / "data" / "fhir")
    for _ in range(2):
        done = passed(stores, **how)
        assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 1})
    (_, reason) = _held(done)
    assert reason.startswith("Observation/1001 in ehr has its id, and nothing shows that one came from the other")
    note(stores, DCM.RejectedForPatientSafetyReasons, one, where=one)
    done = passed(stores, **how)
    assert (acts(done), open_points(done)) == ({"to-fhir noted": 1}, NOTHING_OPEN)
    file_of(stores, one).unlink()
    for _ in range(2):
        assert open_points(passed(stores, **how)) == NOTHING_OPEN
    assert tree(stores / "data" / "fhir") == before


def test_it_is_deleted_and_ours_stands(stores: Path) -> None:
    one = foreign(stores)
    before = tree(stores / "data" / "fhir")
    passed(stores, direction="to-fhir", conflicts="dicom")
    file_of(stores, one).unlink()
    for _ in range(3):
        assert open_points(passed(stores, direction="to-fhir", conflicts="dicom")) == NOTHING_OPEN
    assert tree(stores / "data" / "fhir") == before


@pytest.mark.parametrize("route", [{"direction": "to-fhir"}, {"only": {"categories": ["laboratory"]}}])
def test_it_crosses_when_its_place_is_free(stores: Path, route: dict[str, Any]) -> None:
    foreign(stores)
    passed(stores, **route)
    (stores / "data" / "fhir" / "Observation" / "1001.json").unlink()
    done = passed(stores, **route)
    assert (acts(done), open_points(done)) == ({"to-fhir created": 1}, NOTHING_OPEN)
    assert get(stores, "Observation/1001")["valueQuantity"] == VALUE | {"value": 88}


def test_ours_crosses_too_and_stays_its_own(stores: Path) -> None:
    foreign(stores)
    assert acts(passed(stores)) == {"to-dicom created": 1}
    done = passed(stores)
    assert open_points(done) == NOTHING_OPEN | {"held": 1}
    put(stores, observation("1001", 5, **MINE))
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    assert fhir_dicom(stores, "retry", "--config", "bridge.yaml").returncode == 0
    other = fhir_dicom(stores, "retry", "Observation/of-nobody", "--config", "bridge.yaml")
    assert other.returncode == 2 and "nothing of that key is held or dead" in other.stderr
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 1})
    assert "Observation/1001, whose id it has" in _held(done)[1]
    assert get(stores, "Observation/1001")["valueQuantity"] == VALUE | {"value": 5}


def test_a_dry_run_ends(stores: Path) -> None:
    """What owes itself again until more is known, of which a dry run knows no more the next time."""
    foreign(stores)
    left = 100

    def stopped() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    ledger = Ledger(f"sqlite:///{stores / 'dry.db'}", dry=True)
    route = replace(route_of(stores), system="urn:mine")
    said = once([route], ledger, MAPPING, stopped=stopped)
    assert [one.split(" to ")[0] for one in said.plans] == ["write Observation/1001"]
    assert left > 0, "it had to be stopped"


def test_one_that_ours_is_a_member_of_a_report_stands(stores: Path) -> None:
    put(stores, report("1001") | {"subject": {"reference": "Patient/q"}})
    foreign(stores)
    before = tree(stores / "data" / "fhir")
    for how in ({"direction": "to-fhir"}, {}, {}):
        done = passed(stores, **how)
        assert open_points(done) == NOTHING_OPEN | {"held": 1}
    assert tree(stores / "data" / "fhir") == before


def test_a_version_that_names_one_of_ours_is_held(stores: Path) -> None:
    other = stores / "other"
    put(other, patient("q", "1"))
    put(other, observation("2002", 1, **MINE))
    put(other, report("2002") | {"subject": {"reference": "Patient/q"}})
    passed(other, "urn:theirs")
    shutil.copytree(other / "data" / "dicom", stores / "data" / "dicom", dirs_exist_ok=True)
    assert acts(passed(stores, direction="to-fhir")) == {"to-fhir created": 1}
    put(other, observation("1001", 88, **MINE))
    put(other, report("2002", "1001") | {"subject": {"reference": "Patient/q"}})
    assert acts(passed(other, "urn:theirs"))["to-dicom updated"] == 1
    shutil.copytree(other / "data" / "dicom", stores / "data" / "dicom", dirs_exist_ok=True)
    before = tree(stores / "data" / "fhir")
    done = passed(stores, direction="to-fhir", conflicts="dicom")
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 1})
    assert "Observation/1001 in ehr has its id" in _held(done)[1]
    assert tree(stores / "data" / "fhir") == before


def test_its_patient_is_not_who_has_the_same_id(tmp_path: Path) -> None:
    put(tmp_path, patient("q", "999"))
    foreign(tmp_path, "1")
    for _ in range(2):
        assert open_points(passed(tmp_path)) == NOTHING_OPEN
    subject = get(tmp_path, "Observation/1001")["subject"]["reference"]
    assert get(tmp_path, subject)["identifier"] == patient("q", "1")["identifier"]
    assert get(tmp_path, "Patient/q") == patient("q", "999")


@pytest.mark.parametrize("editors", ["theirs", "ours", "theirs, ours", "pacs"])
def test_what_crossed_is_no_stranger_without_a_ledger(tmp_path: Path, editors: str) -> None:
    """Two FHIR servers on one PACS: what the second has came from the first, whoever has edited it since."""
    put(tmp_path / "theirs", patient("q", "1"))
    put(tmp_path / "theirs", observation("o", 1, **MINE))
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    for name in ("theirs", "ours"):
        (tmp_path / name / "data" / "fhir").mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "data" / "dicom").symlink_to(tmp_path / "data" / "dicom")
    _both(tmp_path)
    for value, editor in enumerate(editors.split(", "), 2):
        if editor == "pacs":
            (one,) = heads(tmp_path)
            edited(tmp_path / "data" / "dicom", one, f"2.25.7{value}", str(value))
        else:
            put(tmp_path / editor, observation("o", value, **MINE))
        _both(tmp_path)
        assert {get(tmp_path / name, "Observation/o")["valueQuantity"]["value"] for name in ("theirs", "ours")} == {
            value
        }
    before = tree(tmp_path / "data"), *(tree(tmp_path / name / "data" / "fhir") for name in ("theirs", "ours"))
    (tmp_path / "ours" / "bridge.db").unlink()
    (tmp_path / "theirs" / "bridge.db").unlink()
    _both(tmp_path)
    assert (tree(tmp_path / "data"), *(tree(tmp_path / one / "data" / "fhir") for one in ("theirs", "ours"))) == before
    put(tmp_path / "ours", observation("o", 9, **MINE))
    _both(tmp_path)
    assert get(tmp_path / "theirs", "Observation/o")["valueQuantity"]["value"] == 9


def test_a_copy_that_comes_before_ours_takes_nothing_over_without_a_ledger(tmp_path: Path) -> None:
    put(tmp_path, patient("q", "1"))
    put(tmp_path, observation("o", 1, **MINE))
    passed(tmp_path)
    (one,) = heads(tmp_path)
    first = str(one.SOPInstanceUID)
    edited(tmp_path / "data" / "dicom", one, "2.25.1", "2")
    copy = next((tmp_path / "data" / "dicom").rglob("2.25.1.dcm"))
    dataset = pydicom.dcmread(copy)
    del dataset.PredecessorDocumentsSequence
    dataset.save_as(copy)
    before = tree(tmp_path / "data")
    for file in tmp_path.glob("bridge.db*"):
        file.unlink()
    done = passed(tmp_path)
    assert (open_points(done), tree(tmp_path / "data")) == (NOTHING_OPEN | {"held": 1}, before)
    put(tmp_path, observation("o", 3, **MINE))
    assert acts(passed(tmp_path)) == {"to-dicom updated": 1}
    (new,) = [one for one in heads(tmp_path) if "PredecessorDocumentsSequence" in one]
    assert first in str(new.PredecessorDocumentsSequence)


def _both(folder: Path) -> None:
    for name in ("theirs", "ours", "theirs"):
        done = passed(folder / name, f"urn:{name}")
        assert open_points(done) == NOTHING_OPEN, (name, done.stdout, done.stderr)


def _held(done: Done) -> tuple[str, str]:
    ((key, reason),) = [
        (one["key"], one["reason"]) for one in json.loads(done.stdout)["status"]["reasons"] if one["state"] == "held"
    ]
    return key, reason
