"""What becomes of work that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import OutageError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.outcome import LAST_TRY, LAST_WAIT
from tests.folders import route_of, worker_of

NOW = 1e9


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: NOW)
    yield found
    found.close()


def away() -> None:
    raise TemporaryError("pacs: no connection")


@pytest.mark.parametrize("attempts", [1, 9, LAST_TRY - 2])
def test_what_failed_ever_so_often_is_put_off_for_a_while(tmp_path: Path, ledger: Ledger, attempts: int) -> None:
    ledger.work.owe("fhir-dicom", "dicom", "i")
    (work,) = ledger.work.claim("fhir-dicom", "dicom", 1)
    worker_of(route_of(tmp_path), ledger).outcomes.of([replace(work, attempts=attempts)], away)
    (row,) = ledger.view.documents("i")[0]["open"]
    assert (row["state"], row["reason"]) == ("owed", "pacs: no connection")
    assert ledger.work.claim("fhir-dicom", "dicom", 1) == []
    assert not ledger.work.pending("fhir-dicom", "dicom")
    later = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: NOW + 1.25 * LAST_WAIT, reading=True)
    assert later.work.owed("fhir-dicom") == 1
    later.close()


def test_what_met_an_outage_is_behind_all_else(tmp_path: Path) -> None:
    """It may be what the server did not survive: the others come first when it is back, and nothing is charged."""
    now = [NOW]
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now[0])
    ledger.work.owe("fhir-dicom", "dicom", "a", "b")
    now[0] += 1
    (work,) = ledger.work.claim("fhir-dicom", "dicom", 1)
    worker_of(route_of(tmp_path), ledger).outcomes.of([work], down)
    assert [(one.key, one.attempts) for one in ledger.work.claim("fhir-dicom", "dicom", 2)] == [("b", 0), ("a", 0)]
    ledger.close()


def down() -> None:
    raise OutageError("pacs: is down")


def test_a_worker_is_no_news_to_itself(tmp_path: Path, ledger: Ledger) -> None:
    """What it has in hand, and owes itself meanwhile, is put off all the same: or it would turn for ever."""
    ledger.work.owe("fhir-dicom", "dicom", "a")
    (work,) = ledger.work.claim("fhir-dicom", "dicom", 1)

    def begun_before() -> None:
        for key in ("a", "b"):
            ledger.work.owe_unless_in_hand("fhir-dicom", "dicom", key)
        raise Held("whose is it?")

    worker_of(route_of(tmp_path), ledger).outcomes.of([work], begun_before)
    assert [one.key for one in ledger.work.in_state("fhir-dicom", "held")] == ["a"]
    assert [one.key for one in ledger.work.claim("fhir-dicom", "dicom", 2)] == ["b"]


def test_what_waits_for_each_other_does_not_turn_for_ever(tmp_path: Path, ledger: Ledger) -> None:
    """Where what a document waits for owes it, and waits for it: it is tried later, and is a dead letter in the end."""
    outcomes = worker_of(route_of(tmp_path), ledger).outcomes

    def circle() -> None:
        raise Waiting("its instance has news, too")

    ledger.work.owe("fhir-dicom", "dicom", "i")
    turns = 0
    while works := ledger.work.claim("fhir-dicom", "dicom", 1):
        outcomes.of(works, circle)
        turns += 1
        assert turns < 100
        (row,) = ledger.view.documents("i")[0]["open"]
        if row["state"] == "waiting":
            ledger.work.owe("fhir-dicom", "dicom", "i")  # by what it waits for
    (row,) = ledger.view.documents("i")[0]["open"]
    assert row["state"] == "owed"
    assert "its instance has news, too; 32 times in this pass" in row["reason"]


def test_a_fault_names_its_route(tmp_path: Path, ledger: Ledger) -> None:
    """Two FHIR servers have resources of one id; and a store may be in two routes."""
    ledger.work.owe("fhir-dicom", "dicom", "a")
    worker = worker_of(route_of(tmp_path), ledger)

    def held() -> None:
        raise Held("whose is it?")

    worker.outcomes.of(ledger.work.claim("fhir-dicom", "dicom", 1), held)
    assert worker.summary.faults == ["held: fhir-dicom: dicom: a: whose is it?"]
