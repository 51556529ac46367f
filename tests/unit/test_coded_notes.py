"""A note whose extension is the question, and whose text only the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Plain
from bridge.model.group import Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import alone, measured

MAPPING, KNOWN = load(), Known()
COMMENT = Code("121106", "DCM", "Comment")
URL = "https://www.ehealth.fgov.be/standards/fhir/lab/StructureDefinition/annotation-code"
BELGIAN = {"system": "http://example.org/coded-annotation-types", "code": "lab-test-accreditation"}
NAMED = BELGIAN | {"display": "Accredited"}
UNSAID = "an extension says what the note is, and no DICOM reader sees it"


def asked(text: str, **value: Any) -> Resource:
    return measured(note=[{"extension": [{"url": URL, **value}], "text": text}])


def comment(item: ContentItem) -> str:
    (found,) = [one.value for one in item.children if COMMENT.same(one.concept)]
    assert isinstance(found, Plain)
    return found.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueCodeableConcept": {"coding": [BELGIAN]}}, "lab-test-accreditation: No"),
        ({"valueCodeableConcept": {"coding": [BELGIAN, NAMED]}}, "Accredited: No"),
        ({"valueCodeableConcept": {"coding": [NAMED], "text": "Accreditation"}}, "Accreditation: No"),
        ({"valueCoding": NAMED}, "Accredited: No"),
        ({"valueCode": "accredited"}, "accredited: No"),
    ],
)
def test_what_a_note_answers_is_said_with_it(value: Resource, words: str) -> None:
    made = checked_to_dicom(alone(asked("No", **value)), MAPPING, KNOWN)
    assert comment(made.result.root.children[0]) == words
    assert not any(UNSAID in one for one in made.report.warnings)


def test_an_extension_of_a_note_without_a_code_is_warned_of() -> None:
    made = checked_to_dicom(alone(asked("No", valueBoolean=True)), MAPPING, KNOWN)
    assert comment(made.result.root.children[0]) == "No"
    assert any(UNSAID in one for one in made.report.warnings)


def test_an_edited_comment_says_its_question_itself() -> None:
    """What extended the former answer goes with that (decision 0034)."""
    result = asked("No", valueCodeableConcept={"coding": [BELGIAN]})
    root = checked_to_dicom(alone(result), MAPPING, KNOWN).result
    (item,) = root.root.children
    children = [replace(one, value=Plain("TEXT", "accreditation: Yes")) for one in item.children]
    edited = replace(root, root=replace(root.root, children=(replace(item, children=tuple(children)),)))
    back = to_fhir(edited, MAPPING, KNOWN)
    assert stripped(back.result.root)["note"] == [{"text": "accreditation: Yes"}]
    assert any("Observation.note.0.extension" in one for one in back.report.warnings)
    assert to_dicom(back.result, MAPPING, KNOWN).result.root == edited.root
