"""What is not written, or not believed, before all was heard that the other side has to say. Two folder stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import PermanentError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.ledger.work_item import State
from bridge.sync.basis.hands import is_mine
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import take_instances, take_resources
from bridge.sync.run import once
from bridge.sync.summary import Summary
from tests.folders import MAPPING, done, passed, route_of
from tests.images import ct, put_in
from tests.integration.test_sync_edges import heads, observation, predecessors, store
from tests.integration.test_sync_folders import instances, put


class Clock:
    """Seconds since the epoch, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def route(tmp_path: Path) -> Route:
    return route_of(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db", clock)
    yield found
    found.close()


def one_pass(route: Route, ledger: Ledger, **how: Any) -> Summary:
    return once([route], ledger, MAPPING, **how)


# -- a FHIR server that rests -----------------------------------------------------------------------------------------
def test_while_a_fhir_server_rests_the_news_of_the_archive_cross(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what it has said before: a report may have been sent after its result."""
    put(tmp_path, observation("before", 1))
    take_resources(route, ledger)
    put(tmp_path, observation("meanwhile", 2))
    store(tmp_path, "2.25.71", "a finding")
    with monkeypatch.context() as patched:
        patched.setattr(route.fhir, "changes", pytest.fail)
        summary = one_pass(route, ledger, resting={route.fhir.name})
    assert (summary.faults, done(summary)) == ([], {"to-fhir created": 1})
    assert summary.listening.keys() == {route.dicom.name}
    assert done(one_pass(route, ledger)) == {"to-dicom created": 2}


# -- a PACS that was not heard ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("workers", [1, 3])
def test_nothing_is_written_into_a_pacs_whose_news_could_not_be_read(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """What it has to say may be just that; what was owed before it failed is owed still."""
    for number in range(30):
        put(tmp_path, observation(f"o{number}", number))

    def away(_: str | None) -> Iterator[Any]:
        raise TemporaryError("dicom: GET /changes: no connection")

    changes = route.dicom.changes
    for _ in range(2):
        monkeypatch.setattr(route.dicom, "changes", away)
        summary = one_pass(route, ledger, workers=workers)
        assert (summary.faults, done(summary)) == (["dicom: GET /changes: no connection"], {})
        assert (instances(tmp_path), ledger.status()["owed"]) == ({}, 30)
    monkeypatch.setattr(route.dicom, "changes", changes)
    assert passed(route, ledger, workers=workers) == {"to-dicom created": 30}


# -- a ledger that was lost, and an instance that cannot be read ------------------------------------------------------
@pytest.fixture
def unreadable(route: Route, monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    """By the end of a key: what reading it ends in."""
    found: dict[str, Exception] = {}
    read = route.dicom.read

    def tried(keys: Sequence[str]) -> Any:
        for end, error in found.items():
            if any(key.endswith(end) for key in keys):
                raise error
        return read(keys)

    monkeypatch.setattr(route.dicom, "read", tried)
    return found


@pytest.fixture
def lost(tmp_path: Path, ledger: Ledger, clock: Clock) -> Iterator[Callable[[], Ledger]]:
    made: list[Ledger] = []

    def lose() -> Ledger:
        (made or [ledger])[-1].close()
        for file in tmp_path.glob("bridge.db*"):
            file.unlink()
        made.append(Ledger(f"sqlite:///{tmp_path}/bridge.db", clock))
        return made[-1]

    yield lose
    for one in made:
        one.close()


BUSY = TemporaryError("dicom: 503")


def test_a_new_sr_waits_for_an_instance_that_cannot_be_read_yet(
    tmp_path: Path, route: Route, ledger: Ledger, lost: Callable[[], Ledger], unreadable: dict[str, Exception],
    clock: Clock,
) -> None:  # fmt: skip
    """The resource was edited while the ledger was away: its new SR would name no predecessor."""
    put(tmp_path, observation("a", 1))
    passed(route, ledger)
    (uid,) = instances(tmp_path)
    ledger = lost()
    put(tmp_path, observation("a", 2))
    put(tmp_path, observation("b", 3))
    unreadable[uid] = BUSY
    assert one_pass(route, ledger).faults == [f"owed: {route.name}: dicom: {key_of(route, uid)}: dicom: 503"]
    assert passed(route, ledger) == {}  # it is not tried again yet
    assert list(instances(tmp_path)) == [uid]
    status = ledger.status()
    assert {one["reason"] for one in status["reasons"] if one["store"] == "fhir"} == {
        f"dicom: {key_of(route, uid)} cannot be read yet, and may be its SR"
    }
    assert (status["owed"], status["dead"], status["held"]) == (3, 0, 0)
    unreadable.clear()
    clock.now += 10
    assert passed(route, ledger) == {"to-dicom updated": 1, "to-dicom created": 1}
    assert {tuple(predecessors(one)) for one in heads(tmp_path)} == {(uid,), ()}
    assert len(instances(tmp_path)) == 3
    assert ledger.status()["owed"] == 0


def test_so_does_a_version_of_a_document_of_which_one_cannot_be_read_yet(
    tmp_path: Path, route: Route, ledger: Ledger, lost: Callable[[], Ledger], unreadable: dict[str, Exception],
    clock: Clock,
) -> None:  # fmt: skip
    """The link that the first version gives says nothing of what both sides agree on: two would follow the same one."""
    put(tmp_path, observation("a", 1))
    passed(route, ledger)
    put(tmp_path, observation("a", 2))
    passed(route, ledger)
    (newest,) = [str(one.SOPInstanceUID) for one in heads(tmp_path)]
    ledger = lost()
    put(tmp_path, observation("a", 3))
    unreadable[newest] = BUSY
    one_pass(route, ledger)
    assert len(instances(tmp_path)) == 2
    unreadable.clear()
    clock.now += 10
    assert passed(route, ledger) == {"to-dicom updated": 1}
    assert [predecessors(one) for one in heads(tmp_path)] == [[newest]]


def test_what_is_in_step_waits_for_nobody(
    tmp_path: Path, route: Route, ledger: Ledger, unreadable: dict[str, Exception]
) -> None:
    put(tmp_path, observation("a", 1))
    passed(route, ledger)
    store(tmp_path, "2.25.61", "new")
    unreadable["2.25.61"] = BUSY
    put(tmp_path, observation("a", 2))
    put(tmp_path, observation("b", 3))
    summary = one_pass(route, ledger)
    assert (done(summary), len(summary.faults)) == ({"to-dicom updated": 1}, 1)


def test_nor_for_an_instance_that_was_read_before(
    tmp_path: Path, route: Route, ledger: Ledger, unreadable: dict[str, Exception]
) -> None:
    store(tmp_path, "2.25.61", "old")
    passed(route, ledger)
    store(tmp_path, "2.25.61", "altered")
    unreadable["2.25.61"] = BUSY
    put(tmp_path, observation("b", 3))
    assert done(one_pass(route, ledger)) == {"to-dicom created": 1}


@pytest.mark.parametrize(
    ("error", "state"), [(PermanentError("dicom: damaged"), "dead"), (Held("a person decides"), "held")]
)
def test_nor_for_what_a_person_sees(
    tmp_path: Path, route: Route, ledger: Ledger, unreadable: dict[str, Exception], clock: Clock,
    error: Exception, state: str,
) -> None:  # fmt: skip
    """What waited for it meanwhile is looked at again by and by."""
    store(tmp_path, "2.25.61", "new")
    unreadable["2.25.61"] = BUSY
    put(tmp_path, observation("a", 1))
    assert done(one_pass(route, ledger)) == {}
    unreadable["2.25.61"] = error
    clock.now += 10
    one_pass(route, ledger)
    put(tmp_path, observation("b", 1))
    assert done(one_pass(route, ledger)) == {"to-dicom created": 1}
    assert ledger.status()[state] == 1
    clock.now += 300
    assert done(one_pass(route, ledger)) == {"to-dicom created": 1}


def test_an_amendment_waits_for_the_version_before_it_until_that_is_dropped(
    tmp_path: Path, route: Route, ledger: Ledger, clock: Clock, unreadable: dict[str, Exception]
) -> None:
    """Who drops the dead letter of a version says that the next one does without it."""
    unreadable["2.25.71"] = PermanentError("dicom: damaged")
    store(tmp_path, "2.25.71", "first")
    store(tmp_path, "2.25.72", "second", "2.25.71")
    for _ in range(2):
        assert done(one_pass(route, ledger)) == {}
        clock.now += 7200
    assert ledger.operations.prune(clock.now, "tests", lambda _: None) == 1
    assert passed(route, ledger) == {"to-fhir created": 1}
    unreadable.clear()
    assert passed(route, ledger) == {}


@pytest.mark.parametrize(("state", "crashes"), [("waiting", 0), ("owed", 2)], ids=["read", "deadly"])
def test_nor_for_what_was_read_and_waits_itself_or_ends_whoever_reads_it(
    tmp_path: Path, route: Route, ledger: Ledger, state: State, crashes: int
) -> None:
    store(tmp_path, "2.25.61", "new")
    take_instances(route, ledger)
    for _ in range(crashes):
        dead = ledger.another()
        assert len(dead.work.claim(route.name, route.dicom.name, 1)) == 1
        dead.leases.close()
        ledger.work.reap(ledger.leases.is_alive)
    (work,) = ledger.work.claim(route.name, route.dicom.name, 1)
    ledger.work.put_off(work, state, "because", 100)
    put(tmp_path, observation("a", 1))
    assert passed(route, ledger) == {"to-dicom created": 1}


def test_nor_for_a_study_that_could_not_be_listed(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no document."""

    def away(_: str) -> None:
        raise BUSY

    put_in(tmp_path / "data" / "dicom", ct(1))
    monkeypatch.setattr(route.dicom, "study", away)
    put(tmp_path, observation("a", 1))
    summary = one_pass(route, ledger)
    assert (done(summary), len(summary.faults)) == ({"to-dicom created": 1}, 1)


def key_of(route: Route, uid: str) -> str:
    (key,) = [one.key for one in route.dicom.listing() if one.key.endswith(f"/{uid}")]
    return key


# -- a comparison -----------------------------------------------------------------------------------------------------
@pytest.fixture
def doubted(tmp_path: Path, route: Route, ledger: Ledger) -> Ledger:
    """In step, with stores that a person was asked about."""
    for name in ("a", "b"):
        put(tmp_path, observation(name, 1))
    passed(route, ledger)
    ledger.feeds.begin_again(route.name, route.dicom.name)
    return ledger


def test_a_store_is_trusted_again_when_all_was_compared_and_nothing_is_missing(route: Route, doubted: Ledger) -> None:
    passed(route, doubted)
    assert doubted.feeds.is_doubted(route.name)
    passed(route, doubted, reconciling=True)
    assert not doubted.feeds.is_doubted(route.name)


def test_a_comparison_that_another_process_makes_is_none_of_this_pass(route: Route, doubted: Ledger) -> None:
    other = doubted.another()
    assert is_mine(route, other, "reconcile")
    passed(route, doubted, reconciling=True)
    assert doubted.feeds.is_doubted(route.name)
    other.leave()
    passed(route, doubted, reconciling=True)
    assert not doubted.feeds.is_doubted(route.name)


def test_nor_is_one_that_a_stop_came_before(route: Route, doubted: Ledger) -> None:
    once([route], doubted, MAPPING, reconciling=True, stopped=lambda: True)
    assert doubted.feeds.is_doubted(route.name)


@pytest.mark.parametrize("state", ["owed", "waiting"])
def test_what_is_put_off_may_be_missing(tmp_path: Path, route: Route, doubted: Ledger, state: State) -> None:
    """It was owed before, and is not suspected anew before it was looked at."""
    (key, *_) = [one.key for one in route.dicom.listing()]
    (tmp_path / "data" / "dicom" / f"{key}.dcm").unlink()
    doubted.work.owe(route.name, route.dicom.name, key)
    (work,) = doubted.work.claim(route.name, route.dicom.name, 1)
    doubted.work.put_off(work, state, "503", 100)
    passed(route, doubted, reconciling=True)
    assert doubted.feeds.is_doubted(route.name)
    doubted.work.owe(route.name, route.dicom.name, key)
    (fault,) = one_pass(route, doubted, reconciling=True).faults
    assert "lacks 1 that were there" in fault
