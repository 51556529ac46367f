"""One pass after the other, in a thread; a pass that fails is reported, and the next one comes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from bridge.errors import BridgeError
from bridge.ledger.ledger import Ledger
from bridge.mapping.mapping import Mapping
from bridge.sync.route import Route
from bridge.sync.run import once


class Passes:
    """`interval` seconds between passes, `reconcile` seconds between those that compare both stores in full. The first
    does: nobody knows what happened before it."""

    def __init__(
        self, routes: Sequence[Route], ledger: Ledger, mapping: Mapping, interval: float, reconcile: float
    ) -> None:
        self._routes, self._ledger, self._mapping = routes, ledger, mapping
        self._interval, self._reconcile = interval, reconcile
        self._compared: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="passes")
        self._report: dict[str, Any] = {"made": 0, "last": None, "faults": 0}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """After the pass that is under way."""
        self._stopped.set()
        self._thread.join()
        self._ledger.close()

    def report(self) -> dict[str, Any]:
        return dict(self._report)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                faults = once(self._routes, self._ledger, self._mapping, reconciling=self._is_due()).faults
            except Exception as error:  # noqa: BLE001 - a pass that breaks is said, and the next one comes
                faults = [str(error) if isinstance(error, BridgeError) else f"a pass broke: {type(error).__name__}"]
            for fault in faults:
                print(fault, file=sys.stderr, flush=True)
            self._report = {"made": self._report["made"] + 1, "last": self._ledger.now(), "faults": len(faults)}
            self._stopped.wait(self._interval)

    def _is_due(self) -> bool:
        now = time.monotonic()
        due = self._compared is None or now - self._compared >= self._reconcile
        self._compared = now if due else self._compared
        return due
