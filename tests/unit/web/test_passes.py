"""When the next pass is made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import LedgerError
from bridge.ledger.ledger import Ledger
from bridge.stores.breaker import Outage
from bridge.stores.folder import ResourceFolder
from bridge.sync.summary import Summary
from bridge.web.health import _reasons
from bridge.web.passes import Passes


class _Away(ResourceFolder):
    """That is asked again in so many seconds."""

    seconds = 0.0

    def outage(self) -> Outage:
        return Outage("no connection", 1, time.monotonic() + self.seconds)


def until_next(tmp_path: Path, *seconds: float) -> float:
    stores = [_Away(f"store-{number}", tmp_path) for number in range(len(seconds))]
    for store, wait in zip(stores, seconds, strict=True):
        store.seconds = wait
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    try:
        return Passes(lambda **_: Summary(), ledger, 30.0, 3600.0, stores=stores)._until_next()
    finally:
        ledger.close()


def test_a_server_that_is_down_is_asked_when_its_time_has_come(tmp_path: Path) -> None:
    assert until_next(tmp_path) == 30
    assert 9 < until_next(tmp_path, 10, 20) <= 10
    assert until_next(tmp_path, 3600) == 30


def test_of_paused_routes_nothing_is_asked_and_passes_do_not_spin(tmp_path: Path) -> None:
    assert until_next(tmp_path, -5) == 30


def test_stores_that_take_long_to_say_what_is_new_are_asked_more_seldom(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 2.0, 3600.0)
    assert [passes._until_next(listening) for listening in (0, 0.1, 1, 60)] == [2, 2, 9, 30]
    patient = Passes(lambda **_: Summary(), ledger, 300.0, 3600.0)
    assert patient._until_next(60) == 300
    ledger.close()


def test_what_settles_is_due_at_its_time_and_servers_are_left_alone_all_the_same(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 2.0, 3600.0)
    assert [passes._until_next(listening, 0.7) for listening in (0, 0.01, 0.1, 1)] == [0.7, 0.7, 0.9, 9]
    assert passes._until_next(0, 60) == 2
    ledger.close()


def comparisons(tmp_path: Path, summaries: Sequence[Summary], **how: Any) -> list[bool]:
    """Of passes one after the other, within one period: whether both stores were compared."""
    said = list(summaries)
    made: list[bool] = []

    def once(*, reconciling: bool, **_: object) -> Summary:
        made.append(reconciling)
        return said.pop(0)

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(once, ledger, 2.0, 3600.0, **how)
    for _ in summaries:
        passes._pass()
    ledger.close()
    return made


def test_a_comparison_is_made_once_in_a_period(tmp_path: Path) -> None:
    assert comparisons(tmp_path, [Summary(), Summary(), Summary()]) == [True, False, False]


def test_one_that_failed_is_made_again_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not by every pass: it may have listed a large store before."""
    failed = [Summary(compared=False), Summary(), Summary()]
    assert comparisons(tmp_path, failed) == [True, False, False]
    monkeypatch.setattr("bridge.web.passes._SOON", 0.0)
    assert comparisons(tmp_path, failed) == [True, True, False]


def test_one_that_a_pause_missed_is_made_when_the_route_goes_on(tmp_path: Path) -> None:
    paused = Summary(paused={"ehr-pacs"})
    assert comparisons(tmp_path, [paused, paused, Summary(), Summary(), Summary()]) == [True, False, False, True, False]


def test_an_audit_head_that_cannot_be_written_is_a_fault_and_no_broken_pass(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    ledger.operations.retry("a person")  # an entry of the trail
    passes = Passes(lambda **_: Summary(faults=["pacs: down"]), ledger, 2.0, 3600.0, heads=tmp_path / "no" / "heads")
    assert ledger.audit.head() is not None
    summary, broken = passes._pass()
    assert (summary.faults[0], summary.faults[1].partition(":")[0], broken) == ("pacs: down", "audit_heads", False)
    ledger.close()


def test_passes_go_on_when_the_ledger_is_away_at_whatever_moment(tmp_path: Path) -> None:
    def away() -> float:
        raise LedgerError("ledger: is its server away?")

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 0.01, 3600.0)
    passes.ledger.now = away
    passes.start()
    end = time.monotonic() + 30
    while passes.report()["made"] < 3:
        assert time.monotonic() < end and passes.report()["alive"]
        time.sleep(0.01)
    passes.stop()


def test_calls_make_no_more_passes_than_the_stores_can_bear(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 2.0, 3600.0)
    assert [passes._shortest(listening) for listening in (0, 0.02, 1, 60)] == [0.25, 0.27, 10, 90]
    passes._broken = 3
    assert passes._shortest(0) == 8
    ledger.close()


def test_a_fault_that_stays_is_said_once(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 2.0, 3600.0)
    with capture_logs() as said:
        for faults in (["pacs: down"], ["pacs: down", "ehr: down"], ["ehr: down"], [], ["pacs: down"]):
            passes._say(Summary(faults=faults))
        for notices in (["pacs: a file"], ["pacs: a file"]):
            passes._say(Summary(notices=notices))
    assert said.pop() == {"what": "pacs: a file", "event": "notice", "log_level": "warning"}
    assert [entry["what"] for entry in said] == ["pacs: down", "ehr: down", "pacs: down"]
    ledger.close()


def test_a_pass_that_breaks_again_and_again_is_said_once_and_made_more_seldom(tmp_path: Path) -> None:
    def broken(**_: object) -> Summary:
        raise LedgerError("ledger: is its server away?")

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(broken, ledger, 0.01, 3600.0)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 7:
            passes._ending.set()
        return False

    passes._woken.wait = wait  # type: ignore[assignment,method-assign]
    with capture_logs() as said:
        passes._run()
    assert waits == [2, 4, 8, 16, 30, 30, 30]
    assert [entry["event"] for entry in said] == ["a pass broke", "fault"]
    ledger.close()


@pytest.mark.parametrize(
    ("fault", "ready"),
    [("ledger: its disk is full; make room", False), ("pacs: no connection; is the server up?", True)],
)
def test_who_cannot_write_down_what_was_done_is_not_ready(tmp_path: Path, fault: str, ready: bool) -> None:  # noqa: FBT001
    """Every pass does nothing, and says so; a store that is down is no fault of this service."""
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")

    def once(**_: object) -> Summary:
        passes._ending.set()  # after this one
        passes._woken.set()
        return Summary(faults=[fault])

    passes = Passes(once, ledger, 2.0, 3600.0)
    assert passes.report()["ledger"]
    passes._run()
    reasons = _reasons(passes.report() | {"alive": True})
    assert (reasons == []) is ready and all("ledger" in one for one in reasons)
    ledger.close()
