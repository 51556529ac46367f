"""One pass after the other, and what is said of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import LedgerError
from bridge.ledger.ledger import Ledger
from bridge.sync.summary import Summary
from bridge.web.health import _reasons
from bridge.web.passes import Passes
from bridge.web.rhythm import BREATH, Rhythm
from tests.servers.service import until


def comparisons(tmp_path: Path, summaries: Sequence[Summary], **how: Any) -> list[bool]:
    """Of passes one after the other, within one period: whether both stores were compared."""
    said = list(summaries)
    made: list[bool] = []

    def once(*, reconciling: bool, **_: object) -> Summary:
        made.append(reconciling)
        return said.pop(0)

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(once, ledger, Rhythm(2.0, 3600.0), **how)
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
    monkeypatch.setattr("bridge.web.rhythm._SOON", 0.0)
    assert comparisons(tmp_path, failed) == [True, True, False]


def test_one_that_a_pause_missed_is_made_when_the_route_goes_on(tmp_path: Path) -> None:
    paused = Summary(paused={"ehr-pacs"})
    assert comparisons(tmp_path, [paused, paused, Summary(), Summary(), Summary()]) == [True, False, False, True, False]


def test_a_server_that_takes_long_is_not_asked_by_each_pass_and_a_comparison_asks_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def once(*, resting: set[str], **_: object) -> Summary:
        asked.append({"ehr", "pacs"} - set(resting))
        return Summary(listening=dict.fromkeys(asked[-1], 3.0))

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(once, ledger, Rhythm(2.0, 3600.0, (), {"ehr"}))
    for _ in range(2):
        passes._pass()
    monkeypatch.setattr(passes._rhythm, "_comparison", 0.0)
    passes._pass()
    assert asked == [{"ehr", "pacs"}, {"pacs"}, {"ehr", "pacs"}]
    ledger.close()


def test_an_audit_head_that_cannot_be_written_is_a_fault_and_no_broken_pass(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    ledger.operations.retry("a person")  # an entry of the trail
    passes = Passes(
        lambda **_: Summary(faults=["pacs: down"]), ledger, Rhythm(2.0, 3600.0), heads=tmp_path / "no" / "heads"
    )
    assert ledger.audit.head() is not None
    summary, broken = passes._pass()
    assert (summary.faults[0], summary.faults[1].partition(":")[0], broken) == ("pacs: down", "audit_heads", False)
    ledger.close()


def test_passes_go_on_when_the_ledger_is_away_at_whatever_moment(tmp_path: Path) -> None:
    def away() -> float:
        raise LedgerError("ledger: is its server away?")

    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, Rhythm(0.01, 3600.0))
    passes.ledger.now = away
    passes.start()
    end = time.monotonic() + 30
    while passes.report()["made"] < 3:
        assert time.monotonic() < end and passes.report()["alive"]
        time.sleep(0.01)
    passes.stop()


def test_a_fault_that_stays_is_said_once(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, Rhythm(2.0, 3600.0))
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
    passes = Passes(broken, ledger, Rhythm(0.01, 3600.0))
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

    passes = Passes(once, ledger, Rhythm(2.0, 3600.0))
    assert passes.report()["ledger"]
    passes._run()
    reasons = _reasons(passes.report() | {"alive": True})
    assert (reasons == []) is ready and all("ledger" in one for one in reasons)
    ledger.close()


def test_what_is_called_during_a_pass_is_one_more_pass(tmp_path: Path) -> None:
    """It may have looked already; and a burst is one."""
    made: list[float] = []

    def once(**_: object) -> Summary:
        made.append(time.monotonic())
        if len(made) == 1:
            for _each in range(100):
                passes.wake()
        return Summary()

    passes = Passes(once, Ledger(f"sqlite:///{tmp_path}/bridge.db"), Rhythm(3600.0, 3600.0))
    passes.start()
    until(lambda: len(made) == 2)
    time.sleep(0.5)
    assert len(made) == 2
    begun = time.monotonic()
    passes.wake()
    until(lambda: len(made) == 3)
    assert made[2] - begun >= BREATH > 0, "what is called in a burst is one pass"
    passes.stop()
