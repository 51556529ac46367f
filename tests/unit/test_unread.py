"""What an SR says and FHIR cannot hold is missing for an error, and warned of: it is there, and not unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.codecs.fhir import validate
from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num, Plain, Value
from bridge.model.dataset import merged, text_element
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import write_document
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
FINDING, NO_UNITS = Code("121071", "DCM", "Finding"), Code("1", "UCUM", "no units")


def sample() -> Document:
    return structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())


def read(one: Document) -> tuple[Group, list[str]]:
    """And back."""
    translated = to_fhir(one, MAPPING, KNOWN)
    for resource in translated.result.resources():
        validate(resource)
    assert write_document(checked_to_dicom(translated.result, MAPPING, KNOWN).result) == write_document(one)
    return translated.result, translated.report.warnings


def of_value(value: Value) -> tuple[str, list[str]]:
    """Why it is absent, and the warnings."""
    one = sample()
    item = ContentItem("CONTAINS", FINDING, value, (), ())
    group, warnings = read(replace(one, root=replace(one.root, children=(*one.root.children, item))))
    found: Any = [each for each in group.members if "dataAbsentReason" in str(each)]
    return found[0]["dataAbsentReason"]["coding"][0]["code"], [each for each in warnings if "cannot hold" in each]


@pytest.mark.parametrize(
    "value",
    [
        Num(("abc",), NO_UNITS, None),
        Num(("1e99",), NO_UNITS, None),
        Plain("DATE", "20261399"),
        Plain("TIME", "99"),
        Plain("DATETIME", "yesterday"),
        Plain("UIDREF", "1." + "2" * 70),
        Plain("TEXT", "a\x01b"),
    ],
)
def test_a_value_that_is_there_is_not_unknown(value: Value) -> None:
    reason, warnings = of_value(value)
    assert (reason, len(warnings)) == ("error", 1)


@pytest.mark.parametrize("value", [Plain("PNAME", "^^"), Plain("DATE", " ")])
def test_one_that_says_nothing_is(value: Value) -> None:
    assert of_value(value) == ("unknown", [])


@pytest.mark.parametrize(
    ("tag", "vr", "text", "warning"),
    [
        (0x00100030, "DA", "0000-00-00", "Patient's Birth Date (0010,0030) that cannot be read"),
        (0x00100040, "CS", "X", "Patient's Sex (0010,0040) that cannot be read"),
        (0x0040A491, "CS", "INCOMPLETE", "Completion Flag (0040,A491) is neither COMPLETE nor PARTIAL"),
    ],
)
def test_so_is_a_header_that_cannot_be_read(tag: int, vr: str, text: str, warning: str) -> None:
    one = sample()
    assert not any(warning in each for each in read(one)[1])
    _, warnings = read(replace(one, header=merged(one.header, [text_element(tag, vr, text)])))
    assert any(warning in each for each in warnings)


def test_a_report_that_may_not_be_complete_is_not_said_to_be_final() -> None:
    one = sample()
    group, _ = read(replace(one, header=merged(one.header, [text_element(0x0040A491, "CS", "INCOMPLETE")])))
    said = {each["resourceType"]: each["status"] for each in group.resources() if "status" in each}
    assert said["DiagnosticReport"] == said["Observation"] == "unknown"
    assert said["Composition"] == "preliminary", "it has no word for unknown"
