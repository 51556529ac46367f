"""An archive corrects what a study says, in place (IHE Patient Information Reconciliation): accession number, study
description, referring physician. The documents say what they said, under the UIDs that they had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.integration.test_sync_edges import heads, observation, predecessors, reports, store
from tests.integration.test_sync_folders import get, put, tree
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_verified import PATIENT
from tests.integration.test_sync_void import configure, passed


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    return tmp_path


def correct(stores: Path, **said: str) -> None:
    for file in (stores / "data" / "dicom").rglob("*.dcm"):
        dataset = pydicom.dcmread(file)
        for keyword, value in said.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)


def at_rest(stores: Path) -> None:
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before


CORRECTION = {"AccessionNumber": "A-2", "StudyDescription": "Kardiologie", "ReferringPhysicianName": "Roe^Richard"}


def test_of_a_document_of_the_pacs(stores: Path) -> None:
    store(stores, "2.25.5", "A")
    passes(stores)
    (before,) = reports(stores)
    correct(stores, **CORRECTION)
    assert passes(stores) == {"to-fhir updated": 1}
    (after,) = reports(stores)
    assert (after["id"], after["status"]) == (before["id"], "final")
    study = get(stores, after["imagingStudy"][0]["reference"])
    assert "A-2" in [one["value"] for one in study["identifier"]] and study["description"] == "Kardiologie"
    at_rest(stores)

    put(stores, after | {"conclusion": "Edited."})
    assert passes(stores) == {"to-dicom updated": 1}
    (edited,) = heads(stores)
    assert (edited.AccessionNumber, edited.StudyDescription) == ("A-2", "Kardiologie")
    at_rest(stores)


def test_of_a_document_that_fhir_is_the_source_of(stores: Path) -> None:
    put(stores, PATIENT)
    put(stores, observation("o", 12, subject={"reference": "Patient/p"}))
    passes(stores)
    (first,) = heads(stores)
    correct(stores, **CORRECTION)
    before: dict[str, Any] = get(stores, "Observation/o")
    assert passes(stores) == {"to-fhir moved": 1}
    assert get(stores, "Observation/o") == before
    at_rest(stores)

    put(stores, observation("o", 13, subject={"reference": "Patient/p"}))
    assert passes(stores) == {"to-dicom updated": 1}
    (edited,) = heads(stores)
    assert predecessors(edited) == [first.SOPInstanceUID]
    at_rest(stores)


def test_other_content_beside_a_correction_is_a_dead_letter(stores: Path) -> None:
    store(stores, "2.25.5", "A")
    passes(stores)
    correct(stores, **CORRECTION)
    store(stores, "2.25.5", "B", **CORRECTION)
    done = passed(stores)
    assert done.returncode == 1 and "a UID names one content" in done.stderr
