"""Codes that FHIR does without: of a unit without Coding Scheme Designator (FHIR R4 qty-3), and today's beside a
retired one where the unit says that something else was measured."""

from __future__ import annotations

import copy
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Num
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource
from bridge.terminology.measured import is_called_another, is_of_another_unit
from bridge.translate.basis.ids import Known
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.items import container, num, properties, unit
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
FINDINGS, RATE = Code("121070", "DCM", "Findings"), Code("8867-4", "LN", "Heart rate")
LENGTH, AREA = Code("G-D7FE", "SRT", "Length"), Code("G-D7FE", "SRT", "AREA")
SCT = "http://snomed.info/sct"


def read(*children: Dataset) -> tuple[Document, Group, list[str]]:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.ContentSequence = [container(FINDINGS, *children)]
    data = pydicom.filebase.DicomBytesIO()
    dataset.save_as(data)
    document = structured_report.read(bytes(data.getvalue()))
    translated = to_fhir(document, MAPPING, KNOWN)
    return document, copy.deepcopy(translated.result), translated.report.warnings


def rate(value: str, *below: Dataset) -> Dataset:
    """In a unit without Coding Scheme Designator."""
    one = num(RATE, value, unit("/min", "per minute"), *below)
    del one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodingSchemeDesignator
    return one


def empty(one: Dataset) -> Dataset:
    del one.MeasuredValueSequence[0].NumericValue
    return one


def valued(group: Group) -> list[Resource]:
    parts = [part for one in group.members for part in (one, *one.get("component", ()))]
    return [one for one in parts if "valueQuantity" in one]


def systems(one: Resource) -> list[Any]:
    return [coding["system"] for coding in one["code"]["coding"]]


def unchanged(group: Group, document: Document) -> bool:
    made = checked_to_dicom(group, MAPPING, KNOWN)
    return made.result == document and NEW_INSTANCE not in made.report.warnings


def test_a_unit_without_designator_is_said_in_words() -> None:
    document, group, warnings = read(num(RATE, "70", unit("/min", "per minute"), properties(rate("104"))), rate("105"))
    said = [one["valueQuantity"] for one in valued(group)]
    assert [one for one in said if "system" not in one] == [
        {"value": 105, "unit": "per minute"},
        {"value": 104, "unit": "per minute"},
    ]
    assert any(one.startswith("a code without Coding Scheme Designator") for one in warnings)
    assert unchanged(group, document)


def test_nor_has_one_without_a_number_a_code() -> None:
    document, group, _ = read(empty(rate("1")))
    (found,) = valued(group)
    assert found["valueQuantity"].keys() == {"_value", "unit"}
    assert unchanged(group, document)


def test_a_concept_without_designator_is_warned_of() -> None:
    one = num(RATE, "103", unit("/min"))
    del one.ConceptNameCodeSequence[0].CodingSchemeDesignator
    document, group, warnings = read(one)
    assert any(one.startswith("a code without Coding Scheme Designator") for one in warnings)
    assert unchanged(group, document)


@pytest.mark.parametrize("below", [False, True])
def test_no_length_is_added_to_an_area(below: bool) -> None:  # noqa: FBT001
    area = num(AREA, "4806.4", unit("mm2"))
    document, group, warnings = read(num(RATE, "70", unit("/min"), properties(area)) if below else area)
    (found,) = (one for one in valued(group) if one["valueQuantity"]["code"] == "mm2")
    assert systems(found) == ["http://snomed.info/srt"]
    assert any("G-D7FE (SRT) means 'Length' today, and its unit" in one for one in warnings)
    assert unchanged(group, document)


def test_a_length_has_its_code_of_today() -> None:
    document, group, warnings = read(num(LENGTH, "48", unit("cm")))
    assert SCT in systems(valued(group)[0])
    assert not any("G-D7FE" in one for one in warnings)
    assert unchanged(group, document)


def test_a_length_that_is_called_an_area_is_warned_of() -> None:
    _, group, warnings = read(num(AREA, "48", unit("mm")))
    assert SCT in systems(valued(group)[0])
    assert any("and its Code Meaning says" in one for one in warnings)


def test_what_an_earlier_bridge_read_is_no_edit() -> None:
    document, group, _ = read(rate("105"), num(AREA, "4806.4", unit("mm2")))
    for one in valued(group):
        if one["valueQuantity"].get("code") == "mm2":
            one["code"]["coding"].append({"system": SCT, "code": "410668003", "display": "Length"})
        else:
            one["valueQuantity"]["code"] = "/min"
    assert unchanged(group, document)


def test_a_fetal_heart_rate_is_found_by_minute() -> None:
    """As CID 12019 has it, in the unit that devices write."""
    document, group, _ = read(num(Code("11948-7", "LN", "Fetal Heart Rate"), "148", unit("{H.B.}/min")))
    assert valued(group)[0]["valueQuantity"]["code"] == "/min"
    assert unchanged(group, document)
    valued(group)[0]["valueQuantity"]["value"] = Number("150")
    made = checked_to_dicom(group, MAPPING, KNOWN).result.root.children[0].children[0].value
    assert isinstance(made, Num) and made.unit is not None and made.unit.value == "{H.B.}/min"


@pytest.mark.parametrize(
    ("sct", "units", "others"),
    [
        ("410668003", ("mm", "cm", "m", "um", "{pixels}", "%"), ("mm2", "cm3", "mL")),
        ("42798000", ("mm2", "cm2"), ("mm", "L", "mm3")),
        ("118565006", ("mL", "l", "mm3", "cm3"), ("mm", "cm2", "dam2")),
        ("8867-4", ("mm2", "/min"), ()),
    ],
)
def test_the_power_of_a_length(sct: str, units: tuple[str, ...], others: tuple[str, ...]) -> None:
    assert not any(is_of_another_unit(sct, one) for one in units)
    assert all(is_of_another_unit(sct, one) for one in others)


def test_words_in_whatever_case() -> None:
    assert is_called_another("410668003", "AREA ")
    assert not is_called_another("410668003", "Diameter")
    assert not is_called_another("410668003", "Fläche")
