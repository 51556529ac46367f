"""When the next pass is made."""

from __future__ import annotations

import time
from pathlib import Path

from structlog.testing import capture_logs

from bridge.errors import LedgerError
from bridge.ledger.ledger import Ledger
from bridge.stores.breaker import Outage
from bridge.stores.folder import ResourceFolder
from bridge.sync.summary import Summary
from bridge.web.passes import Passes


class _Away(ResourceFolder):
    """That is asked again in so many seconds."""

    seconds = 0.0

    def outage(self) -> Outage:  # type: ignore[override]
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


def test_a_fault_that_stays_is_said_once(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    passes = Passes(lambda **_: Summary(), ledger, 2.0, 3600.0)
    with capture_logs() as said:
        for faults in (["pacs: down"], ["pacs: down", "ehr: down"], ["ehr: down"], [], ["pacs: down"]):
            passes._say(faults)
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
