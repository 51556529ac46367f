"""A report of the FHIR server is verified in the PACS, as a new instance of a workstation, and edited in FHIR then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import heads, observation, predecessors
from tests.integration.test_sync_folders import acts, get, put, tree
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import configure, passed
from tests.samples import supersede

INTERPRETER = {"reference": "Practitioner/x", "display": "Dr. Rosa Röntgen"}
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}], "text": "Laboratory report"},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    "result": [{"reference": "Observation/o"}],
    "resultsInterpreter": [INTERPRETER],
}
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:test", "value": "1"}]}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    for one in (PATIENT, REPORT, observation("o", 12, subject={"reference": "Patient/p"})):
        put(tmp_path, one)
    assert passes(tmp_path) == {"to-dicom created": 1}
    return tmp_path


def verify(stores: Path, uid: str, name: str, change: Callable[[Dataset], None] = lambda head: None) -> None:
    """What a workstation stores: the items, under a header of its own; as far as it keeps them."""
    (head,) = heads(stores)
    verifying = Dataset()
    verifying.VerifyingOrganization, verifying.VerificationDateTime = "Klinik", "20290303121212"
    verifying.VerifyingObserverName, verifying.VerifyingObserverIdentificationCodeSequence = name, []
    supersede(head, uid, head.SOPInstanceUID)
    head.SeriesInstanceUID, head.Manufacturer = f"{uid}.1", "Workstation"
    head.ContentDate, head.ContentTime = "20290303", "121212"
    head.VerificationFlag, head.VerifyingObserverSequence = "VERIFIED", [verifying]
    change(head)
    folder = stores / "data" / "dicom" / head.StudyInstanceUID / head.SeriesInstanceUID
    folder.mkdir()
    head.save_as(folder / f"{uid}.dcm")


def test_it_is_verified_edited_and_verified_again(stores: Path) -> None:
    (first,) = heads(stores)
    for number, name in (("2.25.1", "Doe^Jane"), ("2.25.2", "Roe^Richard")):
        verify(stores, number, name)
        assert passes(stores) == {"to-fhir updated": 1}
        report = get(stores, "DiagnosticReport/r")
        assert report["effectiveDateTime"] == REPORT["effectiveDateTime"]
        assert "effectiveDateTime" not in get(stores, "Observation/o"), "nobody says when"
        interpreter, verifier = report["resultsInterpreter"]
        assert interpreter == INTERPRETER
        assert get(stores, verifier["reference"])["name"][0]["family"] == name.partition("^")[0]
        before = tree(stores / "data")
        assert passes(stores) == {} and tree(stores / "data") == before

        result = get(stores, "Observation/o")
        result["valueQuantity"]["value"] = 13 + int(number[-1])
        put(stores, result)
        assert passes(stores) == {"to-dicom updated": 1}
        (edited,) = heads(stores)
        assert predecessors(edited) == [number]
        assert edited.VerificationFlag == "UNVERIFIED" and "VerifyingObserverSequence" not in edited
        assert (edited.SeriesInstanceUID, edited.Manufacturer) == (first.SeriesInstanceUID, first.Manufacturer)
        before = tree(stores / "data")
        assert passes(stores) == {} and tree(stores / "data") == before
    assert len({pydicom.dcmread(one).SOPInstanceUID for one in (stores / "data" / "dicom").rglob("*.dcm")}) == 5


def decide(stores: Path, holds: str) -> None:
    (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)
    fhir_dicom(stores, "conflicts", conflict["name"], "--holds", holds)


def without_private(head: Dataset) -> None:
    head.remove_private_tags()


def without_issuer(head: Dataset) -> None:
    del head.IssuerOfPatientIDQualifiersSequence


@pytest.mark.parametrize("change", [without_private, without_issuer])
def test_what_cannot_be_restored_is_held_and_made_anew_where_a_person_says_so(
    stores: Path, change: Callable[[Dataset], None]
) -> None:
    """No result is there twice, and valid; none is void that nobody has touched."""
    verify(stores, "2.25.1", "Doe^Jane", change)
    before = tree(stores / "data")
    assert acts(passed(stores)) == {} and tree(stores / "data") == before
    decide(stores, "dicom")
    assert passes(stores) == {"to-fhir updated": 1}
    assert get(stores, "DiagnosticReport/r")["status"] == "entered-in-error"
    assert get(stores, "Observation/o")["status"] == "entered-in-error"
    (report,), (result,) = valid(stores, "DiagnosticReport"), valid(stores, "Observation")
    assert report["status"] == "amended" and report["result"][0]["reference"] == f"Observation/{result['id']}"
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before

    put(stores, result | {"valueQuantity": result["valueQuantity"] | {"value": 17}})
    assert passes(stores) == {"to-dicom updated": 1}
    (edited,) = heads(stores)
    assert predecessors(edited) == ["2.25.1"] and edited.VerificationFlag == "UNVERIFIED"
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before


def test_what_cannot_be_restored_is_amended_in_the_pacs_where_fhir_holds(stores: Path) -> None:
    verify(stores, "2.25.1", "Doe^Jane", without_private)
    assert acts(passed(stores)) == {}
    decide(stores, "fhir")
    before = tree(stores / "data" / "fhir")
    assert passes(stores) == {"to-fhir overruled": 1, "to-dicom updated": 1}
    assert tree(stores / "data" / "fhir") == before
    (head,) = heads(stores)
    assert "2.25.1" in predecessors(head) and head.VerificationFlag == "UNVERIFIED"
    assert passes(stores) == {}


def copy_elsewhere(stores: Path, uid: str, *, without_the_issuer: bool, move: bool) -> None:
    """What an archive makes of an SR whose study it merges into another one: other UIDs, and what that study says."""
    (file,) = (stores / "data" / "dicom").rglob("*.dcm")
    copy = pydicom.dcmread(file)
    copy.SOPInstanceUID = copy.file_meta.MediaStorageSOPInstanceUID = uid
    copy.StudyInstanceUID, copy.SeriesInstanceUID, copy.AccessionNumber = f"{uid}.1", f"{uid}.2", "A-9"
    if without_the_issuer:
        without_issuer(copy)
    folder = stores / "data" / "dicom" / copy.StudyInstanceUID / copy.SeriesInstanceUID
    folder.mkdir(parents=True)
    copy.save_as(folder / f"{uid}.dcm")
    if move:
        file.unlink()


@pytest.mark.parametrize("without_the_issuer", [True, False])
def test_what_the_archive_moves_into_another_study_is_there_once(stores: Path, without_the_issuer: bool) -> None:
    copy_elsewhere(stores, "2.25.7", without_the_issuer=without_the_issuer, move=True)
    assert passes(stores) == {"to-fhir updated": 1}
    (report,), (result,) = valid(stores, "DiagnosticReport"), valid(stores, "Observation")
    assert (report["id"] == "r") is (result["id"] == "o") is not without_the_issuer
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before

    put(stores, result | {"valueQuantity": result["valueQuantity"] | {"value": 17}})
    assert passes(stores) == {"to-dicom updated": 1}
    (edited,) = heads(stores)
    assert predecessors(edited) == ["2.25.7"]


def test_an_altered_copy_beside_it_is_held(stores: Path) -> None:
    copy_elsewhere(stores, "2.25.7", without_the_issuer=True, move=False)
    before = tree(stores / "data" / "fhir")
    done = passed(stores)
    assert done.returncode == 1 and "a copy of" in done.stderr and "DiagnosticReport/r" in done.stderr
    assert tree(stores / "data" / "fhir") == before
    next((stores / "data" / "dicom").glob("2.25.7.1/*/*.dcm")).unlink()
    assert passes(stores) == {}


def valid(stores: Path, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in (stores / "data" / "fhir" / kind).glob("*.json")]
    return [one for one in found if one["status"] != "entered-in-error"]
