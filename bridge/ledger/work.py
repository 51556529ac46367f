"""What is owed: one row for each item that has to be looked at again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bridge.ledger.database import Database, put
from bridge.ledger.tables import WORK


@dataclass(frozen=True, slots=True)
class Work:
    route: str
    store: str
    key: str
    generation: int
    attempts: int


class WorkQueue:
    """States: `owed`; `waiting` for the other side of its document, which wakes it, or until it is due; `absent`, it
    looks deleted; `deleted`, a person said so; `held` for a person; `dead`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owe(self, route: str, store: str, key: str) -> None:
        with self._database.begin() as connection:
            owe(connection, route, store, key, self._database.now())

    def suspect(self, route: str, store: str, key: str) -> None:
        """It looks deleted."""
        row = _row(route, store, key, "absent", self._database.now())
        with self._database.begin() as connection:
            put(connection, WORK, row, {"state": "absent", "reason": None})

    def claim(self, route: str, store: str, limit: int, without: Collection[str] = ()) -> list[Work]:
        """What is owed and due, oldest first; counted as an attempt."""
        to_do = WORK.c.state.in_(("owed", "waiting")) & WORK.c.key.not_in(without)
        due = (WORK.c.route == route) & (WORK.c.store == store) & to_do
        with self._database.begin() as connection:
            query = select(*_WORK).where(due & (WORK.c.due <= self._database.now())).order_by(WORK.c.due, WORK.c.key)
            found = [Work(*row) for row in connection.execute(query.limit(limit))]
            for work in found:
                connection.execute(update(WORK).where(_is(work)).values(attempts=work.attempts + 1))
        return found

    def in_state(self, route: str, state: str) -> list[Work]:
        with self._database.connect() as connection:
            query = select(*_WORK).where((WORK.c.route == route) & (WORK.c.state == state)).order_by(WORK.c.key)
            return [Work(*row) for row in connection.execute(query)]

    def done(self, work: Work) -> None:
        """Deleted, unless news came in meanwhile."""
        with self._database.begin() as connection:
            connection.execute(delete(WORK).where(_is(work) & (WORK.c.generation == work.generation)))

    def put_off(self, work: Work, state: str, reason: str | None, wait: float = 0) -> None:
        """In another state, or `owed` again after `wait` seconds; news that came in meanwhile stay owed."""
        with self._database.begin() as connection:
            unchanged = _is(work) & (WORK.c.generation == work.generation)
            values = {"state": state, "reason": reason, "due": self._database.now() + wait}
            connection.execute(update(WORK).where(unchanged).values(**values))


_WORK = (WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.generation, WORK.c.attempts)


def owe(connection: Connection, route: str, store: str, key: str, now: float) -> None:
    """Within another transaction."""
    again = {"generation": WORK.c.generation + 1, "state": "owed", "due": now, "attempts": 0, "reason": None}
    put(connection, WORK, _row(route, store, key, "owed", now), again)


def _row(route: str, store: str, key: str, state: str, now: float) -> dict[str, Any]:
    of = {"route": route, "store": store, "key": key, "state": state}
    return of | {"generation": 0, "attempts": 0, "due": now, "since": now}


def _is(work: Work) -> Any:
    return (WORK.c.route == work.route) & (WORK.c.store == work.store) & (WORK.c.key == work.key)
