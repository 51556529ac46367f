"""Limits of reference ranges (PS3.16 TID 312): one range of two of them only where somebody has said so."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num, Plain
from bridge.model.document import Document
from bridge.model.group import Number, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
LOW, HIGH = Code("385524004", "SCT", "Normal Range Lower Limit"), Code("371933006", "SCT", "Normal Range Upper Limit")
WORDS, LENGTH = Code("121407", "DCM", "Normal Range description"), Code("410668003", "SCT", "Length")
MILLIMETER = Code("mm", "UCUM", "mm")


def item(said: str) -> ContentItem:
    """`1` is a lower limit, `-8` an upper one; words describe them."""
    limit = HIGH if said.startswith("-") else LOW
    value = Plain("TEXT", said) if said.isalpha() else Num((said.lstrip("-"),), MILLIMETER, None)
    return ContentItem("HAS PROPERTIES", WORDS if said.isalpha() else limit, value, (), ())


def in_short(one: Resource) -> str:
    limits = [str(one[end]["value"]) if end in one else "" for end in ("low", "high")]
    return " ".join(filter(None, ("-".join(limits).removesuffix("-"), one.get("text"))))


def with_limits(said: list[str]) -> Document:
    one = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    length = ContentItem("CONTAINS", LENGTH, Num(("5",), MILLIMETER, None), tuple(map(item, said)), ())
    return replace(one, root=replace(one.root, children=(length,)))


@pytest.mark.parametrize(
    ("said", "ranges"),
    [
        (["1", "-8"], ["1-8"]),
        (["1", "-8", "2", "-9"], ["1-8", "2-9"]),
        (["-8", "1", "male", "2", "-9", "female"], ["1-8 male", "2-9 female"]),
        (["1", "male", "-8"], ["1-8 male"]),
        (["1", "-8", "male", "-9", "female"], ["1-8 male", "-9 female"]),
        (["male", "1", "-8", "female", "2", "-9"], ["1-8 male", "2-9 female"]),
        # each text is of what it stands after, as TID 312 has it, or before
        (["1", "male", "-8", "female"], ["1 male", "-8 female"]),
        (["-8", "female", "1", "male"], ["-8 female", "1 male"]),
        (["1", "male", "-8", "female", "2"], ["1 male", "-8 female", "2"]),
        (["male", "1", "female", "-8"], ["1 male", "-8 female"]),
        (["1", "male", "2", "-9"], ["1 male", "2-9"]),
        (["1", "male", "-8", "-9"], ["1 male", "-8", "-9"]),
        (["1", "2", "male", "3", "-8", "female"], ["1", "2", "male", "3-8 female"]),
        # which of them belong together, nobody has said
        (["1", "2", "-8", "-9"], ["1", "2", "-8", "-9"]),
        (["1", "-8", "-9"], ["1", "-8", "-9"]),
        (["1", "2", "-8", "-9", "adults"], ["1", "2", "-8", "-9", "adults"]),
        (["1", "male", "2", "female", "-8", "male", "-9", "female"], ["1 male", "2 female", "-8 male", "-9 female"]),
        (["male", "1", "-8", "female"], ["male", "1-8", "female"]),
    ],
)
def test_limits_are_of_one_range_only_where_that_is_said(said: list[str], ranges: list[str]) -> None:
    document = with_limits(said)
    group = to_fhir(document, MAPPING, KNOWN).result
    (found,) = [each for each in group.members if "referenceRange" in each]
    assert [in_short(each) for each in found["referenceRange"]] == ranges
    assert to_dicom(group, MAPPING, KNOWN).result == document


@pytest.mark.parametrize("more", [{}, {"appliesTo": [{"text": "pregnant"}]}], ids=["of everybody", "of some"])
@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("said", [["1", "-8"], ["1", "-8", "2", "-9"]])
def test_a_range_that_is_added_takes_none_of_the_device_away(said: list[str], place: int, more: Resource) -> None:
    document = with_limits(said)
    group = copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)
    (found,) = [each for each in group.members if "referenceRange" in each]
    found["referenceRange"].insert(place, {"low": {"value": Number("3"), "unit": "mm"}, **more})
    wanted = copy.deepcopy(found["referenceRange"])
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert made.result.root.children[0].children == document.root.children[0].children
    assert any("a DICOM reader sees the normal one alone" in one for one in made.report.warnings)
    (again,) = [each for each in to_fhir(made.result, MAPPING, KNOWN).result.members if "referenceRange" in each]
    assert again["referenceRange"] == wanted
