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


@pytest.mark.parametrize("device_first", [False, True])
def test_concepts_tell_whom_they_describe_where_the_types_stand_in_a_row(device_first: bool) -> None:  # noqa: FBT001
    """As Carestream writes dose reports: items of the device were results, performed by a person without a name."""
    items = [context(*each) for each in PERSON_SAYS + DEVICE_SAYS]
    types = [items.pop(0), items.pop(len(PERSON_SAYS) - 1)]
    one = document(*(reversed(types) if device_first else types), *items)
    found = to_fhir(one, MAPPING, KNOWN)
    group = found.result
    observers = ["PractitionerRole", "Device"]
    assert authors(group) == [*(reversed(observers) if device_first else observers), "Device"]
    (person,) = [each for each in group.members if each["resourceType"] == "Practitioner"]
    device = next(each for each in group.members if each["resourceType"] == "Device")
    (place,) = [each for each in group.members if each["resourceType"] == "PractitionerRole"]
    assert person["name"][0]["family"] == "Doe" and [each["value"] for each in person["identifier"]] == ["jdoe", "R-7"]
    assert place["organization"]["display"] == "Radiology"
    assert group.root["performer"][0]["reference"] == f"PractitionerRole/{place['id']}"
    assert device["location"]["display"] == "Room 3" and len(device["property"]) == 2
    results = [each for each in group.members if each["resourceType"] == "Observation"]
    assert not any("bserver" in str(each["code"]) or "Role" in str(each["code"]) for each in results)
    assert not any("Observer Type" in each for each in found.report.warnings)
    assert write_document(checked_to_dicom(group, MAPPING, KNOWN).result) == write_document(one)
    person["name"], device["location"] = [{"id": "3", "family": "Roe"}], {"id": "9", "display": "Room 4"}
    back = checked_to_dicom(group, MAPPING, KNOWN).result.root.children
    said = [item.value.text if isinstance(item.value, Plain) else None for item in back]
    assert said.index("Roe") == 2 and "Room 4" in said, "an edit stays where the items are"


def test_names_are_those_of_the_types_in_their_order() -> None:
    people = [context(PERSON_NAME, Plain("PNAME", f"{family}^A")) for family in ("First", "Second", "Third")]
    group = to_fhir(document(*[context(OBSERVER_TYPE, Coded(PERSON))] * 2, *people), MAPPING, KNOWN).result
    found = {each["id"]: each for each in group.members}
    (composition,) = [each for each in group.members if each["resourceType"] == "Composition"]
    said = [found[each["reference"].partition("/")[2]].get("name", [{}])[0] for each in composition["author"]]
    assert [each.get("family") for each in said] == ["First", "Second", "Third", None]
    assert [each["id"] for each in composition["author"]] == ["1", "2", "name", "equipment"]


def test_a_type_alone_names_nobody_and_is_warned_of() -> None:
    """Of a row that ended, too: what stands behind the next type is another's."""
    items = [context(OBSERVER_TYPE, Coded(PERSON)), *(context(*each) for each in (*DEVICE_SAYS, *PERSON_SAYS[:2]))]
    items.insert(1, context(DEVICE_ROLE, Coded(RECORDING)))
    found = to_fhir(document(*items), MAPPING, KNOWN)
    assert [one for one in found.report.warnings if "Observer Type" in one] == [
        "an Observer Type, and nothing that says who or what it was (PS3.16 TID 1003, 1004): 1.1"
    ]
    people = [each for each in found.result.members if each["resourceType"] == "Practitioner"]
    assert [each.get("name", [{}])[0].get("family") for each in people] == [None, "Doe"]


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
