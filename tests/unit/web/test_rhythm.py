"""When the next pass is made."""

from __future__ import annotations

import time
from pathlib import Path

from bridge.stores.breaker import Outage
from bridge.stores.folder import ResourceFolder
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


def test_stores_that_take_long_to_say_what_is_new_are_asked_more_seldom() -> None:
    rhythm = Rhythm(2.0, 3600.0)
    assert [rhythm.until_next(listening) for listening in (0, 0.1, 1, 60)] == [2, 2, 9, 30]
    assert Rhythm(300.0, 3600.0).until_next(60) == 300


def test_what_settles_is_due_at_its_time_and_servers_are_left_alone_all_the_same() -> None:
    rhythm = Rhythm(2.0, 3600.0)
    assert [rhythm.until_next(listening, 0.7) for listening in (0, 0.01, 0.1, 1)] == [0.7, 0.7, 0.9, 9]
    assert rhythm.until_next(0, 60) == 2


def test_calls_make_no_more_passes_than_the_stores_can_bear() -> None:
    rhythm = Rhythm(2.0, 3600.0)
    assert [rhythm.shortest(listening) for listening in (0, 0.02, 1, 60)] == [0.25, 0.27, 10, 90]
    for _ in range(3):
        rhythm.count(broken=True)
    assert rhythm.shortest(0) == 8
