"""One pass after the other, in a thread; a pass that fails is reported, and the next one comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import structlog

from bridge.errors import BridgeError, TemporaryError, UsageError
from bridge.ledger.audit import Head
from bridge.ledger.heads import check_heads, export_head
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.settings.settings import Settings
from bridge.stores.breaker import Outage
from bridge.stores.store import Store
from bridge.sync.chosen import check_chosen
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from bridge.sync.summary import Summary
from bridge.web.meters import Meters

_BREATH = 0.05  # seconds from a call to its pass: what is called in a burst is one pass
_LEAST = 0.25  # seconds from one pass to the next, however often somebody calls
_SOON = 300.0  # seconds until a comparison that failed is made again
_RESTS, _LONGEST_REST = 9, 30.0  # times as long as it took to hear what is new, and seconds
_LOG = structlog.stdlib.get_logger("bridge.sync")


class Passes:
    """By `once`, as `bridge.sync.run` has it, `interval` seconds after one another, less where `wake` is called;
    `reconcile` seconds between those that compare both stores in full. The first does: nobody knows what happened
    before it. `heads`: file for those of the audit trail. `stores`: whose outages are shown."""

    def __init__(
        self,
        once: Callable[..., Summary],
        ledger: Ledger,
        interval: float,
        reconcile: float,
        meters: Meters | None = None,
        heads: Path | None = None,
        stores: Sequence[Store[Any]] = (),
    ) -> None:
        self.ledger = ledger
        self._stores = stores
        self._heads = heads
        self._exported: Head | None = None
        self._once = once
        self._interval, self._reconcile = interval, reconcile
        self.meters = meters or Meters()
        self._comparison = -inf  # moment of the next one
        self._missed: set[str] = set()  # routes that were paused when the last one was made
        self._paused: set[str] = set()  # and in the last pass
        self._ending, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="passes")
        self._said: frozenset[str] = frozenset()
        self._broken = 0  # passes, one after the other
        self._report: dict[str, Any] = {"made": 0, "last": None, "faults": 0, "broken": False, "ledger": True}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """After the documents that are in hand."""
        self._ending.set()
        self._woken.set()
        self._thread.join()
        self.ledger.close()

    def wake(self) -> None:
        """A pass is made now, or after the one under way, which may have looked already. Any number of calls is one."""
        self._woken.set()

    def report(self) -> dict[str, Any]:
        return self._report | {"alive": self._thread.is_alive()}

    def outages(self) -> dict[str, str]:
        """Why nothing is asked of a store for now, by its name."""
        return {name: outage.why for name, outage in self._outages().items()}

    def _outages(self) -> dict[str, Outage]:
        found = ((store.name, store.outage()) for store in self._stores)
        return {name: outage for name, outage in found if outage is not None}

    def _until_next(self, listening: float = 0, more_in: float = inf) -> float:
        """Seconds, after a pass that heard what is new within `listening` seconds. What is new and `more_in` so many
        seconds due does not wait for longer than that. A store that is down is asked again when its time has come;
        where it has come, and nobody asked, all its routes are paused."""
        rest = max(min(self._interval, more_in), self._rest(listening))
        left = [outage.until - time.monotonic() for outage in self._outages().values()]
        return min([rest, *(seconds for seconds in left if seconds > 0)])

    def _run(self) -> None:
        while not self._ending.is_set():
            self._woken.clear()
            begun = time.monotonic()
            summary, broken = self._pass()
            self.meters.made(summary, time.monotonic() - begun, broken=broken)
            self._say(summary)
            self._broken = min(self._broken + 1, 10) if broken else 0
            made, faults = self._report["made"] + 1, len(summary.faults)
            # by the clock here: the ledger may be away, and the passes go on
            full = any(one.startswith("ledger: ") for one in summary.faults)
            self._report = {"made": made, "last": time.time(), "faults": faults, "broken": broken, "ledger": not full}
            if self._woken.wait(self._until_next(summary.listening, summary.more_in)):
                rest = begun + self._shortest(summary.listening) - time.monotonic()
                self._ending.wait(max(_BREATH, rest))

    def _shortest(self, listening: float) -> float:
        """Seconds from the beginning of one pass to that of the next, however often somebody calls."""
        return listening + max(_LEAST, self._rest(listening))

    def _rest(self, listening: float) -> float:
        """Seconds for which stores that take long to say what is new are left alone; so is a ledger that is away."""
        return min(2.0**self._broken if self._broken else _RESTS * listening, _LONGEST_REST)

    def _say(self, summary: Summary) -> None:
        """Once: what the pass before said, too, is no news every other second."""
        for kind, said in (("fault", summary.faults), ("notice", summary.notices)):
            for one in said:
                if one not in self._said:
                    _LOG.warning(kind, what=one)
        self._said = frozenset((*summary.faults, *summary.notices))

    def _pass(self) -> tuple[Summary, bool]:
        """And whether it broke."""
        begun = time.monotonic()
        comparing = begun >= self._comparison or not self._missed <= self._paused
        if comparing:
            self._comparison = begun + min(self._reconcile, _SOON)
        try:
            summary = self._once(reconciling=comparing, stopped=self._ending.is_set)
        except Exception as error:  # noqa: BLE001 - a pass that breaks is said, and the next one comes
            what = f"a pass broke: {error if isinstance(error, BridgeError) else type(error).__name__}"
            if what not in self._said:
                _LOG.error("a pass broke", exc_info=error)
            return Summary(faults=[what]), True
        if comparing:
            self._comparison = begun + (self._reconcile if summary.compared else min(self._reconcile, _SOON))
            self._missed = summary.paused
        self._paused = summary.paused
        try:
            self._export()
        except TemporaryError as error:
            summary.fault(str(error))
        return summary, False

    def _export(self) -> None:
        """The newest head of the audit trail, where it is another. Raises TemporaryError."""
        head = self.ledger.audit.head() if self._heads is not None else None
        if self._heads is not None and head is not None and head != self._exported:
            export_head(self._heads, head)
            self._exported = head


def passes_of(settings: Settings, workers: int) -> Passes:
    """As configured. Raises UsageError, MappingError."""
    mapping = load(settings.mappings)
    routes = [replace(route, settle=settings.settle) for route in routes_of(settings)]
    stores = [store for route in routes for store in (route.fhir, route.dicom)]
    check_heads(settings.audit_heads)
    ledger = Ledger(settings.ledger)
    try:
        check_chosen(routes, ledger)
    except UsageError:
        ledger.close()
        raise
    one, meters = partial(once, routes, ledger, mapping, workers=workers), Meters(settings.places())
    return Passes(one, ledger, settings.interval, settings.reconcile, meters, settings.audit_heads, stores)
