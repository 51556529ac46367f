"""The unit that a FHIR profile demands, of a document that spells it otherwise; its own on the way back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydicom.dataset import Dataset

from bridge.mapping.load import load
from bridge.model.content import ContentItem, Num
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.to_dicom import native_dicom
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.make_dicom import number
from tests.ablation import ablated
from tests.samples import observation
from tests.unit.test_native_fhir import HEART_RATE, document

MAPPING, KNOWN = load(), Known()
BEATS = ("{H.B.}/min", "UCUM", "BPM")
TEMPERATURE = ("8310-5", "LN", "Body temperature")
DLP = ("113838", "DCM", "DLP")
LOWER = ("385524004", "SCT", "Normal Range Lower Limit")


def rate(value: str = "72", unit: tuple[str, str, str] = BEATS, concept: tuple[str, str, str] = HEART_RATE) -> Dataset:
    return number(concept, value, unit)


def said(*children: Dataset) -> tuple[Group, list[Resource]]:
    """The group, whose SR comes back, and its results."""
    made = document(*children)
    group = to_fhir(made, MAPPING, KNOWN).result
    assert to_dicom(group, MAPPING, KNOWN).result == made
    group = copy.deepcopy(group)
    return group, [one for one in group.members if one["resourceType"] == "Observation"]


def units(group: Group) -> list[tuple[str, str]]:
    """Number and unit of each NUM of its document."""
    found = []

    def walk(item: ContentItem) -> None:
        if isinstance(item.value, Num) and item.value.unit is not None:
            found.append((item.value.values[0], item.value.unit.value))
        for child in item.children:
            walk(child)

    walk(checked_to_dicom(group, MAPPING, KNOWN).result.root)
    return found


def test_a_heart_rate_is_in_the_unit_of_the_vital_signs_profile() -> None:
    """With the words of the document; those that repeat the code follow it."""
    _, (one, other) = said(rate(), rate(unit=("{beats}/min", "UCUM", "{beats}/min")))
    quantity = {"value": 72, "system": "http://unitsofmeasure.org", "code": "/min"}
    assert one["category"][0]["coding"][0]["code"] == "vital-signs"
    assert one["valueQuantity"] == quantity | {"unit": "BPM"}
    assert stripped(other["valueQuantity"]) == quantity | {"unit": "/min"}


@pytest.mark.parametrize(
    ("concept", "unit"),
    [
        (TEMPERATURE, ("[degF]", "UCUM", "degree Fahrenheit")),  # accepted, but the number would be another
        (HEART_RATE, ("{H.B.}/s", "UCUM", "per second")),  # not accepted
        (HEART_RATE, ("{H.B.}/min", "99LOCAL", "BPM")),  # no UCUM
        (("48065-7", "LN", "D-dimer"), ("ug/mL", "UCUM", "ug/mL")),  # the canonical `{FEU}` would say more
    ],
)
def test_any_other_unit_is_as_it_was(concept: tuple[str, str, str], unit: tuple[str, str, str]) -> None:
    _, (one,) = said(rate("98", unit, concept))
    assert one["valueQuantity"]["code"] == unit[0]


def test_a_number_that_is_edited_keeps_the_unit_of_its_document() -> None:
    """And so does one that is put in."""
    group, (one,) = said(rate())
    one["valueQuantity"]["value"] = 80
    assert units(group) == [("80", "{H.B.}/min")]
    more = {key: value for key, value in one.items() if key != "extension"} | {"id": "more"}
    composition = next(one for one in group.members if one["resourceType"] == "Composition")
    composition["section"].append({"entry": [{"reference": "Observation/more"}]})
    added = Group(group.root, (*group.members, more), group.patient, group.key)
    assert units(added) == [("80", "{H.B.}/min")] * 2


def test_what_devices_write_that_is_no_ucum_is_said_as_what_it_means() -> None:
    """`mGycm` is in most real CT dose reports (PS3.16 TID 10013: mGy.cm); the SR keeps it, by what people read."""
    group, (one,) = said(rate("187.339", ("mGycm", "UCUM", "mGycm"), DLP))
    quantity = {"value": "187.339", "unit": "mGycm", "system": "http://unitsofmeasure.org", "code": "mGy.cm"}
    assert {key: str(value) for key, value in stripped(one["valueQuantity"]).items()} == quantity
    one["valueQuantity"]["value"] = 190
    assert units(group) == [("190", "mGycm")]
    value = native_dicom(ablated(group), MAPPING, KNOWN).root.children[0].value
    assert isinstance(value, Num) and value.unit is not None and value.unit.value == "mGycm"
    one["valueQuantity"]["unit"] = "mGy.cm"
    assert units(group) == [("190", "mGy.cm")]


def test_a_resource_that_says_it_right_is_said_right() -> None:
    quantity = {"value": 72, "unit": "mGycm", "system": "http://unitsofmeasure.org", "code": "mGy.cm"}
    code = {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "113838", "display": "DLP"}]}
    assert units(Group(observation(code=code, valueQuantity=quantity), (), None, "Observation/o")) == [("72", "mGy.cm")]


def test_it_is_that_of_its_concept_alone() -> None:
    _, (one,) = said(rate("72", ("mGycm", "UCUM", "mGycm")))
    assert one["valueQuantity"]["code"] == "mGycm"


def test_a_unit_that_is_edited_is_the_one_of_the_item() -> None:
    group, (one,) = said(rate())
    one["valueQuantity"] |= {"code": "/s", "unit": "per second"}
    assert units(group) == [("72", "/s")]


def test_what_most_numbers_of_a_concept_are_in_is_no_habit_of_the_others() -> None:
    group, found = said(rate("1"), rate("2"), rate("3", ("/min", "UCUM", "/min")))
    assert {one["valueQuantity"]["code"] for one in found} == {"/min"}
    assert units(group) == [("1", "{H.B.}/min"), ("2", "{H.B.}/min"), ("3", "/min")]


def test_the_normal_range_is_in_the_unit_of_its_value() -> None:
    one = rate()
    limit = number(LOWER, "50", BEATS)
    limit.RelationshipType = "HAS PROPERTIES"
    one.ContentSequence = [limit]
    group, (found,) = said(one)
    low: dict[str, Any] = found["referenceRange"][0]["low"]
    assert low["code"] == "/min"
    low["value"] = 55
    assert units(group) == [("72", "{H.B.}/min"), ("55", "{H.B.}/min")]


def test_it_is_mapped_though_our_extensions_are_gone() -> None:
    group, _ = said(rate())
    value = native_dicom(ablated(group), MAPPING, KNOWN).root.children[0].value
    assert isinstance(value, Num) and value.unit is not None and value.unit.value == "/min"
    report = to_fhir(document(rate()), MAPPING, KNOWN).report
    assert report.items.mapped == report.items.total


def test_a_resource_keeps_its_own_spelling() -> None:
    """In the SR, and back."""
    quantity = {"value": 72, "unit": "beats", "system": "http://unitsofmeasure.org", "code": "{beats}/min"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]}
    group = Group(observation(code=code, valueQuantity=quantity), (), None, "Observation/o")
    assert units(group) == [("72", "{beats}/min")]
    back = to_fhir(to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert stripped(back.root) == group.root
