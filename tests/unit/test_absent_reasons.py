"""Why there is no value, as a reader of the SR sees it; and what a value is that is not applicable, but interpreted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, Container, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.named_concepts import VALUE_UNKNOWN
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import alone, observation

MAPPING, KNOWN = load(), Known()
NOT_APPLICABLE = Code("385432009", "SCT", "Not applicable")
MEANING = Code("121051", "DCM", "Equivalent Meaning of Value")
SYSTEM = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
POSITIVE = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
            "code": "POS",
            "display": "Positive",
        }
    ]
}
UNSAID = "why there is no value is said in words that no DICOM reader sees"


def reason(code: str, **more: Any) -> Resource:
    return {"dataAbsentReason": {"coding": [{"system": SYSTEM, "code": code}]} | more}


def made(**more: Any) -> Translated[Document]:
    return checked_to_dicom(alone(observation(**more)), MAPPING, KNOWN)


def item(**more: Any) -> ContentItem:
    return made(**more).result.root.children[0]


def words(found: ContentItem) -> list[str]:
    return [one.value.text for one in found.children if MEANING.same(one.concept) and isinstance(one.value, Plain)]


def edited(document: Document, edit: Callable[[ContentItem], ContentItem]) -> Document:
    (found,) = document.root.children
    return replace(document, root=replace(document.root, children=(edit(found),)))


def test_a_result_that_is_only_interpreted_is_not_unknown() -> None:
    """The Swiss notification says so that a pathogen was detected."""
    found = item(**reason("not-applicable"), interpretation=[POSITIVE])
    assert isinstance(found.value, Container)
    assert [one.value.code.meaning for one in found.children if isinstance(one.value, Coded) and one.value.code] == [
        "Positive"
    ]


def test_what_is_not_applicable_is_not_unknown() -> None:
    document = made(**reason("not-applicable")).result
    assert document.root.children[0].value == Coded(NOT_APPLICABLE)
    assert item(**reason("unknown"), interpretation=[POSITIVE]).value == Coded(VALUE_UNKNOWN)


@pytest.mark.parametrize(
    ("said", "below"),
    [
        (reason("as-text", text="Specimen unsatisfactory"), ["Specimen unsatisfactory"]),
        ({"dataAbsentReason": {"text": "Haemolysed"}}, ["Haemolysed"]),
        ({"dataAbsentReason": {"coding": [{"code": "H", "display": "Haemolysed"}]}}, ["Haemolysed"]),
        (reason("error", text="Instrument down"), ["Instrument down"]),
        ({"dataAbsentReason": {"coding": [{"system": SYSTEM, "code": "unknown", "display": "Unknown"}]}}, []),
        (reason("unknown", text="Unknown"), []),
    ],
)
def test_what_the_code_does_not_say_of_a_reason_stands_below(said: Resource, below: list[str]) -> None:
    found = item(**said)
    assert isinstance(found.value, Coded)
    assert words(found) == below
    part = {"code": {"text": "part"}} | said
    (within,) = item(component=[part]).children
    assert words(within) == below


def test_words_of_a_reason_without_a_code_are_warned_of() -> None:
    found = made(**reason("not-applicable", text="Detected by culture"), interpretation=[POSITIVE])
    assert any(UNSAID in one for one in found.report.warnings)
    assert not any(UNSAID in one for one in made(**reason("as-text", text="Clotted")).report.warnings)


def test_words_of_a_reason_are_read_without_our_private_elements() -> None:
    bare, _ = taken_out(made(**reason("as-text", text="Clotted")).result)
    (found,) = [one for one in to_fhir(bare, MAPPING, KNOWN).result.members if "dataAbsentReason" in one]
    assert found["dataAbsentReason"]["text"] == "Clotted"
    assert "component" not in found


def test_an_edited_reason_is_that_of_the_result() -> None:
    def clotted(found: ContentItem) -> ContentItem:
        return replace(found, children=tuple(replace(one, value=Plain("TEXT", "Clotted")) for one in found.children))

    document = edited(made(**reason("as-text", text="Haemolysed")).result, clotted)
    back = to_fhir(document, MAPPING, KNOWN).result
    assert stripped(back.root)["dataAbsentReason"] == reason("as-text", text="Clotted")["dataAbsentReason"]
    assert to_dicom(back, MAPPING, KNOWN).result.root == document.root


def test_words_of_a_reason_are_none_of_the_value_that_replaced_it() -> None:
    positive = Coded(Code("10828004", "SCT", "Positive"))
    document = edited(made(**reason("as-text", text="Clotted")).result, lambda one: replace(one, value=positive))
    back = to_fhir(document, MAPPING, KNOWN)
    found = stripped(back.result.root)
    assert found["valueCodeableConcept"]["text"] == "Positive"
    assert "dataAbsentReason" not in found
    assert to_dicom(back.result, MAPPING, KNOWN).result.root == document.root


def test_a_value_given_in_the_pacs_ends_the_reason() -> None:
    """FHIR R4 obs-6: it would be refused."""
    positive = Coded(Code("10828004", "SCT", "Positive"))

    def valued(found: ContentItem) -> ContentItem:
        children = tuple(replace(one, relationship="HAS PROPERTIES") for one in found.children)
        return replace(found, value=positive, children=children)

    document = edited(made(**reason("not-applicable"), interpretation=[POSITIVE]).result, valued)
    back = to_fhir(document, MAPPING, KNOWN)
    found = stripped(back.result.root)
    assert "valueCodeableConcept" in found and "dataAbsentReason" not in found
    assert any("Observation.dataAbsentReason" in one for one in back.report.warnings)
    assert to_dicom(back.result, MAPPING, KNOWN).result.root == document.root


def test_words_below_an_absent_value_come_back_to_their_document() -> None:
    """A document born in DICOM, edited in FHIR."""
    bare, _ = taken_out(made(**reason("error", text="Instrument down")).result)
    born = to_fhir(bare, MAPPING, KNOWN).result
    assert to_dicom(born, MAPPING, KNOWN).result.root == bare.root
    (found,) = [one for one in born.members if "dataAbsentReason" in one]
    found["dataAbsentReason"]["text"] = "Instrument broken"
    (again,) = to_dicom(born, MAPPING, KNOWN).result.root.children
    assert words(again) == ["Instrument broken"]
