"""Who is let in, and who has to go for it."""

from __future__ import annotations

from functools import partial

from bridge.web.crowd import Crowd, Waits


def crowd_of(*clients: str, of_all: int = 4, of_one: int = 2) -> tuple[Crowd, list[int]]:
    """Each with a connection, numbered from 0; and those that were ended."""
    crowd, ended = Crowd(of_all, of_one), list[int]()
    for file, client in enumerate(clients):
        assert crowd.enter(file, client, partial(ended.append, file))
    return crowd, ended


def wait(crowd: Crowd, file: int, waits: Waits) -> None:
    place = crowd.place(file)
    assert place is not None
    place.waits = lambda: waits


def test_one_client_too_many_loses_its_own_oldest() -> None:
    crowd, ended = crowd_of("a", "b", "a", "a")
    assert ended == [0] and crowd.place(0) is None and len(crowd) == 3


def test_where_all_are_too_many_the_one_with_the_most_loses() -> None:
    crowd, ended = crowd_of("b", "a", "a", "c", "d")
    assert ended == [1] and len(crowd) == 4


def test_who_has_said_nothing_goes_first() -> None:
    crowd, ended = crowd_of("a", "a")
    wait(crowd, 0, Waits.FOR_MORE)
    assert crowd.enter(2, "a", lambda: None) and ended == [1]


def test_what_we_have_in_hand_is_finished() -> None:
    crowd, ended = crowd_of("a", "a")
    for file in range(2):
        wait(crowd, file, Waits.FOR_US)
    assert not crowd.enter(2, "a", lambda: None) and ended == []
    assert crowd.enter(3, "b", lambda: None), "others come in"


def test_who_leaves_makes_room() -> None:
    crowd, ended = crowd_of("a", "a")
    crowd.leave(0)
    crowd.leave(0)
    assert crowd.enter(2, "a", lambda: None) and ended == [] and len(crowd) == 2


def test_memory_is_of_those_who_are_here() -> None:
    crowd = Crowd()
    for file in range(10_000):
        crowd.enter(file, str(file), lambda: None)
        crowd.leave(file)
    assert len(crowd) == 0 and not crowd._of
