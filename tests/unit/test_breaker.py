"""When a server that is down is asked again, and by how many at once."""

from __future__ import annotations

import threading

import pytest

from bridge.errors import BridgeError, OutageError, PermanentError, TemporaryError
from bridge.stores import breaker
from bridge.stores.breaker import Breaker, Outage, prolonged


def waits(error: BridgeError, tries: int, jitter: float = 1.0) -> list[float]:
    found, outage = [], None
    for _ in range(tries):
        outage = prolonged(outage, error, 1000.0, jitter)
        found.append(outage.until - 1000.0)
    return found


def test_it_is_asked_later_and_later_but_every_minute() -> None:
    assert waits(TemporaryError("no connection"), 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_not_all_ask_at_the_same_moment() -> None:
    assert waits(PermanentError("answered 403"), 3, jitter=0.75) == [0.75, 1.5, 3]


def test_what_the_server_asks_for_is_waited_for() -> None:
    assert waits(TemporaryError("busy", 3600), 2) == [3600, 3600]
    assert waits(TemporaryError("busy", 3), 4) == [3, 3, 4, 8]


def test_it_counts_the_tries_and_keeps_the_newest_reason() -> None:
    first = prolonged(None, TemporaryError("no connection"), 0.0, 1.0)
    assert prolonged(first, TemporaryError("answered 503"), 5.0, 1.0) == Outage("answered 503", 2, 7.0)


class _Server:
    """Is asked by the breaker."""

    def __init__(self) -> None:
        self.down = True
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.down:
            raise TemporaryError("no connection")


def test_while_it_is_down_nothing_is_asked_of_it() -> None:
    server = _Server()
    made = Breaker("pacs", server)
    for attempt in (made.judge, made.admit, made.judge, made.admit):
        with pytest.raises(OutageError, match="no connection; nothing else is asked of pacs until it answers"):
            attempt()
    outage = made.outage()
    assert outage is not None and (server.asked, outage.why, outage.tries) == (1, "no connection", 1)


def test_the_first_call_after_the_wait_asks_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_WAIT", 0.0)
    server = _Server()
    made = Breaker("pacs", server)
    for attempt in (made.judge, made.admit):
        with pytest.raises(OutageError):
            attempt()
    server.down = False
    made.admit()
    made.admit()
    assert (server.asked, made.outage()) == (3, None)


def test_a_call_that_fails_of_a_server_that_answers_is_its_own_fault() -> None:
    server = _Server()
    server.down = False
    made = Breaker("pacs", server)
    made.judge()
    made.judge()
    made.admit()
    assert (server.asked, made.outage()) == (2, None)


def test_of_many_threads_one_asks() -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []
    refused: list[str] = []

    def slow() -> None:
        asked.append(threading.current_thread().name)
        begun.set()
        go_on.wait()
        raise TemporaryError("no answer in time")

    made = Breaker("pacs", slow)

    def call() -> None:
        with pytest.raises(OutageError):
            made.judge()
        refused.append(threading.current_thread().name)

    threads = [threading.Thread(target=call) for _ in range(8)]
    threads[0].start()
    begun.wait()
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(refused) == 8
    assert len(asked) == 1
