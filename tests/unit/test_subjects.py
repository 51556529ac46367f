"""Whom a result is about, and what its members do not inherit (PS3.16 TID 1006, PS3.3 C.17.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import observation

MAPPING, KNOWN = load(), Known()
_SCT = "http://snomed.info/sct"
FETUS, PATIENT = ("121026", "DCM"), ("121025", "DCM")
FOCUS_CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"
_ARM = {"coding": [{"system": _SCT, "code": "368208006", "display": "Left upper arm"}]}


def focus_code(code: str, display: str) -> dict[str, Any]:
    coding = {"system": _SCT, "code": code, "display": display}
    return {"extension": [{"url": FOCUS_CODE, "valueCodeableConcept": {"coding": [coding]}}]}


def result(name: str, **more: Any) -> Resource:
    return observation(id=name, valueInteger=1) | more


def panel(*members: Resource, **more: Any) -> Group:
    root = result("p", code={"text": "Panel"}, **more)
    root = {key: one for key, one in root.items() if not key.startswith("value")}
    root["hasMember"] = [{"reference": f"Observation/{one['id']}"} for one in members]
    return Group(root, members, None, "Observation/p")


def alone(**more: Any) -> Group:
    return Group(result("o", **more), (), None, "Observation/o")


def made(group: Group) -> tuple[Document, list[str]]:
    """Both laws hold of it: the self check translates it back."""
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    return translated.result, [one for one in translated.report.warnings if "focus" in one or "reader" in one]


def said(item: ContentItem) -> dict[str, Any]:
    """By the meaning of the concept."""
    found: dict[str, Any] = {}
    for child in item.children:
        if isinstance(child.value, Coded) and child.value.code is not None and child.concept is not None:
            found[child.concept.meaning] = child.value.code[:2]
        elif isinstance(child.value, Plain) and child.concept is not None:
            found[child.concept.meaning] = child.value.text
    return found


def natively(document: Document) -> dict[str, Resource]:
    """By the name of the result: without our private elements."""
    group = to_fhir(taken_out(document)[0], MAPPING, KNOWN).result
    return {one["code"]["text"]: one for one in group.resources() if one["resourceType"] == "Observation"}


@pytest.mark.parametrize(
    ("more", "items", "focus"),
    [
        (focus_code("83418008", "Fetus"), {"Subject Class": FETUS}, "Fetus"),
        ({"focus": [{"display": "Fetus A"}]}, {"Subject Class": FETUS, "Subject ID": "A"}, "Fetus A"),
        (
            focus_code("83418008", "Fetus") | {"focus": [{"display": "Baby Doe"}]},
            {"Subject Class": FETUS, "Subject ID": "Baby Doe"},
            "Fetus Baby Doe",
        ),
        (
            {"focus": [{"reference": "Device/x", "display": "Pump"}]},
            {"Subject Class": ("121192", "DCM"), "Device Subject Name": "Pump"},
            "Device Subject Pump",
        ),
        (
            {"focus": [{"type": "Specimen", "display": "S1"}]},
            {"Subject Class": ("121027", "DCM"), "Specimen Identifier": "S1"},
            "Specimen S1",
        ),
        (
            {"focus": [{"display": "Fetus A"}, {"display": "Fetus B"}]},
            {"Subject Class": FETUS, "Subject ID": "A; B"},
            "Fetus A; B",
        ),
    ],
)
def test_a_result_says_whom_it_is_about(more: dict[str, Any], items: dict[str, Any], focus: str) -> None:
    document, warnings = made(alone(**more))
    assert said(document.root.children[0]) == items
    assert warnings == []
    (found,) = natively(document).values()
    assert found["focus"] == [{"display": focus}]


@pytest.mark.parametrize(
    ("more", "items"),
    [
        (focus_code("72705000", "Mother"), {"Subject ID": "Mother"}),
        ({"focus": [{"display": "Fetus mother"}]}, {"Subject ID": "Fetus mother"}),
        ({"focus": [{"reference": "Observation/x", "display": "other"}]}, {}),
        ({"focus": [{"display": "Fetus A"}, {"display": "Mother"}]}, {"Subject ID": "A; Mother"}),
    ],
)
def test_a_subject_whose_class_nobody_knows_is_warned_of(more: dict[str, Any], items: dict[str, Any]) -> None:
    document, warnings = made(alone(**more))
    assert said(document.root.children[0]) == items
    assert len(warnings) == 1
    assert "may take the value for the patient's" in warnings[0]


@pytest.mark.parametrize("more", [focus_code("83418008", "Fetus"), {"focus": [{"display": "Fetus A"}]}])
def test_a_subject_that_was_edited_in_dicom_is_the_subject(more: dict[str, Any]) -> None:
    document, _ = made(alone(**more))
    item = document.root.children[0]
    for children, focus in (
        ((), None),
        ((replace(item.children[0], value=Coded(Code("121027", "DCM", "Specimen"))),), [{"display": "Specimen"}]),
    ):
        root = replace(document.root, children=(replace(item, children=children), *document.root.children[1:]))
        found = stripped(to_fhir(Document(document.header, root), MAPPING, KNOWN).result.root)
        assert (found["id"], found.get("focus")) == ("o", focus)
        assert not found.keys() & {"extension", "component"}


def test_a_subject_that_a_component_says_is_said_once() -> None:
    component = {
        "code": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "121024"}]},
        "valueCodeableConcept": {"coding": [{"system": _SCT, "code": "83418008", "display": "Fetus"}]},
    }
    document, _ = made(alone(component=[component], focus=[{"display": "Fetus"}]))
    assert len(document.root.children[0].children) == 1


_FETUS: dict[str, Any] = {"focus": [{"display": "Fetus A"}]}
_BABY: dict[str, Any] = {"focus": [{"display": "Baby"}]}


@pytest.mark.parametrize(
    ("around", "below", "wanted"),
    [
        (_FETUS, {}, ([{"display": "Fetus A"}], None)),
        (_FETUS, _FETUS, ([{"display": "Fetus A"}], [{"display": "Fetus A"}])),
        (_FETUS, _BABY, (None, None)),  # what the panel says would be said of the baby
        (_BABY, {}, (None, None)),
        ({"focus": [{"reference": "Patient/donor"}]}, {}, (None, None)),  # a member's class is the same
    ],
)
def test_a_member_has_not_the_focus_of_its_panel(
    around: dict[str, Any], below: dict[str, Any], wanted: tuple[Any, Any]
) -> None:
    document, warnings = made(panel(result("m", code={"text": "Member"}, **below), **around))
    found = natively(document)
    assert (found["Panel"].get("focus"), found["Member"].get("focus")) == wanted
    assert (
        "Observation.focus: a DICOM reader does not see it: members would inherit it, and have another one, or none"
        in warnings
    ) == (wanted[0] is None)


def test_a_member_says_that_it_is_about_the_patient() -> None:
    dated = observation(id="d", code={"text": "Dated"}, valueDateTime="2024-03-01T10:00:00Z")
    inner = result("i", code={"text": "Inner"})
    member = result("m", code={"text": "Member"}, issued="2024-03-01T10:00:00Z", **_FETUS)
    member["hasMember"] = [{"reference": "Observation/i"}]
    group = panel(member, dated, **_FETUS)
    group = replace(group, members=(*group.members, inner))
    document, _ = made(group)
    items = {item.concept.meaning: said(item) for item in flat(document.root) if item.concept is not None}
    assert items["Inner"]["Subject Class"] == items["Dated"]["Subject Class"] == PATIENT
    assert items["Member"]["Subject Class"] == FETUS
    found = natively(document)
    assert {name: one.get("focus") for name, one in found.items() if name in ("Inner", "Dated")} == {
        "Inner": None,
        "Dated": None,
    }
    assert "issued" in found["Member"]


def flat(item: ContentItem) -> Iterator[ContentItem]:
    yield item
    for child in item.children:
        yield from flat(child)


def test_a_value_keeps_its_subject_whatever_its_members_say() -> None:
    group = panel(result("m", code={"text": "Member"}, **_BABY), **_FETUS)
    group.root["valueInteger"] = 1
    document, warnings = made(group)
    assert natively(document)["Panel"]["focus"] == [{"display": "Fetus A"}]
    assert any("takes it for that of members" in one for one in warnings)


@pytest.mark.parametrize(
    ("element", "said_of_panel", "own"),
    [
        ("bodySite", _ARM, {"extension": [{"url": "urn:a-place", "valueString": "the other one"}]}),
        ("performer", [{"display": "Dr X"}], [{"reference": "Patient/p"}]),
    ],
)
def test_a_member_has_not_the_site_or_the_observer_of_its_panel_where_its_own_is_another(
    element: str, said_of_panel: Any, own: Any
) -> None:
    other = result("n", code={"text": "Other"}, **{element: own})
    document, warnings = made(panel(result("m", code={"text": "Member"}), other, **{element: said_of_panel}))
    found = natively(document)
    assert not any(element in one for one in found.values())
    assert f"Observation.{element}: a DICOM reader does not see it: members would inherit it" in str(warnings)


@pytest.mark.parametrize(("element", "value"), [("bodySite", _ARM), ("performer", [{"display": "Dr X"}])])
def test_a_panel_says_its_site_and_its_observer_where_no_member_says_another(element: str, value: Any) -> None:
    document, warnings = made(panel(result("m", code={"text": "Member"}), **{element: value}))
    assert (warnings, element in natively(document)["Panel"]) == ([], True)


@pytest.mark.parametrize(("element", "value"), [("bodySite", _ARM), ("performer", [{"display": "Dr X"}])])
def test_what_all_members_say_the_panel_says(element: str, value: Any) -> None:
    document, warnings = made(panel(result("m", code={"text": "Member"}, **{element: value}), **{element: value}))
    assert warnings == []
    assert all(element in one for one in natively(document).values())


@pytest.mark.parametrize("subject", [{"identifier": {"system": "urn:hospital", "value": "4711"}}, None])
def test_who_is_named_by_an_identifier_alone_is_so_in_another_store(subject: Resource | None) -> None:
    """No Patient is referred to whom nobody writes."""
    one = result("o")
    del one["subject"]
    one |= {"subject": subject} if subject is not None else {}
    there = checked_to_dicom(Group(one, (), None, "Observation/o"), MAPPING, Known(system="urn:there")).result
    back = to_fhir(there, MAPPING, Known(system="urn:elsewhere"))
    assert back.result.root.get("subject") == subject
    assert back.result.patient is None and not any("changed in DICOM" in line for line in back.report.warnings)


_DONOR: dict[str, Any] = {"reference": "Patient/donor"}
_BABY_OF: dict[str, Any] = {"reference": "RelatedPerson/baby"}
_CONTAINED = {"resourceType": "RelatedPerson", "id": "b", "name": [{"family": "Doe", "given": ["Baby"]}]}
_OTHER: dict[str, Any] = {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "D2"}, "display": "Dan Donor"}


@pytest.mark.parametrize(
    ("more", "items", "focus"),
    [
        ({"focus": [_DONOR]}, {"Subject ID": "Patient/donor"}, "Patient Patient/donor"),
        (
            {"focus": [_DONOR | {"display": "Dan Donor"}]},
            {"Subject ID": "Patient/donor", "Subject Name": "Dan Donor"},
            "Patient Dan Donor Patient/donor",
        ),
        ({"focus": [_BABY_OF]}, {"Subject ID": "RelatedPerson/baby"}, "Patient RelatedPerson/baby"),
        (
            {"focus": [{"reference": "#b"}], "contained": [_CONTAINED]},
            {"Subject ID": "RelatedPerson#b", "Subject Name": "Doe^Baby"},
            "Patient Baby Doe RelatedPerson#b",
        ),
        ({"focus": [_OTHER]}, {"Subject ID": "D2", "Subject Name": "Dan Donor"}, "Patient Dan Donor D2"),
    ],
    ids=["a patient", "who is called", "related", "contained", "by number"],
)  # fmt: skip
def test_another_person_is_named_by_what_the_result_refers_to(
    more: dict[str, Any], items: dict[str, Any], focus: str
) -> None:
    """PS3.16 TID 1007: without our private elements, a donor's blood group is not the patient's."""
    document, warnings = made(of_doe(**more))
    assert said(document.root.children[0]) == {"Subject Class": PATIENT} | items
    assert {one.relationship for one in document.root.children[0].children} == {"HAS OBS CONTEXT"}
    assert warnings == []
    (found,) = natively(document).values()
    assert found["focus"] == [{"display": focus}]
    assert stripped(to_fhir(document, MAPPING, KNOWN).result.root)["focus"] == more["focus"]


def of_doe(**more: Any) -> Group:
    doe = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:mrn", "value": "M1"}]}
    doe["name"] = [{"family": "Doe", "given": ["Jane"]}]
    return Group(result("o", **more), (), doe, "Observation/o")


@pytest.mark.parametrize(
    "focus",
    [
        {"reference": "http://elsewhere.org/fhir/Patient/p"},
        {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "M1"}},
        {"type": "Patient", "identifier": {"system": "urn:other", "value": "7"}},
        {"reference": "urn:uuid:5f244fd2-8c38-584c-85cd-812f88971b18", "type": "Patient"},
    ],
)
def test_who_may_be_the_patient_in_other_words_is_no_other_person(focus: dict[str, Any]) -> None:
    document, warnings = made(of_doe(focus=[focus]))
    assert said(document.root.children[0]) == {}
    assert warnings == ["Observation.focus has no Subject Class (CID 271): a DICOM reader may take the value for the "
                        "patient's: 1.1"]  # fmt: skip


def test_somebody_whom_no_item_can_name_is_warned_of_with_number_and_place() -> None:
    members = [result(name, code={"text": name}, focus=[{"display": "Donor"}]) for name in ("a", "b")]
    _, warnings = made(panel(*members))
    assert [line for line in warnings if line.endswith("the patient's: 1.1.1 and 1 more")]
