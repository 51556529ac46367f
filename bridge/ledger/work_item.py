"""One row of what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, bindparam, literal, true, tuple_

from bridge.ledger.tables import WORK

Turn = tuple[int, float, str]
State = Literal["owed", "waiting", "absent", "deleted", "held", "dead"]
"""`waiting` for the other side of its document, or until it is due; `absent`: it looks deleted; `deleted`: a person has
said that it was; `held` for a person to decide; `dead`: no further try will mend it."""
OPEN: tuple[State, ...] = ("owed", "waiting")
"""What a worker claims once it is due; the table has it as IS_OPEN, for its index."""
ASIDE: tuple[State, ...] = ("held", "dead")
"""What waits for a person."""


@dataclass(frozen=True, slots=True)
class Work:
    route: str
    store: str
    key: str
    generation: int
    attempts: int
    crashes: int  # of workers that had it in hand
    due: float  # seconds since the epoch

    @property
    def turn(self) -> Turn:
        """In the order in which work is claimed."""
        return self.crashes, self.due, self.key


COLUMNS = (WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.generation, WORK.c.attempts, WORK.c.crashes, WORK.c.due)
"""Of a Work, in its order."""
TURN = (WORK.c.crashes, WORK.c.due, WORK.c.key)
OF_STORE = (WORK.c.route == bindparam("of_route")) & (WORK.c.store == bindparam("of_store"))
_LONGEST = 7200.0  # seconds that anything is put off


def later_than(turn: Turn | None) -> ColumnElement[bool]:
    return tuple_(*TURN) > tuple_(*map(literal, turn)) if turn is not None else true()


def is_due(now: float) -> ColumnElement[bool]:
    """What is due later than anything can be, or owed since a moment to come, was put off before the clock was set
    back."""
    return (WORK.c.due <= now) | (WORK.c.due > now + _LONGEST) | (WORK.c.since > now)
