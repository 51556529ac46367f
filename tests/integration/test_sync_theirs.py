"""An SR that we made of resources, and that somebody edits in the PACS, with all that stands privately in it: that is
news of theirs, and no writing of ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import VALUE, heads, observation, store
from tests.integration.test_sync_folders import acts, get, instances, put, sync, tree
from tests.integration.test_sync_void import DCM, NOTHING_OPEN, configure, note, notes, open_points, passed, rejected
from tests.samples import supersede

PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:x", "value": "1"}]}
OF_PATIENT = {"subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-03-02T10:00:00Z"}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, PATIENT)
    return tmp_path


def edited(folder: Path, dataset: pydicom.Dataset, uid: str, said: str) -> None:
    """A new version of it, with all that stands privately in it, whose last number or text somebody has changed."""
    former = str(dataset.SOPInstanceUID)
    supersede(dataset, uid, former)
    *_, item = [one for one in walk(dataset) if one.get("ValueType") in ("NUM", "TEXT")]
    if item.ValueType == "NUM":
        item.MeasuredValueSequence[0].NumericValue = said
    else:
        item.TextValue = said
    dataset.save_as(next(folder.rglob(f"{former}.dcm")).with_name(f"{uid}.dcm"))


def walk(item: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [item, *(each for child in item.get("ContentSequence", ()) for each in walk(child))]


def head(folder: Path) -> pydicom.Dataset:
    (found,) = heads(folder)
    return found


@pytest.mark.parametrize("more", [{}, OF_PATIENT], ids=["nobody's", "a patient's"])
def test_what_the_pacs_edits_is_edited_in_fhir(stores: Path, more: dict[str, Any]) -> None:
    put(stores, observation("o", 61, **more))
    assert acts(sync(stores)) == {"to-dicom created": 1}
    edited(stores, head(stores), "2.25.71", "62")
    assert acts(sync(stores)) == {"to-fhir updated": 1}
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": 62}
    assert len(instances(stores)) == 2
    assert acts(sync(stores)) == {}


def test_a_number_that_the_pacs_empties_is_absent_in_the_very_result(stores: Path) -> None:
    """PS3.3 C.18.1: Measured Value Sequence is type 2. It made the result void, and another one of it."""
    put(stores, observation("o", 61, **OF_PATIENT))
    sync(stores)
    dataset = head(stores)
    former = str(dataset.SOPInstanceUID)
    supersede(dataset, "2.25.71", former)
    *_, item = [one for one in walk(dataset) if one.get("ValueType") == "NUM"]
    item.MeasuredValueSequence = []
    dataset.save_as(next(stores.rglob(f"{former}.dcm")).with_name("2.25.71.dcm"))
    assert acts(sync(stores)) == {"to-fhir updated": 1}
    result = get(stores, "Observation/o")
    assert (result["status"], "valueQuantity" in result) == ("amended", False)
    assert result["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert len(list((stores / "data" / "fhir" / "Observation").iterdir())) == 1
    assert acts(sync(stores)) == {}


@pytest.mark.parametrize("lost", ["before", "between", "after"])
def test_turn_by_turn_with_a_ledger_that_is_lost(stores: Path, lost: str) -> None:
    """What FHIR has had of theirs it says itself: that is overruled by what is edited there since, and no other."""
    put(stores, observation("o", 61, **OF_PATIENT))
    sync(stores)
    edited(stores, head(stores), "2.25.71", "62")
    forget(stores, lost == "before")
    assert written(stores) == {"to-fhir updated": 1}
    put(stores, get(stores, "Observation/o") | {"valueQuantity": VALUE | {"value": 63}})
    forget(stores, lost == "between")
    assert written(stores) == {"to-dicom updated": 1}
    edited(stores, head(stores), "2.25.72", "64")
    forget(stores, lost == "after")
    assert written(stores) == {"to-fhir updated": 1}
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": 64}
    after = tree(stores / "data")
    forget(stores, True)
    assert written(stores) == {}
    assert tree(stores / "data") == after


@pytest.mark.parametrize(("holds", "number"), [("fhir", 63), ("dicom", 62)])
def test_both_edited_it_and_the_ledger_is_lost(stores: Path, holds: str, number: int) -> None:
    put(stores, observation("o", 61, **OF_PATIENT))
    sync(stores)
    edited(stores, head(stores), "2.25.71", "62")
    put(stores, observation("o", 63, **OF_PATIENT))
    forget(stores, True)
    before = tree(stores / "data")
    assert written(stores) == {}
    assert tree(stores / "data") == before
    (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)
    fhir_dicom(stores, "conflicts", conflict["name"], "--holds", holds)
    assert len(written(stores)) == 1
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": number}
    assert f"'{number}'" in str(head(stores))
    assert written(stores) == {}


def test_both_edited_what_was_born_in_the_pacs_and_the_ledger_is_lost(stores: Path) -> None:
    store(stores, "2.25.81", "first")
    sync(stores)
    key = texts_by_key(stores)["first"]
    put(stores, get(stores, key) | {"valueString": "in FHIR"})
    store(stores, "2.25.82", "in the PACS", "2.25.81")
    forget(stores, True)
    before = tree(stores / "data")
    assert written(stores) == {}
    assert tree(stores / "data") == before
    assert len(json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)) == 1


def test_our_versions_are_no_news_when_the_ledger_is_lost(stores: Path) -> None:
    store(stores, "2.25.81", "first")
    sync(stores)
    key = texts_by_key(stores)["first"]
    put(stores, get(stores, key) | {"valueString": "second"})
    assert written(stores) == {"to-dicom updated": 1}
    after = tree(stores / "data")
    forget(stores, True)
    assert written(stores) == {}
    assert tree(stores / "data") == after
    put(stores, get(stores, key) | {"valueString": "third"})
    assert written(stores) == {"to-dicom updated": 1}
    put(stores, get(stores, key) | {"valueString": "fourth"})
    forget(stores, True)
    assert written(stores) == {"to-dicom updated": 1}
    assert "fourth" in str(head(stores))


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
def test_a_ledger_of_yesterday_finds_nothing_to_write(stores: Path, conflicts: str) -> None:
    """Whoever edited what, since: both sides say it."""
    configure(stores, conflicts=conflicts)
    put(stores, observation("o", 61, **OF_PATIENT))
    store(stores, "2.25.81", "first")
    passed(stores)
    shutil.copytree(stores, stores / "backup", ignore=shutil.ignore_patterns("data", "backup"))
    (ours,) = [one for one in heads(stores) if one.SOPInstanceUID != "2.25.81"]
    edited(stores, ours, "2.25.71", "62")
    passed(stores)
    put(stores, get(stores, "Observation/o") | {"valueQuantity": VALUE | {"value": 63}})
    key = texts_by_key(stores)["first"]
    put(stores, get(stores, key) | {"valueString": "second"})
    assert acts(passed(stores)) == {"to-dicom updated": 2}
    after = tree(stores / "data")
    forget(stores, True)
    shutil.copytree(stores / "backup", stores, dirs_exist_ok=True)
    for _ in range(2):
        done = passed(stores)
        assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
        assert tree(stores / "data") == after


def test_another_patients_copy_of_our_document_is_a_document_of_theirs(stores: Path) -> None:
    put(stores, observation("o", 61, **OF_PATIENT))
    sync(stores)
    ours = head(stores)
    file = next((stores / "data" / "dicom").rglob("*.dcm"))
    ours.SOPInstanceUID = ours.file_meta.MediaStorageSOPInstanceUID = "2.25.73"
    ours.PatientID = "2"
    ours.save_as(file.with_name("2.25.73.dcm"))
    assert acts(sync(stores)) == {"to-fhir created": 1}
    (report,) = [json.loads(one.read_bytes()) for one in (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")]
    assert get(stores, report["subject"]["reference"])["identifier"][0]["value"] == "2"


@pytest.mark.parametrize("value", ["61", "62"])
def test_a_copy_that_names_no_predecessor_takes_nothing_over(stores: Path, value: str) -> None:
    put(stores, observation("o", 61, **OF_PATIENT))
    sync(stores)
    (first,) = instances(stores)
    edited(stores, head(stores), "2.25.74", value)
    file = next((stores / "data" / "dicom").rglob("2.25.74.dcm"))
    copy = pydicom.dcmread(file)
    del copy.PredecessorDocumentsSequence
    copy.save_as(file)
    fhir = tree(stores / "data" / "fhir")
    done = sync(stores)
    assert (acts(done), tree(stores / "data" / "fhir")) == ({}, fhir)
    assert ("whose id it has" in done.stderr) == (value == "62")
    put(stores, observation("o", 61, **OF_PATIENT, status="entered-in-error"))
    assert acts(sync(stores)) == {"to-dicom retracted": 1}
    (rejecting,) = notes(stores)
    assert rejected(rejecting) == [first]


def test_no_version_is_left_where_superseded_ones_are_deleted(stores: Path) -> None:
    configure(stores, superseded="delete")
    put(stores, observation("o", 61, **OF_PATIENT))
    passed(stores)
    edited(stores, head(stores), "2.25.71", "62")
    passed(stores)
    put(stores, get(stores, "Observation/o") | {"valueQuantity": VALUE | {"value": 63}})
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    assert list(instances(stores)) == [head(stores).SOPInstanceUID]


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
@pytest.mark.parametrize("born", ["fhir", "dicom"])
def test_rejected_and_edited_and_the_ledger_is_lost_comes_to_rest(stores: Path, born: str, conflicts: str) -> None:
    configure(stores, conflicts=conflicts)
    store(stores, "2.25.8000", "other")
    if born == "fhir":
        put(stores, observation("o", 61, **OF_PATIENT))
        passed(stores)
        (one,) = [one for one in heads(stores) if one.SOPInstanceUID != "2.25.8000"]
        put(stores, observation("o", 63, **OF_PATIENT))
    else:
        store(stores, "2.25.81", "first")
        passed(stores)
        one = instances(stores)["2.25.81"]
        key = texts_by_key(stores)["first"]
        put(stores, get(stores, key) | {"valueString": "edited"})
    note(stores, DCM.RejectedForPatientSafetyReasons, one)
    forget(stores, True)
    done = passed(stores)
    assert len(json.loads(done.stdout)["faults"]) <= 1
    before = tree(stores / "data")
    assert acts(passed(stores)) == {}
    assert tree(stores / "data") == before


def texts_by_key(folder: Path) -> dict[str, str]:
    keys = (f"Observation/{file.stem}" for file in (folder / "data" / "fhir" / "Observation").glob("*.json"))
    return {get(folder, key).get("valueString", ""): key for key in keys}


def written(folder: Path) -> dict[str, int]:
    silent = ("to-fhir overruled", "to-dicom adopted")
    return {act: number for act, number in acts(sync(folder)).items() if act not in silent}


def forget(folder: Path, really: bool) -> None:  # noqa: FBT001
    for file in folder.glob("bridge.db*") if really else ():
        file.unlink()
