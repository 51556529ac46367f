"""Nobody who reads plain FHIR, one resource at a time, is told of the patient what the document does not say of him:
what is denied, somebody else's, quoted, or of another time or state."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.codecs.fhir import validate
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, Value
from bridge.model.dataset import UNICODE, Element, text_element
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import write_document
from bridge.model.tags import OBSERVATION_DATETIME, OBSERVATION_UID
from bridge.releases.r5 import in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import INHERITED
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
FINDING, FINDINGS = Code("121071", "DCM", "Finding"), Code("121070", "DCM", "Findings")
PNEUMONIA, EMBOLISM = Code("233604007", "SCT", "Pneumonia"), Code("59282003", "SCT", "Pulmonary embolism")
PRESENCE, FINDING_CONTEXT = Code("121052", "DCM", "Presence of property"), Code("408729009", "SCT", "Finding context")
PROCEDURE_CONTEXT = Code("408730004", "SCT", "Procedure context")
SEVERITY, SEVERE = Code("246112005", "SCT", "Severity"), Code("24484000", "SCT", "Severe")
TEMPORAL = Code("408731000", "SCT", "Temporal context")
COMMENT = Code("121106", "DCM", "Comment")
ABSENT, PRESENT = Code("272519000", "SCT", "Absent"), Code("52101004", "SCT", "Present")
ECHO = "5200-echocardiography"
GROUP, LENGTH, MM = (
    Code("125007", "DCM", "Measurement Group"),
    Code("410668003", "SCT", "Length"),
    Code("mm", "UCUM", "mm"),
)
STATE = Code("109054", "DCM", "Patient State")
REST, STRESS = Code("128974000", "SCT", "Resting state"), Code("434161005", "SCT", "Peak cardiac stress state")
STUDY_UID, QUOTATION = Code("121018", "DCM", "Procedure Study Instance UID"), Code("121001", "DCM", "Quotation Mode")
SUBJECT_CLASS, SUBJECT_NAME = Code("121024", "DCM", "Subject Class"), Code("121029", "DCM", "Subject Name")
SUBJECT_ID, PATIENT = Code("121030", "DCM", "Subject ID"), Code("121025", "DCM", "Patient")
FETUS = Code("121026", "DCM", "Fetus")


def item(concept: Code | None, value: Value, *children: ContentItem, how: str = "CONTAINS") -> ContentItem:
    return ContentItem(how, concept, value, tuple(children), ())


def modifier(concept: Code, value: Code) -> ContentItem:
    return item(concept, Coded(value), how="HAS CONCEPT MOD")


def context(concept: Code, value: Value, how: str = "HAS OBS CONTEXT") -> ContentItem:
    return item(concept, value, how=how)


def container(concept: Code, *children: ContentItem) -> ContentItem:
    return item(concept, Container("SEPARATE"), *children)


def length(value: str, *children: ContentItem) -> ContentItem:
    return item(LENGTH, Num((value,), MM, None), *children)


def document(*items: ContentItem, like: str = "2000-imaging-report") -> Document:
    one = structured_report.read((FIXTURES / "dicom" / f"{like}.dcm").read_bytes())
    return replace(one, root=replace(one.root, children=tuple(items)))


def read(one: Document) -> tuple[Group, list[str]]:
    """What a client gets; valid, and the very document comes back."""
    translated = to_fhir(one, MAPPING, KNOWN)
    for resource in translated.result.resources():
        validate(resource)
    back = checked_to_dicom(deepcopy(translated.result), MAPPING, KNOWN)
    assert write_document(back.result) == write_document(one) and not back.report.warnings
    return deepcopy(translated.result), translated.report.warnings


def results(group: Group, code: Code | None = None) -> list[dict[str, Any]]:
    found = [one for one in group.members if one["resourceType"] == "Observation"]
    return [one for one in found if code is None or one["code"]["coding"][0]["code"] == code.value]


def shared(observation: dict[str, Any]) -> list[str]:
    parts = [one for one in observation.get("component", ()) if one.get("id") == INHERITED]
    return [one.get("valueCodeableConcept", {}).get("text") or one["valueString"] for one in parts]


# -- denied ---------------------------------------------------------------------------------------------------------
def test_a_denied_finding_says_so_in_its_text() -> None:
    one = document(item(FINDING, Coded(PNEUMONIA), modifier(PRESENCE, ABSENT)), item(FINDING, Coded(PNEUMONIA)))
    group, warnings = read(one)
    denied, plain = results(group, FINDING)
    assert denied["valueCodeableConcept"]["text"] == "Pneumonia (Absent)"
    assert plain["valueCodeableConcept"]["text"] == "Pneumonia"
    assert [line for line in warnings if "it is absent" in line] and not any("is not that of" in w for w in warnings)


@pytest.mark.parametrize(
    ("concept", "value", "said"),
    [
        (PRESENCE, PRESENT, "Pneumonia"),
        (FINDING_CONTEXT, Code("410516002", "SCT", "Known absent"), "Pneumonia (Known absent)"),
        (Code("408732007", "SCT", "Subject relationship context"), Code("444148008", "SCT", "Person in the family"),
         "Pneumonia (Person in the family)"),
        (PROCEDURE_CONTEXT, Code("385660001", "SCT", "Not done"), "Pneumonia (Not done)"),
        (PROCEDURE_CONTEXT, Code("385658003", "SCT", "Done"), "Pneumonia"),
        (Code("111056", "DCM", "Rendering Intent"), Code("111152", "DCM", "Not for Presentation"),
         "Pneumonia (Not for Presentation)"),
        (Code("246112005", "SCT", "Severity"), Code("24484000", "SCT", "Severe"), "Pneumonia"),
    ],
)  # fmt: skip
def test_what_a_modifier_says_against_it(concept: Code, value: Code, said: str) -> None:
    group, warnings = read(document(item(FINDING, Coded(PNEUMONIA), modifier(concept, value))))
    assert results(group, FINDING)[0]["valueCodeableConcept"]["text"] == said
    assert any("it is absent" in line for line in warnings) is (said != "Pneumonia")


@pytest.mark.parametrize(("title", "planned"), [("130226", True), ("130227", False)])
def test_what_is_planned_does_not_read_as_given(title: str, planned: bool) -> None:  # noqa: FBT001
    """TID 11001 says of a plan what TID 11020 says of what was given; the patient is as he is."""
    agent = item(Code("122083", "DCM", "Drug administered"), Coded(Code("109219003", "SCT", "Iohexol")))
    patient = container(Code("121118", "DCM", "Patient Characteristics"), length("170"))
    plan = document(patient, container(Code("130202", "DCM", "Imaging Agent Administration Phase"), agent, length("8")))
    plan = replace(plan, root=replace(plan.root, concept=Code(title, "DCM", "Imaging Agent Administration")))
    group, warnings = read(plan)
    said = {one["code"]["text"]: shared(one) for one in results(group)}
    assert said.pop("Patient Characteristics") == []
    if planned:
        assert len(said) == 3 and all(one == ["Planned"] for one in said.values())
        (given,) = results(group, agent.concept)
        assert given["valueCodeableConcept"]["text"] == "Iohexol (Planned)"
    else:
        assert not any(said.values())
    assert any("a plan: nothing in it was given" in line for line in warnings) is planned


def test_the_text_follows_the_modifier() -> None:
    """Whoever edits the modifier need not think of the text."""
    group, _ = read(document(item(FINDING, Coded(PNEUMONIA), modifier(PRESENCE, ABSENT))))
    (finding,) = results(group, FINDING)
    finding["component"][0]["valueCodeableConcept"] = {
        "coding": [{"system": "http://snomed.info/sct", "code": "52101004", "display": "Present"}]
    }
    made = checked_to_dicom(group, MAPPING, KNOWN)
    (edited,) = made.result.root.children
    assert edited.children[0].value == Coded(PRESENT) and edited.value == Coded(PNEUMONIA)
    (again,) = results(to_fhir(made.result, MAPPING, KNOWN).result, FINDING)
    assert again["valueCodeableConcept"].get("text", "Pneumonia") == "Pneumonia"
    assert any("follows" in line for line in made.report.warnings)


def test_a_denied_code_that_becomes_yes_or_no_is_denied_still() -> None:
    group, _ = read(document(item(FINDING, Coded(PNEUMONIA), modifier(PRESENCE, ABSENT))))
    (finding,) = results(group, FINDING)
    del finding["valueCodeableConcept"]
    finding["valueBoolean"] = True
    (edited,) = checked_to_dicom(group, MAPPING, KNOWN).result.root.children
    assert edited.value == Coded(Code("373066001", "SCT", "Yes"))
    assert [one.value for one in edited.children] == [Coded(ABSENT)]


FATHER = modifier(Code("408732007", "SCT", "Subject relationship context"), Code("66839005", "SCT", "Father"))
KNOWN_ABSENT = modifier(FINDING_CONTEXT, Code("410516002", "SCT", "Known absent"))


@pytest.mark.parametrize("below", [(), (item(SEVERITY, Coded(SEVERE), how="HAS PROPERTIES"),)], ids=["leaf", "result"])
@pytest.mark.parametrize("deep", [False, True], ids=["in it", "in a group in it"])
def test_what_a_container_denies_is_denied_of_each_finding_in_it(*, deep: bool, below: tuple[ContentItem, ...]) -> None:
    """PS3.3 C.17.5. A leaf is no component of the group, which would say nothing of its modifier."""
    finding = item(FINDING, Coded(PNEUMONIA), *below)
    inside = container(GROUP, finding) if deep else finding
    group, _ = read(document(container(FINDINGS, KNOWN_ABSENT, inside), item(FINDING, Coded(PNEUMONIA), *below)))
    denied, plain = results(group, FINDING)
    assert (denied["valueCodeableConcept"]["text"], shared(denied)) == ("Pneumonia (Known absent)", ["Known absent"])
    assert (plain["valueCodeableConcept"]["text"], shared(plain)) == ("Pneumonia", [])


@pytest.mark.parametrize("how", ["HAS OBS CONTEXT", "HAS CONCEPT MOD"])
@pytest.mark.parametrize("retired", [False, True])
def test_a_number_of_a_relative_says_whose_it_is(how: str, *, retired: bool) -> None:
    concept = Code("G-C32E", "SRT", "Subject relationship") if retired else FATHER.concept
    father = replace(FATHER, relationship=how, concept=concept)
    family = container(Code("10157-6", "LN", "Family history"), father, length("190"))
    group, _ = read(document(family, length("120")))
    assert [shared(one) for one in results(group, LENGTH)] == [["Father"], []]


def test_what_is_said_nearer_overrides_what_a_container_denies() -> None:
    present = item(FINDING, Coded(PNEUMONIA), modifier(FINDING_CONTEXT, Code("410515003", "SCT", "Known present")))
    group, _ = read(document(container(FINDINGS, KNOWN_ABSENT, present)))
    assert results(group, FINDING)[0]["valueCodeableConcept"]["text"] == "Pneumonia"


def test_a_finding_beside_two_denials_stays_beside_them() -> None:
    """Of two items of one concept there are no copies: alone, it would be affirmed."""
    two = [modifier(PRESENCE, ABSENT), modifier(PRESENCE, Code("1", "99X", "not seen"))]
    group, _ = read(document(container(FINDINGS, *two, item(FINDING, Coded(PNEUMONIA)))))
    assert not results(group, FINDING) and len(results(group, FINDINGS)[0]["component"]) == 3


def test_findings_follow_the_container_that_denies_them() -> None:
    group, _ = read(document(container(FINDINGS, KNOWN_ABSENT, item(FINDING, Coded(PNEUMONIA)))))
    (section,) = results(group, FINDINGS)
    section["component"][0]["valueCodeableConcept"] = {
        "coding": [{"system": "http://snomed.info/sct", "code": "410515003", "display": "Known present"}]
    }
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert len(made.result.root.children[0].children) == 2
    assert not any("does not see it" in line for line in made.report.warnings)
    (again,) = [
        one
        for one in to_fhir(made.result, MAPPING, KNOWN).result.members
        if one.get("code", {}).get("text") == "Finding"
    ]
    assert again["valueCodeableConcept"].get("text", "Pneumonia") == "Pneumonia"


def test_what_a_client_adds_against_a_group_comes_back_as_he_wrote_it() -> None:
    group, _ = read(document(container(GROUP, item(FINDING, Coded(PNEUMONIA)), item(COMMENT, Plain("TEXT", "both")))))
    (of_group,) = results(group, GROUP)
    coding = {"system": "http://snomed.info/sct", "code": "408729009", "display": "Finding context"}
    absent = {"system": "http://snomed.info/sct", "code": "410516002", "display": "Known absent"}
    of_group["component"].append({"code": {"coding": [coding]}, "valueCodeableConcept": {"coding": [absent]}})
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert made.result.root.children[0].children[-1].concept == FINDING_CONTEXT
    (again,) = results(to_fhir(made.result, MAPPING, KNOWN).result)
    assert len(again["component"]) == 2


@pytest.mark.parametrize("against", [FATHER, KNOWN_ABSENT], ids=["a relative's", "denied"])
def test_a_conclusion_of_what_does_not_hold_is_none_of_the_report(against: ContentItem) -> None:
    said = item(CONCLUSION, Plain("TEXT", "Pulmonary embolism"))
    group, _ = read(document(container(Code("121076", "DCM", "Conclusions"), against, said)))
    assert "conclusion" not in group.root and len(results(group, CONCLUSION)) == 1


@pytest.mark.parametrize("how", ["HAS PROPERTIES", "HAS CONCEPT MOD"])
def test_conclusion_and_narrative_say_a_denial_however_it_is_related(how: str) -> None:
    said = item(CONCLUSION, Plain("TEXT", "Pneumonia"), item(PRESENCE, Coded(ABSENT), how=how))
    group, _ = read(document(said, container(Code("121076", "DCM", "Conclusions"), said)))
    assert group.root["conclusion"] == "Pneumonia (Absent)\nPneumonia (Absent)"
    assert "Pneumonia (Absent)" in str([one for one in group.members if one["resourceType"] == "Composition"])


def test_a_property_that_denies_nothing_is_no_part_of_the_conclusion() -> None:
    held = item(PRESENCE, Coded(PRESENT), how="HAS PROPERTIES")
    group, _ = read(document(item(CONCLUSION, Plain("TEXT", "Pneumonia"), held)))
    assert group.root["conclusion"] == "Pneumonia"


TIMED = (text_element(OBSERVATION_DATETIME, "DT", "20250101"),)
APART = [
    replace(modifier(PRESENCE, ABSENT), rest=TIMED),
    replace(modifier(PRESENCE, ABSENT), rest=(text_element(OBSERVATION_UID, "UI", "2.25.1"),)),
    item(PRESENCE, Coded(ABSENT), item(COMMENT, Plain("TEXT", "none")), how="HAS CONCEPT MOD"),
    item(PRESENCE, Coded(ABSENT), item(SEVERITY, Coded(SEVERE)), item(COMMENT, Plain("TEXT", "none"))),
]


@pytest.mark.parametrize("denial", APART, ids=["timed", "with a UID", "commented", "with a child"])
def test_a_denial_that_is_a_result_of_its_own_is_in_the_text(denial: ContentItem) -> None:
    """What has a time, a UID or items of its own is no component."""
    group, warnings = read(document(item(FINDING, Coded(PNEUMONIA), denial)))
    (finding,) = results(group, FINDING)
    assert "component" not in finding and finding["hasMember"]
    assert finding["valueCodeableConcept"]["text"] == "Pneumonia (Absent)"
    assert not any("is not that of" in line for line in warnings)


@pytest.mark.parametrize("edit", ["present", "removed", "another finding"])
def test_the_text_follows_a_denial_that_is_a_result_of_its_own(edit: str) -> None:
    group, _ = read(document(item(FINDING, Coded(PNEUMONIA), APART[0])))
    (finding,), (denial,) = results(group, FINDING), results(group, PRESENCE)
    if edit == "present":
        denial["valueCodeableConcept"] = coded(PRESENT)
    elif edit == "removed":
        del finding["hasMember"]
        group = replace(group, members=tuple(one for one in group.members if one is not denial))
    else:
        finding["valueCodeableConcept"] = coded(EMBOLISM) | {"text": EMBOLISM.meaning}
    (again,) = results(to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result, FINDING)
    said = again["valueCodeableConcept"]
    assert said.get("text", "Pneumonia") == (
        "Pulmonary embolism (Absent)" if edit == "another finding" else "Pneumonia"
    )


def coded(code: Code) -> dict[str, Any]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code.value, "display": code.meaning}]}


def test_no_copy_of_words_leaves_out_what_denies_them() -> None:
    said = item(CONCLUSION, Plain("TEXT", "Pulmonary embolism"), modifier(PRESENCE, ABSENT))
    found = item(FINDING, Plain("TEXT", "Pneumothorax"), modifier(PRESENCE, ABSENT))
    group, _ = read(document(container(FINDINGS, found), said))
    assert group.root["conclusion"] == "Pulmonary embolism (Absent)"
    (composition,) = [one for one in group.members if one["resourceType"] == "Composition"]
    assert "<p>Pneumothorax (Absent)</p>" in composition["section"][0]["text"]["div"]


def test_a_group_that_denies_its_finding_has_no_value_in_r5() -> None:
    denied = container(GROUP, modifier(PRESENCE, ABSENT), item(FINDING, Coded(PNEUMONIA)))
    apart = container(GROUP, APART[0], item(FINDING, Coded(PNEUMONIA)))
    said = container(GROUP, item(FINDING, Coded(PNEUMONIA)))
    two = container(GROUP, item(FINDING, Coded(PNEUMONIA)), item(FINDING, Coded(EMBOLISM)))
    children = (item(CONCLUSION, Plain("TEXT", "No evidence of")), *said.children)
    words = replace(said, value=Container("CONTINUOUS"), children=children)
    for group, value in ((denied, None), (apart, None), (said, PNEUMONIA.value), (two, None), (words, None)):
        made, _ = read(document(container(Code("126010", "DCM", "Imaging Measurements"), group), like="1500-group"))
        (found,) = results(in_r5(made)[0], GROUP)
        assert found.get("valueCodeableConcept", {"coding": [{"code": None}]})["coding"][0]["code"] == value


# -- what a heading says of all below it --------------------------------------------------------------------------
HEADINGS = [  # PS3.16 CID 7001, TID 3802
    (Code("121068", "DCM", "Previous Findings"), "410513005"),
    (Code("18834-2", "LN", "Vorbefunde"), "410513005"),
    (Code("121062", "DCM", "Request"), "385644000"),
    (Code("18785-6", "LN", "Indications for Procedure"), "385644000"),
    (Code("121060", "DCM", "History"), "410511007"),
    (Code("10160-0", "LN", "History of medication use"), "410511007"),
    (Code("10157-6", "LN", "History of family member diseases"), "444148008"),
]


@pytest.mark.parametrize("deep", [False, True], ids=["in it", "in a group in it"])
@pytest.mark.parametrize(("heading", "said"), HEADINGS)
def test_each_result_says_the_section_of_what_is_none_of_today(heading: Code, said: str, *, deep: bool) -> None:
    found = item(FINDING, Coded(PNEUMONIA), item(SEVERITY, Coded(SEVERE), how="HAS PROPERTIES"))
    inside = (container(GROUP, found, length("65")),) if deep else (found, length("65"))
    one = document(container(heading, *inside), found, length("30"), like=ECHO)
    group, warnings = read(one)
    then, today = results(group, FINDING)
    assert then["valueCodeableConcept"]["text"] == f"Pneumonia ({heading.meaning})"
    assert today["valueCodeableConcept"]["text"] == "Pneumonia" and not shared(today)
    assert [shared(one) for one in results(group, LENGTH)] == [[heading.meaning], []]
    (copy,) = [one for one in then["component"] if one.get("id") == INHERITED]
    assert copy["valueCodeableConcept"]["coding"][0]["code"] == said
    assert [one for one in warnings if "no result of today" in one] and not any("is not that of" in w for w in warnings)


@pytest.mark.parametrize(("heading", "parts"), [(HEADINGS[2][0], 0), (HEADINGS[4][0], 1)])
def test_a_finding_of_a_group_is_no_component_where_it_may_not_hold_of_the_patient(heading: Code, parts: int) -> None:
    """A request may be of what is not there; a history is the patient's."""
    group, _ = read(document(container(heading, container(GROUP, item(FINDING, Coded(PNEUMONIA))))))
    (of_group,) = results(group, GROUP)
    assert shared(of_group) == [heading.meaning] and len(of_group["component"]) == parts + 1


def test_what_is_said_nearer_than_a_heading_takes_its_place() -> None:
    present = item(FINDING, Coded(PNEUMONIA), modifier(TEMPORAL, Code("15240007", "SCT", "Current")))
    group, _ = read(document(container(HEADINGS[0][0], present, length("30")), like=ECHO))
    (finding,) = results(group, FINDING)
    assert finding["valueCodeableConcept"]["text"] == "Pneumonia" and not shared(finding)


def test_words_of_a_section_of_what_is_none_of_today_are_its_own() -> None:
    """The code of their Observation is the heading."""
    heading = HEADINGS[2][0]
    group, warnings = read(document(container(heading, item(heading, Plain("TEXT", "embolism?")))))
    (section,) = results(group)
    assert [one["valueString"] for one in section["component"]] == ["embolism?"]
    assert not any("no result of today" in one for one in warnings)


@pytest.mark.parametrize("edit", ["value", "heading", "copy left out"])
def test_results_follow_an_edited_heading(edit: str) -> None:
    found = item(FINDING, Coded(PNEUMONIA), item(SEVERITY, Coded(SEVERE), how="HAS PROPERTIES"))
    group, _ = read(document(container(HEADINGS[0][0], length("65"), found), like=ECHO))
    (number,), (finding,) = results(group, LENGTH), results(group, FINDING)
    number["valueQuantity"]["value"] = 66
    if edit == "heading":
        (section,) = next(one for one in group.members if one["resourceType"] == "Composition")["section"]
        coding = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "121070", "display": "Findings"}
        section |= {"title": "Findings", "code": {"coding": [coding], "text": "Findings"}}
    elif edit == "copy left out":
        for one in (number, finding):
            one["component"] = [part for part in one["component"] if part.get("id") != INHERITED]
        del number["component"]
    made = checked_to_dicom(group, MAPPING, KNOWN).result
    again = to_fhir(made, MAPPING, KNOWN).result
    (number,), (finding,) = results(again, LENGTH), results(again, FINDING)
    says = [] if edit == "heading" else ["Previous Findings"]
    assert number["valueQuantity"]["value"] == 66 and shared(number) == shared(finding) == says
    assert finding["valueCodeableConcept"]["text"] == " ".join(["Pneumonia", *(f"({one})" for one in says)])
    assert [len(one.children) for one in made.root.children[0].children] == [0, 1]


def test_a_result_that_is_moved_out_of_a_section_says_that_no_more() -> None:
    one = document(container(HEADINGS[0][0], length("65"), length("66")), like=ECHO)
    group, _ = read(one)
    composition = next(one for one in group.members if one["resourceType"] == "Composition")
    first, second = results(group, LENGTH)
    composition["section"].append({"entry": [composition["section"][0]["entry"].pop()]})
    made = checked_to_dicom(group, MAPPING, KNOWN).result
    again = results(to_fhir(made, MAPPING, KNOWN).result, LENGTH)
    assert sorted(map(shared, again)) == [[], ["Previous Findings"]]


# -- of somebody else, or said by somebody else -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "around",
    [
        (context(QUOTATION, Coded(Code("121003", "DCM", "Document"))),),
        (context(SUBJECT_CLASS, Coded(FETUS)),),
        (context(SUBJECT_NAME, Plain("PNAME", "Other^Olga")), context(SUBJECT_ID, Plain("TEXT", "MR-555"))),
    ],
    ids=["quoted", "a fetus", "another patient"],
)
@pytest.mark.parametrize("at_root", [True, False])
def test_what_is_not_said_of_the_patient_is_no_conclusion(around: tuple[ContentItem, ...], at_root: bool) -> None:  # noqa: FBT001
    said = (*around, item(CONCLUSION, Plain("TEXT", "HIV positive")), item(CONCLUSION, Coded(PNEUMONIA)))
    group, _ = read(document(*said) if at_root else document(container(FINDINGS, *said)))
    assert not group.root.keys() & {"conclusion", "conclusionCode"}
    assert "HIV positive" in str(results(group))


@pytest.mark.parametrize("section", ["121060 History", "121062 Request", "121068 Previous Findings"])
def test_what_was_known_or_asked_before_is_no_conclusion(section: str) -> None:
    code, _, name = section.partition(" ")
    before = container(Code(code, "DCM", name), item(CONCLUSION, Plain("TEXT", "Cancer")), length("3"))
    own = container(Code("121076", "DCM", "Conclusions"), item(CONCLUSION, Plain("TEXT", "Normal")), length("4"))
    group, _ = read(document(before, own))
    assert group.root["conclusion"] == "Normal"


HERS, OTHERS = "P-1", "MR-555"
_ASKED, _ANOTHER = "is it the same?", "another patient than that of the header"


@pytest.mark.parametrize(
    ("name", "number", "warning"),
    [
        ("", "", None),
        ("MÜLLER^erika^", "", None),
        ("Mueller^Erika", OTHERS, _ASKED),
        ("Muller^Erika^^Dr.", OTHERS, _ASKED),
        ("山田^太郎=Müller^Erika", OTHERS, _ASKED),
        ("Müller Erika", "p-1^^^HOSP", None),
        ("Huber^Erika", HERS, _ASKED),  # she has married
        ("Other^Olga", "", _ASKED),
        ("", OTHERS, _ASKED),
        ("Other^Olga", "F-9", _ASKED),  # the number that she had: the header says so
        ("Other^Olga", OTHERS, _ANOTHER),
        ("Müller^Baby", OTHERS, _ANOTHER),
    ],
)
@pytest.mark.parametrize("of_class", [True, False])
def test_another_patient_is_another(name: str, number: str, warning: str | None, of_class: bool) -> None:  # noqa: FBT001
    """TID 1006 and 1007: who has another name and another number than the header's, and than it was coerced from."""
    said = [context(SUBJECT_CLASS, Coded(PATIENT))] if of_class else []
    said += [context(SUBJECT_NAME, Plain("PNAME", name))] if name else []
    said += [context(SUBJECT_ID, Plain("TEXT", number))] if number else []
    one = document(container(GROUP, *said, length("1")))
    former = Element(
        0x04000550, "SQ", ((text_element(0x00100010, "PN", "Old^E"), text_element(0x00100020, "LO", "F-9")),)
    )
    named = [
        text_element(0x00100010, "PN", "Müller^Erika", UNICODE),
        text_element(0x00100020, "LO", HERS),
        Element(0x04000561, "SQ", ((former,),)),
        text_element(0x00080005, "CS", "ISO_IR 192"),
    ]
    tags = {each.tag for each in named}
    header = [*(each for each in one.header if each.tag not in tags), *named]
    one = replace(one, header=tuple(sorted(header, key=lambda each: each.tag)))
    group, warnings = read(one)
    wanted = " ".join(filter(None, ("Patient" if of_class else "", " ".join(reversed(name.split("^"))), number)))
    for found in results(group, LENGTH):
        assert found.get("focus") == ([{"display": wanted}] if warning == _ANOTHER else None)
    of_subject = [line for line in warnings if _ASKED in line or _ANOTHER in line]
    assert len(of_subject) == (warning is not None) and all(str(warning) in line for line in of_subject)


# -- of another time or state -----------------------------------------------------------------------------------------
def stress() -> Document:
    groups = [
        container(FINDINGS, context(STATE, Coded(state), "HAS ACQ CONTEXT"), length(value), length(f"{value}1"))
        for state, value in ((REST, "55"), (STRESS, "35"))
    ]
    return document(*groups, like=ECHO)


def test_each_measurement_says_the_state_in_which_it_was_made() -> None:
    group, _ = read(stress())
    assert [shared(one) for one in results(group, LENGTH)] == [["Resting state"]] * 2 + [
        ["Peak cardiac stress state"]
    ] * 2


@pytest.mark.parametrize("concept", [STATE, Code("109091", "DCM", "Cardiac Stress State")])
def test_a_state_that_modifies_a_group_is_that_of_its_measurements(concept: Code) -> None:
    group, _ = read(document(container(FINDINGS, modifier(concept, STRESS), length("35"), length("36")), like=ECHO))
    assert [shared(one) for one in results(group, LENGTH)] == [["Peak cardiac stress state"]] * 2


def test_nearer_context_takes_the_place_of_what_is_around() -> None:
    inner = container(GROUP, context(STATE, Coded(STRESS), "HAS ACQ CONTEXT"), length("1"))
    group, _ = read(
        document(container(FINDINGS, context(STATE, Coded(REST), "HAS ACQ CONTEXT"), inner, length("2")), like=ECHO)
    )
    assert [shared(one) for one in results(group, LENGTH)] == [["Peak cardiac stress state"], ["Resting state"]]


def test_copies_follow_the_context_of_the_container() -> None:
    group, _ = read(stress())
    for one in results(group):
        for part in one.get("component", ()):
            if part.get("id") != INHERITED and "128974000" in str(part):
                part["valueCodeableConcept"] = {
                    "coding": [{"system": "http://snomed.info/sct", "code": "434161005", "display": STRESS.meaning}]
                }
        if one["code"]["coding"][0]["code"] == STATE.value and "128974000" in str(one["valueCodeableConcept"]):
            one["valueCodeableConcept"] = {
                "coding": [{"system": "http://snomed.info/sct", "code": "434161005", "display": STRESS.meaning}]
            }
    made = checked_to_dicom(group, MAPPING, KNOWN)
    again = to_fhir(made.result, MAPPING, KNOWN).result
    assert [shared(one) for one in results(again, LENGTH)] == [["Peak cardiac stress state"]] * 4
    assert [len(item.children) for item in made.result.root.children] == [3, 3]


@pytest.mark.parametrize("ids", [True, False], ids=["as it was", "by a client that drops element ids"])
def test_a_copy_that_is_edited_is_context_of_that_result(ids: bool) -> None:  # noqa: FBT001
    group, _ = read(stress())
    first, second, *_ = results(group, LENGTH)
    (copy,) = first["component"]
    copy["valueCodeableConcept"] = {"text": "After walking"}
    if not ids:
        for part in (*first["component"], *second["component"]):
            del part["id"]
    made = checked_to_dicom(group, MAPPING, KNOWN)
    rest, _ = made.result.root.children
    measured = [one for one in rest.children if LENGTH.same(one.concept)]
    assert [[below.concept == STATE for below in one.children] for one in measured] == [[True], []]
    again = results(to_fhir(made.result, MAPPING, KNOWN).result, LENGTH)
    assert [shared(one) for one in again] == [[], ["Resting state"], *[["Peak cardiac stress state"]] * 2]


def test_what_was_measured_in_another_study_is_no_part_of_this_one_in_r5() -> None:
    old = container(GROUP, context(STUDY_UID, Plain("UIDREF", "1.2.3.4")), length("40"))
    groups = container(Code("126010", "DCM", "Imaging Measurements"), old, container(GROUP, length("50")))
    group, _ = read(document(groups, like="1500-group"))
    before, now = results(in_r5(group)[0], LENGTH)
    assert shared(before) == ["urn:oid:1.2.3.4"] and shared(now) == []
    assert not before.keys() & {"partOf", "basedOn", "issued"} and "partOf" in now


START = Code("123003", "DCM", "Radiopharmaceutical Start DateTime")
ADMINISTRATION = Code("113502", "DCM", "Radiopharmaceutical Administration")


@pytest.mark.parametrize(("event", "at_start"), [(GROUP, False), (ADMINISTRATION, True)])
def test_an_uptake_was_not_measured_when_the_drug_was_given(event: Code, at_start: bool) -> None:  # noqa: FBT001
    injected = item(START, Plain("DATETIME", "20260302070000"), how="HAS ACQ CONTEXT")
    group, _ = read(document(container(FINDINGS, container(event, injected, length("7"))), like=ECHO))
    assert {one["effectiveDateTime"].startswith("2026-03-02T07:00:00") for one in results(group, LENGTH)} == {at_start}


def test_a_time_that_is_none_is_warned_of() -> None:
    dated = replace(length("1"), rest=(text_element(0x0040A032, "DT", "20260229101500"),))
    _, warnings = read(document(dated))
    assert [line for line in warnings if line.startswith("Observation DateTime (0040,A032) that cannot be read")]


def test_a_copy_that_a_client_leaves_out_is_there_again() -> None:
    """One that drops components it does not know, and corrects the value."""
    group, _ = read(stress())
    first = results(group, LENGTH)[0]
    del first["component"]
    first["valueQuantity"]["value"] = 56
    made = checked_to_dicom(group, MAPPING, KNOWN)
    again = results(to_fhir(made.result, MAPPING, KNOWN).result, LENGTH)
    assert shared(again[0]) == ["Resting state"] and str(again[0]["valueQuantity"]["value"]) == "56"


def test_context_of_a_concept_that_is_said_twice_is_of_the_container_alone() -> None:
    """Of two Procedure Codes (TID 1005), no copy tells which item it is of."""
    procedure = Code("121023", "DCM", "Procedure Code")
    both = [context(procedure, Coded(Code(value, "99X", value))) for value in ("A", "B")]
    group, _ = read(document(container(FINDINGS, *both, length("1")), like=ECHO))
    assert [shared(one) for one in results(group, LENGTH)] == [[]]


def test_a_denied_value_that_is_replaced_is_denied_still() -> None:
    group, _ = read(document(item(FINDING, Coded(PNEUMONIA), modifier(PRESENCE, ABSENT))))
    (finding,) = results(group, FINDING)
    coding = {"system": "http://snomed.info/sct", "code": EMBOLISM.value, "display": EMBOLISM.meaning}
    finding["valueCodeableConcept"] = {"coding": [coding], "text": EMBOLISM.meaning}
    made = checked_to_dicom(group, MAPPING, KNOWN)
    (again,) = results(to_fhir(made.result, MAPPING, KNOWN).result, FINDING)
    assert again["valueCodeableConcept"]["text"] == "Pulmonary embolism (Absent)"
    assert not any("does not see it" in line for line in made.report.warnings)


def test_an_edited_conclusion_reaches_the_item_that_a_modifier_stands_below() -> None:
    before = item(CONCLUSION, Plain("TEXT", "Fracture."), modifier(Code("246112005", "SCT", "Severity"), SEVERE))
    history = container(Code("121060", "DCM", "History"), item(CONCLUSION, Plain("TEXT", "None before.")), length("1"))
    for said, text in (("No fracture.", "No fracture."), ("No fracture. (Severe)", "No fracture.")):
        group, _ = read(document(history, before))
        assert group.root["conclusion"] == "Fracture. (Severe)"
        group.root["conclusion"] = said
        made = checked_to_dicom(group, MAPPING, KNOWN).result
        assert [one.value for one in made.root.children][1] == Plain("TEXT", text)


@pytest.mark.parametrize(("said", "warned"), [("Pneumonia left", True), ("Pneumonia left (Absent)", False)])
def test_an_edited_conclusion_without_its_denial_is_warned_of(*, said: str, warned: bool) -> None:
    """The denial is an item of its own, and stands."""
    denial = item(PRESENCE, Coded(ABSENT), how="HAS PROPERTIES")
    group, _ = read(document(item(CONCLUSION, Plain("TEXT", "Pneumonia"), denial)))
    group.root["conclusion"] = said
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert made.result.root.children[0].value == Plain("TEXT", "Pneumonia left")
    assert any("say against it" in one for one in made.report.warnings) is warned


OFFSET, EVENT = Code("128740", "DCM", "Longitudinal Temporal Offset from Event"), Code("128741", "DCM", "Event Type")
LEAD, MODE = Code("122148", "DCM", "Lead ID"), Code("399264008", "SCT", "Image Mode")
BASELINE, DAYS = Code("128742", "DCM", "Baseline"), Code("d", "UCUM", "days")


@pytest.mark.parametrize("how", ["HAS OBS CONTEXT", "HAS ACQ CONTEXT", "CONTAINS"])
def test_a_time_point_is_that_of_a_result_whatever_is_said_of_it(how: str) -> None:
    """As highdicom writes one: with the event from which it is counted."""

    def at(days: str, size: str) -> ContentItem:
        event = item(EVENT, Coded(BASELINE), how="HAS CONCEPT MOD")
        return container(GROUP, item(OFFSET, Num((days,), DAYS, None), event, how=how), length(size))

    group, _ = read(document(at("0", "50"), at("56", "25"), like=ECHO))
    lengths = [one for one in group.members if one.get("code", {}).get("text") == LENGTH.meaning]
    said = {str(one["valueQuantity"]["value"]): one["component"][-1]["valueQuantity"]["value"] for one in lengths}
    assert {size: str(days) for size, days in said.items()} == {"50": "0", "25": "56"}


@pytest.mark.parametrize("concept", [Code("121151", "DCM", "Lesion Identifier"), Code("125010", "DCM", "Identifier")])
def test_each_result_says_of_which_lesion_or_follicle_it_is(concept: Code) -> None:
    of = [container(GROUP, context(concept, Plain("TEXT", one)), length(one)) for one in ("1", "2")]
    group, _ = read(document(*of, like=ECHO))
    assert [shared(one) for one in results(group, LENGTH)] == [["1"], ["2"]]


def test_a_branch_of_a_vessel_is_another_place() -> None:
    """TID 5104."""
    site, artery = Code("363698007", "SCT", "Finding Site"), Code("2841007", "SCT", "Renal artery")
    branch = modifier(Code("125101", "DCM", "Vessel Branch"), Code("255561001", "SCT", "Medial"))
    group, _ = read(
        document(*(container(GROUP, modifier(site, artery), *of, length("1")) for of in ([branch], [])), like=ECHO)
    )
    assert [one["bodySite"].get("text") for one in results(group, LENGTH)] == ["Renal artery, Medial", "Renal artery"]


@pytest.mark.parametrize("concept", [LEAD, MODE])
def test_the_lead_and_the_mode_are_said_of_each_result(concept: Code) -> None:
    one, other = Code("1", "99X", "one"), Code("2", "99X", "other")
    in_one, in_other = (container(GROUP, modifier(concept, code), length(code.value)) for code in (one, other))
    group, _ = read(document(in_one, in_other, like=ECHO))
    lengths = [each for each in group.members if each.get("code", {}).get("text") == LENGTH.meaning]
    said = {
        str(each["valueQuantity"]["value"]): each["component"][-1]["valueCodeableConcept"]["text"] for each in lengths
    }
    assert said == {"1": "one", "2": "other"}
