"""What becomes of work whose task succeeded or failed: done, or put off in a state that says who has to act."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from bridge.errors import LedgerError, OutageError, PermanentError, RefusedError, TemporaryError, WithheldError, defect
from bridge.ledger.ledger import Ledger
from bridge.ledger.plan import Planned
from bridge.ledger.work_item import State, Work
from bridge.sync.basis.held import Absent, Busy, Held, Several, Waiting
from bridge.sync.basis.route import Route
from bridge.sync.stuck import progressed
from bridge.sync.summary import Summary

ENOUGH = 5  # temporary errors in a row, of servers that answer, after which a worker ends its pass
LAST_WAIT = 300.0  # seconds: the longest wait between two tries
LAST_TRY = 300  # tries of one item before it is dead: more than a day
_CRASHES = 8  # workers that may die with one item in hand before it is dead
_CIRCLE = 32  # times that one item may wait and be woken in a pass: beyond, what it waits for waits for it


class Outcomes:
    """Of the work of one worker."""

    def __init__(self, route: Route, ledger: Ledger, summary: Summary) -> None:
        self.route, self.ledger, self.summary = route, ledger, summary
        self.failed = 0  # temporary errors in a row
        self.outage = False  # a server is down
        self.busy = False  # something was in other hands
        self._waits = Counter[str]()

    def of(self, works: Sequence[Work], task: Callable[[], None], again: State = "owed") -> bool:
        """Runs the task, and records the result for all the `works` that it settles: they are done, or put off in the
        state that its exception stands for. `again`: the state for what can be tried again. Returns False where another
        worker has them in hand. Raises only LedgerError: without its ledger a worker can do nothing."""
        try:
            if any(work.crashes >= _CRASHES for work in works):
                raise PermanentError(f"{_CRASHES} workers ended with it in hand: it is too large, or we have a defect")
            task()
        except LedgerError:
            raise
        except Several as several:
            return self._several(works, again, several)
        except Exception as error:  # noqa: BLE001 - one poisonous document must not stop the others
            return self._failed(works, again, error)
        else:
            self.failed = 0
            self._done(works)
        finally:
            progressed()
        return True

    def _several(self, works: Sequence[Work], again: State, several: Several) -> bool:
        """Gives each item the result of the groups that it belongs to: one may wait while another is dead."""
        progress = False
        left = list(works)
        for failure in sorted(several.failures, key=lambda one: _rank(one.error)):
            some = [work for work in left if work.key in failure.keys]
            left = [work for work in left if work.key not in failure.keys]
            if isinstance(failure.error, Planned):
                self.summary.plan(str(failure.error))
            elif not any(work.key in failure.keys for work in works):  # a neighbour had news: it is tried for itself
                self.ledger.work.owe_unless_known(self.route.name, works[0].store, failure.root)
            if some:
                progress |= self._failed(some, again, failure.error)
        if several.absent is not None:
            self._absent(works[0].store, left, several.absent)
        else:
            self._done(left)
        return progress or bool(left)

    def _failed(self, works: Sequence[Work], again: State, error: Exception) -> bool:
        """Returns False where another worker has them in hand."""
        match error:
            case Busy():
                self.in_other_hands(works, again)
                return False
            case Planned():
                self.summary.plan(str(error))
                self.ledger.work.give_back(*works)
            case Absent():
                self._absent(works[0].store, works, error)
            case Waiting():
                self._waiting(works, again, error)
            case Held():
                self._put_off(works, "held", error)
            case OutageError():
                self._outage(works, again, error)
            case WithheldError():  # of a server that is well: not counted, or many such would end every pass
                self._try_again(works, again, error)
            case TemporaryError():
                self.failed += 1
                self._try_again(works, again, error)
            case PermanentError() | UnicodeError():
                self._put_off(works, "dead", error)
            case _:
                self._put_off(works, "dead", defect(error))
        return True

    def _done(self, works: Sequence[Work]) -> None:
        """In a dry run they stay owed, because nothing was agreed on."""
        if not works:
            return
        if self.ledger.dry:
            self.ledger.work.give_back(*works)
        else:
            self.ledger.work.done(*works)

    def in_other_hands(self, works: Sequence[Work], again: State = "owed") -> None:
        self.busy = True
        for work in works:
            self.ledger.work.put_off(work, again, None)

    def _outage(self, works: Sequence[Work], again: State, error: OutageError) -> None:
        """Leaves all that was claimed owed as it was: the next pass asks whether the server is there again. The item
        that met the outage goes to the end of the queue, because it may be what brought the server down."""
        self.outage = True
        for work in works:
            self.ledger.work.put_off(work, again, None)
        self.ledger.work.give_back()
        self.summary.fault(str(error))

    def _try_again(self, works: Sequence[Work], again: State, error: TemporaryError) -> None:
        tries = works[0].attempts + 1
        if tries >= LAST_TRY and not isinstance(error, RefusedError):
            self._put_off(works, "dead", PermanentError(f"{error}; given up after {tries} tries"))
        else:
            self._put_off(works, again, error, max(error.wait, _backoff(tries)))

    def _waiting(self, works: Sequence[Work], again: State, error: Waiting) -> None:
        state: State = "waiting" if again == "owed" else again  # what it waits for wakes it
        for work in works:
            self._waits[work.key] += 1
        if any(self._waits[work.key] > _CIRCLE for work in works):  # a circle: later, and not for ever
            self._try_again(works, again, TemporaryError(f"{error}; {_CIRCLE} times in this pass"))
            return
        self._leave(works, state, str(error), LAST_WAIT, awaits=error.on)

    def _absent(self, store: str, works: Sequence[Work], error: Absent) -> None:
        for work in works:
            if work.key in error.keys:
                self.ledger.work.put_off(work, "absent", None, LAST_WAIT)
            elif work.key in error.waiting:
                self._leave([work], "waiting", None, LAST_WAIT)
            else:
                self._done([work])
        for key in error.keys - {work.key for work in works}:  # a neighbour showed it
            self.ledger.work.suspect(self.route.name, store, key)

    def _put_off(self, works: Sequence[Work], state: State, error: Exception, wait: float = 0) -> None:
        on = error.on if isinstance(error, Held) else None
        self._leave(works, state, str(error), wait, awaits=on, failed=True)
        self.summary.fault(f"{state}: {self.route.name}: {works[0].store}: {works[0].key}: {error}")

    def _leave(self, works: Sequence[Work], state: State, reason: str | None, wait: float, **how: Any) -> None:
        """Puts them off. A dry run leaves them as they were: it would not remember why, and nobody would look at them
        again."""
        if self.ledger.dry:
            self.ledger.work.give_back(*works)
            return
        for work in works:
            self.ledger.work.put_off(work, state, reason, wait, **how)


_RANKS = (Busy, TemporaryError, Waiting, Planned, Held)


def _rank(error: Exception) -> int:
    """Order in which failures are recorded: first what passes by itself, then what asks for a person, last what is
    dead. An item of two groups gets the first result, so it is looked at again as long as one of them will be."""
    return next((rank for rank, kind in enumerate(_RANKS) if isinstance(error, kind)), len(_RANKS))


def _backoff(tries: int) -> float:
    """Seconds, doubled with each try; random within a quarter, so that not all try at the same moment."""
    return min(LAST_WAIT, 2.0 ** min(tries, 10)) * random.uniform(0.75, 1.25)
