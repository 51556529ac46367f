"""Two workers at once, each with a ledger of its own: one acts in the very moment in which the other is between looking
and writing. Two folder stores."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import LedgerError
from bridge.ledger.ledger import Ledger
from bridge.stores.store import Write
from bridge.sync import absence, worker
from bridge.sync.absence import carry_absences
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import take_instances, take_resources
from bridge.sync.run import once
from tests.folders import MAPPING, at_call, done, passed, route_of, worker_of
from tests.images import ct, put_in
from tests.integration.test_sync_edges import observation, predecessors, report, reports, store
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_studies import studies


@pytest.fixture
def route(tmp_path: Path) -> Route:
    return route_of(tmp_path)


@pytest.fixture
def other(ledger: Ledger) -> Iterator[Ledger]:
    found = ledger.another()
    yield found
    found.leave()


@pytest.fixture
def written(route: Route, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of resources that were to be written, whoever asked for it."""
    keys: list[str] = []
    write = route.fhir.write

    def noted(items: list[Write[Any]]) -> Any:
        keys.extend(item.key for item in items)
        return write(items)

    monkeypatch.setattr(route.fhir, "write", noted)
    return keys


def of(kind: str, keys: list[str]) -> list[str]:
    return [key for key in keys if key.startswith(f"{kind}/")]


# -- one maker -----------------------------------------------------------------------------------------------------
def test_two_reports_of_a_new_patient_make_one(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server gives each of two conditional creates at once its Patient."""
    for uid in ("2.25.61", "2.25.62"):
        store(tmp_path, uid, uid)
    take_instances(route, ledger)
    monkeypatch.setattr(worker, "BATCH", 1)  # each claims one report
    second = worker_of(route, other)
    at_call(monkeypatch, route.fhir, "find", second.work)
    first = worker_of(route, ledger)
    first.work()
    assert (second.outcomes.busy, second.summary.acts) == (True, {})
    assert first.summary.acts["to-fhir created"] == 2
    assert len(of("Patient", written)) == 1
    assert len({one["subject"]["reference"] for one in reports(tmp_path)}) == 1


def test_reports_of_a_patient_who_is_there_wait_for_nobody(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, "2.25.60", "first")
    passed(route, ledger)
    for uid in ("2.25.61", "2.25.62"):
        store(tmp_path, uid, uid)
    take_instances(route, ledger)
    monkeypatch.setattr(worker, "BATCH", 1)
    second = worker_of(route, other)
    at_call(monkeypatch, route.fhir, "find", second.work)
    worker_of(route, ledger).work()
    assert second.summary.acts["to-fhir created"] == 1
    assert len(of("Patient", written)) == 1


def test_two_reports_of_one_study_make_its_imaging_study_once(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would write its own view of it over that of the other. Nobody's: the Patient would keep them apart."""
    for uid in ("2.25.61", "2.25.62"):
        store(tmp_path, uid, uid, PatientID="")
    take_instances(route, ledger)
    monkeypatch.setattr(worker, "BATCH", 1)
    second = worker_of(route, other)
    at_call(monkeypatch, route.fhir, "find", second.work)
    first = worker_of(route, ledger)
    first.work()
    assert (second.outcomes.busy, second.summary.acts) == (True, {})
    assert first.summary.acts["to-fhir created"] == 2
    (made,) = of("ImagingStudy", written)
    assert [one["imagingStudy"] for one in reports(tmp_path)] == [[{"reference": made}]] * 2


def test_a_report_does_not_write_its_view_over_what_the_study_says(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(tmp_path / "data" / "dicom", *(ct(number, PatientID="") for number in range(1, 6)))
    store(tmp_path, "2.25.61", "text", StudyInstanceUID="2.25.8001", PatientID="")
    take_instances(route, ledger)
    monkeypatch.setattr(worker, "BATCH", 1)  # the report, and what looks at the study
    second = worker_of(route, other)
    at_call(monkeypatch, route.fhir, "find", second.work)
    worker_of(route, ledger).work()
    assert (second.outcomes.busy, second.summary.acts) == (True, {})
    (study,) = studies(tmp_path)
    assert study["numberOfInstances"] == 6
    assert passed(route, ledger) == {}


def test_a_study_that_is_gone_is_marked_when_nobody_else_has_its_imaging_study(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, written: list[str]
) -> None:
    put_in(tmp_path / "data" / "dicom", ct(1))
    passed(route, ledger)
    (key,) = of("ImagingStudy", written)
    assert other.leases.hold([f"{route.name}|{key}"])
    with pytest.raises(Busy):
        worker_of(route, ledger).studies.gone("study/2.25.8001")
    assert studies(tmp_path)[0]["status"] == "available"
    other.leases.release()
    assert worker_of(route, ledger).studies.gone("study/2.25.8001") == "retracted"
    assert studies(tmp_path)[0]["status"] == "entered-in-error"


# -- one look --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("crashes", [0, 1])
def test_what_is_owed_of_one_report_is_claimed_together(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, crashes: int
) -> None:
    """When it has ended a worker, too; and nothing else comes along then."""
    names = [f"o{number}" for number in range(40)]
    for number, name in enumerate(names):
        put(tmp_path, observation(name, number))
    put(tmp_path, report(*names))
    put(tmp_path, observation("z", 1))
    take_resources(route, ledger)
    for _ in range(crashes):
        dead = ledger.another()
        dead.work.claim(route.name, route.fhir.name, 41)
        dead.leases.close()
        ledger.work.reap(ledger.leases.is_alive)
    mine = worker_of(route, ledger)
    looks: list[set[str]] = []
    component = mine._component

    def looked(keys: set[str], read: Any) -> None:
        looks.append(keys)
        component(keys, read)

    monkeypatch.setattr(mine, "_component", looked)
    mine.heard = True
    mine.work()
    assert sorted(map(len, looks)) == [1, 41]
    assert ledger.work.owed(route.name) == 0


# -- in one hand -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("edits", [1, 2])
def test_what_an_edit_after_the_claim_refers_to_is_taken_in_hand_too(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    """A result stands in a document of its own, which another worker has in hand; and the report comes to refer to it
    while it is read, the first time or the second."""
    names = ["a", "b", "c"][: edits + 1]
    for number, name in enumerate(names):
        put(tmp_path, observation(name, number))
    passed(route, ledger)
    before = tree(tmp_path / "data" / "dicom")
    put(tmp_path, report("a"))
    take_resources(route, ledger)
    take(route, other, [f"Observation/{names[-1]}"])

    def edited(number: int = 1) -> None:
        put(tmp_path, report(*names[: number + 1]))
        if number < edits:
            at_read(f"Observation/{names[number]}", number + 1)

    def at_read(key: str, number: int) -> None:
        """The store has answered, and what it said is of before the edit."""
        read = route.fhir.read

        def interrupted(keys: list[str]) -> Any:
            answer = read(keys)
            if key in keys:
                monkeypatch.setattr(route.fhir, "read", read)
                edited(number)
            return answer

        monkeypatch.setattr(route.fhir, "read", interrupted)

    at_call(monkeypatch, ledger.leases, "hold", edited)
    mine = worker_of(route, ledger)
    mine.heard = True
    asked = itertools.count()
    mine.stopped = lambda: next(asked) > 50
    assert not mine.work()
    assert next(asked) < 50, "it waits for the other one, and does not turn"
    assert (done(mine.summary), mine.summary.faults) == ({}, [])
    assert tree(tmp_path / "data" / "dicom") == before
    other.leases.release()
    assert passed(route, ledger) == {"to-dicom created": 1}
    (head,) = [one for one in instances(tmp_path).values() if "PredecessorDocumentsSequence" in one]
    assert len(predecessors(head)) == len(names)


def test_what_looks_deleted_and_was_amended_meanwhile_is_asked_again(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link that was read first says that the deleted instance is the newest."""
    for uid in ("2.25.61", "2.25.71"):
        store(tmp_path, uid, uid)
    passed(route, ledger)
    (key,) = [one.key for one in route.dicom.listing() if one.key.endswith("2.25.61")]
    (tmp_path / "data" / "dicom" / f"{key}.dcm").unlink()
    store(tmp_path, "2.25.62", "new", predecessor="2.25.61")
    ledger.work.suspect(route.name, route.dicom.name, key)
    mine, second = worker_of(route, ledger), worker_of(route, other)

    def amended(*given: Any) -> None:
        monkeypatch.setattr(absence, "take", take)
        take_instances(route, other)
        second.work()
        other.leases.release()
        take(*given)

    monkeypatch.setattr(absence, "take", amended)
    carry_absences(mine, compared=False)
    assert done(second.summary) == {"to-fhir updated": 1}
    assert (mine.outcomes.busy, mine.summary.acts) == (True, {})
    assert [work.key for work in ledger.work.in_state(route.name, "owed")] == [key]
    assert passed(route, ledger) == {}
    assert sorted(one["status"] for one in reports(tmp_path)) == ["amended", "final"]
    assert ledger.status()["owed"] == 0


def test_what_looks_deleted_is_carried_by_whoever_takes_it_first(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger
) -> None:
    for name in ("a", "b"):
        put(tmp_path, observation(name, 1))
    passed(route, ledger)
    (tmp_path / "data" / "fhir" / "Observation" / "a.json").unlink()
    ledger.work.suspect(route.name, route.fhir.name, "Observation/a")
    (work,) = other.work.in_state(route.name, "absent")
    assert other.work.take(work)
    mine = worker_of(route, ledger)
    carry_absences(mine, compared=False)
    assert (mine.summary.acts, len(list(ledger.work.in_state(route.name, "absent")))) == ({}, 1)
    other.work.give_back()
    assert passed(route, ledger) == {"to-dicom retracted": 1}


# -- a worker that ends ----------------------------------------------------------------------------------------------
def test_what_a_worker_that_dies_had_claimed_is_free_and_nobodys_fault(
    tmp_path: Path, route: Route, ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        put(tmp_path, observation(f"o{number:02}", number))
    monkeypatch.setattr(worker, "BATCH", 5)
    has_died = threading.Event()

    def claimed(_: str) -> None:
        if threading.current_thread() is threading.main_thread():
            assert has_died.wait(60)  # it does not do all by itself
        elif not has_died.is_set():
            has_died.set()
            raise LedgerError("ledger: away")

    monkeypatch.setattr(worker, "failpoint", claimed)
    with pytest.raises(LedgerError, match="away"):
        once([route], ledger, MAPPING, workers=2)
    left = 30 - len(instances(tmp_path))
    monkeypatch.setattr(worker, "BATCH", 100)
    works = other.work.claim(route.name, route.fhir.name, 100)
    assert (len(works), {work.crashes for work in works} - {0}) == (left, set())
    other.work.give_back()
    passed(route, ledger)
    assert len(instances(tmp_path)) == 30
    assert get(tmp_path, "Observation/o00")["status"] == "final"
