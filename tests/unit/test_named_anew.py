"""Who observed, and what was reported, is edited in the PACS in a document that was made from resources: these are
still those that it was made from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Plain, Value
from bridge.model.document import Document
from bridge.model.group import Group, Resource, reference_to
from bridge.model.names import COMPOSITION_URL
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.header.device_observer import DEVICE_NAME
from bridge.translate.header.observers import DEVICE, OBSERVER_TYPE, PROCEDURE_REPORTED
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.documents import TRACKING_IDENTIFIER, TRACKING_UID
from bridge.translate.native.named_concepts import FINDING, ORGANIZATION_ROLE, VALUE_UNKNOWN
from bridge.translate.remainder.extension import stripped
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import composed, measured, reported

MAPPING, KNOWN = load(), Known()
NEU, CHEST = Plain("PNAME", "Neu^Anna"), Coded(Code("241541005", "SCT", "CT of chest"))
DOCTOR: Resource = {
    "resourceType": "Practitioner",
    "id": "doc",
    "identifier": [{"system": "http://hospital.example/staff", "value": "17"}],
    "name": [{"family": "Andersen", "given": ["Sidsel"]}],
}
PLACE: Resource = {
    "resourceType": "PractitionerRole",
    "id": "place",
    "practitioner": {"reference": "Practitioner/doc"},
    "organization": {"display": "Laboratory"},
    "code": [{"coding": [{"system": "http://snomed.info/sct", "code": "309343006", "display": "Physician"}]}],
}
STUDY: Resource = {
    "resourceType": "ImagingStudy",
    "id": "ct",
    "status": "available",
    "subject": {"reference": "Patient/p"},
    "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}],
}
IMAGED: dict[str, Any] = {"imagingStudy": [{"reference": "ImagingStudy/ct"}]}
BY_DOCTOR = {"reference": "Practitioner/doc"}


def report(result: Resource, *others: Resource, **more: Any) -> Group:
    root = reported(result=[{"reference": "Observation/o"}])
    return gathered([root | more, result, *others])


def gathered(resources: list[Resource]) -> Group:
    """As whoever reads them from a store finds them."""
    (group,) = gather([Entry(one, f"http://server/{reference_to(one)}") for one in resources]).groups
    return replace(group, key="DiagnosticReport/r")


def edited(document: Document, concept: Code, value: Value) -> Document:
    """All items of the concept say that."""

    def changed(item: ContentItem) -> ContentItem:
        said = value if concept.same(item.concept) else item.value
        return replace(item, value=said, children=tuple(map(changed, item.children)))

    after = replace(document, root=changed(document.root))
    assert after != document
    return after


def amended(group: Group, concept: Code, value: Value) -> Translated[Group]:
    return read_back(edited(checked_to_dicom(group, MAPPING, KNOWN).result, concept, value))


def read_back(document: Document) -> Translated[Group]:
    """No resource is made anew, and the document comes back from what a store has of them."""
    back = to_fhir(document, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    found = gathered(copy.deepcopy([*back.result.resources()]))
    assert found.members == back.result.members, "nothing is left that no reference leads to"
    assert to_dicom(found, MAPPING, KNOWN).result == document
    return back


def by_name(group: Group) -> dict[str, Resource]:
    return {reference_to(one): stripped(one) for one in group.resources()}


def named(group: Group, reference: Resource) -> Resource:
    person: Resource = by_name(group)[reference["reference"]]["name"][0]
    return person


SAYING: dict[str, tuple[Resource, ...]] = {
    "a Practitioner": (BY_DOCTOR,),
    "words": ({"display": "Sidsel Andersen"},),
    "a Practitioner who is not here": ({"reference": "Practitioner/away", "display": "Sidsel Andersen"},),
    "an identifier": ({"identifier": {"value": "17"}, "display": "Sidsel Andersen"},),
    "an organization, too": ({"reference": "Organization/lab", "display": "Laboratory"}, BY_DOCTOR),
}


@pytest.mark.parametrize("element", ["resultsInterpreter", "performer"])
@pytest.mark.parametrize("saying", SAYING)
def test_who_is_named_since_is_in_the_place_of_whom_the_report_named(saying: str, element: str) -> None:
    group = report(measured(), DOCTOR, **{element: [*SAYING[saying]]})
    before = by_name(group)
    back = amended(group, PERSON_NAME, NEU)
    after = by_name(back.result)
    *others, observer = after["DiagnosticReport/r"][element]
    assert named(back.result, observer) == {"family": "Neu", "given": ["Anna"]}
    assert observer["display"] == "Anna Neu" and "identifier" not in observer
    assert others == [*SAYING[saying][:-1]]
    assert after["Observation/o"] == before["Observation/o"]
    assert "Practitioner/doc" not in after, "it is another's resource, which nobody writes"
    place = f"DiagnosticReport.{element}.{len(others)}: edited in DICOM since"
    assert [one.startswith(place) for one in back.report.warnings if "in DICOM" in one] == [True]


FORM = [{"contentType": "text/html", "data": "PHA+cG5ldW1vdGhvcmF4PC9wPg=="}]
EMPTY: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a form": {"presentedForm": FORM},
    "a result that is not here": {"result": [{"reference": "Observation/away"}]},
    "an image": IMAGED,
}


def empty(**more: Any) -> Group:
    """A report whose document says *Finding = Value unknown*."""
    root = report(measured()).root
    del root["result"]
    return gathered([root | more, STUDY] if "imagingStudy" in more else [root | more])


@pytest.mark.parametrize("said", EMPTY)
def test_what_a_document_without_content_says_is_no_result_that_was_added(said: str) -> None:
    """The report lost its form, and a result that nobody had found stood beside it."""
    back = amended(empty(resultsInterpreter=[BY_DOCTOR | {"display": "A"}], **EMPTY[said]), PERSON_NAME, NEU)
    after = by_name(back.result)["DiagnosticReport/r"]
    assert not [one for one in by_name(back.result) if one.startswith("Observation/")]
    assert named(back.result, after["resultsInterpreter"][0])["family"] == "Neu"
    assert {key: after.get(key) for key in EMPTY[said]} == EMPTY[said]
    to_read = [one for one in back.report.warnings if one.startswith("DiagnosticReport.presentedForm: ")]
    assert [one.endswith("read it") for one in to_read] == [True] * ("presentedForm" in after)


@pytest.mark.parametrize("said", EMPTY)
def test_what_is_found_in_the_place_of_an_unknown_finding_is_a_result_of_the_report(said: str) -> None:
    pneumonia = Coded(Code("233604007", "SCT", "Pneumonia"))
    back = amended(empty(resultsInterpreter=[{"display": "A"}], **EMPTY[said]), FINDING, pneumonia).result
    (found,) = (one for one in back.members if one["resourceType"] == "Observation")
    assert found["valueCodeableConcept"]["text"] == "Pneumonia"
    before = EMPTY[said].get("result", [])
    assert back.root["result"] == [*before, {"reference": reference_to(found), "display": "Finding"}]
    assert "presentedForm" not in back.root, "it says what was found before"


def test_an_unknown_finding_that_is_added_beside_results_is_a_result() -> None:
    document = checked_to_dicom(report(measured()), MAPPING, KNOWN).result
    unknown = ContentItem("CONTAINS", FINDING, Coded(VALUE_UNKNOWN), (), ())
    back = read_back(replace(document, root=replace(document.root, children=(*document.root.children, unknown))))
    assert len(back.result.root["result"]) == 2


def test_whoever_is_named_next_is_another_one() -> None:
    group = report(measured(), resultsInterpreter=[{"display": "Sidsel Andersen"}])
    first = amended(group, PERSON_NAME, NEU).result
    second = amended(gathered(copy.deepcopy([*first.resources()])), PERSON_NAME, Plain("PNAME", "Berg^Ole")).result
    (one,), (other,) = first.root["resultsInterpreter"], second.root["resultsInterpreter"]
    assert named(second, other)["family"] == "Berg" and one["reference"] != other["reference"]


def test_a_value_that_is_edited_with_the_name_is_edited() -> None:
    group = report(measured(), DOCTOR, resultsInterpreter=[BY_DOCTOR])
    document = edited(checked_to_dicom(group, MAPPING, KNOWN).result, PERSON_NAME, NEU)
    *context, result = document.root.children
    assert isinstance(result.value, Num)
    result = replace(result, value=replace(result.value, values=("7.5",)))
    back = read_back(replace(document, root=replace(document.root, children=(*context, result)))).result
    assert by_name(back)["Observation/o"]["valueQuantity"]["value"] == "7.5"
    assert named(back, back.root["resultsInterpreter"][0])["family"] == "Neu"


def test_a_result_that_is_added_with_the_name_leaves_nobody_else_s_name() -> None:
    group = report(measured(), DOCTOR, resultsInterpreter=[BY_DOCTOR])
    document = edited(checked_to_dicom(group, MAPPING, KNOWN).result, PERSON_NAME, NEU)
    result = document.root.children[-1]
    rest = tuple(one for one in result.rest if one.tag != OBSERVATION_UID and not (one.tag >> 16) % 2)
    added = replace(result, concept=Code("2951-2", "LN", "Sodium"), rest=rest)
    back = read_back(replace(document, root=replace(document.root, children=(*document.root.children, added)))).result
    assert len(back.root["result"]) == 2
    assert named(back, back.root["resultsInterpreter"][0])["family"] == "Neu"


def test_whom_the_report_contains_goes_with_the_reference_to_him() -> None:
    """Contained resources have to be referred to (FHIR R4 dom-3)."""
    group = report(measured(), contained=[DOCTOR], resultsInterpreter=[{"reference": "#doc"}])
    back = amended(group, PERSON_NAME, NEU).result
    assert "contained" not in back.root
    assert named(back, back.root["resultsInterpreter"][0])["family"] == "Neu"


def test_an_author_who_is_named_anew_is_no_interpreter() -> None:
    sections = [{"title": "Results", "entry": [{"reference": "Observation/o"}]}]
    composition = composed(author=[BY_DOCTOR], section=sections)
    link = {"url": COMPOSITION_URL, "valueReference": {"reference": "Composition/c"}}
    group = report(measured(), DOCTOR, composition, extension=[link], resultsInterpreter=[BY_DOCTOR])
    after = by_name(back := amended(group, PERSON_NAME, NEU).result)
    assert named(back, after["Composition/c"]["author"][0])["family"] == "Neu"
    assert after["DiagnosticReport/r"]["resultsInterpreter"] == [BY_DOCTOR]
    assert after["Practitioner/doc"] == DOCTOR


def composed_by(author: Resource, *of_section: Resource, **more: Any) -> Group:
    section = {"title": "Results", "entry": [{"reference": "Observation/o"}]}
    section |= {"author": [*of_section]} if of_section else {}
    link = {"url": COMPOSITION_URL, "valueReference": {"reference": "Composition/c"}}
    composition = composed(author=[author], section=[section])
    return report(measured(**more), DOCTOR, composition, extension=[link], resultsInterpreter=[BY_DOCTOR])


def test_the_author_of_a_section_is_named_anew_with_that_of_the_document() -> None:
    group = composed_by(BY_DOCTOR, BY_DOCTOR | {"display": "Dr Alt"})
    composition = by_name(amended(group, PERSON_NAME, NEU).result)["Composition/c"]
    assert composition["section"][0]["author"] == composition["author"] != [BY_DOCTOR]


@pytest.mark.parametrize(
    ("group", "observer", "warned"),
    [
        (composed_by(BY_DOCTOR), True, None),
        (composed_by(BY_DOCTOR, BY_DOCTOR), True, None),
        (composed_by(BY_DOCTOR, {"display": "Dr Other"}), False, "an author or performer of its own"),
        (composed_by(BY_DOCTOR, BY_DOCTOR, {"display": "Dr Other"}), False, "an author or performer of its own"),
        (composed_by(BY_DOCTOR, performer=[{"reference": "Patient/p"}]), False, "an author or performer of its own"),
        (composed_by({"display": "Radiology"}), False, "DiagnosticReport.resultsInterpreter"),
    ],
    ids=[
        "the author",
        "of the section, too",
        "another of the section",
        "another, too",
        "the patient himself",
        "nobody who is here",
    ],
)
def test_who_wrote_a_composition_observed_what_nobody_else_did(
    group: Group,
    observer: bool,
    warned: str | None,  # noqa: FBT001
) -> None:
    """Sections and results inherit the observer of the document (PS3.3 C.17.5)."""
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert any(PERSON_NAME.same(one.concept) for one in made.result.root.children) is observer
    said = [one for one in made.report.warnings if "DICOM reader does not see" in one]
    assert [warned in one for one in said] == [True] if warned else not said


@pytest.mark.parametrize("concept, value", [(PERSON_NAME, NEU), (ORGANIZATION_ROLE, CHEST)])
def test_the_performer_of_a_result_is_who_is_named_there(concept: Code, value: Value) -> None:
    """And in which place: neither is written into the resources of another."""
    group = report(measured(performer=[{"reference": "PractitionerRole/place"}]), DOCTOR, PLACE)
    back = amended(group, concept, value).result
    after = by_name(back)
    place = after[after["Observation/o"]["performer"][0]["reference"]]
    family = named(back, place["practitioner"])["family"]
    code = place["code"][0]["coding"][0]["code"]
    assert (family, code) == (("Neu", "309343006") if concept is PERSON_NAME else ("Andersen", "241541005"))
    assert after.keys().isdisjoint({"Practitioner/doc", "PractitionerRole/place"})


def narrative() -> Group:
    group = report(measured(), STUDY, conclusion="No nodule", **IMAGED)
    root = {key: value for key, value in group.root.items() if key != "result"}
    return gathered([root, STUDY])


NO_ELEMENT: dict[str, tuple[Callable[[], Group], Code, Value, str]] = {
    "procedure": (narrative, PROCEDURE_REPORTED, CHEST, "1.5"),
    "device": (narrative, DEVICE_NAME, Plain("TEXT", "Workstation"), "1.4"),
    "group": (lambda: report(measured(), STUDY, **IMAGED), TRACKING_IDENTIFIER, Plain("TEXT", "Lesion"), "1.5.1.1"),
}


@pytest.mark.parametrize("what", NO_ELEMENT)
def test_what_no_element_stands_for_is_carried_with_a_warning(what: str) -> None:
    make, concept, value, place = NO_ELEMENT[what]
    group = make()
    back = amended(group, concept, value)
    assert f"items {place} were edited in DICOM: a FHIR client does not see that" in back.report.warnings
    assert by_name(back.result) == by_name(group)


def test_another_observer_type_names_the_device_that_observed() -> None:
    group = report(measured(), STUDY, **IMAGED, resultsInterpreter=[{"display": "Sidsel Andersen"}])
    document = edited(checked_to_dicom(group, MAPPING, KNOWN).result, OBSERVER_TYPE, Coded(DEVICE))
    kind, name, *others = document.root.children
    name = replace(name, concept=DEVICE_NAME, value=Plain("TEXT", "Scanner"))
    back = read_back(replace(document, root=replace(document.root, children=(kind, name, *others)))).result
    assert by_name(back)["Observation/o"]["device"] == {"display": "Scanner"}, "the Device would not be there"


def test_another_tracking_uid_is_another_thing() -> None:
    document = checked_to_dicom(report(measured(), STUDY, **IMAGED), MAPPING, KNOWN).result
    after = edited(document, TRACKING_UID, Plain("UIDREF", "2.25.9"))
    assert ANEW in to_fhir(after, MAPPING, KNOWN).report.warnings
