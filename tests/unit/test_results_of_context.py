"""A result that is coded as what is context or a modifier in DICOM (Laterality, Finding Site, Specimen type): in FHIR
it says nothing of what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native import generic
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import alone, measured, observation, reported

MAPPING, KNOWN = load(), Known()
SCT, LOINC, DCM = "http://snomed.info/sct", "http://loinc.org", "http://dicom.nema.org/resources/ontology/DCM"


def concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


LEFT = concept(SCT, "7771000", "Left")
LATERALITY = concept(SCT, "272741003", "Laterality")
CODED: list[dict[str, Any]] = [
    {"code": LATERALITY, "valueCodeableConcept": LEFT},
    {"code": LATERALITY, "valueInteger": 1},
    {"code": LATERALITY, "valueDateTime": "2026-03-02", "issued": "2026-03-02T10:00:00Z"},
    {"code": concept(SCT, "363698007", "Finding site"), "valueCodeableConcept": LEFT},
    {"code": concept(SCT, "371439000", "Specimen type"), "valueString": "Urine"},
    {"code": concept(SCT, "371439000", "Specimen type"), "hasMember": [{"reference": "Observation/o"}]},
    {"code": concept(LOINC, "11951-1", "Fetus ID"), "valueString": "A"},
    {"code": concept(DCM, "122148", "Lead ID"), "valueString": "II"},
]


def groups(result: Resource) -> Iterator[Group]:
    """Beside the other result: in a report, and in a panel."""
    members = [{"reference": "Observation/r1"}, {"reference": "Observation/o"}]
    one, other = observation(id="r1", **result), measured()
    yield Group(reported(result=members), (one, other), None, "DiagnosticReport/r")
    yield Group(observation(id="p", code={"text": "Panel"}, hasMember=members), (one, other), None, "Observation/p")


def flat(item: ContentItem) -> Iterator[ContentItem]:
    yield item
    for child in item.children:
        yield from flat(child)


def named(document: Document, code: Resource) -> ContentItem:
    (found,) = [
        one for one in flat(document.root) if one.concept and one.concept.meaning == code["coding"][0]["display"]
    ]
    return found


@pytest.mark.parametrize("result", CODED)
def test_a_result_is_no_context_of_those_beside_it(result: dict[str, Any]) -> None:
    """Glucose was on the left, too, and readers refused a container as context."""
    for group in groups(result):
        document = checked_to_dicom(group, MAPPING, KNOWN).result
        assert named(document, result["code"]).relationship == "CONTAINS"
        bare, _ = taken_out(document)
        natively = to_fhir(bare, MAPPING, KNOWN).result
        (other,) = [one for one in natively.members if "valueQuantity" in one and one["valueQuantity"]["value"] == 4]
        assert not other.keys() & {"bodySite", "component", "focus", "specimen"}
        assert to_dicom(natively, MAPPING, KNOWN).result == bare


@pytest.mark.parametrize(
    ("value", "relationship"),
    [({"valueCodeableConcept": LEFT}, "HAS CONCEPT MOD"), ({"valueInteger": 1}, "HAS PROPERTIES")],
)
def test_a_component_modifies_in_words_alone(value: Resource, relationship: str) -> None:
    """PS3.3 table A.35.3-2."""
    document = checked_to_dicom(alone(measured(component=[{"code": LATERALITY} | value])), MAPPING, KNOWN).result
    assert named(document, LATERALITY).relationship == relationship


def test_a_modifier_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a document that an earlier bridge made, and in those of others."""
    group = next(groups(CODED[0]))
    with monkeypatch.context() as earlier:
        earlier.setattr(generic, "_may_say_of_others", lambda *_: True)
        document = to_dicom(group, MAPPING, KNOWN).result
    assert named(document, LATERALITY).relationship == "HAS CONCEPT MOD"
    back = to_fhir(document, MAPPING, KNOWN)
    assert [stripped(one) for one in back.result.resources()] == [*group.resources()]
    assert to_dicom(back.result, MAPPING, KNOWN).result == document and ANEW not in back.report.warnings
    foreign, _ = taken_out(document)
    read = to_fhir(foreign, MAPPING, KNOWN).result
    (other,) = [one for one in read.members if "valueQuantity" in one]
    assert other["bodySite"]["text"] == "Left"
    assert to_dicom(read, MAPPING, KNOWN).result == foreign
