"""Where nothing is done any more, the process ends, as it would where the kernel kills it: what was in hand is tried
again, alone, and is a dead letter in the end. A thread cannot be ended from outside; whoever runs the service starts it
again."""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT = 1800.0  # seconds; the calls of one document have deadlines of their own, which together are far shorter
_OFTEN = 1.0  # seconds between two beginnings: each takes a thread of the system
_STDERR = 2  # whatever Python has made of it, or nothing
_watching = False
_begun = 0.0


@contextmanager
def watched() -> Iterator[None]:
    """Ends the process, and says on stderr where each thread was, once nothing has `progressed` for too long. By one
    thread of a process at a time."""
    global _watching
    _watching = True
    _begin()
    try:
        yield
    finally:
        _watching = False
        faulthandler.cancel_dump_traceback_later()


def progressed() -> None:
    """Something is done, or put off."""
    if time.monotonic() - _begun > _OFTEN:
        _begin()


def _begin() -> None:
    global _begun
    if _watching:
        _begun = time.monotonic()
        faulthandler.dump_traceback_later(LIMIT, file=_STDERR, exit=True)
