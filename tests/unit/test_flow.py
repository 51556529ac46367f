"""Continuous text (PS3.3 C.18.8): a code within a sentence says nothing without it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.codecs.fhir import validate
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, Reference, Value
from bridge.model.dataset import Element
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import write_document
from bridge.model.tags import TEMPLATE
from bridge.translate.basis.ids import Known
from bridge.translate.native.flow import COMMENT, is_flow
from bridge.translate.remainder.element_json import template_items
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
MODIFIER = Code("106239005", "SCT", "Modifier")
FINDING, SECTION = Code("121071", "DCM", "Finding"), Code("121070", "DCM", "Findings")
DENIED: tuple[Value, ...] = (
    Plain("TEXT", "There is no evidence of"),
    Coded(Code("233604007", "SCT", "Pneumonia")),
    Plain("TEXT", "in either lung, says"),
    Plain("PNAME", "Doe^Jane^^Dr."),
    Plain("TEXT", ", and the nodule has"),
    Num(("8",), Code("mm", "UCUM", "mm"), None),
    Plain("TEXT", "."),
    Reference("IMAGE", "1.2.840.10008.5.1.4.1.1.2", "2.25.1"),
)
SENTENCE = "There is no evidence of Pneumonia in either lung, says Dr. Jane Doe, and the nodule has 8 mm. Finding"


def container(continuity: str, *values: Value, concept: Code | None = None) -> ContentItem:
    children = tuple(ContentItem("CONTAINS", FINDING, value, (), ()) for value in values)
    return ContentItem("CONTAINS", concept, Container(continuity), children, ())


def commented(*texts: str) -> ContentItem:
    """A measurement group."""
    comments = [ContentItem("CONTAINS", COMMENT, Plain("TEXT", one), (), ()) for one in texts]
    measured = [replace(one, concept=FINDING) for one in container("CONTINUOUS", DENIED[5]).children]
    return replace(container("CONTINUOUS"), children=(*comments, *measured))


def document(*items: ContentItem) -> Document:
    one = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    return replace(one, root=replace(one.root, children=(*one.root.children, *items)))


def read(*items: ContentItem) -> tuple[Group, list[str]]:
    one = document(*items)
    translated = to_fhir(one, MAPPING, KNOWN)
    for resource in translated.result.resources():
        validate(resource)
    back = checked_to_dicom(translated.result, MAPPING, KNOWN)
    assert write_document(back.result) == write_document(one)
    return translated.result, [one for one in translated.report.warnings if "continuous" in one]


def narratives(group: Group) -> list[str]:
    def of(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["text"]["div"]] if isinstance(value.get("text"), dict) and "div" in value["text"] else []
            return own + [one for child in value.values() for one in of(child)]
        return [one for child in value for one in of(child)] if isinstance(value, list) else []

    return [one for resource in group.resources() for one in of(resource)]


@pytest.mark.parametrize("concept", [None, SECTION])
def test_the_sentence_is_whole_in_the_narrative_and_who_reads_the_code_alone_is_warned(concept: Code | None) -> None:
    group, warnings = read(container("CONTINUOUS", *DENIED, concept=concept))
    assert f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{SENTENCE}</p></div>' in narratives(group)
    assert len(warnings) == 1


def test_so_is_that_of_the_whole_document() -> None:
    one = document()
    root = replace(container("CONTINUOUS", *DENIED), relationship=None, concept=one.root.concept, rest=one.root.rest)
    translated = to_fhir(replace(one, root=root), MAPPING, KNOWN)
    (composition,) = [each for each in translated.result.members if each["resourceType"] == "Composition"]
    assert SENTENCE in composition["text"]["div"]
    validate(composition)
    assert write_document(checked_to_dicom(translated.result, MAPPING, KNOWN).result) == write_document(
        replace(one, root=root)
    )


def test_the_context_is_no_part_of_it_and_a_modifier_is() -> None:
    """Who observed stands in it, and that the code is absent below it."""
    observed = ContentItem("HAS OBS CONTEXT", Code("121008", "DCM", "Person Observer Name"), DENIED[3], (), ())
    absent = ContentItem("HAS CONCEPT MOD", MODIFIER, Coded(Code("2667000", "SCT", "Absent")), (), ())
    whole = container("CONTINUOUS", *DENIED[:3])
    text, code, more = whole.children
    group, warnings = read(replace(whole, children=(observed, text, replace(code, children=(absent,)), more)))
    assert "<p>There is no evidence of Pneumonia (Absent) in either lung, says</p>" in "".join(narratives(group))
    assert len(warnings) == 1


def test_texts_alone_deny_nothing_that_stands_beside() -> None:
    group, warnings = read(container("CONTINUOUS", Plain("TEXT", "No"), Plain("TEXT", "effusion.\nNo mass.")))
    assert any("<p>No effusion.</p><p>No mass.</p>" in one for one in narratives(group))
    assert warnings == []


IMPRESSION, CONCLUSION = Code("121073", "DCM", "Impression"), Code("121077", "DCM", "Conclusion")
OTHER = Code("246090004", "SCT", "Associated finding")


def piece(concept: Code | None, value: Value, *children: ContentItem) -> ContentItem:
    return ContentItem("CONTAINS", concept, value, children, ())


def continuous(*items: ContentItem, concept: Code | None = SECTION) -> ContentItem:
    return replace(container("CONTINUOUS", concept=concept), children=items)


@pytest.mark.parametrize(
    "items",
    [
        (piece(FINDING, DENIED[0]), piece(OTHER, DENIED[1])),
        (piece(None, DENIED[0]), piece(FINDING, DENIED[1])),
        (piece(OTHER, DENIED[5]), piece(IMPRESSION, DENIED[0]), piece(FINDING, DENIED[1])),
        (piece(FINDING, Plain("TEXT", "No lesion above")), piece(OTHER, DENIED[5])),
        (piece(COMMENT, DENIED[0]), piece(IMPRESSION, DENIED[0]), piece(FINDING, DENIED[1])),
    ],
)
def test_words_before_a_value_may_deny_it_whatever_each_piece_is_called(items: tuple[ContentItem, ...]) -> None:
    group, warnings = read(continuous(*items))
    assert len(warnings) == 1
    words, value = [one.value for one in items[-2:]]
    assert isinstance(words, Plain)
    said = f"{words.text} {'8 mm' if isinstance(value, Num) else 'Pneumonia'}</p>"
    assert any(one.removesuffix("</div>").endswith(said) for one in narratives(group))


GROUP = Code("125007", "DCM", "Measurement Group")
TEMPLATED = (Element(TEMPLATE, "SQ", template_items("3708")),)
NO_WORDS = piece(COMMENT, DENIED[0])
DENIED_AFTER = piece(FINDING, Plain("TEXT", "is not seen."))


@pytest.mark.parametrize("section", [True, False])
@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((NO_WORDS, piece(CONCLUSION, DENIED[1])), "There is no evidence of Pneumonia"),
        ((piece(CONCLUSION, DENIED[1]), DENIED_AFTER), "Pneumonia is not seen."),
        ((piece(CONCLUSION, DENIED[1]), replace(DENIED_AFTER, concept=COMMENT)), "Pneumonia is not seen."),
    ],
)
def test_a_comment_or_words_after_a_code_may_deny_it(
    items: tuple[ContentItem, ...], said: str, *, section: bool
) -> None:
    """At the root, `conclusionCode` was Pneumonia."""
    one = document(continuous(*items))
    if not section:
        root = replace(continuous(*items, concept=one.root.concept), relationship=None, rest=one.root.rest)
        one = replace(one, root=root)
    translated = to_fhir(one, MAPPING, KNOWN)
    assert sum("continuous" in each for each in translated.report.warnings) == 1
    assert any(f"<p>{said}</p>" in each for each in narratives(translated.result))
    assert "conclusionCode" not in translated.result.root and translated.result.root["conclusion"] == said
    assert checked_to_dicom(translated.result, MAPPING, KNOWN).result == one


@pytest.mark.parametrize(("relationship", "flows"), [(None, True), ("CONTAINS", False)])
def test_a_comment_on_a_number_denies_it_at_the_root_alone(relationship: str | None, *, flows: bool) -> None:
    """Below it, it is that of a measurement."""
    assert is_flow(replace(commented("No lesion above"), relationship=relationship)) is flows


@pytest.mark.parametrize("removed", [False, True])
def test_the_narrative_of_a_result_follows_its_items(removed: bool) -> None:
    """It is a copy: who edits an item would leave the former sentence in FHIR."""
    group, _ = read(continuous(piece(FINDING, DENIED[0]), piece(OTHER, DENIED[1])))
    group = deepcopy(group)
    (one,) = [each for each in group.members if each["resourceType"] == "Observation" and "text" in each]
    if removed:
        one["component"] = [each for each in one["component"] if "valueString" not in each]
    else:
        one["component"][0]["valueString"] = "There are signs of"
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert not any("does not see it" in each for each in made.report.warnings)
    said = [each for each in narratives(to_fhir(made.result, MAPPING, KNOWN).result) if "Pneumonia" in each]
    assert len(said) == (0 if removed else 1) and all("There are signs of Pneumonia" in each for each in said)


def test_of_a_narrative_that_an_edit_makes_nobody_is_told_that_he_took_it_away() -> None:
    """A note after a code may deny it; before there was no sentence."""
    group, _ = read(continuous(piece(FINDING, DENIED[1]), piece(OTHER, DENIED[1])))
    group = deepcopy(group)
    (one,) = [each for each in group.members if each.get("code", {}).get("text") == SECTION.meaning]
    one["note"] = [{"text": "not seen any more"}]
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert "Observation.text: not there; it repeats items, and comes with them" in made.report.warnings
    assert not any("taken away" in each for each in made.report.warnings)
    assert any(
        "Pneumonia not seen any more" in each for each in narratives(to_fhir(made.result, MAPPING, KNOWN).result)
    )


def test_a_conclusion_that_is_denied_is_no_code_of_the_report() -> None:
    """Of *No evidence of* Pneumonia, `conclusionCode` was Pneumonia. What is no part of the sentence is an element."""
    one = document()
    words = Code("121050", "DCM", "Equivalent Meaning of Concept Name")
    title = ContentItem("HAS CONCEPT MOD", words, Plain("TEXT", "Report of the chest"), (), ())
    children = (title, piece(FINDING, DENIED[0]), piece(CONCLUSION, DENIED[1]))
    root = replace(continuous(*children, concept=one.root.concept), relationship=None, rest=one.root.rest)
    translated = to_fhir(replace(one, root=root), MAPPING, KNOWN)
    report = translated.result.root
    assert "conclusionCode" not in report
    assert report["conclusion"] == "There is no evidence of Pneumonia"
    assert report["code"]["text"] == "Report of the chest"
    assert sum("continuous" in each for each in translated.report.warnings) == 1
    assert checked_to_dicom(translated.result, MAPPING, KNOWN).result.root == root


def test_a_section_before_the_words_is_read_for_itself() -> None:
    """Its heading is no word of the sentence, and its conclusion one of the report."""
    inner = replace(container("SEPARATE", concept=SECTION), children=(piece(CONCLUSION, Plain("TEXT", "Normal.")),))
    group, _ = read(continuous(inner, piece(IMPRESSION, DENIED[0]), piece(CONCLUSION, DENIED[1])))
    assert group.root["conclusion"] == "There is no evidence of Pneumonia\nNormal."


def test_a_section_after_words_may_continue_them_and_is_no_conclusion() -> None:
    """Of *There is no* *sign of* [Impression: *pneumonia.*] the report's conclusion was pneumonia."""
    inner = replace(container("SEPARATE", concept=IMPRESSION), children=(piece(CONCLUSION, Plain("TEXT", "TB.")),))
    pieces = piece(FINDING, Plain("TEXT", "There is no")), piece(FINDING, Plain("TEXT", "sign of"))
    group, _ = read(continuous(*pieces, inner))
    assert "TB." not in group.root["conclusion"]
    parts = [part for one in group.members for part in (one, *one.get("component", ()))]
    assert any(one.get("valueString") == "TB." for one in parts)


SOURCE_PARAMETERS = Code("113831", "DCM", "CT X-Ray Source Parameters")
X_RAY_SOURCE, KVP = Code("113832", "DCM", "Identification of the X-Ray Source"), Code("113733", "DCM", "KVP")


@pytest.mark.parametrize(
    "other",
    [
        container("SEPARATE", *DENIED),
        container("CONTINUOUS", DENIED[1]),  # of one item
        continuous(piece(FINDING, DENIED[1]), NO_WORDS, concept=GROUP),
        replace(continuous(piece(FINDING, DENIED[1]), piece(OTHER, Plain("TEXT", "3-lead"))), rest=TEMPLATED),
        commented("Poor window", "Repeat scan"),
        container("CONTINUOUS", DENIED[1], DENIED[5]),  # without words
        continuous(piece(X_RAY_SOURCE, Plain("TEXT", "1")), piece(KVP, DENIED[5]), concept=SOURCE_PARAMETERS),
    ],
)
def test_what_is_no_sentence_is_none(other: ContentItem) -> None:
    assert not is_flow(other)
    group, warnings = read(other)
    assert not any(one["resourceType"] == "Observation" and "text" in one for one in group.members)
    assert warnings == []
