"""When the next pass is made, and which passes compare both stores in full."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from math import inf
from typing import Any

from bridge.stores.breaker import Outage
from bridge.stores.store import Store
from bridge.sync.summary import Summary

BREATH = 0.05  # seconds from a call to its pass: what is called in a burst is one pass
_LEAST = 0.25  # seconds from one pass to the next, however often somebody calls
_SOON = 300.0  # seconds until a comparison that failed is made again
_RESTS, _LONGEST_REST = 9, 30.0  # times as long as it took a store to say what is new, and seconds
_MOST_BROKEN = 10  # a longer rest than of so many is none


class Rhythm:
    """`interval` seconds after one another, `reconcile` seconds between those that compare. The first does: nobody
    knows what happened before it. `stores`: whose outages end at their time. `spared`: names of those that a pass need
    not ask what is new."""

    def __init__(
        self, interval: float, reconcile: float, stores: Sequence[Store[Any]] = (), spared: Collection[str] = ()
    ) -> None:
        self._interval, self._reconcile, self._stores, self._spared = interval, reconcile, stores, spared
        self._comparison = -inf  # moment of the next one
        self._missed: set[str] = set()  # routes that were paused when the last one was made
        self._paused: set[str] = set()  # and in the last pass
        self._broken = 0  # passes, one after the other
        self._rested: dict[str, float] = {}  # moment at which it is asked again, by store
        self._passed_over: set[str] = set()  # stores, by the last pass

    def begin(self) -> tuple[bool, set[str]]:
        """A pass begins: whether it compares, and which stores it passes over, for they took long to tell the news."""
        now = time.monotonic()
        comparing = now >= self._comparison or not self._missed <= self._paused
        if comparing:
            self._comparison = now + min(self._reconcile, _SOON)
        self._passed_over = set() if comparing else {name for name in self._spared if self._left_alone(name) > 0}
        return comparing, self._passed_over

    def end(self, summary: Summary, *, compared: bool, begun: float) -> None:
        """A pass has ended that did compare, or did not. `begun`: moment of its beginning."""
        if compared:
            self._comparison = begun + (self._reconcile if summary.compared else min(self._reconcile, _SOON))
            self._missed = summary.paused
        self._paused = summary.paused
        for name, seconds in summary.listening.items():
            self._rested[name] = begun + seconds + min(_RESTS * seconds, _LONGEST_REST)

    def count(self, *, broken: bool) -> None:
        self._broken = min(self._broken + 1, _MOST_BROKEN) if broken else 0

    def outages(self) -> dict[str, Outage]:
        """By its name, of each store of which nothing is asked for now."""
        found = ((store.name, store.outage()) for store in self._stores)
        return {name: outage for name, outage in found if outage is not None}

    def until_next(self, more_in: float = inf) -> float:
        """Seconds. What is new and `more_in` so many seconds due does not wait for longer than that; nor does a store
        that was passed over, once it has rested. A store that is down is asked again when its time has come;
        where it has come, and nobody asked, all its routes are paused."""
        rested = min(map(self._left_alone, self._passed_over), default=inf)
        rest = max(min(self._interval, more_in, rested), self._rest())
        left = [outage.until - time.monotonic() for outage in self.outages().values()]
        return min([rest, *(seconds for seconds in left if seconds > 0)])

    def until_called(self, begun: float) -> float:
        """Seconds, where somebody has called, after a pass that began at that moment."""
        return max(BREATH, begun + _LEAST - time.monotonic(), self._rest())

    def _rest(self) -> float:
        """Seconds for which the stores that every pass asks are left alone; so is a ledger that is away."""
        asked = [self._left_alone(name) for name in self._rested if name not in self._spared]
        return max(min(2.0**self._broken, _LONGEST_REST) if self._broken else 0.0, *asked, 0.0)

    def _left_alone(self, name: str) -> float:
        return self._rested.get(name, -inf) - time.monotonic()
