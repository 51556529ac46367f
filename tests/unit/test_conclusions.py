"""An addendum in the PACS is a line of the conclusion; who removes the conclusion files the report nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Container, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.documents import CONCLUSIONS
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import measured, reported

MAPPING, KNOWN = load(), Known()
RADIOLOGY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}


def report(conclusion: str, *results: Resource, **more: Any) -> Group:
    root = reported(conclusion=conclusion) | more
    if results:
        root["result"] = [{"reference": f"Observation/{one['id']}"} for one in results]
    return Group(root, results, None, "DiagnosticReport/r")


LABORATORY, IMAGING = report("All fine", measured()), report("No fracture", category=[RADIOLOGY])


def addendum(words: str) -> ContentItem:
    return ContentItem("CONTAINS", CONCLUSION, Plain("TEXT", words), (), ())


def at_the_end(root: ContentItem, words: str) -> ContentItem:
    return replace(root, children=(*root.children, addendum(words)))


def in_front(root: ContentItem, words: str) -> ContentItem:
    return replace(root, children=(addendum(words), *root.children))


def in_the_section(root: ContentItem, words: str) -> ContentItem:
    def added(item: ContentItem) -> ContentItem:
        inside = isinstance(item.value, Container) and CONCLUSIONS.same(item.concept)
        return at_the_end(item, words) if inside else item

    return replace(root, children=tuple(map(added, root.children)))


def edited(group: Group, root: ContentItem, header: Any) -> Group:
    after = Document(header, root)
    back = to_fhir(after, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert not any("does not see" in one for one in back.report.warnings)
    assert to_dicom(back.result, MAPPING, KNOWN).result == after
    assert [stripped(one) for one in back.result.members] == [*group.members]
    return back.result


@pytest.mark.parametrize("words", ["Hairline fracture.", "Hairline fracture.\nOf the left radius."])
@pytest.mark.parametrize(
    ("group", "add"),
    [(LABORATORY, at_the_end), (LABORATORY, in_front), (IMAGING, in_the_section), (IMAGING, at_the_end)],
)
def test_an_addendum_is_a_line_of_the_conclusion(group: Group, add: Any, words: str) -> None:
    document = checked_to_dicom(group, MAPPING, KNOWN).result
    back = edited(group, add(document.root, words), document.header)
    lines = [words, group.root["conclusion"]] if add is in_front else [group.root["conclusion"], words]
    assert stripped(back.root) == group.root | {"conclusion": "\n".join(lines)}


@pytest.mark.parametrize(
    ("conclusion", "items"),
    [
        ("No fracture\nHairline fracture.", ["No fracture", "Hairline fracture."]),
        ("Normal\nHairline fracture.", ["Normal", "Hairline fracture."]),
        ("No fracture\nHairline fracture.\nCast.", ["No fracture", "Hairline fracture.\nCast."]),
        ("Fracture", ["Fracture"]),
    ],
)
def test_a_conclusion_of_several_items_that_is_edited_in_fhir(conclusion: str, items: list[str]) -> None:
    document = checked_to_dicom(IMAGING, MAPPING, KNOWN).result
    group = edited(IMAGING, in_the_section(document.root, "Hairline fracture."), document.header)
    group.root["conclusion"] = conclusion
    (section,) = [one for one in to_dicom(group, MAPPING, KNOWN).result.root.children if CONCLUSIONS.same(one.concept)]
    assert [one.value for one in section.children] == [Plain("TEXT", words) for words in items]


def without_conclusion(root: ContentItem) -> ContentItem:
    return replace(root, children=tuple(one for one in root.children if not CONCLUSION.same(one.concept)))


def test_a_report_without_its_conclusion_is_filed_as_before() -> None:
    document = checked_to_dicom(LABORATORY, MAPPING, KNOWN).result
    back = edited(LABORATORY, without_conclusion(document.root), document.header)
    assert stripped(back.root) == {key: value for key, value in LABORATORY.root.items() if key != "conclusion"}


def test_a_conclusion_says_nothing_of_where_a_report_is_filed() -> None:
    category = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}]
    group = report("All fine", measured(), category=category)
    document, _ = taken_out(checked_to_dicom(group, MAPPING, KNOWN).result)
    for root in (document.root, without_conclusion(document.root)):
        said = to_fhir(Document(document.header, root), MAPPING, KNOWN).result.root["category"]
        assert [one["coding"][0]["code"] for one in said] == ["LAB"]
