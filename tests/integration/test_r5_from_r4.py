"""Documents made from resources of R4, read as R5: what R5 has no element for comes along, and the SR is that file."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from bridge.codecs import fhir, json
from bridge.convert.run import Done, Job, converted_bytes
from bridge.model.group import Resource, same
from bridge.model.names import R4_URL
from bridge.model.release import Release
from bridge.translate.basis.ids import Known

SUBJECT = {"reference": "Patient/p"}
OBSERVATION: Resource = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]},
    "subject": SUBJECT,
    "effectiveDateTime": "2026-01-02T10:00:00+01:00",
    "valueString": "regular",
}
ROLE: Resource = {
    "resourceType": "PractitionerRole",
    "availabilityExceptions": "none",
    "practitioner": {"display": "Dr A"},
    "telecom": [{"system": "phone", "value": "1"}],
    "notAvailable": [{"description": "August"}],
    "active": True,
    "availableTime": [{"allDay": True}],
}
ARTIFACT = {"type": "citation", "url": "http://example.org/paper", "citation": "Richards 2015"}
STRUCTURE: Resource = {
    "resourceType": "BodyStructure",
    "location": {"coding": [{"system": "http://snomed.info/sct", "code": "10200004", "display": "Liver"}]},
    "locationQualifier": [{"text": "upper"}],
    "patient": SUBJECT,
}
SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
SPECIMEN: Resource = {
    "resourceType": "Specimen",
    "extension": [{"url": "http://example.org/e", "valueString": "a"}],
    "container": [{"additiveReference": {"display": "x"}}],
    "processing": [{"procedure": {"text": "cut"}, "description": "thin"}],
    "collection": {"bodySite": {"text": "arm"}},
}
STUDY: Resource = {
    "resourceType": "ImagingStudy",
    "interpreter": [{"display": "Dr B"}],
    "procedureCode": [{"text": "CT"}],
    "procedureReference": {"display": "p"},
    "reasonCode": [{"text": "cough"}],
    "status": "available",
    "subject": SUBJECT,
}
IMAGE: Resource = {
    "resourceType": "DocumentReference",
    "masterIdentifier": {"system": "urn:dicom:uid", "value": "urn:oid:2.25.7"},
    "identifier": [{"value": "2"}],
    "context": {"related": [{"display": "r"}], "period": {"start": "2026"}, "encounter": [{"display": "e"}]},
    "authenticator": {"display": "Dr C"},
    "content": [{"format": {"code": "x"}, "attachment": {"title": "t"}}],
    "status": "current",
}
DEVICE: Resource = {
    "resourceType": "Device",
    "definition": {"display": "d"},
    "distinctIdentifier": "9",
    "deviceName": [{"name": "n", "type": "model-name"}],
    "statusReason": [{"text": "q"}],
    "type": {"text": "pump"},
}
ORDER: Resource = {
    "resourceType": "ServiceRequest",
    "locationReference": [{"display": "ward"}],
    "orderDetail": [{"text": "fast"}],
    "code": {"text": "pulse"},
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
    "patientInstruction": "rest",
    "supportingInfo": [{"display": "i"}],
}
WARD: Resource = {
    "resourceType": "Location",
    "telecom": [{"value": "1"}],
    "physicalType": {"text": "room"},
    "hoursOfOperation": [{"allDay": True}],
    "name": "W",
}
VISIT: Resource = {
    "resourceType": "Encounter",
    "class": {"code": "AMB"},
    "status": "finished",
    "statusHistory": [{"status": "arrived", "period": {"start": "2026"}}],
    "serviceType": {"text": "cardiology"},
    "participant": [{"individual": {"display": "Dr E"}}],
    "period": {"start": "2026"},
    "reasonCode": [{"text": "chest pain"}],
    "diagnosis": [{"condition": {"display": "c"}, "rank": 1}],
    "hospitalization": {"specialCourtesy": [{"text": "VIP"}], "dischargeDisposition": {"text": "home"}},
    "location": [{"location": {"display": "l"}, "physicalType": {"text": "bed"}}],
}
PERSON: Resource = {"resourceType": "Practitioner", "communication": [{"text": "de"}], "name": [{"family": "D"}]}
COMPANY: Resource = {
    "resourceType": "Organization",
    "contact": [{"name": {"family": "A"}}],
    "name": "O",
    "telecom": [{"value": "1"}],
    "address": [{"city": "B"}],
}


def of(kind: str, reference: str) -> Resource:
    """The result that refers to a resource of that type."""
    home = {"reference": reference}
    said: dict[str, Resource] = {
        "PractitionerRole": {"performer": [home]},
        "Practitioner": {"performer": [home]},
        "Organization": {"performer": [home]},
        "BodyStructure": {"extension": [{"url": SITE, "valueReference": home}]},
        "Specimen": {"specimen": home},
        "ImagingStudy": {"derivedFrom": [home]},
        "DocumentReference": {"derivedFrom": [home]},
        "Device": {"device": home},
        "ServiceRequest": {"basedOn": [home]},
        "Encounter": {"encounter": home},
        "Location": {"extension": [{"url": "http://example.org/where", "valueReference": home}]},
    }
    return OBSERVATION | said[kind]


def beside(resource: Resource) -> list[Resource]:
    kind = resource["resourceType"]
    return [of(kind, f"{kind}/x"), resource | {"id": "x"}]


def within(resource: Resource) -> list[Resource]:
    return [of(resource["resourceType"], "#x") | {"contained": [resource | {"id": "x"}]}]


ALL = [ROLE, PERSON, COMPANY, STRUCTURE, SPECIMEN, STUDY, IMAGE, DEVICE, ORDER, WARD, VISIT]
BELONGING = [ROLE, STRUCTURE, SPECIMEN, STUDY, IMAGE]
EXTENDED = [{"url": "http://example.org/source", "valueRelatedArtifact": ARTIFACT}]
DEEPER = OBSERVATION["code"] | {"extension": [{"url": "http://example.org/e", "extension": EXTENDED}]}
RESOURCES = {
    "artifact": [OBSERVATION | {"extension": EXTENDED}],
    "artifact, deeper": [OBSERVATION | {"code": DEEPER}],
    **{one["resourceType"]: beside(one) for one in BELONGING},
    **{f"{one['resourceType']}, contained": within(one) for one in ALL},
}


def to(target: Literal["fhir", "dicom"], release: Release, data: bytes) -> Done:
    """The one document of it."""
    job = Job(target, Known(), None, release=release)
    return next(one for one in converted_bytes("file", data, job) if one.entry["status"] != "skipped")


def bundle(resources: list[Resource]) -> bytes:
    entries = [
        {"fullUrl": f"http://example.org/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.mark.parametrize("resources", RESOURCES.values(), ids=RESOURCES.keys())
def test_what_r5_has_no_element_for_comes_back_and_the_sr_is_the_same_file(resources: list[Resource]) -> None:
    """Law 1 and law 2: keys keep their places, for a UID names one content."""
    for one in resources:
        fhir.validate(one)
    made = to("dicom", "R4", bundle(resources))
    there = to("fhir", "R5", made.data)
    assert there.entry["error"] is None
    back = to("dicom", "R5", there.data)
    assert back.data == made.data
    assert not any("edited" in one for one in (*there.entry["warnings"], *back.entry["warnings"]))
    found = {one["resource"]["id"]: one["resource"] for one in json.loads(to("fhir", "R4", back.data).data)["entry"]}
    assert all(same(one, found[one["id"]]) for one in resources)


def test_an_edit_in_r5_goes_over_to_what_was_said_in_r4() -> None:
    said: Any = json.loads(to("fhir", "R5", to("dicom", "R4", bundle(beside(STRUCTURE))).data).data)
    (structure,) = [one["resource"] for one in said["entry"] if one["resource"]["resourceType"] == "BodyStructure"]
    assert structure["includedStructure"] == [
        {"structure": STRUCTURE["location"], "qualifier": STRUCTURE["locationQualifier"]}
    ]
    structure["includedStructure"][0] |= {"qualifier": [{"text": "lower"}], "laterality": {"text": "left"}}
    back = to("dicom", "R5", json.dumps(said))
    found: Any = json.loads(to("fhir", "R4", back.data).data)
    (structure,) = [one["resource"] for one in found["entry"] if one["resource"]["resourceType"] == "BodyStructure"]
    assert structure["location"] == STRUCTURE["location"] and structure["locationQualifier"] == [{"text": "lower"}]
    assert [one for one in back.entry["warnings"] if one.startswith("BodyStructure.includedStructure.laterality: ")]


@pytest.mark.parametrize("behind", [["k"], {"k": 1}, None, 3])
def test_a_difference_that_says_no_key_is_refused(behind: Any) -> None:
    entries = json.dumps([["telecom", None, [{"value": "1"}], behind]]).decode()
    role = {"resourceType": "PractitionerRole", "id": "r", "extension": [{"url": R4_URL, "valueString": entries}]}
    done = to("dicom", "R5", bundle([of("PractitionerRole", "PractitionerRole/r"), role]))
    assert done.entry["status"] == "rejected" and "remainder" in done.entry["error"]


def test_what_r5_cannot_say_is_refused_by_its_place_and_nobody_is_told_to_correct_an_sr() -> None:
    said = {"url": "http://example.org/how", "valueDosage": {"asNeededBoolean": True}}
    done = to("fhir", "R5", to("dicom", "R4", bundle([OBSERVATION | {"extension": [said]}])).data)
    assert done.entry["error"] == (
        "file: Observation cannot be written as FHIR R5: extension.0.valueDosage: an element that FHIR R5 does not "
        "know; if it is of R4, convert it with `--fhir-version R4`"
    )
