"""What an edit in FHIR puts into an SR, and the IOD of that does not allow (PS3.3 A.35), crosses with a warning."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from bridge.codecs import json
from bridge.convert.run import Job, converted_bytes
from bridge.model.group import Resource
from bridge.translate.basis.ids import Known
from bridge.translate.report.legal import is_legal
from tests.corpus import FIXTURES

TO_FHIR, TO_DICOM = Job("fhir", Known(), None), Job("dicom", Known(), None)
KEY_OBJECTS = (FIXTURES / "dicom" / "2010-key-objects.dcm").read_bytes()
SR = "1.2.840.10008.5.1.4.1.1.88."
NUMBER = {"value": 3, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}
Edit = Callable[[Resource], object]


def edited(data: bytes, concept: str, edit: Edit) -> tuple[Dataset, list[str]]:
    """The first Observation of that concept; the new instance, and what is said of illegal items."""
    (there,) = converted_bytes("sr", data, TO_FHIR)
    bundle: Any = json.loads(there.data)
    observations = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Observation"]
    edit(next(one for one in observations if one["code"].get("text") == concept))
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert back.entry["error"] is None
    assert any("a new instance" in one for one in back.entry["warnings"])
    said = [one for one in back.entry["warnings"] if "a DICOM reader may refuse the document" in one]
    return pydicom.dcmread(io.BytesIO(back.data)), said


def _described(dataset: Dataset) -> Dataset:
    (found,) = [one for one in dataset.ContentSequence if one.ValueType == "TEXT"]
    return found


def _noted(observation: Resource) -> None:
    observation["note"] = [{"text": "seen by the surgeon"}]


def _measured(observation: Resource) -> None:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "81827009", "display": "Diameter"}]}
    observation["component"] = [{"code": code, "valueQuantity": NUMBER}]


@pytest.mark.parametrize(("edit", "kind"), [(_noted, "TEXT"), (_measured, "NUM")])
def test_what_a_key_object_selection_does_not_allow_is_written_and_said(edit: Edit, kind: str) -> None:
    dataset, (warning,) = edited(KEY_OBJECTS, "Key Object Description", edit)
    assert [one.ValueType for one in _described(dataset).ContentSequence] == [kind]
    said = f"edited in FHIR since: TEXT HAS PROPERTIES {kind}, which PS3.3 table A.35.4-2 does not allow: 1.4.1; "
    assert warning.startswith(said)


def test_an_edit_that_the_iod_allows_is_said_nothing_of() -> None:
    dataset, warnings = edited(KEY_OBJECTS, "Key Object Description", lambda one: one.update(valueString="other"))
    assert _described(dataset).TextValue == "other" and not warnings


def test_a_number_of_a_cad_that_becomes_words_is_said() -> None:
    """Its number is inferred from regions, which a text may not be (PS3.3 table A.35.5-2)."""
    data = (FIXTURES / "dicom" / "4000-mammography-cad.dcm").read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data))
    _infer(dataset)
    _, warnings = edited(
        _saved(dataset), "Number of calcifications", lambda one: one["valueQuantity"].update(comparator="<")
    )
    assert any("TEXT INFERRED FROM SCOORD, which PS3.3 table A.35.5-2 does not allow" in one for one in warnings)


def _infer(item: Dataset) -> None:
    """From the outline, what else is counted in it."""
    for finding in _with_outline(item):
        outline = next(one for one in finding.ContentSequence if one.ValueType == "SCOORD")
        number = next(one for one in finding.ContentSequence if _meaning(one) == "Number of calcifications")
        region = deepcopy(outline)
        region.RelationshipType = "INFERRED FROM"
        number.ContentSequence = [region]


def _with_outline(item: Dataset) -> list[Dataset]:
    children = item.get("ContentSequence", ())
    here = [item] if "Number of calcifications" in map(_meaning, children) else []
    return here + [one for child in children for one in _with_outline(child)]


def _meaning(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning) if "ConceptNameCodeSequence" in item else ""


def _saved(dataset: Dataset) -> bytes:
    data = io.BytesIO()
    dataset.save_as(data)
    return data.getvalue()


def test_what_was_there_before_is_no_edit() -> None:
    dataset, _ = edited(KEY_OBJECTS, "Key Object Description", _noted)
    foreign = _saved(_of_others(dataset))
    dataset, warnings = edited(foreign, "Key Object Description", lambda one: one.update(valueString="other"))
    assert _described(dataset).ContentSequence and not warnings
    _, (warning,) = edited(foreign, "Key Object Description", _measured)
    assert "TEXT HAS PROPERTIES NUM" in warning


def _of_others(dataset: Dataset) -> Dataset:
    """As equipment may have written it, without anything private."""
    dataset.remove_private_tags()
    return dataset


@pytest.mark.parametrize(
    ("sop_class", "source", "relationship", "target", "legal"),
    [
        ("11", "CONTAINER", "CONTAINS", "NUM", False),  # Basic Text SR
        ("22", "NUM", "HAS OBS CONTEXT", "TEXT", False),  # Enhanced SR
        ("33", "NUM", "HAS OBS CONTEXT", "TEXT", True),  # Comprehensive SR
        ("33", "CODE", "INFERRED FROM", "SCOORD3D", False),
        ("34", "CODE", "INFERRED FROM", "SCOORD3D", True),  # Comprehensive 3D SR
        ("35", "IMAGE", "HAS OBS CONTEXT", "IMAGE", True),  # Extensible SR
        ("40", "CONTAINER", "CONTAINS", "CONTAINER", False),  # Procedure Log
        ("59", "CONTAINER", "HAS CONCEPT MOD", "TEXT", False),  # Key Object Selection
        ("65", "TEXT", "INFERRED FROM", "SCOORD", False),  # Chest CAD SR
        ("67", "CONTAINER", "CONTAINS", "DATE", False),  # X-Ray Radiation Dose SR
        ("68", "PNAME", "HAS PROPERTIES", "CODE", True),  # Radiopharmaceutical Radiation Dose SR
        ("70", "NUM", "HAS PROPERTIES", "TEXT", False),  # Implantation Plan SR
        ("71", "NUM", "HAS PROPERTIES", "TEXT", False),  # Acquisition Context SR
        ("76", "NUM", "HAS PROPERTIES", "TEXT", True),  # Enhanced X-Ray Radiation Dose SR, by the widest table
    ],
)
def test_what_an_iod_allows_is_what_its_table_says(
    sop_class: str, source: str, relationship: str, target: str, legal: bool
) -> None:
    assert is_legal(source, relationship, target, f"{SR}{sop_class}") is legal
