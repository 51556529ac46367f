"""What a DICOM reader finds of a result beside its value: natively, our private elements aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.content import ByReference, Code, Coded, Container, ContentItem, Num, Plain
from bridge.model.dataset import UNICODE, DataSet, Element, find, items, text_of
from bridge.model.group import Group, Number, Resource
from bridge.model.names import ABSENT_URL, COMPOSITION_URL
from bridge.model.tags import (
    CONTENT_DATE,
    CONTENT_TIME,
    ENTITY_ID,
    ENTITY_TYPE,
    OBSERVATION_DATETIME,
    OBSERVATION_UID,
    STUDY_UID,
)
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Node
from bridge.translate.header.device_observer import SERIAL_NUMBER
from bridge.translate.header.identity import LOCAL_ID
from bridge.translate.header.observers import LANGUAGE, OBSERVER_TYPE, add_context
from bridge.translate.header.orders import ACCESSION, ACCESSION_ISSUER
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.items import Items
from bridge.translate.native.named_concepts import UNNAMED
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import alone, composed, measured, observation

BIRTH_DATE, STUDY_DESCRIPTION = 0x00100030, 0x00081030
LONG = "Epithelial cells in urine sediment by light microscopy, at high magnification"


def item_of(resource: Resource) -> ContentItem:
    group = Group(resource, (), None, "Observation/o")
    return checked_to_dicom(group, load(), Known()).result.root.children[0]


def natively(resource: Resource) -> Resource:
    """What comes back where somebody has removed our private elements."""
    group = Group(resource, (), None, "Observation/o")
    bare, _ = taken_out(checked_to_dicom(group, load(), Known()).result)
    return next(one for one in to_fhir(bare, load(), Known()).result.members if one["resourceType"] == "Observation")


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(child) for key, child in value.items() if key not in ("id", "extension")}
    return [without_ids(child) for child in value] if isinstance(value, list) else value


SURVEY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey", "display": "Survey"}
SDOH = {"system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "code": "sdoh", "display": "SDOH"}
RANGE = {
    "low": {"value": 2, "unit": "/HPF", "system": "http://unitsofmeasure.org", "code": "/[HPF]"},
    "high": {"value": 5, "unit": "/HPF", "system": "http://unitsofmeasure.org", "code": "/[HPF]"},
}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("category", [{"coding": [SURVEY], "text": "Survey"}, {"coding": [SDOH], "text": "SDOH"}]),
        ("code", {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}], "text": "K+"}),
        ("code", {"coding": [{"system": "http://loinc.org", "code": "5787-7", "display": LONG}], "text": LONG}),
        (
            "code",  # the special code first, the one of the vital signs behind it
            {
                "coding": [
                    {"system": "http://loinc.org", "code": "8329-5", "display": "Body temperature - Core"},
                    {
                        "system": "http://snomed.info/sct",
                        "version": "http://snomed.info/sct/900000000000207008/version/20241101",
                        "code": "276885007",
                        "display": "Core body temperature",
                    },
                    {"system": "http://loinc.org", "version": "2.77", "code": "8310-5", "display": "Body temperature"},
                ],
                "text": "Body temperature - Core",
            },
        ),
    ],
)
def test_it_is_still_there_without_our_private_elements(element: str, value: Any) -> None:
    assert without_ids(natively(measured(**{element: value}))[element]) == value


def test_an_interpretation_of_cid_42_qualifies_the_number() -> None:
    """PS3.3 C.18.1; others beside it are items."""
    odd = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "114009", "display": "Value out of range"}
    high = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        "code": "H",
        "display": "High",
    }
    said = [{"coding": [odd], "text": "Value out of range"}, {"coding": [high], "text": "High"}]
    item = item_of(measured(interpretation=said))
    assert isinstance(item.value, Num) and item.value.qualifier == Code("114009", "DCM", "Value out of range")
    assert [child.concept.meaning for child in item.children if child.concept] == ["Normality"]
    back = natively(measured(interpretation=said))
    assert [one["text"] for one in back["interpretation"]][:1] == ["Value out of range"]
    assert len(back["interpretation"]) == 2


def contained(identifier: str, **more: Any) -> Resource:
    return measured(id=identifier, subject={"reference": "Patient/p"}) | more


def report(**more: Any) -> Group:
    root: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": {"reference": "Patient/p"},
    }
    return Group(root | more, (), None, f"DiagnosticReport/{more.get('id', 'r')}")


def test_results_that_the_report_contains_are_items() -> None:
    panel = contained("c1", hasMember=[{"reference": "#c2"}])
    del panel["valueQuantity"]
    inner = [panel, contained("c2")]
    translated = checked_to_dicom(report(contained=inner, result=[{"reference": "#c1"}]), load(), Known())
    assert not [one for one in translated.report.warnings if "result" in one]
    (item,) = translated.result.root.children
    assert isinstance(item.value, Container)
    assert [isinstance(one.value, Num) for one in item.children] == [True]
    back = to_fhir(translated.result, load(), Known()).result
    assert back.root["contained"] == inner
    assert [one["resourceType"] for one in back.members] == []


@pytest.mark.parametrize("order", [("c1", "c2"), ("c2", "c1")])
def test_what_a_contained_result_was_derived_from_is_pointed_to(order: tuple[str, str]) -> None:
    """By `#id` as by any other reference; where neither owns the other, both are items of the report."""
    inner = [contained("c1"), contained("c2", derivedFrom=[{"reference": "#c1"}])]
    group = report(contained=inner, result=[{"reference": f"#{one}"} for one in order])
    translated = checked_to_dicom(group, load(), Known())
    first, second = translated.result.root.children
    source = (second if order[0] == "c2" else first).children
    (pointer,) = (first if order[0] == "c2" else second).children
    assert pointer.relationship == "INFERRED FROM" and not source
    assert pointer.value == ByReference((1, 1 + order.index("c1")))
    assert not [one for one in translated.report.warnings if "result or member" in one]


@pytest.mark.parametrize("reported", [False, True])
def test_a_mean_blood_pressure_is_the_vital_sign_that_it_was(reported: bool) -> None:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    vital = [{"coding": [{"system": system, "code": "vital-signs", "display": "Vital Signs"}]}]
    mean = [{"system": "http://loinc.org", "code": "8478-0", "display": "Mean blood pressure"}]
    resource = measured(code={"coding": mean}, category=vital)
    group = Group(resource, (), None, "Observation/o")
    if reported:
        group = replace(report(result=[{"reference": "Observation/o"}]), members=(resource,))
    made = checked_to_dicom(group, load(), Known()).result
    back = to_fhir(made, load(), Known()).result
    assert [one["category"] for one in back.resources() if one["resourceType"] == "Observation"] == [vital]


def test_what_a_composition_contains_is_in_its_section() -> None:
    author: Resource = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Weber"}]}
    composition = composed(
        author=[{"reference": "#p"}],
        contained=[author, contained("c1")],
        section=[{"code": {"text": "Findings"}, "section": [{"entry": [{"reference": "#c1"}]}]}],
    )
    link = {"url": COMPOSITION_URL, "valueReference": {"reference": "Composition/c"}}
    group = replace(report(extension=[link]), members=(composition,))
    translated = checked_to_dicom(group, load(), Known())
    items = [*flat(translated.result.root)]
    assert Plain("PNAME", "Weber") in [one.value for one in items]
    assert [one.value.values for one in items if isinstance(one.value, Num)] == [("4",)]
    assert not [one for one in translated.report.warnings if "result or member" in one]


def flat(item: ContentItem) -> Iterator[ContentItem]:
    yield item
    for child in item.children:
        yield from flat(child)


def test_contained_results_of_two_reports_are_two_results() -> None:
    """Their ids are their own only within the report."""
    uids = [
        next(element.value for element in item.rest if element.tag == OBSERVATION_UID)
        for name in ("r", "s")
        for item in checked_to_dicom(
            report(id=name, contained=[contained("c1")], result=[{"reference": "#c1"}]), load(), Known()
        ).result.root.children
    ]
    assert len(set(uids)) == 2


def with_panels(*values: int) -> Group:
    """A report of panels, each of which contains its result, all of one id."""
    panels = []
    for number, value in enumerate(values):
        inner = contained("c1")
        inner["valueQuantity"] = inner["valueQuantity"] | {"value": value}
        panel = contained(f"panel-{number}", contained=[inner], hasMember=[{"reference": "#c1"}])
        del panel["valueQuantity"]
        panels.append(panel)
    one = report(result=[{"reference": f"Observation/{panel['id']}"} for panel in panels])
    return replace(one, members=tuple(panels))


def test_results_that_a_panel_contains_are_its_own() -> None:
    """`#c1` means another one in each."""
    group = with_panels(4, 5)
    translated = checked_to_dicom(group, load(), Known())
    assert not [one for one in translated.report.warnings if "result" in one]
    inner = [one for panel in translated.result.root.children for one in panel.children]
    assert [one.value.values for one in inner if isinstance(one.value, Num)] == [("4",), ("5",)]
    uids = [element.value for one in inner for element in one.rest if element.tag == OBSERVATION_UID]
    assert len(set(uids)) == 2
    assert list(map(stripped, to_fhir(translated.result, load(), Known()).result.members)) == list(group.members)


def test_a_result_that_a_panel_contains_and_that_was_edited_in_dicom_is_edited() -> None:
    document = to_dicom(with_panels(4), load(), Known()).result
    (panel,) = document.root.children
    item = replace(panel.children[0], value=Num(("77",), Code("mmol/L", "UCUM", "mmol/L"), None))
    root = replace(document.root, children=(replace(panel, children=(item,)),))
    back = to_fhir(replace(document, root=root), load(), Known()).result
    assert [one["valueQuantity"]["value"] for one in back.members if "valueQuantity" in one] == [77]
    assert "contained" not in repr([stripped(one) for one in back.resources()])


@pytest.mark.parametrize("owner", ["report", "panel"])
def test_a_contained_result_that_was_removed_in_dicom_is_removed(owner: str) -> None:
    """It stayed in `contained`, and the other ones were there twice."""
    inner = [
        contained(f"c{number}", valueQuantity=contained("")["valueQuantity"] | {"value": number}) for number in (4, 5)
    ]
    references = [{"reference": "#c4"}, {"reference": "#c5"}]
    group = report(contained=inner, result=references)
    if owner == "panel":
        panel = {k: v for k, v in contained("p", contained=inner, hasMember=references).items() if k != "valueQuantity"}
        group = replace(report(result=[{"reference": "Observation/p"}]), members=(panel,))
    document = to_dicom(group, load(), Known()).result
    holder = document.root.children[0] if owner == "panel" else document.root
    holder = replace(holder, children=holder.children[1:])
    root = replace(document.root, children=(holder,)) if owner == "panel" else holder
    back = to_fhir(replace(document, root=root), load(), Known()).result
    said = repr([stripped(one) for one in back.resources()])
    assert said.count("'value': 5,") == 1 and "'value': 4," not in said and "contained" not in said


def test_contained_results_are_found_in_one_pass() -> None:
    """They were sought in all references for each of them: 1.3 seconds of a panel of two thousand."""
    asked = 0

    class Asked(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            nonlocal asked
            asked += key == "reference"
            return super().get(key, default)

    inner = [contained(f"c{number}") for number in range(50)]
    references = [Asked(reference=f"#{one['id']}") for one in inner]
    group = report(contained=inner, result=references)
    assert len([*group.contained()]) == 50
    assert asked == 50


@pytest.mark.parametrize("place", [False, True], ids=["person", "in a role"])
def test_a_performer_that_a_result_contains_is_named(place: bool) -> None:
    person: Resource = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Weber"}]}
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "#p"}}
    inner = [person, role] if place else [person]
    resource = measured(performer=[{"reference": "#r" if place else "#p"}], contained=inner)
    group = Group(resource, (), None, "Observation/o")
    translated = checked_to_dicom(group, load(), Known())
    assert Plain("PNAME", "Weber") in [one.value for one in translated.result.root.children[0].children]
    assert stripped(to_fhir(translated.result, load(), Known()).result.root) == resource


def test_what_a_panel_contains_of_somebody_else_is_refused() -> None:
    group = with_panels(4)
    group.members[0]["contained"][0]["subject"] = {"reference": "Patient/other"}
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(group, load(), Known())


def test_a_contained_result_of_somebody_else_is_refused() -> None:
    other = contained("c1", subject={"reference": "Patient/other"})
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(report(contained=[other], result=[{"reference": "#c1"}]), load(), Known())


def test_a_contained_result_that_was_edited_in_dicom_is_edited() -> None:
    document = to_dicom(report(contained=[contained("c1")], result=[{"reference": "#c1"}]), load(), Known()).result
    item = replace(document.root.children[0], value=Num(("77",), Code("mmol/L", "UCUM", "mmol/L"), None))
    back = to_fhir(replace(document, root=replace(document.root, children=(item,))), load(), Known()).result
    (result,) = [one for one in back.members if one["resourceType"] == "Observation"]
    assert result["valueQuantity"]["value"] == 77


@pytest.mark.parametrize("observed", [{}, {"resultsInterpreter": [{"display": "Adam Careful"}]}])
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"result": [{"reference": "#c1"}]}, "does not see the report's result"),
        ({"presentedForm": [{"contentType": "application/pdf", "data": "JVBERg=="}]}, "presentedForm"),
    ],
)
def test_a_report_without_content_says_what_is_not_seen(
    more: dict[str, Any], says: str, observed: dict[str, Any]
) -> None:
    """Who observed is no content (PS3.3 C.17.3)."""
    translated = checked_to_dicom(report(**more, **observed), load(), Known())
    assert any(says in one for one in translated.report.warnings)
    assert "CONTAINS" in [one.relationship for one in translated.result.root.children]


RAD = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}


def narrative(**more: Any) -> Group:
    return report(category=[{"coding": [RAD]}], conclusion="Normalbefund", **more)


def measurements(**more: Any) -> Group:
    root = report(result=[{"reference": "Observation/o"}], imagingStudy=[{"reference": "ImagingStudy/s"}], **more)
    return replace(root, members=(contained("o"),))


@pytest.mark.parametrize(
    ("made", "template", "language"),
    [
        (narrative(language="de-DE"), "2000", "de-DE"),
        (narrative(), "2000", "und"),  # TID 2000 demands one: nobody says that it is English
        (measurements(language="de-DE"), "1500", "de-DE"),
        (measurements(), "1500", None),
    ],
)
def test_no_language_is_made_up(made: Group, template: str, language: str | None) -> None:
    """PS3.16: TID 1204 is mandatory in TID 2000, an option in TID 1500."""
    document = checked_to_dicom(made, load(), Known()).result
    said = [one.value for one in document.root.children if LANGUAGE.same(one.concept)]
    assert document.template == template
    assert [one.code.value for one in said if isinstance(one, Coded) and one.code] == ([language] if language else [])


@pytest.mark.parametrize(
    ("said", "template"),
    [
        ({"valueQuantity": {"value": 5, "unit": "mm", "comparator": "<"}}, "1500"),
        ({"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, "1500"),
        ({"component": [{"code": {"text": "Length"}, "valueQuantity": {"value": 5, "unit": "mm"}}]}, None),
    ],
)
def test_one_result_that_is_no_number_takes_no_measurement_from_its_group(said: Any, template: str | None) -> None:
    """highdicom finds measurements in the groups of TID 1501 alone, which have rows for codes and texts."""
    group = measurements()
    other = {key: value for key, value in contained("o").items() if not key.startswith("value")} | {"id": "x"} | said
    root = group.root | {"result": [*group.root["result"], {"reference": "Observation/x"}]}
    assert (
        checked_to_dicom(replace(group, root=root, members=(*group.members, other)), load(), Known()).result.template
        == template
    )
    alone = replace(group, members=(other | {"id": "o"},))
    if "dataAbsentReason" in said:
        assert checked_to_dicom(alone, load(), Known()).result.template is None


def test_whoever_reads_a_result_of_another_study_is_told_that_it_is() -> None:
    group = measurements()
    studies = [{"reference": "ImagingStudy/s"}, {"reference": "ImagingStudy/before"}]
    for named, of, warned in (
        (studies[:1], studies[0], set()),
        (studies[:1], studies[1], {"a result of images"}),
        (studies, studies[0], {"several studies"}),
        ([], studies[0], {"a result of images"}),
    ):
        root = {key: said for key, said in group.root.items() if key != "imagingStudy"}
        root |= {"imagingStudy": named} if named else {}
        said = replace(group, root=root, members=(contained("o", derivedFrom=[of]),))
        warnings = checked_to_dicom(said, load(), Known()).report.warnings
        assert {
            one for one in ("a result of images", "several studies") if any(one in each for each in warnings)
        } == warned


INSTITUTE = {"resourceType": "Organization", "id": "i", "name": "Institut"}
RADIOLOGIST = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Beispiel"}]}


@pytest.mark.parametrize(
    ("performer", "kind"),
    [
        ({"reference": "Organization/i"}, "Device"),
        ({"reference": "https://ehr.example/fhir/Organization/i/_history/2"}, "Device"),
        ({"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"}, "Device"),  # nobody knows
        ({"reference": "urn:uuid:11111111-1111-4111-8111-111111111111", "type": "Organization"}, "Device"),
        ({"type": "Organization"}, "Device"),
        ({"reference": "#i"}, "Device"),
        ({"reference": "CareTeam/c"}, "Device"),
        ({"reference": "Practitioner/p"}, "Person"),
        ({"reference": "PractitionerRole/p/_history/2"}, "Person"),
        ({"reference": "urn:uuid:11111111-1111-4111-8111-111111111111", "type": "Practitioner"}, "Person"),
        ({"reference": "#p"}, "Person"),
        ({}, "Person"),
    ],
)
@pytest.mark.parametrize("element", ["performer", "resultsInterpreter"])
def test_an_organization_is_no_person_who_observes(element: str, performer: Resource, kind: str) -> None:
    made = narrative(language="de", contained=[INSTITUTE, RADIOLOGIST], **{element: [performer | {"display": "Wer"}]})
    root = checked_to_dicom(made, load(), Known()).result.root
    (said,) = [one.value for one in root.children if OBSERVER_TYPE.same(one.concept)]
    assert isinstance(said, Coded) and said.code is not None and said.code.meaning == kind


PATHOLOGIST: Resource = {"resourceType": "Practitioner", "id": "x", "name": [{"family": "House", "given": ["Gregory"]}]}
IN_A_ROLE: Resource = {
    "resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/x"}
}  # fmt: skip


def interpreted(result: Resource, **reference: str) -> Group:
    """A laboratory report, which has no template; who interpreted it is here."""
    report: Resource = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "Lab"}}
    report |= {"result": [{"reference": "Observation/o"}], "resultsInterpreter": [reference]}
    return Group(report, (result, PATHOLOGIST, IN_A_ROLE), None, "DiagnosticReport/d")


def test_a_result_of_the_study_that_its_document_is_filed_in_is_of_no_other() -> None:
    """Which is the first that is here."""
    study: Resource = {"resourceType": "ImagingStudy", "id": "s", "status": "available"}
    study |= {"subject": {"reference": "Patient/p"}}
    study |= {"identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}]}
    group = measurements()
    root = group.root | {"imagingStudy": [{"reference": "ImagingStudy/gone"}, {"reference": "ImagingStudy/s"}]}
    said = contained("o", derivedFrom=[{"reference": "ImagingStudy/s"}])
    translated = checked_to_dicom(replace(group, root=root, members=(said, study)), load(), Known())
    assert text_of(translated.result.header, STUDY_UID) == "1.2.3"
    assert not any("a result of images" in one for one in translated.report.warnings)


def test_of_several_who_interpreted_a_report_a_reader_is_told_that_he_sees_one() -> None:
    another = {"resourceType": "Practitioner", "id": "y", "name": [{"family": "Wilson"}]}
    group = interpreted(measured(), reference="Practitioner/x")
    said = [*group.root["resultsInterpreter"], {"reference": "PractitionerRole/r"}]
    nameless = {"reference": "Practitioner/gone", "display": "^^"}
    for also, warned in (([], False), ([nameless], False), ([{"reference": "Practitioner/y"}], True)):
        root = group.root | {"resultsInterpreter": [*said, *also]}
        translated = checked_to_dicom(replace(group, root=root, members=(*group.members, another)), load(), Known())
        assert observers(translated.result.root) == ["House^Gregory"]
        assert any("several who interpreted" in one for one in translated.report.warnings) == warned


def observers(root: ContentItem) -> list[str]:
    return [one.value.text for one in root.children if isinstance(one.value, Plain) and PERSON_NAME.same(one.concept)]


@pytest.mark.parametrize("reference", ["Practitioner/x", "PractitionerRole/r"])
@pytest.mark.parametrize("display", [{}, {"display": "House, G., MD"}])
def test_who_interpreted_a_report_is_named_as_he_is_called_where_he_is_here(reference: str, display: Any) -> None:
    """Without a display the bridge was the observer of an imaging report, and nobody of a laboratory's."""
    said = {"reference": reference} | display
    group = interpreted(measured(), **said)
    assert observers(checked_to_dicom(group, load(), Known()).result.root) == ["House^Gregory"]
    report = narrative(language="de", resultsInterpreter=[said]).root
    imaging = Group(report, (PATHOLOGIST, IN_A_ROLE), None, "DiagnosticReport/d")
    assert observers(checked_to_dicom(imaging, load(), Known()).result.root) == ["House^Gregory"]


PATIENT: Resource = {"resourceType": "Patient", "id": "p", "name": [{"family": "Doe"}]}
NAMELESS: Resource = {"resourceType": "Practitioner", "id": "n", "name": [{"use": "official"}]}


@pytest.mark.parametrize(
    ("performer", "named"),
    [
        ({"reference": "Patient/p"}, False),
        ({"reference": "Patient/p", "display": "Jane Doe"}, False),
        ({"reference": "Practitioner/n", "display": "Dr B"}, False),
        ({"reference": "Practitioner/gone"}, False),
        ({"reference": "Practitioner/gone", "display": "Dr B"}, True),
        ({"reference": "Practitioner/x"}, True),
        ({"reference": "Organization/lab"}, True),
    ],
)
@pytest.mark.parametrize("imaging", [False, True])
def test_who_interpreted_a_report_does_not_stand_for_the_performer_of_a_result(
    performer: Resource, named: bool, imaging: bool
) -> None:
    """What the patient has measured himself was not observed by the pathologist."""
    group = interpreted(measured(performer=[performer]), reference="Practitioner/x")
    root = group.root | ({"imagingStudy": [{"reference": "ImagingStudy/s"}]} if imaging else {})
    group = Group(root, (*group.members, NAMELESS), PATIENT, group.key)
    translated = checked_to_dicom(group, load(), Known())
    assert (translated.result.template == "1500") == imaging
    assert bool(observers(translated.result.root)) == named
    assert any("who interpreted the report" in one for one in translated.report.warnings) != named


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"reference": "#x"}, "House^Gregory"),
        ({"display": "Meier\\Huber\t=^"}, "Meier Huber"),
        ({"reference": "Practitioner/n", "display": "Dr B"}, "Dr B"),
    ],
)
def test_who_interpreted_a_report_is_named_by_what_is_known_of_him(said: Resource, name: str) -> None:
    group = interpreted(measured(), **said)
    root = group.root | ({"contained": [PATHOLOGIST]} if said.get("reference") == "#x" else {})
    group = Group(root, (*group.members, NAMELESS), None, group.key)
    assert observers(checked_to_dicom(group, load(), Known()).result.root) == [name]


@pytest.mark.parametrize("reason", ["not-performed", "not-a-number", "negative-infinity", "error", "unknown"])
def test_why_a_value_is_absent_is_no_answer(reason: str) -> None:
    said = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": reason}],
    }
    systolic = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]}
    resource = measured(component=[{"code": systolic, "dataAbsentReason": said}], dataAbsentReason=said)
    del resource["valueQuantity"]
    back = natively(resource)
    for one in (back, *back["component"]):
        assert without_ids(one["dataAbsentReason"]) == said
        assert "valueCodeableConcept" not in one


def test_identifiers_stay_apart() -> None:
    said = [
        {"value": "1", "system": "urn:lab"},
        {"value": "2", "system": "urn:ward"},
        {"value": "3"},
    ]
    found = without_ids(natively(measured(identifier=said))["identifier"])
    assert found[:3] == said
    assert [one["system"] for one in found[3:]] == ["urn:dicom:uid"]  # the Observation UID that was made for it


def test_a_range_is_a_text_with_its_two_limits() -> None:
    resource = measured(valueRange=RANGE)
    del resource["valueQuantity"]
    item = item_of(resource)
    assert item.value == Plain("TEXT", "2 /HPF - 5 /HPF")
    limits = [child for child in item.children if isinstance(child.value, Num)]
    assert [one.concept.meaning for one in limits if one.concept] == ["Minimum", "Maximum"]
    assert without_ids(natively(resource)["valueRange"]) == RANGE


ISSUED = "2026-03-02T10:00:00+01:00"
PART = {"code": {"text": "beside it"}, "valueQuantity": measured()["valueQuantity"]}
BESIDE: list[dict[str, Any]] = [
    {"issued": ISSUED},
    {"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"}},
    {"referenceRange": [RANGE]},
    {"component": [PART], "note": [{"text": "see there"}]},
    {"interpretation": [{"text": "late"}], "issued": ISSUED},
]


def dated(value: dict[str, Any], beside: dict[str, Any]) -> Resource:
    found = observation(**value, **beside)
    if "effectivePeriod" in beside:
        del found["effectiveDateTime"]
    return found


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"valueDateTime": "2026-05-05"}, "DATE"),
        ({"valueDateTime": "2026-05-05T10:20:30+01:00"}, "DATETIME"),
        ({"valueTime": "10:20:30"}, "TIME"),
        ({"valueString": "urn:oid:1.2.840.10008.1.1"}, "UIDREF"),
    ],
)
def test_a_date_with_more_than_words_beside_it_is_a_container(
    value: dict[str, Any], kind: str, beside: dict[str, Any]
) -> None:
    """PS3.3 table A.35.3-2: a DATE has no properties. Natively it is the value again."""
    resource = dated(value, beside)
    item = item_of(resource)
    assert isinstance(item.value, Container)
    first, *others = item.children
    assert isinstance(first.value, Plain) and first.value.value_type == kind and first.relationship == "CONTAINS"
    assert others
    back = natively(resource)
    assert {name: back.get(name) for name in value} == value
    assert len(back.get("component", ())) == len(resource.get("component", ()))


def test_a_date_with_nothing_but_words_stays_an_item() -> None:
    item = item_of(observation(valueDateTime="2026-05-05", note=[{"text": "see there"}]))
    assert item.value == Plain("DATE", "20260505")
    assert [one.relationship for one in item.children] == ["HAS CONCEPT MOD"]


def test_a_component_that_is_a_date_has_words_alone() -> None:
    """It cannot be a container: the range comes back by our private elements."""
    part = {"code": {"text": "Next"}, "valueDateTime": "2026-05-05", "referenceRange": [RANGE]}
    (item,) = item_of(observation(component=[part])).children
    assert item.value == Plain("DATE", "20260505") and not item.children


def test_samples_are_a_text_that_says_what_they_are() -> None:
    """The samples themselves are carried: nobody reads them as words."""
    origin = {"value": 2048, "unit": "mV", "system": "http://unitsofmeasure.org", "code": "mV"}
    samples = {"origin": origin, "period": 10, "factor": Number("1.612"), "dimensions": 2, "data": "1 2 E L"}
    resource = measured(valueSampledData=samples | {"lowerLimit": -3300, "upperLimit": 3300})
    del resource["valueQuantity"]
    words = (
        "sampled data: 4 samples in 2 dimensions, one every 10 ms, origin 2048 mV, factor 1.612, "
        "lower limit -3300, upper limit 3300"
    )
    assert item_of(resource).value == Plain("TEXT", words)


@pytest.mark.parametrize(
    ("categories", "title"),
    [
        ([[("http://loinc.org", "26436-6")], [(SURVEY["system"], "laboratory")]], "11502-2"),
        ([[("http://loinc.org", "26436-6"), (SURVEY["system"], "laboratory")]], "11502-2"),
        ([[(SDOH["system"], "sdoh")], [(SURVEY["system"], "survey")]], "11329-0"),
        ([[(SURVEY["system"], "vital-signs")], [(SURVEY["system"], "laboratory")]], "8716-3"),
        ([[(SDOH["system"], "sdoh")]], "30954-2"),
    ],
)
def test_the_title_is_that_of_the_first_category_that_has_one(
    categories: list[list[tuple[str, str]]], title: str
) -> None:
    said = [{"coding": [{"system": system, "code": code} for system, code in one]} for one in categories]
    group = Group(measured(category=said), (), None, "Observation/o")
    concept = checked_to_dicom(group, load(), Known()).result.root.concept
    assert concept is not None and concept.value == title


def test_the_concept_is_the_first_that_is_meant() -> None:
    codes = [
        {"system": "http://loinc.org", "code": "8329-5", "display": "Body temperature - Core"},
        {"system": "http://loinc.org", "code": "8310-5", "display": "Body temperature"},
    ]
    item = item_of(measured(code={"coding": codes}))
    assert item.concept is not None and item.concept.value == "8329-5"
    assert [one.value for one in item.concept.equivalents] == ["8310-5"]


def test_a_category_that_follows_from_the_title_is_no_item() -> None:
    laboratory = {"system": SURVEY["system"], "code": "laboratory", "display": "Laboratory"}
    item = item_of(measured(category=[{"coding": [laboratory]}]))
    assert not any(isinstance(child.value, Coded) for child in item.children)


def test_a_meaning_that_is_cut_has_64_bytes_at_most() -> None:
    """PS3.5 6.2 counts characters; dciodvfy counts bytes, and so do databases behind it."""
    display = "Epithelzellen [#/Fläche] in Urinsediment mittels Lichtmikroskopie, hohe Vergrößerung"
    item = item_of(measured(code={"coding": [{"system": "http://loinc.org", "code": "5787-7", "display": display}]}))
    assert item.concept is not None and len(item.concept.meaning.encode()) <= 64
    assert Plain("TEXT", display) in [child.value for child in item.children]


@pytest.mark.parametrize(
    ("moment", "date", "time", "observed"),
    [
        ("2026-03-02T08:15:00.1234567+01:00", "20260302", "081500.123456", "20260302081500.123456"),
        ("2026-12-31T23:59:59.9999999+01:00", "20261231", "235959.999999", "20261231235959.999999"),  # cut, not rounded
        ("2026-12-31T23:59:60Z", "20261231", "235959", "20261231235959"),
    ],
)
def test_a_moment_is_that_moment_however_exactly_it_is_said(moment: str, date: str, time: str, observed: str) -> None:
    """PS3.5 6.2: six digits of a second. A leap second is legal, but no judge knows it."""
    group = Group(measured(effectiveDateTime=moment), (), None, "Observation/o")
    translated = checked_to_dicom(group, load(), Known())
    document = translated.result
    assert (text_of(document.header, CONTENT_DATE), text_of(document.header, CONTENT_TIME)) == (date, time)
    assert text_of(document.root.children[0].rest, OBSERVATION_DATETIME) == observed
    assert not [one for one in translated.report.warnings if "1900" in one]
    assert to_fhir(document, load(), Known()).result.root["effectiveDateTime"] == moment


def test_a_time_of_day_is_cut_to_what_a_tm_holds() -> None:
    resource = observation(valueTime="08:15:00.1234567")
    assert item_of(resource).value == Plain("TIME", "081500.123456")


def test_a_leap_second_is_one_in_every_zone() -> None:
    assert times.in_zone("2026-12-31T23:59:60.5Z", "+01:00") == "2027-01-01T00:59:60.500000+01:00"


def header_with(patient: Resource | None = None, **study: Any) -> tuple[DataSet, list[str]]:
    """Header of the document of a result of that patient and study, and warnings."""
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": {"reference": "Patient/p"},
        "imagingStudy": [{"reference": "ImagingStudy/s"}],
        "result": [{"reference": "Observation/o"}],
    }
    found = {"resourceType": "ImagingStudy", "id": "s", "status": "available", "subject": {"reference": "Patient/p"}}
    person = {"resourceType": "Patient", "id": "p"} | patient if patient else None
    group = Group(report, (measured(), found | study), person, "DiagnosticReport/r")
    translated = checked_to_dicom(group, load(), Known())
    return translated.result.header, translated.report.warnings


@pytest.mark.parametrize("birth", ["1970", "1970-05"])
def test_a_birth_date_of_less_than_a_day_is_none(birth: str) -> None:
    """PS3.5 6.2: DA is a day."""
    header, warnings = header_with({"birthDate": birth})
    assert find(header, BIRTH_DATE) == Element(BIRTH_DATE, "DA", b"")
    assert "Patient.birthDate has no DICOM form" in warnings


@pytest.mark.parametrize(
    ("said", "written"),
    [("x" * 65, "x" * 64), ("a\\b\nc", "a b c"), ("ä" + "x" * 64, "ä" + "x" * 62), ("陰" * 65, "陰" * 64)],
)
def test_a_description_is_one_value_of_its_vr(said: str, written: str) -> None:
    """PS3.5 6.2: LO; in Japanese it is the end of a sentence that negates it."""
    header, warnings = header_with(description=said)
    assert text_of(header, STUDY_DESCRIPTION, UNICODE) == written
    assert ("ImagingStudy.description has more than 64 characters: it is cut" in warnings) is (len(said) > 64)


URN = "urn:oid:1.2.3.4.5.6.7"
LOCAL: Resource = {"code": "K", "display": "Kalium"}
LOINC = {"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}
ANYBODYS = {"system": "http://example.org/local", "code": "K1", "display": "Kalium"}


@pytest.mark.parametrize(
    ("said", "value", "others"),
    [
        ([LOCAL, LOINC], "2823-3", ["K"]),
        ([LOCAL, ANYBODYS], "K1", ["K"]),
        ([LOCAL], "K", []),
        ([{"code": URN}, ANYBODYS, LOCAL], "K1", [URN, "K"]),
    ],
)
def test_a_code_without_system_comes_last_and_has_a_scheme(said: list[Resource], value: str, others: list[str]) -> None:
    """PS3.3 table 8.8-1: a Coding Scheme Designator is not empty."""
    resource = observation(code={"coding": said}, valueCodeableConcept={"coding": said})
    item = item_of(resource)
    assert isinstance(item.value, Coded)
    for code in (item.concept, item.value.code):
        assert code is not None and code.value == value
        assert [one.value for one in code.equivalents] == others
        assert all(one.scheme or one.value == URN for one in (code, *code.equivalents))
    for element in ("code", "valueCodeableConcept"):
        assert LOCAL in without_ids(natively(resource)[element])["coding"]


@pytest.mark.parametrize(
    "code",
    [
        {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]},
        {"coding": [{"system": "http://loinc.org"}]},
        {"coding": [{"extension": [{"url": "urn:x", "valueString": "K"}]}]},
        {"coding": [{"system": "urn:lab", "code": "a\\b"}]},
    ],
    ids=["absent", "system alone", "extension alone", "backslash"],
)
def test_a_result_whose_code_dicom_cannot_hold_has_a_name(code: Resource) -> None:
    """Readers refused the whole document for one item without a Concept Name (PS3.3 table C.17-5)."""
    part = {"code": code, "valueString": "a part"}
    group = Group(measured(code=code, component=[part]), (), None, "Observation/o")
    translated = checked_to_dicom(group, load(), Known())
    (item,) = translated.result.root.children
    assert [one.concept for one in (item, *item.children)] == [UNNAMED, UNNAMED]
    assert stripped(to_fhir(translated.result, load(), Known()).result.root) == group.root
    warning = "a code that DICOM cannot hold: a reader sees `Unknown`: Observation.code and 1 more"
    assert warning in translated.report.warnings
    assert warning not in checked_to_dicom(alone(measured()), load(), Known()).report.warnings


def test_a_document_in_which_an_earlier_bridge_named_nothing_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    group = alone(measured(code={"coding": [{"system": "http://loinc.org"}]}))
    with monkeypatch.context() as earlier:
        earlier.setattr(Items, "_concept", lambda _, home: None)
        document = to_dicom(group, load(), Known()).result
    back = to_fhir(document, load(), Known())
    assert ANEW not in back.report.warnings and stripped(back.result.root) == group.root
    assert to_dicom(back.result, load(), Known()).result == document


@pytest.mark.parametrize(
    ("said", "text", "meaning"),
    [
        ([{"system": "http://loinc.org", "code": "58720-4"}, ANYBODYS], None, "Kalium"),
        ([{"system": "http://loinc.org", "code": "58720-4"}, ANYBODYS], "K+", "K+"),
        ([LOCAL, {"system": "http://snomed.info/sct", "code": "88480006"}], None, "Kalium"),
        ([{"system": "http://loinc.org", "code": "K+", "display": "K+"}, ANYBODYS], None, "K+"),
        ([{"system": "http://loinc.org", "code": "8867-4"}, ANYBODYS], None, None),
    ],
    ids=["another display", "text", "no system", "its own", "a row"],
)
def test_a_code_without_a_display_is_called_by_that_of_another(said: list[Resource], text: Any, meaning: Any) -> None:
    """Who reads it saw the bare number. A concept row knows better."""
    concept = {"coding": said} | ({"text": text} if text else {})
    item = item_of(observation(code=concept, valueCodeableConcept=concept))
    assert isinstance(item.value, Coded) and item.concept is not None and item.value.code is not None
    assert item.concept.meaning == (meaning or "Heart rate")
    assert item.value.code.meaning == (meaning or "Kalium")


def test_a_urn_needs_no_scheme() -> None:
    item = item_of(measured(code={"coding": [{"code": URN, "display": "of its own"}]}))
    assert item.concept == Code(URN, "", "of its own")


HL7 = "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.mark.parametrize(
    "said",
    [
        {"coding": [{"system": HL7, "code": "ACSN"}]},
        {"coding": [{"system": HL7, "code": "ACSN", "display": "Accession ID"}], "text": "Accession"},
        {"coding": [{"system": "http://example.org/types", "code": "A"}, {"system": HL7, "code": "ACSN"}]},
    ],
)
def test_an_accession_number_is_one_however_its_type_is_displayed(said: Resource) -> None:
    """HL7 table 0203."""
    header, _ = header_with(identifier=[{"type": said, "value": "A-4711"}])
    assert text_of(header, ACCESSION) == "A-4711"


ACSN: Resource = {"coding": [{"system": HL7, "code": "ACSN"}]}


def ordered(number: str) -> Resource:
    """A reference to an order that is not here, by its accession number."""
    return {"identifier": {"type": ACSN, "value": number}, "type": "ServiceRequest"}


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"identifier": [{"type": ACSN, "value": "A-1"}]}, "A-1"),
        ({"basedOn": [ordered("A-2")]}, "A-2"),
        ({"basedOn": [ordered("A-2")], "identifier": [{"type": ACSN, "value": "A-1"}]}, "A-1"),
        ({"basedOn": [ordered("A-2"), ordered("A-3")]}, None),
        ({"basedOn": [{"reference": "ServiceRequest/s"}]}, None),
        ({"basedOn": [ordered("more than sixteen characters")]}, None),
        ({"identifier": [{"type": ACSN, "value": "A-1"}, {"type": ACSN, "value": "A-2"}]}, None),
        ({"basedOn": [ordered("A-1"), {"identifier": {"type": ACSN, "value": "A-1", "system": "urn:x:y"}}]}, "A-1"),
        ({"identifier": [{"type": ACSN, "value": "A-1", "use": "old"}, {"type": ACSN, "value": "A-2"}]}, "A-2"),
        ({"identifier": [{"type": ACSN, "value": " "}], "basedOn": [ordered(" A-2 ")]}, "A-2"),
    ],
)
def test_a_report_without_a_study_says_its_accession_number_itself(said: Resource, number: str | None) -> None:
    made = checked_to_dicom(narrative(language="de", **said), load(), Known())
    assert text_of(made.result.header, ACCESSION) == number
    numbers = {one.get("identifier", one).get("value", "") for name in said for one in said[name]}
    is_warned = any(one.startswith("several accession numbers") for one in made.report.warnings)
    assert is_warned is (number is None and len(numbers) > 1)
    assert stripped(to_fhir(made.result, load(), Known()).result.root).items() >= said.items()


@pytest.mark.parametrize(
    "element", ["DiagnosticReport.identifier", "DiagnosticReport.basedOn", "ImagingStudy.identifier"]
)
@pytest.mark.parametrize(
    ("number", "warned"), [("1234567890123456", False), ("12345678901234567", True), ("A\\1", True)]
)
def test_an_accession_number_that_does_not_fit_is_warned_of(element: str, number: str, warned: bool) -> None:  # noqa: FBT001
    """Cut to an SH, it would be that of another order (PS3.5 6.2)."""
    kind, name = element.split(".")
    said: Resource = {name: [ordered(number)] if name == "basedOn" else [{"type": ACSN, "value": number}]}
    study: Resource = {"resourceType": "ImagingStudy", "id": "s", "status": "available", "subject": {"display": "x"}}
    group = narrative(language="de", imagingStudy=[{"reference": "ImagingStudy/s"}])
    if kind == "ImagingStudy":
        group = replace(group, members=(*group.members, study | said))
    else:
        group = replace(group, root=group.root | said)
    made = checked_to_dicom(group, load(), Known())
    assert any(f"a DICOM reader sees none: {element}" in one for one in made.report.warnings) is warned
    assert text_of(made.result.header, ACCESSION) == (None if warned else number)


@pytest.mark.parametrize(
    ("system", "issuer"),
    [
        ("http://my-hospital.example/orders", {ENTITY_ID: "http://my-hospital.example/orders", ENTITY_TYPE: "URI"}),
        ("urn:oid:1.2.3.4", {ENTITY_ID: "1.2.3.4", ENTITY_TYPE: "ISO"}),
        ("https://fhir-dicom.org/fhir/issuer/RIS%201", {LOCAL_ID: "RIS 1"}),
    ],
)
def test_who_issued_an_accession_number_is_said(system: str, issuer: dict[int, str]) -> None:
    """Issuer of Accession Number Sequence (PS3.3 table 10-17); the study is the one that it was."""
    said = {"identifier": {"type": ACSN, "system": system, "value": "A-1"}}
    made, plain = (
        checked_to_dicom(narrative(language="de", basedOn=[one]), load(), Known()).result
        for one in (said, ordered("A-1"))
    )
    (item,) = items(made.header, ACCESSION_ISSUER)
    assert {one.tag: text_of(item, one.tag) for one in item} == issuer
    assert text_of(made.header, STUDY_UID) == text_of(plain.header, STUDY_UID)
    bare, _ = taken_out(made)
    (study,) = [one for one in to_fhir(bare, load(), Known()).result.members if one["resourceType"] == "ImagingStudy"]
    assert study["identifier"][1] == {"type": ACSN, "system": system, "value": "A-1"}


def test_reports_of_two_orders_are_of_two_studies() -> None:
    """A study has one Accession Number (PS3.3 C.7.2.1)."""
    said: list[Resource] = [{"basedOn": [ordered("A-1")]}, {"basedOn": [ordered("A-2")]}, {}]
    made = [checked_to_dicom(narrative(language="de", **one), load(), Known()).result for one in (*said, *said)]
    studies = [text_of(one.header, STUDY_UID) for one in made]
    assert len(set(studies)) == 3 and studies[:3] == studies[3:]


def test_a_serial_number_is_one_however_its_type_is_displayed() -> None:
    """TID 1004."""
    kind = {"coding": [{"system": HL7, "code": "SNO", "display": "Serial Number"}]}
    device = {"resourceType": "Device", "id": "d", "identifier": [{"type": kind, "value": "4711"}]}
    root = Node(Container("SEPARATE"), None, None)
    add_context(root, {}, {"author": [{"reference": "Device/d"}]}, lambda reference: device, lambda concept: None)
    assert (SERIAL_NUMBER, Plain("TEXT", "4711")) in [(one.concept, one.value) for one in root.children]


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ({"effectiveDateTime": "2025"}, "Content Date is its first day"),
        ({"effectiveDateTime": "2025-03"}, "Content Date is its first day"),
        ({"status": "unknown"}, "Observation.status is unknown"),
    ],
)
def test_what_the_header_says_for_sure_and_nobody_else_does_is_warned_of(said: Resource, warning: str) -> None:
    certain, doubtful = (
        checked_to_dicom(Group(measured(**more), (), None, "Observation/o"), load(), Known()).report.warnings
        for more in ({}, said)
    )
    assert any(warning in one for one in doubtful) and not any(warning in one for one in certain)


def test_a_code_system_that_the_document_explains_is_known() -> None:
    """Our own documents were warned of for each code system without a Coding Scheme Designator."""
    local = {"coding": [{"system": "urn:lab:local", "code": "4711", "display": "Local"}]}
    document = checked_to_dicom(Group(measured(code=local), (), None, "Observation/o"), load(), Known()).result
    assert not any("no known URI" in one for one in to_fhir(document, load(), Known()).report.warnings)
    unexplained = replace(document, header=tuple(one for one in document.header if one.tag != 0x00080110))
    assert any("no known URI" in one for one in to_fhir(unexplained, load(), Known()).report.warnings)
