"""Who observed, and with what equipment: PS3.16 TID 1002 and 1003, PS3.3 C.7.5.1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import write_document
from bridge.translate.basis.ids import Known
from bridge.translate.header.observers import OBSERVER_TYPE, PERSON, PERSON_NAME
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
NAME = "Dra Cristina Balbiani"


def document(*observer: ContentItem) -> Document:
    """The sample, whose items before are language, observer type and name; with those of another observer."""
    one = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    left = [item for item in one.root.children if item.concept not in (OBSERVER_TYPE, PERSON_NAME)]
    left = [item for item in left if item.relationship != "HAS OBS CONTEXT"]
    return replace(one, root=replace(one.root, children=(*observer, *left)))


def context(concept: Code, value: Plain | Coded) -> ContentItem:
    return ContentItem("HAS OBS CONTEXT", concept, value, (), ())


def authors(group: Group) -> list[str]:
    (composition,) = [one for one in group.members if one["resourceType"] == "Composition"]
    return [str(one.get("reference", "")).partition("/")[0] for one in composition["author"]]


@pytest.mark.parametrize("typed", [False, True])
def test_a_person_whose_name_is_a_text_has_observed(typed: bool) -> None:  # noqa: FBT001
    """Not a result "Person Observer Name", as if it had been measured, by the equipment."""
    observer = [context(OBSERVER_TYPE, Coded(PERSON))] if typed else []
    one = document(*observer, context(PERSON_NAME, Plain("TEXT", NAME)))
    group = to_fhir(one, MAPPING, KNOWN).result
    assert authors(group) == ["Practitioner", "Device"]
    (person,) = [each for each in group.members if each["resourceType"] == "Practitioner"]
    assert person["name"][0]["text"] == NAME
    results = [each for each in group.members if each["resourceType"] == "Observation"]
    assert all(each["performer"] == [{"reference": f"Practitioner/{person['id']}"}] for each in results)
    assert not any(NAME in str(each) for each in results)
    assert write_document(checked_to_dicom(group, MAPPING, KNOWN).result) == write_document(one)
    person["name"][0]["text"] = "Dr Other"
    back = checked_to_dicom(group, MAPPING, KNOWN).result
    assert back.root.children[int(typed)].value == Plain("TEXT", "Dr Other")


def test_the_equipment_of_the_header_stands_beside_who_observed() -> None:
    group = to_fhir(document(context(PERSON_NAME, Plain("PNAME", "Doe^Jane"))), MAPPING, KNOWN).result
    assert authors(group) == ["Practitioner", "Device"]
    results = [each for each in group.members if each["resourceType"] == "Observation"]
    assert not any("device" in each for each in results), "it made the document, and may have measured nothing"
