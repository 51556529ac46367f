"""What would come out with another meaning is refused, or left to the remainder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Plain
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.tags import COMPLETION, PRELIMINARY
from bridge.translate.ids import Known
from bridge.translate.native_fhir import native_fhir
from bridge.translate.private import taken_out
from bridge.translate.remainder import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import observation

MAPPING, KNOWN = load(), Known()
_DETECTED = {"system": "http://snomed.info/sct", "code": "260373001", "display": "Detected"}


def quantity(value: int, **more: Any) -> dict[str, Any]:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return {"value": value, **unit, **more}


def alone(resource: Resource) -> Group:
    return Group(resource, (), None, f"Observation/{resource['id']}")


def reported(subject: dict[str, Any], result: Resource) -> Group:
    """A report of that subject, and its result."""
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": subject,
        "result": [{"reference": "Observation/o"}],
    }
    return Group(report, (result,), None, "DiagnosticReport/r")


def edited(group: Group, change: Any) -> Resource:
    """The Observation after somebody changed its content item."""
    document = to_dicom(group, MAPPING, KNOWN).result
    item = change(document.root.children[0])
    after = Document(document.header, replace(document.root, children=(item, *document.root.children[1:])))
    back: Resource = stripped(to_fhir(after, MAPPING, KNOWN).result.root)
    return back


@pytest.mark.parametrize(
    "subject", [{"reference": "urn:uuid:other"}, {"reference": "Group/1"}, {"identifier": {"value": "MR-OTHER"}}]
)
def test_a_result_of_another_subject_is_refused(subject: dict[str, Any]) -> None:
    result = observation(subject=subject, valueQuantity=quantity(5))
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(reported({"reference": "Patient/p"}, result), MAPPING, KNOWN)


def test_a_value_that_was_edited_is_the_only_one() -> None:
    def change(item: ContentItem) -> ContentItem:
        return replace(item, value=Plain("TEXT", "< 6 mmol/L"))

    back = edited(alone(observation(valueQuantity=quantity(5, comparator="<"))), change)
    assert [key for key in back if key.startswith("value")] == ["valueString"]


def test_who_wrote_a_note_stays_with_it() -> None:
    notes = [{"authorString": "Dr A", "text": "one"}, {"text": "two"}]

    def change(item: ContentItem) -> ContentItem:
        kept = [child for child in item.children if child.value != Plain("TEXT", "one")]
        return replace(item, children=tuple(kept))

    back = edited(alone(observation(valueQuantity=quantity(5), note=notes)), change)
    assert [one["text"] for one in back["note"]] == ["two"]
    assert "Dr A" not in str(back["note"])


def test_a_therapeutic_range_is_not_written_as_the_normal_one() -> None:
    ranges = [{"low": quantity(1), "high": quantity(2), "type": {"text": "therapeutic"}}]
    document = to_dicom(alone(observation(valueQuantity=quantity(5), referenceRange=ranges)), MAPPING, KNOWN).result
    assert "Normal Range" not in str(document.root.children[0].children)
    assert to_fhir(document, MAPPING, KNOWN).result.root["referenceRange"] == ranges


def test_a_preliminary_result_makes_the_document_partial() -> None:
    document = to_dicom(alone(observation(status="preliminary", valueQuantity=quantity(5))), MAPPING, KNOWN).result
    assert b"PARTIAL" in [element.value.strip() for element in document.header if isinstance(element.value, bytes)]


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("preliminary", ("PARTIAL", "PRELIMINARY")),
        ("partial", ("PARTIAL", None)),
        ("registered", ("PARTIAL", None)),
        ("final", ("COMPLETE", None)),
        ("amended", ("COMPLETE", None)),
        ("corrected", ("COMPLETE", None)),
    ],
)
def test_a_preliminary_report_is_a_preliminary_document(status: str, flags: tuple[str, str | None]) -> None:
    """PS3.3 C.17.2: Completion Flag and Preliminary Flag."""
    group = reported({"reference": "Patient/p"}, observation(valueQuantity=quantity(5)))
    group.root["status"] = status
    document = checked_to_dicom(group, MAPPING, KNOWN).result
    assert (text_of(document.header, COMPLETION), text_of(document.header, PRELIMINARY)) == flags
    native = native_fhir(taken_out(document)[0], MAPPING, KNOWN).group.root["status"]
    assert native == {"registered": "partial", "amended": "final", "corrected": "final"}.get(status, status)


def test_subjects_in_words_are_compared() -> None:
    result = observation(subject={"display": "Muster, Max"}, valueQuantity=quantity(5))
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(reported({"display": "Meier, Eva"}, result), MAPPING, KNOWN)


@pytest.mark.parametrize("place", ["", "referenceRange"])
def test_what_changes_the_meaning_is_refused_wherever_it_stands(place: str) -> None:
    modified: dict[str, Any] = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    more = {place: [{"text": "normal"} | modified]} if place else modified
    with pytest.raises(PermanentError, match="modifierExtension"):
        to_dicom(alone(observation(valueQuantity=quantity(5), **more)), MAPPING, KNOWN)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"valueQuantity": quantity(5, unit="g/dL", code="g/L")}, "unit is another"),
        ({"valueQuantity": quantity(5, unit="g/dl", code="g/dL")}, None),
        ({"valueQuantity": quantity(5, unit="mmHg", code="mm[Hg]")}, None),
        ({"valueCodeableConcept": {"coding": [_DETECTED], "text": "negative"}}, "text is not that of the code"),
        ({"valueCodeableConcept": {"coding": [_DETECTED], "text": "detected"}}, None),
    ],
)
def test_words_that_say_something_else_than_the_code_are_warned_of(value: dict[str, Any], says: str | None) -> None:
    warnings = to_dicom(alone(observation(**value)), MAPPING, KNOWN).report.warnings
    assert [one for one in warnings if "another than its code" in one or "not that of the code" in one] == [
        one for one in warnings if says and says in one
    ]
    assert says is None or any(says in one for one in warnings)
