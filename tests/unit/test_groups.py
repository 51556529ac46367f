"""Groups with other resources in them, or with fewer: what their references mean follows."""

from __future__ import annotations

from bridge.model.group import Group, Resource

ROOT: Resource = {"resourceType": "DiagnosticReport", "id": "r"}
RESULT: Resource = {"resourceType": "Observation", "id": "o"}
PATIENT: Resource = {"resourceType": "Patient", "id": "p"}
GROUP = Group(ROOT, (RESULT,), PATIENT, "DiagnosticReport/r", {"urn:result": RESULT, "urn:patient": PATIENT})


def test_others_take_the_place_of_resources_and_of_the_patient() -> None:
    result, patient = RESULT | {"status": "final"}, PATIENT | {"gender": "other"}
    made = GROUP.with_resources({id(RESULT): result, id(PATIENT): patient}, {"urn:patient": "Patient/p"})
    assert made == Group(ROOT, (result,), patient, GROUP.key, {"urn:result": result, "Patient/p": patient})


def test_what_is_gone_is_referred_to_no_more() -> None:
    assert GROUP.less({id(RESULT)}) == Group(ROOT, (), PATIENT, GROUP.key, {"urn:patient": PATIENT})


def test_a_group_without_references_of_its_own_has_none_after() -> None:
    plain = Group(ROOT, (RESULT,), None, GROUP.key)
    assert plain.less(set()) == plain.with_resources({}) == plain
