"""A value that an item says more than once: what is read, and what the report says of it."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.codes import code_element
from bridge.model.content import Code, Coded, ContentItem, Num, Plain
from bridge.model.dataset import Element, text_element
from bridge.model.document import Document
from bridge.model.sr import read_document, write_document
from bridge.model.tags import CONCEPT, CONCEPT_CODE, FLOATING, MEASURED, NUMERIC, UNITS
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
LENGTH, LIVER = Code("410668003", "SCT", "Length"), Code("10200004", "SCT", "Liver")


def warnings(item: ContentItem) -> list[str]:
    """Of a report of that item, which comes back as it is."""
    made = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    document = read_document(write_document(Document(made.header, replace(made.root, children=(item,)))))
    translated = to_fhir(document, MAPPING, KNOWN)
    assert to_dicom(translated.result, MAPPING, KNOWN).result == document
    return [one for one in translated.report.warnings if one.endswith(": 1.1")]


def measured(*numbers: tuple[str, str | None]) -> ContentItem:
    """A length of these, each with its Floating Point Value."""
    found = []
    for text, exact in numbers:
        unit, number = code_element(UNITS, Code("mm", "UCUM", "mm"), ()), text_element(NUMERIC, "DS", text)
        floating = [Element(FLOATING, "FD", struct.pack("<d", float(exact)))] if exact is not None else []
        found.append((unit, *floating, number))
    value = Num((numbers[0][0],), Code("mm", "UCUM", "mm"), None)
    return ContentItem("CONTAINS", LENGTH, value, (), (Element(MEASURED, "SQ", tuple(found)),))


@pytest.mark.parametrize(("text", "exact"), [("1.0", "2.5"), ("0", "0.000123"), ("12", "-12"), ("1", "nan")])
def test_another_floating_point_value_is_warned_of(text: str, exact: str) -> None:
    (said,) = warnings(measured((text, exact)))
    assert "Floating Point Value" in said
    assert exact not in said and text not in said.removesuffix("1.1"), "no value of the patient's"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2.5", None),
        ("2.50", "2.5"),
        ("12.35", "12.3456789"),  # rounded
        ("0.33333333333333", "0.3333333333333333"),
        ("0.66666666666666", "0.6666666666666666"),  # cut
        ("0.1", "0.10000000149011612"),  # of four bytes
        ("-1.2345678901E-5", "-1.23456789012345e-05"),
    ],
)
def test_one_that_says_the_number_more_exactly_is_not(text: str, exact: str | None) -> None:
    assert not warnings(measured((text, exact)))


def test_two_measured_values_are_warned_of() -> None:
    (said,) = warnings(measured(("5", None), ("8", None)))
    assert said == "several items in Measured Value Sequence, of which the first is read: 1.1"


@pytest.mark.parametrize(("tag", "name"), [(CONCEPT, "Concept Name"), (CONCEPT_CODE, "Concept")])
def test_two_codes_are_warned_of(tag: int, name: str) -> None:
    both = (code_element(tag, LIVER, ()), code_element(tag, LENGTH, ()))
    doubled = Element(tag, "SQ", both[0].value + both[1].value)  # type: ignore[operator]
    (said,) = warnings(ContentItem("CONTAINS", LIVER, Coded(LIVER), (), (doubled,)))
    assert said == f"several items in {name} Code Sequence, of which the first is read: 1.1"
    of_a_text = warnings(ContentItem("CONTAINS", LIVER, Plain("TEXT", "large"), (), (doubled,)))
    assert of_a_text == ([said] if tag == CONCEPT else [])
