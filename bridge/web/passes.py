"""One pass after the other, in a thread; a pass that fails is reported, and the next one comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog

from bridge.errors import BridgeError
from bridge.ledger.ledger import Ledger
from bridge.mapping.mapping import Mapping
from bridge.sync.route import Route
from bridge.sync.run import Summary, once
from bridge.web.meters import Meters

_BREATH = 0.05  # seconds from a call to its pass: what is called in a burst is one pass
_LOG = structlog.stdlib.get_logger("bridge.sync")


class Passes:
    """`interval` seconds between passes, less where `wake` is called; `reconcile` seconds between those that compare
    both stores in full. The first does: nobody knows what happened before it."""

    def __init__(
        self,
        routes: Sequence[Route],
        ledger: Ledger,
        mapping: Mapping,
        interval: float,
        reconcile: float,
        meters: Meters | None = None,
    ) -> None:
        self.ledger = ledger
        self.ending = threading.Event()  # set by `stop`: a pass that looks at it ends after the documents in hand
        self._routes, self._mapping = routes, mapping
        self._interval, self._reconcile = interval, reconcile
        self._meters = meters or Meters()
        self._compared: float | None = None
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="passes")
        self._report: dict[str, Any] = {"made": 0, "last": None, "faults": 0, "broken": False}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """After the pass that is under way."""
        self.ending.set()
        self._woken.set()
        self._thread.join()
        self.ledger.close()

    def wake(self) -> None:
        """A pass is made now, or after the one under way, which may have looked already. Any number of calls is one."""
        self._woken.set()

    def report(self) -> dict[str, Any]:
        return self._report | {"alive": self._thread.is_alive()}

    def _run(self) -> None:
        while not self.ending.is_set():
            self._woken.clear()
            begun = time.monotonic()
            summary, broken = self._pass()
            self._meters.made(summary, time.monotonic() - begun, broken=broken)
            for fault in summary.faults:
                _LOG.warning("fault", what=fault)
            made, faults = self._report["made"] + 1, len(summary.faults)
            self._report = {"made": made, "last": self.ledger.now(), "faults": faults, "broken": broken}
            if self._woken.wait(self._interval):
                self.ending.wait(_BREATH)

    def _pass(self) -> tuple[Summary, bool]:
        """And whether it broke."""
        try:
            return once(self._routes, self.ledger, self._mapping, reconciling=self._is_due()), False
        except Exception as error:  # noqa: BLE001 - a pass that breaks is said, and the next one comes
            _LOG.error("a pass broke", exc_info=error)
            what = str(error) if isinstance(error, BridgeError) else type(error).__name__
            return Summary(faults=[f"a pass broke: {what}"]), True

    def _is_due(self) -> bool:
        now = time.monotonic()
        due = self._compared is None or now - self._compared >= self._reconcile
        self._compared = now if due else self._compared
        return due
