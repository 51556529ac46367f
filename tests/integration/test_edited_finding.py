"""In R5 a Measurement Group repeats its Finding as its value, its Finding category as its code: who edits those edits
the components, and the group stays the container that PS3.16 TID 1410 and 1411 want."""

from __future__ import annotations

import copy
import io
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from bridge.codecs import json
from bridge.convert.run import Job, converted_bytes
from bridge.model.group import Resource
from bridge.releases.dicom_sr import COPIES
from bridge.translate.basis.ids import Known
from tests.corpus import FIXTURES

TO_FHIR, TO_DICOM = (Job(target, Known(), None, release="R5") for target in ("fhir", "dicom"))
SCT = "http://snomed.info/sct"
CYST = {"coding": [{"system": SCT, "code": "441457006", "display": "Cyst"}]}
MASS = {"coding": [{"system": SCT, "code": "4147007", "display": "Mass"}]}
FINDING, CATEGORY = "121071", "276214006"


def bundle() -> Any:
    """Of a group that has a Finding category, too."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "1500-volume.dcm")
    for group in _groups(dataset):
        at = next(at for at, one in enumerate(group.ContentSequence) if _code(one) == FINDING)
        item = copy.deepcopy(group.ContentSequence[at])
        _name(item.ConceptNameCodeSequence[0], CATEGORY, "Finding category")
        _name(item.ConceptCodeSequence[0], "49755003", "Morphologically abnormal structure")
        group.ContentSequence.insert(at, item)
    data = io.BytesIO()
    dataset.save_as(data)
    (there,) = converted_bytes("sr", data.getvalue(), TO_FHIR)
    return json.loads(there.data)


def _name(code: Dataset, value: str, meaning: str) -> None:
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "SCT", meaning


def _code(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def _groups(item: Dataset) -> list[Dataset]:
    found = [item] if _code(item) == "125007" else []
    return found + [one for child in item.get("ContentSequence", ()) for one in _groups(child)]


def has_mark(concept: Resource) -> bool:
    return COPIES.fullmatch(concept.get("id", "")) is not None


def group_in(found: Any) -> Resource:
    """The first one, whose value is a copy."""
    resources = [one["resource"] for one in found["entry"]]
    first: Resource = next(one for one in resources if has_mark(one.get("valueCodeableConcept", {})))
    return first


def component(group: Resource, code: str) -> Resource:
    found: Resource
    (found,) = [one for one in group["component"] if one["code"]["coding"][0]["code"] == code]
    return found


def back(found: Any) -> tuple[Dataset, list[str]]:
    (done,) = converted_bytes("bundle", json.dumps(found), TO_DICOM)
    assert done.entry["error"] is None
    return pydicom.dcmread(io.BytesIO(done.data)), done.entry["warnings"]


def said(dataset: Dataset, code: str) -> str:
    """By the first group, which is a container still."""
    group = _groups(dataset)[0]
    assert group.ValueType == "CONTAINER"
    (item,) = [one for one in group.ContentSequence if _code(one) == code]
    return str(item.ConceptCodeSequence[0].CodeValue)


_COPIES = [("valueCodeableConcept", FINDING, CYST), ("code", CATEGORY, MASS)]


def _without_guards(group: Resource) -> None:
    """As an earlier version wrote it."""
    group["extension"] = [one for one in group["extension"] if not one["url"].endswith("/copy")]


def _edit(group: Resource, element: str, concept: Resource, *, keeps_id: bool) -> None:
    group[element] = ({"id": group[element]["id"]} if keeps_id else {}) | concept


@pytest.mark.parametrize(("element", "code", "concept"), _COPIES)
def test_an_edited_copy_is_an_edit_of_its_component_however_it_is_written(
    element: str, code: str, concept: Resource
) -> None:
    expected = bundle()
    component(group_in(expected), code)["valueCodeableConcept"] = concept
    _edit(group_in(expected), element, concept, keeps_id=True)
    wanted, warnings = back(expected)
    assert said(wanted, code) == concept["coding"][0]["code"]
    assert not [one for one in warnings if "copy" in one or "repeats" in one]
    for keeps_id in (True, False):
        found = bundle()
        _edit(group_in(found), element, concept, keeps_id=keeps_id)
        dataset, warnings = back(found)
        assert dataset == wanted
        place = f"Observation.{element}: edited; in a Measurement Group it is the component {code}"
        assert [one for one in warnings if one.startswith(place)]
        assert not [one for one in warnings if "it is made anew" in one]


@pytest.mark.parametrize(("element", "code", "concept"), _COPIES)
@pytest.mark.parametrize("guarded", [True, False])
def test_an_edited_component_takes_its_copy_along(element: str, code: str, concept: Resource, guarded: bool) -> None:
    found = bundle()
    group = group_in(found)
    if not guarded:
        _without_guards(group)
    component(group, code)["valueCodeableConcept"] = concept
    dataset, warnings = back(found)
    assert said(dataset, code) == concept["coding"][0]["code"]
    assert [one for one in warnings if "it is made anew" in one]


@pytest.mark.parametrize("keeps_id", [True, False])
@pytest.mark.parametrize(("element", "code", "concept"), _COPIES)
def test_of_two_different_edits_that_of_the_component_is_taken(
    element: str, code: str, concept: Resource, keeps_id: bool
) -> None:
    found = bundle()
    group = group_in(found)
    component(group, code)["valueCodeableConcept"] = concept
    _edit(group, element, {"coding": [{"system": SCT, "code": "52988006", "display": "Lesion"}]}, keeps_id=keeps_id)
    dataset, warnings = back(found)
    assert said(dataset, code) == concept["coding"][0]["code"]
    (warning,) = [one for one in warnings if "were edited to different things" in one]
    assert warning.startswith(f"Observation.{element}: it and the component {code}")


@pytest.mark.parametrize("keeps_id", [True, False])
@pytest.mark.parametrize(("element", "code", "concept"), _COPIES)
def test_without_digests_the_component_holds(element: str, code: str, concept: Resource, keeps_id: bool) -> None:
    """An earlier version wrote none: of two that differ nobody knows which was edited, and the guide's is the copy."""
    found = bundle()
    group = group_in(found)
    _without_guards(group)
    before = dict(group[element])
    component(group, code)["valueCodeableConcept"] = concept
    _edit(group, element, before, keeps_id=keeps_id)
    assert said(back(found)[0], code) == concept["coding"][0]["code"]


def test_a_value_that_becomes_what_the_category_says_is_an_edit_of_the_finding() -> None:
    """Each copy has a digest of its own."""
    found = bundle()
    group = group_in(found)
    category = component(group, CATEGORY)["valueCodeableConcept"]
    _edit(group, "valueCodeableConcept", {"coding": category["coding"]}, keeps_id=False)
    assert said(back(found)[0], FINDING) == category["coding"][0]["code"]


def test_a_value_that_is_taken_back_is_absent_of_the_finding() -> None:
    found = bundle()
    group = group_in(found)
    del group["valueCodeableConcept"]
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    group["dataAbsentReason"] = {"coding": [{"system": system, "code": "not-performed"}]}
    dataset, _ = back(found)
    group_item = _groups(dataset)[0]
    (item,) = [one for one in group_item.ContentSequence if _code(one) == FINDING]
    assert (group_item.ValueType, item.ConceptCodeSequence[0].CodeValue) == ("CONTAINER", "114007")


def test_a_value_in_words_is_the_finding_too() -> None:
    found = bundle()
    group = group_in(found)
    del group["valueCodeableConcept"]
    group["valueString"] = "like a cyst"
    dataset, _ = back(found)
    group_item = _groups(dataset)[0]
    (item,) = [one for one in group_item.ContentSequence if _code(one) == FINDING]
    assert (group_item.ValueType, item.TextValue) == ("CONTAINER", "like a cyst")
