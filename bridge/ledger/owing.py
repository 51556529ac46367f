"""How something comes to be owed, by news or by a suspicion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, case, select, update

from bridge.ledger.database import Database, batched, insert_into, put_or
from bridge.ledger.tables import WORK, in_store
from bridge.ledger.work_item import ASIDE, State


class Owing:
    """Part of `WorkQueue`."""

    _database: Database
    _owner: str

    def owe(self, route: str, store: str, *keys: str) -> None:
        """Asks for a look at these items: once more where they are in hand."""
        with self._database.begin() as connection:
            owe(connection, route, store, *keys, now=self._database.now())

    def owe_unless_in_hand(self, route: str, store: str, key: str) -> None:
        """Owes the item unless this worker has claimed it, and looks at it anyway: owing it again would count as news,
        and it could never be put off."""
        of_key = in_store(WORK, route, store) & (WORK.c.key == key)
        with self._database.begin() as connection:
            mine = select(WORK.c.key).where(of_key & (WORK.c.owner == self._owner))
            if connection.execute(mine).first() is None:
                owe(connection, route, store, key, now=self._database.now())

    def owe_unless_known(self, route: str, store: str, key: str) -> None:
        """Owes the item unless it is in the queue: what is held or dead stays so."""
        with self._database.begin() as connection:
            rows = [_row(route, store, key, "owed", self._database.now())]
            connection.execute(insert_into(connection.dialect.name, WORK).on_conflict_do_nothing(), rows)

    def owe_if_put_off(self, route: str, store: str, keys: Sequence[str]) -> None:
        """Owes again those of the keys that are held or dead, for a reason that may be over, and those in a worker's
        hands, who may be about to put them off; nothing new."""
        aside = WORK.c.state.in_(ASIDE) | WORK.c.owner.is_not(None)
        aside &= in_store(WORK, route, store)
        with self._database.begin() as connection:
            for some in batched(keys, 500):
                values = {"state": "owed", "due": self._database.now(), "reason": None}
                values["generation"] = WORK.c.generation + 1
                connection.execute(update(WORK).where(aside & WORK.c.key.in_(some)).values(**values))

    def suspect(self, route: str, store: str, key: str) -> None:
        """Puts the item among those that look deleted."""
        row = _row(route, store, key, "absent", self._database.now())
        with self._database.begin() as connection:
            put_or(connection, WORK, row, {"state": "absent", "reason": None})


ANEW = case((WORK.c.crashes > 1, 1), else_=WORK.c.crashes)
"""Crashes of what was dead and is tried again: there is room for more, and it is alone still."""


def owe(
    connection: Connection, route: str, store: str, *keys: str, now: float, waits: Mapping[str, float] | None = None
) -> None:
    """As `Owing.owe`, within another transaction. In one order, whoever does so: none waits in a circle. `waits`:
    seconds until it is due; what waits already does not wait longer for more news."""
    if keys:
        dues = {key: now + (waits or {}).get(key, 0) for key in sorted(set(keys))}
        rows = [_row(route, store, key, "owed", now) | {"due": due} for key, due in dues.items()]
        connection.execute(_owing(connection.dialect.name), rows)


@lru_cache(maxsize=2)
def _owing(dialect: str) -> Any:
    made = insert_into(dialect, WORK)
    fresh = {name: made.excluded[name] for name in ("state", "attempts", "reason")}
    # what settles already is not put off by more that has to settle, whether its time is over or not
    settling = (made.excluded.due > made.excluded.since) & (WORK.c.due <= made.excluded.due)
    settling &= (WORK.c.state == "owed") & WORK.c.owner.is_(None) & (WORK.c.attempts == 0)
    fresh["due"] = case((settling, WORK.c.due), else_=made.excluded.due)
    crashes = case((WORK.c.state == "dead", ANEW), else_=WORK.c.crashes)
    again = {"generation": WORK.c.generation + 1, "crashes": crashes, **fresh}
    return made.on_conflict_do_update(index_elements=["route", "store", "key"], set_=again)


def _row(route: str, store: str, key: str, state: State, now: float) -> dict[str, Any]:
    of = {"route": route, "store": store, "key": key, "state": state, "reason": None}
    return of | {"generation": 0, "attempts": 0, "due": now, "since": now}
