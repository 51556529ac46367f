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
from bridge.releases.r5 import in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.header.device_observer import AE_TITLE, DEVICE_ROLE, DEVICE_UID, LOCATION
from bridge.translate.header.observers import DEVICE, OBSERVER_TYPE, PERSON
from bridge.translate.header.person_observer import (
    IDENTIFIERS,
    ORGANIZATION,
    ORGANIZATION_ROLE,
    PERSON_NAME,
    PROCEDURE_ROLE,
)
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
NAME = "Dra Cristina Balbiani"
RADIOLOGIST, PERFORMING = Code("66862007", "SCT", "Radiologist"), Code("121094", "DCM", "Performing")
IRRADIATING, RECORDING = Code("113859", "DCM", "Irradiating Device"), Code("121097", "DCM", "Recording")


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


PERSON_SAYS = (
    (OBSERVER_TYPE, Coded(PERSON)),
    (PERSON_NAME, Plain("PNAME", "Doe^Jane")),
    (IDENTIFIERS[0], Plain("TEXT", "jdoe")),
    (ORGANIZATION, Plain("TEXT", "Radiology")),
    (ORGANIZATION_ROLE, Coded(RADIOLOGIST)),
    (PROCEDURE_ROLE, Coded(PERFORMING)),
    (IDENTIFIERS[1], Plain("TEXT", "R-7")),
)
DEVICE_SAYS = (
    (OBSERVER_TYPE, Coded(DEVICE)),
    (DEVICE_UID, Plain("UIDREF", "1.2.3")),
    (LOCATION, Plain("TEXT", "Room 3")),
    (DEVICE_ROLE, Coded(IRRADIATING)),
    (DEVICE_ROLE, Coded(RECORDING)),
    (AE_TITLE, Plain("TEXT", "CT3")),
)


def test_what_describes_an_observer_is_no_result() -> None:
    """TID 1003 and 1004 in full, as highdicom writes them."""
    one = document(*(context(concept, value) for concept, value in PERSON_SAYS + DEVICE_SAYS))
    group = to_fhir(one, MAPPING, KNOWN).result
    assert authors(group) == ["PractitionerRole", "Device", "Device"]
    found = {each["resourceType"]: each for each in reversed(group.members)}
    person, place, device = found["Practitioner"], found["PractitionerRole"], found["Device"]
    assert [each["value"] for each in person["identifier"]] == ["jdoe", "R-7"]
    assert place["practitioner"] == {"reference": f"Practitioner/{person['id']}"}
    assert place["organization"]["display"] == "Radiology"
    assert [each["text"] for each in place["code"]] == ["Radiologist"]
    (performer,) = group.root["performer"]
    assert performer["reference"] == f"PractitionerRole/{place['id']}"
    assert performer["extension"][0]["valueCodeableConcept"]["text"] == "Performing"
    assert device["location"]["display"] == "Room 3"
    assert [each["valueCode"][0]["text"] for each in device["property"]] == ["Irradiating Device", "Recording"]
    assert [each["value"] for each in device["identifier"]] == ["urn:oid:1.2.3", "CT3"]
    results = [each for each in group.members if each["resourceType"] == "Observation"]
    assert not any("bserver" in str(each["code"]) or "Role" in str(each["code"]) for each in results)
    assert all(each["performer"] == [{"reference": f"PractitionerRole/{place['id']}"}] for each in results)
    assert write_document(checked_to_dicom(group, MAPPING, KNOWN).result) == write_document(one)
    place["organization"]["display"], place["code"] = "Cardiology", [{"id": "5", "text": "Nurse"}]
    device["location"]["display"] = "Room 4"
    back = checked_to_dicom(group, MAPPING, KNOWN).result.root.children
    said = [item.value.text if isinstance(item.value, Plain) else None for item in back]
    assert (said[3], said[9]) == ("Cardiology", "Room 4")


def test_what_is_said_twice_or_of_nobody_stays_a_result() -> None:
    """Nothing that an SR says is dropped, and nobody gets a second login."""
    twice = [context(*PERSON_SAYS[1]), context(*PERSON_SAYS[2]), context(*PERSON_SAYS[2])]
    of_nobody = [context(*PERSON_SAYS[3])]
    for items in (twice, of_nobody):
        one = document(*items)
        group = to_fhir(one, MAPPING, KNOWN).result
        assert sum("Person Observer's" in str(each.get("code")) for each in group.members) == 1
        assert write_document(checked_to_dicom(group, MAPPING, KNOWN).result) == write_document(one)


def test_r5_has_the_role_of_a_device_too() -> None:
    group = to_fhir(document(*(context(*each) for each in DEVICE_SAYS)), MAPPING, KNOWN).result
    device = next(each for each in in_r5(group)[0].members if each["resourceType"] == "Device")
    assert [each["valueCodeableConcept"]["text"] for each in device["property"]] == ["Irradiating Device", "Recording"]
