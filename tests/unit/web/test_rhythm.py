"""When the next pass is made."""

from __future__ import annotations

import time
from math import inf
from pathlib import Path
from typing import Any

import pytest

from bridge.stores.breaker import Outage
from bridge.stores.folder import ResourceFolder
from bridge.sync.summary import Summary
from bridge.web.rhythm import Rhythm


class _Away(ResourceFolder):
    """That is asked again in so many seconds."""

    seconds = 0.0

    def outage(self) -> Outage:
        return Outage("no connection", 1, time.monotonic() + self.seconds)


def until_next(tmp_path: Path, *seconds: float) -> float:
    stores = [_Away(f"store-{number}", tmp_path) for number in range(len(seconds))]
    for store, wait in zip(stores, seconds, strict=True):
        store.seconds = wait
    return Rhythm(30.0, 3600.0, stores).until_next()


def test_a_server_that_is_down_is_asked_when_its_time_has_come(tmp_path: Path) -> None:
    assert until_next(tmp_path) == 30
    assert 9 < until_next(tmp_path, 10, 20) <= 10
    assert until_next(tmp_path, 3600) == 30


def test_of_paused_routes_nothing_is_asked_and_passes_do_not_spin(tmp_path: Path) -> None:
    assert until_next(tmp_path, -5) == 30


def rests(interval: float, seconds: float, more_in: float = inf) -> tuple[float, float]:
    """Seconds to the next pass, and to one that somebody calls for, after one in which an archive took so long."""
    rhythm, begun = Rhythm(interval, 3600.0), time.monotonic()
    rhythm.end(Summary(listening={"pacs": seconds}), compared=False, begun=begun - seconds)
    return rhythm.until_next(more_in), rhythm.until_called(begun - seconds)


def near(*seconds: float) -> Any:
    return pytest.approx(seconds, abs=0.01)


def test_stores_that_take_long_to_say_what_is_new_are_asked_more_seldom() -> None:
    assert [rests(2.0, seconds)[0] for seconds in (0, 0.1, 1, 60)] == near(2, 2, 9, 30)
    assert rests(300.0, 60)[0] == 300


def test_what_settles_is_due_at_its_time_and_servers_are_left_alone_all_the_same() -> None:
    assert [rests(2.0, seconds, 0.7)[0] for seconds in (0, 0.01, 0.1, 1)] == near(0.7, 0.7, 0.9, 9)
    assert rests(2.0, 0, 60)[0] == 2


def test_calls_make_no_more_passes_than_the_stores_can_bear() -> None:
    assert [rests(2.0, seconds)[1] for seconds in (0, 0.02, 1, 60)] == near(0.25, 0.23, 9, 30)
    rhythm = Rhythm(2.0, 3600.0)
    for _ in range(3):
        rhythm.count(broken=True)
    assert rhythm.until_called(time.monotonic()) == rhythm.until_next() == 8


def after_a_comparison(interval: float, **listening: float) -> Rhythm:
    rhythm = Rhythm(interval, 3600.0, (), {"ehr"})
    assert rhythm.begin() == (True, set())
    rhythm.end(Summary(listening=listening), compared=True, begun=time.monotonic())
    return rhythm


def test_a_fhir_server_that_takes_long_keeps_nobody_from_the_archive() -> None:
    rhythm = after_a_comparison(2.0, ehr=0.5, pacs=0.01)
    assert [rhythm.until_next(), rhythm.until_called(time.monotonic())] == near(2, 0.25)
    assert rhythm.begin() == (False, {"ehr"})
    assert after_a_comparison(2.0, ehr=0, pacs=0.5).begin() == (False, set()), "nothing is done without the archive"


def test_who_was_passed_over_is_asked_when_he_has_rested() -> None:
    rhythm = after_a_comparison(300.0, ehr=0.02, pacs=0)
    assert rhythm.until_next() == 300
    assert rhythm.begin() == (False, {"ehr"})
    assert [rhythm.until_next()] == near(0.2)
    time.sleep(0.2)  # he has rested before that pass is over
    assert rhythm.until_next() == 0
    assert rhythm.begin() == (False, set())
    assert rhythm.until_next() == 300
