"""One pass after the other, in a thread; a pass that fails is reported, and the next one comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from bridge.errors import BridgeError, TemporaryError, UsageError
from bridge.ledger.audit import Head
from bridge.ledger.heads import check_heads, export_head
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.settings.settings import Settings
from bridge.sync.chosen import check_chosen
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from bridge.sync.summary import News, Summary
from bridge.web.meters import Meters
from bridge.web.rhythm import Rhythm
from bridge.web.unheard import Unheard, unheard_after

_LOG = structlog.stdlib.get_logger("bridge.sync")


class Passes:
    """By `once`, as `bridge.sync.run` has it, in that rhythm, sooner where `wake` is called. `heads`: file for those of
    the audit trail."""

    def __init__(
        self,
        once: Callable[..., Summary],
        ledger: Ledger,
        rhythm: Rhythm,
        meters: Meters | None = None,
        heads: Path | None = None,
    ) -> None:
        self._once, self.ledger, self._rhythm = once, ledger, rhythm
        self.meters = meters or Meters()
        self._heads = heads
        self._exported: Head | None = None
        self._ending, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="passes")
        self._said: frozenset[str] = frozenset()
        self._unheard: dict[News, Unheard] = {}
        self._report: dict[str, Any] = {
            "made": 0, "last": None, "faults": 0, "outside": 0, "broken": False, "ledger": True
        }  # fmt: skip

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
        return {name: outage.why for name, outage in self._rhythm.outages().items()}

    def unheard(self) -> list[Unheard]:
        """Whose news could not be taken in by the passes, of stores that are not down."""
        down = self.outages().keys()
        return [one for one in self._unheard.values() if down.isdisjoint(one.stores)]

    def _run(self) -> None:
        while not self._ending.is_set():
            self._woken.clear()
            begun = time.monotonic()
            summary, broken = self._pass()
            self.meters.made(summary, time.monotonic() - begun, broken=broken)
            self._say(summary)
            self._rhythm.count(broken=broken)
            self._unheard = unheard_after(self._unheard, summary, time.time())
            self._report = self._report_after(summary, broken=broken)
            if self._woken.wait(self._rhythm.until_next(summary.more_in)):
                self._ending.wait(self._rhythm.until_called(begun))

    def _report_after(self, summary: Summary, *, broken: bool) -> dict[str, Any]:
        return {
            "made": self._report["made"] + 1,
            "last": time.time(),  # by the clock here: the ledger may be away, and the passes go on
            "faults": len(summary.faults),
            "outside": self._report["outside"] + summary.outside,  # of all passes: each looks at what is new alone
            "broken": broken,
            "ledger": not any(one.startswith("ledger: ") for one in summary.faults),
        }

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
        comparing, resting = self._rhythm.begin()
        try:
            summary = self._once(reconciling=comparing, resting=resting, stopped=self._ending.is_set)
        except Exception as error:  # noqa: BLE001 - a pass that breaks is said, and the next one comes
            what = f"a pass broke: {error if isinstance(error, BridgeError) else type(error).__name__}"
            if what not in self._said:
                _LOG.error("a pass broke", exc_info=error)
            return Summary(faults=[what]), True
        self._rhythm.end(summary, compared=comparing, begun=begun)
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
    one, meters = (
        partial(once, routes, ledger, mapping, workers=workers),
        Meters(settings.places(), settings.certificates()),
    )
    rhythm = Rhythm(settings.interval, settings.reconcile, stores, {route.fhir.name for route in routes})
    return Passes(one, ledger, rhythm, meters, settings.audit_heads)
