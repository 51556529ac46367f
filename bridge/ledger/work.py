"""What is owed: one row for each item that has to be looked at again; claimed by a worker, and done or put off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, true, update

from bridge.ledger.database import Database, in_parts
from bridge.ledger.owed import Owed
from bridge.ledger.owing import Owing
from bridge.ledger.tables import IS_OPEN, WORK, in_store
from bridge.ledger.work_item import ASIDE, COLUMNS, OF_STORE, OPEN, TURN, State, Turn, Work, is_due, later_than


class WorkQueue(Owing, Owed):
    """The queue as one worker, its `owner`, sees it."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database, self._owner = database, owner

    def claim(self, route: str, store: str, limit: int, after: Turn | None = None) -> list[Work]:
        """Claims what is owed and due, oldest first; nobody else gets it until it is done, put off or given back. An
        item with which a worker died comes last of its store, and alone, so that it takes nothing else along; one with
        which two have died comes last of the whole route. `after`: only what comes later in that order."""
        with self._database.begin() as connection:
            due = (WORK.c.route == route) & IS_OPEN & is_due(self._database.now())
            of_store = select(*COLUMNS).where(
                due & WORK.c.owner.is_(None) & (WORK.c.store == store) & later_than(after)
            )
            query = of_store.order_by(*TURN).limit(limit)
            found = [Work(*row) for row in connection.execute(query.with_for_update(skip_locked=True))]
            safe = [work for work in found if not work.crashes]
            if found and not safe:
                fewest = connection.execute(select(func.min(WORK.c.crashes)).where(due)).scalar()
                # what a dry run has looked at stays due, and would keep it waiting for ever
                safe = [work for work in found[:1] if work.crashes in (1, fewest) or after is not None]
            self._own(connection, safe)
        return safe

    def claim_these(self, route: str, store: str, keys: Iterable[str], crashes: int) -> list[Work]:
        """Claims those of the keys that are owed and due, or held or dead, that no worker has, and with which exactly
        `crashes` workers have died."""
        of_store = in_store(WORK, route, store) & WORK.c.owner.is_(None)
        of_store &= WORK.c.crashes == crashes
        owed = WORK.c.state.in_(OPEN) & is_due(self._database.now())
        free = of_store & (owed | WORK.c.state.in_(ASIDE))
        with self._database.begin() as connection:
            query = select(*COLUMNS).where(free).with_for_update(skip_locked=True)
            found = [Work(*row) for row in in_parts(connection, query, WORK.c.key, sorted(keys))]
            self._own(connection, found)
        return found

    def _own(self, connection: Connection, works: Sequence[Work]) -> None:
        if works:
            connection.execute(_CLAIMED, [_named(work) | {"by": self._owner} for work in works])

    def give_back(self, *works: Work) -> None:
        """Gives up these items, or all that this worker has claimed; they stay as they were."""
        with self._database.begin() as connection:
            mine = (WORK.c.owner == self._owner) & (or_(*map(_is, works)) if works else true())
            connection.execute(update(WORK).where(mine).values(owner=None))

    def reap(self, is_alive: Callable[[str], bool]) -> None:
        """Frees what dead workers had claimed, and counts one more crash for each of these items."""
        with self._database.connect() as connection:
            owned = select(WORK.c.owner).where(WORK.c.owner.is_not(None)).distinct()
            owners = connection.execute(owned).scalars().all()
        for owner in owners:
            if not is_alive(owner):
                with self._database.begin() as connection:
                    values = {"owner": None, "crashes": WORK.c.crashes + 1}
                    connection.execute(update(WORK).where(WORK.c.owner == owner).values(**values))

    def take(self, work: Work) -> bool:
        """Claims one item that is in another state than owed. False where somebody else has it, or there are news of it
        since it was read."""
        with self._database.begin() as connection:
            free = _is(work) & (WORK.c.generation == work.generation) & WORK.c.owner.is_(None)
            return connection.execute(update(WORK).where(free).values(owner=self._owner)).rowcount == 1

    def done(self, *works: Work) -> None:
        """Takes items out of the queue. One that got news meanwhile stays owed; one that another worker has by now is
        left to that worker."""
        with self._database.begin() as connection:
            for work in works:
                mine = _named(work) | {"by": self._owner}
                if not connection.execute(_DONE, mine | {"of_generation": work.generation}).rowcount:
                    connection.execute(_NEWS, mine)

    def put_off(
        self,
        work: Work,
        state: State,
        reason: str | None,
        wait: float = 0,
        *,
        awaits: str | None = None,
        failed: bool = False,
    ) -> None:
        """Gives up an item in that state, to be tried again after `wait` seconds, or when the key that it `awaits` is
        settled. If it got news meanwhile it stays owed; if another worker has it by now, it is left to that worker.
        Only what has `failed` counts as an attempt."""
        with self._database.begin() as connection:
            mine = _is(work) & (WORK.c.owner == self._owner)
            now = self._database.now()
            values: dict[str, Any] = {"state": state, "reason": reason, "due": now + wait, "awaits": awaits}
            values["attempts"] = work.attempts + failed
            values["since"] = case((WORK.c.since > now, now), else_=WORK.c.since)  # the clock was set back
            connection.execute(update(WORK).where(mine & (WORK.c.generation == work.generation)).values(**values))
            connection.execute(update(WORK).where(mine).values(owner=None))


# made once: to make a statement takes longer than to run it
_OF_KEY = OF_STORE & (WORK.c.key == bindparam("of_key"))
_MINE = _OF_KEY & (WORK.c.owner == bindparam("by"))
_CLAIMED = update(WORK).where(_OF_KEY).values(owner=bindparam("by"))
_DONE = delete(WORK).where(_MINE & (WORK.c.generation == bindparam("of_generation")))
_NEWS = update(WORK).where(_MINE).values(owner=None, crashes=0)


def _named(work: Work) -> dict[str, str]:
    return {"of_route": work.route, "of_store": work.store, "of_key": work.key}


def _is(work: Work) -> Any:
    return in_store(WORK, work.route, work.store) & (WORK.c.key == work.key)
