"""The side of a finding is in a BodyStructure, which is edited for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.integration.test_sync_edges import heads, observation, predecessors
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_void import NOTHING_OPEN, configure, open_points, passed

_SCT = "http://snomed.info/sct"
BREAST = {"coding": [{"system": _SCT, "code": "76752008", "display": "Breast structure"}]}
LEFT, RIGHT = ({"coding": [{"system": _SCT, "code": code}]} for code in ("7771000", "24028007"))


def structure(side: dict[str, Any]) -> dict[str, Any]:
    patient = {"reference": "Patient/p"}
    return {
        "resourceType": "BodyStructure", "id": "b", "location": BREAST, "locationQualifier": [side], "patient": patient
    }  # fmt: skip


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    said = {
        "url": "http://hl7.org/fhir/StructureDefinition/bodySite",
        "valueReference": {"reference": "BodyStructure/b"},
    }
    put(tmp_path, {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:test", "value": "1"}]})
    put(tmp_path, structure(LEFT))
    site = {"extension": [said], **BREAST}
    put(tmp_path, observation("o", 12, bodySite=site, subject={"reference": "Patient/p"}))
    assert passes(tmp_path) == {"to-dicom created": 1}
    return tmp_path


def passes(stores: Path) -> dict[str, int]:
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    return acts(done)


def side(document: Dataset) -> str:
    (number,) = [one for one in document.ContentSequence if one.ValueType == "NUM"]
    (site,) = [one for one in number.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == "363698007"]
    (found,) = site.ContentSequence
    return str(found.ConceptCodeSequence[0].CodeValue)


def test_an_edit_of_the_body_structure_is_a_version_of_the_document(stores: Path) -> None:
    (first,) = heads(stores)
    assert side(first) == "7771000"
    put(stores, structure(RIGHT))
    assert passes(stores) == {"to-dicom updated": 1}
    (second,) = heads(stores)
    assert side(second) == "24028007" and predecessors(second) == [first.SOPInstanceUID]
    after = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == after


def test_a_body_structure_that_comes_late_is_told(stores: Path) -> None:
    (stores / "data" / "fhir" / "BodyStructure" / "b.json").unlink()
    passes(stores)
    put(stores, structure(RIGHT))
    passes(stores)
    (found,) = heads(stores)
    assert side(found) == "24028007"


def test_the_body_structure_is_no_document_of_its_own(stores: Path) -> None:
    put(stores, structure(LEFT) | {"id": "of-nobody"})
    assert passes(stores) == {}
    assert len(instances(stores)) == 1 and get(stores, "BodyStructure/b") == structure(LEFT)
