"""An SR that we made of resources, and that somebody edits in the PACS, with all that stands privately in it: that is
news of theirs, and no writing of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import VALUE, heads, observation, store
from tests.integration.test_sync_folders import acts, get, instances, put, sync, tree
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


def test_what_was_edited_in_fhir_twice_is_no_conflict_when_the_ledger_is_lost(stores: Path) -> None:
    store(stores, "2.25.81", "first")
    sync(stores)
    key = texts_by_key(stores)["first"]
    for text in ("second", "third"):
        put(stores, get(stores, key) | {"valueString": text})
        forget(stores, text == "third")
        assert written(stores) == {"to-dicom updated": 1}
    assert "third" in str(head(stores))


def texts_by_key(folder: Path) -> dict[str, str]:
    keys = (f"Observation/{file.stem}" for file in (folder / "data" / "fhir" / "Observation").glob("*.json"))
    return {get(folder, key).get("valueString", ""): key for key in keys}


def written(folder: Path) -> dict[str, int]:
    return {act: number for act, number in acts(sync(folder)).items() if act != "to-fhir overruled"}


def forget(folder: Path, really: bool) -> None:  # noqa: FBT001
    for file in folder.glob("bridge.db*") if really else ():
        file.unlink()
