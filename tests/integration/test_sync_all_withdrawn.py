"""A report whose every result is entered in error says nothing any more, whatever its own status: no PACS goes on
showing what was withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.test_sync_edges import heads, observation, predecessors, report, values
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import DCM, configure, note, notes, passed, rejected

DAY = "DiagnosticReport/day"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    return tmp_path


def a_report(stores: Path, **more: object) -> None:
    put(stores, observation("o", 1000))
    put(stores, observation("p", 2000))
    put(stores, report("o", "p") | {"id": "day"} | more)


def withdraw(stores: Path, *results: str) -> None:
    for one in results:
        put(stores, get(stores, f"Observation/{one}") | {"status": "entered-in-error"})


def at_rest(stores: Path) -> None:
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before


def test_its_sr_is_rejected_and_a_corrected_result_makes_a_later_version(stores: Path) -> None:
    a_report(stores)
    assert passes(stores) == {"to-dicom created": 1}
    (first,) = heads(stores)
    withdraw(stores, "o", "p")
    assert passes(stores) == {"to-dicom retracted": 1}
    (one,) = notes(stores)
    assert rejected(one) == [first.SOPInstanceUID] and get(stores, DAY)["status"] == "final"
    at_rest(stores)
    put(stores, observation("o", 1001))
    assert passes(stores) == {"to-dicom updated": 1}
    (head,) = [one for one in heads(stores) if one not in notes(stores)]
    assert list(values(head)) == ["1001"] and predecessors(head) == [first.SOPInstanceUID]
    assert get(stores, DAY)["status"] == "final"
    at_rest(stores)


def test_what_was_withdrawn_before_it_was_sent_is_not_sent(stores: Path) -> None:
    a_report(stores)
    put(stores, observation("o", 1000) | {"status": "cancelled"})
    withdraw(stores, "p")
    assert passes(stores) == {} and instances(stores) == {}


def test_a_result_that_is_only_named_stands(stores: Path) -> None:
    """Nobody has said that it is in error."""
    put(stores, observation("o", 1000))
    put(stores, report("o") | {"id": "day", "result": [{"reference": "Observation/o"}, {"display": "Outside result"}]})
    passes(stores)
    withdraw(stores, "o")
    assert "retracted" not in str(passed(stores).stdout) and notes(stores) == []


@pytest.mark.parametrize("more", [{"presentedForm": [{"title": "PDF"}]}, {"conclusionCode": [{"text": "Normal"}]}])
def test_what_a_report_says_beside_stands(stores: Path, more: dict[str, object]) -> None:
    a_report(stores, **more)
    passes(stores)
    withdraw(stores, "o", "p")
    assert passes(stores) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert not {"1000", "2000"} & {*values(head)} and notes(stores) == []


def test_a_conclusion_stands_without_its_results(stores: Path) -> None:
    a_report(stores, conclusion="No acute disease.")
    assert passes(stores) == {"to-dicom created": 1}
    withdraw(stores, "o", "p")
    assert passes(stores) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert list(values(head)) == ["No acute disease."] and notes(stores) == []
    at_rest(stores)


def test_a_rejection_in_the_pacs_says_the_same(stores: Path) -> None:
    a_report(stores)
    passes(stores)
    note(stores, DCM.RejectedForPatientSafetyReasons, heads(stores)[0])
    withdraw(stores, "o", "p")
    passes(stores)
    assert get(stores, DAY)["status"] == "final"
    at_rest(stores)


def test_a_lost_ledger_withdraws_no_more(stores: Path) -> None:
    a_report(stores)
    passes(stores)
    withdraw(stores, "o", "p")
    passes(stores)
    before = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    assert passed(stores).returncode == 0
    assert tree(stores / "data") == before
    at_rest(stores)
