"""What an item says takes the place of what is said around it, in whatever way it says it: twice, modified, in words,
or that nobody knows (PS3.3 C.17.5). The side, method, state, lead or fetus of another value is worse than none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from bridge.mapping.load import load
from bridge.translate.basis.ids import Known
from bridge.translate.native.shared_context import is_shared
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.items import (
    acquisition,
    coded,
    container,
    context,
    inferred,
    modifier,
    num,
    person,
    properties,
    text,
    uidref,
    unit,
)
from tests.unit.test_inherited import (
    FETUS,
    FINDINGS,
    KIDNEY,
    LENGTH,
    LIVER,
    MM,
    PATIENT,
    SPECIMEN,
    lengths,
    of_subject,
    place,
    side,
    site,
    translated,
)

MAPPING, KNOWN = load(), Known()
SCT, DCM = codes.SCT, codes.DCM
LEFT, RIGHT = SCT.Left, SCT.Right
GROUP = Code("125007", "DCM", "Measurement Group")
BIPLANE, TEICHHOLZ = Code("125207", "DCM", "Biplane"), Code("125209", "DCM", "Teichholz")
STATE, REST, STRESS = (
    Code("109054", "DCM", "Patient State"),
    Code("128975004", "SCT", "Rest"),
    Code("1", "99X", "Stress"),
)
MODE_OF_OLD, MODE = Code("G-0373", "SRT", "Image Mode"), Code("399264008", "SCT", "Image Mode")
LEAD = Code("122148", "DCM", "Lead ID")
UNKNOWN = Code("114007", "DCM", "Measurement not attempted")


def method(which: Code, *below: Dataset) -> Dataset:
    return modifier(coded(SCT.MeasurementMethod, which, *below))


def state(which: Code, *below: Dataset) -> Dataset:
    return acquisition(coded(STATE, which, *below))


def subject(name: str) -> Dataset:
    return context(text(DCM.SubjectID, name))


def length(*below: Dataset, value: str = "1") -> Dataset:
    return num(LENGTH, value, MM, *below)


def inherited(observation: dict[str, Any]) -> list[str]:
    """What copies of context say."""
    return [
        one["valueCodeableConcept"]["coding"][0]["code"] for one in observation.get("component", ()) if is_shared(one)
    ]


@pytest.mark.parametrize("around", [FINDINGS, None], ids=["of a container", "of the root"])
def test_a_side_of_ones_own_is_no_side_around(around: Code | None) -> None:
    found = [side(RIGHT), length(side(LEFT)), length()]
    first, second = lengths(*([container(around, *found)] if around else found))
    assert (place(first), place(second)) == ((None, "Left"), (None, "Right"))


@pytest.mark.parametrize(
    ("inner", "focus"),
    [
        ([subject("B")], "Fetus B"),
        ([of_subject(FETUS)], "Fetus"),
        ([of_subject(SPECIMEN)], "Specimen"),
        ([of_subject(PATIENT), subject("B")], None),
        ([context(text(Code("121024", "DCM", "Subject Class"), "Patient"))], None),
        ([subject("MR-0102")], "Fetus A"),  # his mother's number in the header
        ([context(person(DCM.MotherOfFetus, "Doe^Jane"))], "Fetus A"),
        ([context(text(Code("11951-1", "LN", "Fetus ID"), "B"))], "Fetus B"),
        ([], "Fetus A"),
    ],
)
def test_a_name_is_of_the_class_around(inner: list[Dataset], focus: str | None) -> None:
    """The class is said once for twins, and each of them has a name (TID 5000, 1008)."""
    group = container(GROUP, *inner, length())
    for kind in (of_subject(FETUS), context(text(Code("121024", "DCM", "Subject Class"), "Fetus"))):
        (found,) = lengths(container(FINDINGS, kind, subject("A"), group))
        assert found.get("focus") == ([{"display": focus}] if focus else None)


def test_it_is_no_other_patient() -> None:
    twins = container(FINDINGS, of_subject(FETUS), *(container(GROUP, subject(one), length()) for one in "AB"))
    assert not [one for one in translated(twins, like="5000-obgyn").report.warnings if "another" in one]


SUMMARY, BIOMETRY = Code("125008", "DCM", "Fetus Summary"), Code("125002", "DCM", "Fetal Biometry")
FETUSES = Code("11878-6", "LN", "Number of Fetuses by US")
SUBJECT_UID = Code("121028", "DCM", "Subject UID")


@pytest.mark.parametrize(
    ("of", "said", "focus"),
    [
        (SUMMARY, [subject("B")], "Fetus B"),
        (BIOMETRY, [subject("B")], "Fetus B"),
        (BIOMETRY, [context(uidref(SUBJECT_UID, "2.25.7"))], "Fetus 2.25.7"),
        (FINDINGS, [subject("B"), context(num(FETUSES, "2", unit("1")))], "Fetus B"),
        (FINDINGS, [subject("B"), num(FETUSES, "2", unit("1"))], None),  # a result
        (FINDINGS, [subject("B")], None),
        (SUMMARY, [subject("MR-0101")], None),  # his mother's number in the header
        (SUMMARY, [of_subject(PATIENT), subject("B")], None),
        (SUMMARY, [], None),
    ],
)
def test_a_name_in_a_container_about_a_fetus_is_a_fetuss(of: Code, said: list[Dataset], focus: str | None) -> None:
    """TID 5003 to 5011 name twins by TID 1008, which may say neither class nor Fetus ID."""
    found = lengths(container(of, *said, container(GROUP, length())), like="5000-obgyn")
    assert [one.get("focus") for one in found] == [[{"display": focus}] if focus else None]


@pytest.mark.parametrize(
    "own",
    [
        modifier(text(SCT.MeasurementMethod, "Teichholz")),
        method(TEICHHOLZ, modifier(coded(Code("1", "99X", "Vendor"), Code("2", "99X", "Ours")))),
        method(UNKNOWN),
    ],
    ids=["in words", "modified", "unknown"],
)
@pytest.mark.parametrize("of_number", [True, False], ids=["of a number", "of a group"])
def test_another_method_is_not_that_around(own: Dataset, of_number: bool) -> None:
    inner = length(own) if of_number else container(GROUP, own, length())
    first, second = lengths(container(FINDINGS, method(BIPLANE), inner, length()))
    assert BIPLANE.value not in str(first.get("method")) and BIPLANE.value in str(second["method"])


@pytest.mark.parametrize(
    "own",
    [
        [state(STRESS, properties(coded(Code("1", "99X", "Agent"), Code("2", "99X", "Dobutamine"))))],
        [state(STRESS), state(Code("2", "99X", "Recovery"))],
        [state(STRESS, modifier(coded(Code("1", "99X", "Degree"), Code("2", "99X", "Peak"))))],
    ],
    ids=["with more below", "twice", "modified"],
)
@pytest.mark.parametrize("of_number", [True, False], ids=["of a number", "of a group"])
def test_a_state_of_ones_own_is_not_that_around(own: list[Dataset], of_number: bool) -> None:
    inner = length(*own) if of_number else container(GROUP, *own, length())
    first, second = lengths(container(FINDINGS, state(REST), inner, length()))
    assert REST.value not in inherited(first) and inherited(second) == [REST.value]


def test_a_lead_that_is_said_twice_is_not_that_around() -> None:
    leads = [acquisition(coded(LEAD, Code(f"5.6.3-9-{one}", "SCPECG", f"Lead {one}"))) for one in (1, 2, 3)]
    inner = container(GROUP, *leads[1:], length())
    first, second = lengths(container(FINDINGS, leads[0], inner, length()))
    assert (inherited(first), inherited(second)) == ([], ["5.6.3-9-1"])


@pytest.mark.parametrize(("outer", "own"), [(MODE, MODE_OF_OLD), (MODE_OF_OLD, MODE)], ids=["of old", "of today"])
def test_a_retired_code_is_the_same_concept(outer: Code, own: Code) -> None:
    around = acquisition(coded(outer, Code("1", "99X", "2D")))
    inner = container(GROUP, acquisition(coded(own, Code("2", "99X", "M mode"))), length())
    (found,) = lengths(container(FINDINGS, around, inner))
    assert inherited(found) == ["2"]


@pytest.mark.parametrize("like", ["5200-echocardiography", "1500-group", "3700-ecg", "2000-imaging-report"])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), ("64033007", "Kidney, Right", ["128975004"])),
        ((site(LIVER),), (None, None, ["128975004"])),
        ((side(LEFT),), ("64033007", "Kidney", ["128975004"])),
        ((state(STRESS),), ("64033007", "Kidney, Right", [])),
    ],
    ids=["nothing", "a site", "a side", "a state"],
)
def test_what_a_number_was_inferred_from_is_not_where_that_is(like: str, said: Any, expected: Any) -> None:
    """A modifier of the number is none of its sources (PS3.3 C.17.3.2.4); what the container says holds for both,
    unless the number says another."""
    volume = num(Code("118565006", "SCT", "Volume"), "60", MM, *said, inferred(length()))
    (source,) = lengths(container(FINDINGS, site(KIDNEY, side(RIGHT)), state(REST), method(BIPLANE), volume), like=like)
    assert (*place(source), inherited(source)) == expected
    assert "method" not in source


def test_a_source_stays_denied_as_its_group_is() -> None:
    absent, present = Code("410516002", "SCT", "Known absent"), Code("410515003", "SCT", "Known present")
    finding = Code("408729009", "SCT", "Finding context")
    volume = num(
        Code("118565006", "SCT", "Volume"), "6", MM, modifier(coded(finding, present)), inferred(length(state(REST)))
    )
    (source,) = lengths(container(FINDINGS, modifier(coded(finding, absent)), volume))
    assert inherited(source) == ["410516002"]


def test_a_source_stays_where_it_was_when_the_site_of_the_other_is_edited() -> None:
    volume = num(Code("118565006", "SCT", "Volume"), "60", MM, side(LEFT), inferred(length()))
    group = copy.deepcopy(translated(container(FINDINGS, site(KIDNEY, side(RIGHT)), volume), like="1500-group").result)
    other = next(one for one in group.members if one.get("valueQuantity", {}).get("value") == 60)
    other["bodySite"] = {"coding": [{"system": "http://snomed.info/sct", "code": LIVER.value, "display": "Liver"}]}
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    (source,) = [one for one in back.members if one.get("valueQuantity", {}).get("value") == 1]
    assert place(source) == ("64033007", "Kidney")
