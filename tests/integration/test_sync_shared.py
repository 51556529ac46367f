"""A result that two reports have: each document says it, and whatever is edited in one is news of the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import VALUE, heads, observation, predecessors, report, values
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_theirs import edited, forget, written
from tests.integration.test_sync_void import DCM, NOTHING_OPEN, configure, note, notes, open_points, passed, rejected

DAY, WEEK = "DiagnosticReport/day", "DiagnosticReport/week"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Two reports that have `o`; the one of the week has `p`, too."""
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("o", 1000))
    put(tmp_path, observation("p", 2000))
    put(tmp_path, report("o") | {"id": "day"})
    put(tmp_path, report("o", "p") | {"id": "week"})
    assert passes(tmp_path) == {"to-dicom created": 2}
    assert said(tmp_path) == {("1000",), ("1000", "2000")}
    return tmp_path


def passes(stores: Path) -> dict[str, int]:
    """What a pass did, after which nothing is open."""
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    return acts(done)


def settled(stores: Path, expected: dict[str, int]) -> None:
    """In as many passes as it takes, and no more of them."""
    found: dict[str, int] = {}
    while made := passes(stores):
        found = {act: found.get(act, 0) + made.get(act, 0) for act in {*found, *made}}
    assert {act: number for act, number in found.items() if act != "to-fhir noted"} == expected
    after = tree(stores / "data")
    assert passes(stores) == {}
    assert tree(stores / "data") == after


def said(stores: Path) -> set[tuple[str, ...]]:
    """Numbers of each document that stands."""
    void = {uid for one in notes(stores) for uid in rejected(one)}
    standing = (one for one in heads(stores) if one.SOPInstanceUID not in void and one not in notes(stores))
    return {tuple(values(one)) for one in standing}


def saying(stores: Path, *numbers: str) -> Dataset:
    (found,) = (one for one in heads(stores) if tuple(values(one)) == numbers)
    return found


def test_what_is_edited_in_fhir_is_edited_in_both(stores: Path) -> None:
    put(stores, observation("o", 1001))
    settled(stores, {"to-dicom updated": 2})
    assert said(stores) == {("1001",), ("1001", "2000")}
    assert len(instances(stores)) == 4
    put(stores, observation("p", 2001))
    settled(stores, {"to-dicom updated": 1})
    assert said(stores) == {("1001",), ("1001", "2001")}


def test_what_the_pacs_edits_in_one_is_edited_in_the_other(stores: Path) -> None:
    edited(stores, saying(stores, "1000"), "2.25.71", "1001")
    settled(stores, {"to-fhir updated": 1, "to-dicom updated": 1})
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": 1001}
    assert said(stores) == {("1001",), ("1001", "2000")}


def test_what_the_pacs_edits_in_both_in_the_same_way_is_said_already(stores: Path) -> None:
    edited(stores, saying(stores, "1000"), "2.25.71", "1001")
    week = saying(stores, "1000", "2000")
    week.ContentSequence[0].MeasuredValueSequence[0].NumericValue = "1001"
    edited(stores, week, "2.25.72", "2001")
    before = len(instances(stores))
    passed(stores)
    decide(stores, "dicom")
    settled(stores, {})
    assert said(stores) == {("1001",), ("1001", "2001")}
    assert len(instances(stores)) == before
    assert get(stores, "Observation/p")["valueQuantity"] == VALUE | {"value": 2001}


def test_what_the_pacs_edits_in_both_differently_is_a_conflict(stores: Path) -> None:
    edited(stores, saying(stores, "1000"), "2.25.71", "1001")
    week = saying(stores, "1000", "2000")
    week.ContentSequence[0].MeasuredValueSequence[0].NumericValue = "1002"
    edited(stores, week, "2.25.72", "2001")
    assert "both sides have news" in passed(stores).stderr
    decide(stores, "dicom")
    while passed(stores).stderr:
        pass
    settled(stores, {})
    (number,) = {numbers[0] for numbers in said(stores)}
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": int(number)}


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
@pytest.mark.parametrize("uids", [("2.25.71", "2.25.72"), ("2.25.72", "2.25.71")])
def test_edits_of_different_items_are_both_made(stores: Path, conflicts: str, uids: tuple[str, str]) -> None:
    """Whichever document is looked at first."""
    configure(stores, conflicts=conflicts)
    day, week = saying(stores, "1000"), saying(stores, "1000", "2000")
    for one, uid, value in zip((day, week), uids, ("1001", "2001"), strict=True):
        edited(stores, one, uid, value)
    while passes(stores):
        pass
    settled(stores, {})
    assert said(stores) == {("1001",), ("1001", "2001")}
    assert get(stores, "Observation/o")["valueQuantity"] == VALUE | {"value": 1001}


def test_what_is_edited_in_one_and_void_in_fhir_is_a_conflict(stores: Path) -> None:
    put(stores, report("o", "p") | {"id": "day"})
    settled(stores, {"to-dicom updated": 1})
    one, other = heads(stores)
    one.ContentSequence[0].MeasuredValueSequence[0].NumericValue = "1001"
    edited(stores, one, "2.25.71", "2000")
    put(stores, observation("o", 1000, status="entered-in-error"))
    assert "both sides have news" in passed(stores).stderr
    assert get(stores, "Observation/o")["status"] == "entered-in-error"


def decide(stores: Path, holds: str) -> None:
    for conflict in json.loads(fhir_dicom(stores, "conflicts", "--json").stdout):
        fhir_dicom(stores, "conflicts", conflict["name"], "--holds", holds)


@pytest.mark.parametrize("name", ["a-first", "z-last"])
def test_a_report_that_comes_later_changes_no_other_document(stores: Path, name: str) -> None:
    before = instances(stores).keys()
    put(stores, report("p", "o") | {"id": name})
    settled(stores, {"to-dicom created": 1})
    assert said(stores) == {("1000",), ("1000", "2000"), ("2000", "1000")}
    assert len(instances(stores).keys() - before) == 1


def test_a_report_that_is_entered_in_error_takes_nothing_from_the_other(stores: Path) -> None:
    put(stores, get(stores, WEEK) | {"status": "entered-in-error"})
    settled(stores, {"to-dicom retracted": 1, "to-dicom created": 1})  # `p` is a document of its own now
    assert said(stores) == {("1000",), ("2000",)}
    put(stores, get(stores, WEEK) | {"status": "final", "issued": "2026-03-02T10:00:00Z"})
    settled(stores, {"to-dicom updated": 1})
    assert said(stores) == {("1000",), ("1000", "2000")}


def test_a_result_that_is_entered_in_error_is_said_by_neither(stores: Path) -> None:
    put(stores, report("o", "p") | {"id": "day"})
    settled(stores, {"to-dicom updated": 1})
    put(stores, get(stores, "Observation/o") | {"status": "entered-in-error"})
    settled(stores, {"to-dicom updated": 2})
    assert said(stores) == {("2000",)}


@pytest.mark.parametrize("how", ["deleted", "rejected"])
def test_a_document_that_the_pacs_takes_back_leaves_the_shared_result(stores: Path, how: str) -> None:
    week = saying(stores, "1000", "2000")
    if how == "deleted":
        next((stores / "data" / "dicom").rglob(f"{week.SOPInstanceUID}.dcm")).unlink()
    else:
        note(stores, DCM.RejectedForPatientSafetyReasons, week)
    settled(stores, {"to-fhir retracted": 1})
    assert {key: get(stores, key)["status"] for key in (DAY, WEEK, "Observation/o", "Observation/p")} == {
        DAY: "final", WEEK: "entered-in-error", "Observation/o": "final", "Observation/p": "entered-in-error",
    }  # fmt: skip
    assert said(stores) == {("1000",)}


@pytest.fixture
def within(tmp_path: Path) -> Path:
    """Two reports that have a panel with `o`, and one of them `q`."""
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    panel = observation("p", 2000, hasMember=[{"reference": "Observation/o"}])
    for one in (observation("o", 1000), observation("q", 3000), panel):
        put(tmp_path, one)
    put(tmp_path, report("p") | {"id": "day"})
    put(tmp_path, report("p", "q") | {"id": "week"})
    return tmp_path


@pytest.mark.parametrize("deleted", ["mark", "delete"])
def test_what_is_shared_below_a_panel_stays_with_the_other(within: Path, deleted: str) -> None:
    configure(within, deleted=deleted)
    settled(within, {"to-dicom created": 2})
    (week,) = (one for one in heads(within) if "3000" in values(one))
    next((within / "data" / "dicom").rglob(f"{week.SOPInstanceUID}.dcm")).unlink()
    settled(within, {"to-fhir retracted" if deleted == "mark" else "to-fhir removed": 1})
    assert {get(within, f"Observation/{one}")["status"] for one in "op"} == {"final"}
    assert said(within) == {("2000", "1000")}


def test_an_item_that_the_pacs_drops_of_one_stays_in_the_other(stores: Path) -> None:
    week = saying(stores, "1000", "2000")
    del week.ContentSequence[0]
    edited(stores, week, "2.25.71", "2001")
    while passes(stores):
        pass
    assert get(stores, "Observation/o")["status"] == "final"
    assert said(stores) == {("1000",), ("2001",)}


def test_a_shared_result_that_is_deleted_leaves_both(stores: Path) -> None:
    put(stores, report("o", "p") | {"id": "day"})
    settled(stores, {"to-dicom updated": 1})
    (stores / "data" / "fhir" / f"{WEEK}.json").unlink()
    settled(stores, {"to-dicom retracted": 1})
    (stores / "data" / "fhir" / "Observation" / "o.json").unlink()
    settled(stores, {"to-dicom updated": 1})
    assert said(stores) == {("2000",)}


@pytest.mark.parametrize("conflicts", ["hold", "fhir", "dicom"])
def test_what_is_rejected_is_void_whatever_the_other_document_brings(stores: Path, conflicts: str) -> None:
    configure(stores, conflicts=conflicts)
    note(stores, DCM.RejectedForPatientSafetyReasons, saying(stores, "1000", "2000"))
    edited(stores, saying(stores, "1000"), "2.25.71", "1001")
    settled(stores, {"to-fhir retracted": 1, "to-fhir updated": 1})
    assert get(stores, WEEK)["status"] == "entered-in-error"
    assert said(stores) == {("1001",)}


def test_a_report_that_is_not_one_yet_keeps_no_result_that_is_rejected(stores: Path) -> None:
    put(stores, report("p") | {"id": "later", "status": "registered"})
    passes(stores)
    note(stores, DCM.RejectedForPatientSafetyReasons, saying(stores, "1000", "2000"))
    settled(stores, {"to-fhir retracted": 1})
    assert get(stores, "Observation/p")["status"] == "entered-in-error"
    assert said(stores) == {("1000",)}


def test_a_document_whose_only_result_is_withdrawn_stands_no_more(stores: Path) -> None:
    put(stores, report("o") | {"id": "week"})
    put(stores, report("o", "p") | {"id": "day"})
    while passes(stores):
        pass
    put(stores, get(stores, "Observation/o") | {"status": "entered-in-error"})
    settled(stores, {"to-dicom retracted": 1, "to-dicom updated": 1})
    put(stores, get(stores, WEEK) | {"status": "entered-in-error"})
    passed(stores)
    settled(stores, {})
    assert said(stores) == {("2000",)}


def test_a_result_that_left_and_came_back_without_a_ledger(stores: Path) -> None:
    for results in (("p",), ("o", "p")):
        put(stores, report(*results) | {"id": "day", "conclusion": "none"})
        while passes(stores):
            pass
    after = tree(stores / "data")
    forget(stores, True)
    passed(stores)
    settled(stores, {})
    assert tree(stores / "data") == after


def test_a_result_that_leaves_one_report_stays_in_the_other(stores: Path) -> None:
    put(stores, report("p") | {"id": "week"})
    settled(stores, {"to-dicom updated": 1})
    assert said(stores) == {("1000",), ("2000",)}
    day = report() | {"id": "day", "conclusion": "none"}
    del day["result"]
    put(stores, day)
    settled(stores, {"to-dicom updated": 1, "to-dicom created": 1})
    assert said(stores) == {("none",), ("1000",), ("2000",)}


def test_a_report_that_is_deleted_takes_nothing_from_the_other(stores: Path) -> None:
    (stores / "data" / "fhir" / f"{DAY}.json").unlink()
    settled(stores, {"to-dicom retracted": 1})
    assert said(stores) == {("1000", "2000")}


def test_a_lone_result_that_two_reports_claim_has_one_successor(tmp_path: Path) -> None:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("o", 1000))
    assert passes(tmp_path) == {"to-dicom created": 1}
    (lone,) = instances(tmp_path)
    for name in ("day", "week"):
        put(tmp_path, report("o") | {"id": name})
    passes(tmp_path)
    settled(tmp_path, {})
    assert [predecessors(one) for one in heads(tmp_path)].count([lone]) == 1
    assert len(instances(tmp_path)) == 3


def test_two_panels_have_it_both(tmp_path: Path) -> None:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("o", 1000))
    for name in ("a", "b"):
        panel: dict[str, Any] = observation(name, 0) | {"hasMember": [{"reference": "Observation/o"}]}
        del panel["valueQuantity"]
        put(tmp_path, panel)
    settled(tmp_path, {"to-dicom created": 2})
    assert [tuple(values(one)) for one in heads(tmp_path)] == [("1000",), ("1000",)]
    put(tmp_path, observation("o", 1001))
    settled(tmp_path, {"to-dicom updated": 2})
    assert said(tmp_path) == {("1001",)}


def test_what_is_derived_from_a_result_that_a_report_claims_refers_to_it(tmp_path: Path) -> None:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("weight", 1000))
    put(tmp_path, observation("bmi", 3000, derivedFrom=[{"reference": "Observation/weight"}]))
    passes(tmp_path)
    assert said(tmp_path) == {("3000", "1000")}
    put(tmp_path, report("weight"))
    passes(tmp_path)
    settled(tmp_path, {})
    assert said(tmp_path) == {("3000",), ("1000",)}


@pytest.mark.parametrize("edit", [False, True])
def test_a_ledger_that_is_lost_writes_nothing_twice(stores: Path, *, edit: bool) -> None:
    if edit:
        edited(stores, saying(stores, "1000"), "2.25.71", "1001")
        settled(stores, {"to-fhir updated": 1, "to-dicom updated": 1})
    after = tree(stores / "data")
    forget(stores, True)
    assert written(stores) == {}
    assert tree(stores / "data") == after
    put(stores, observation("o", 1003))
    settled(stores, {"to-dicom updated": 2})
