"""When the next pass is made, and which passes compare both stores in full."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf
from typing import Any

from bridge.stores.breaker import Outage
from bridge.stores.store import Store
from bridge.sync.summary import Summary

BREATH = 0.05  # seconds from a call to its pass: what is called in a burst is one pass
_LEAST = 0.25  # seconds from one pass to the next, however often somebody calls
_SOON = 300.0  # seconds until a comparison that failed is made again
_RESTS, _LONGEST_REST = 9, 30.0  # times as long as it took to hear what is new, and seconds
_MOST_BROKEN = 10  # a longer rest than of so many is none


class Rhythm:
    """`interval` seconds after one another, `reconcile` seconds between those that compare. The first does: nobody
    knows what happened before it. `stores`: whose outages end at their time."""

    def __init__(self, interval: float, reconcile: float, stores: Sequence[Store[Any]] = ()) -> None:
        self._interval, self._reconcile, self._stores = interval, reconcile, stores
        self._comparison = -inf  # moment of the next one
        self._missed: set[str] = set()  # routes that were paused when the last one was made
        self._paused: set[str] = set()  # and in the last pass
        self._broken = 0  # passes, one after the other

    def begin(self) -> bool:
        """A pass begins: whether it compares."""
        now = time.monotonic()
        comparing = now >= self._comparison or not self._missed <= self._paused
        if comparing:
            self._comparison = now + min(self._reconcile, _SOON)
        return comparing

    def end(self, summary: Summary, *, compared: bool, begun: float) -> None:
        """A pass has ended that did compare, or did not. `begun`: moment of its beginning."""
        if compared:
            self._comparison = begun + (self._reconcile if summary.compared else min(self._reconcile, _SOON))
            self._missed = summary.paused
        self._paused = summary.paused

    def count(self, *, broken: bool) -> None:
        self._broken = min(self._broken + 1, _MOST_BROKEN) if broken else 0

    def outages(self) -> dict[str, Outage]:
        """By its name, of each store of which nothing is asked for now."""
        found = ((store.name, store.outage()) for store in self._stores)
        return {name: outage for name, outage in found if outage is not None}

    def until_next(self, listening: float = 0, more_in: float = inf) -> float:
        """Seconds, after a pass that heard what is new within `listening` seconds. What is new and `more_in` so many
        seconds due does not wait for longer than that. A store that is down is asked again when its time has come;
        where it has come, and nobody asked, all its routes are paused."""
        rest = max(min(self._interval, more_in), self._rest(listening))
        left = [outage.until - time.monotonic() for outage in self.outages().values()]
        return min([rest, *(seconds for seconds in left if seconds > 0)])

    def shortest(self, listening: float) -> float:
        """Seconds from the beginning of one pass to that of the next, however often somebody calls."""
        return listening + max(_LEAST, self._rest(listening))

    def _rest(self, listening: float) -> float:
        """Seconds for which stores that take long to say what is new are left alone; so is a ledger that is away."""
        return min(2.0**self._broken if self._broken else _RESTS * listening, _LONGEST_REST)
