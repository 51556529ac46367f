"""Whether a server is down, or one call at fault: it is asked something that it answers whenever it is well. While it
is down nothing else is asked of it, for longer and longer.

Kept in memory: all routes and threads of a process share it, and another process finds out by one call of its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from bridge.errors import BridgeError, OutageError, TemporaryError

FIRST_WAIT, LAST_WAIT = 1.0, 60.0  # seconds; longer only where the server asks for it
Probe = Callable[[], None]
"""Asks the server. Raises BridgeError where it does not answer as it should."""


class Outage(NamedTuple):
    why: str
    tries: int  # that failed in a row
    until: float  # when it is asked again; monotonic seconds


def prolonged(before: Outage | None, error: BridgeError, now: float, jitter: float) -> Outage:
    """After one more try that failed."""
    tries = before.tries + 1 if before is not None else 1
    backoff = min(LAST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 10)) * jitter
    asked_for = error.wait if isinstance(error, TemporaryError) else 0.0
    return Outage(str(error), tries, now + max(backoff, asked_for))


class Breaker:
    """Of one server. One thread asks; the others wait for what it finds."""

    def __init__(self, name: str, probe: Probe) -> None:
        self._name, self._probe = name, probe
        self._asking = threading.Lock()
        self._outage: Outage | None = None

    def outage(self) -> Outage | None:
        """Why nothing is asked of it, and until when; None where it is well, as far as is known."""
        return self._outage

    def admit(self) -> None:
        """Before each call. Raises OutageError while it is down."""
        if self._outage is None:
            return
        with self._asking:
            if self._outage is not None and time.monotonic() >= self._outage.until:
                self._ask()
            self._refuse()

    def judge(self) -> None:
        """After a call that failed. Raises OutageError where the server is down; else it is the call's own fault."""
        with self._asking:
            if self._outage is None:  # else another call has found out meanwhile
                self._ask()
            self._refuse()

    def _ask(self) -> None:
        try:
            self._probe()
        except BridgeError as error:
            self._outage = prolonged(self._outage, error, time.monotonic(), random.uniform(0.75, 1.25))
        else:
            self._outage = None

    def _refuse(self) -> None:
        if self._outage is not None:
            raise OutageError(f"{self._outage.why}; nothing else is asked of {self._name} until it answers")
