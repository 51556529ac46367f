"""What is owed: one row for each item that has to be looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from bridge.ledger.database import Database, batched, in_parts, insert_into, put_or
from bridge.ledger.tables import ALIAS, IS_OPEN, LINK, WORK

Turn = tuple[int, float, str]


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


class WorkQueue:
    """States: `owed`; `waiting` for the other side of its document, which wakes it, or until it is due; `absent`, it
    looks deleted; `deleted`, a person said so; `held` for a person; `dead`."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database, self._owner = database, owner

    def owe(self, route: str, store: str, *keys: str) -> None:
        with self._database.begin() as connection:
            owe(connection, route, store, *keys, now=self._database.now())

    def owe_unless_in_hand(self, route: str, store: str, key: str) -> None:
        """This worker looks at what it has in hand anyway; to be news of it would keep it from ever being put off."""
        of_key = (WORK.c.route == route) & (WORK.c.store == store) & (WORK.c.key == key)
        with self._database.begin() as connection:
            mine = select(WORK.c.key).where(of_key & (WORK.c.owner == self._owner))
            if connection.execute(mine).first() is None:
                owe(connection, route, store, key, now=self._database.now())

    def owe_unless_known(self, route: str, store: str, key: str) -> None:
        """What is held or dead stays so."""
        with self._database.begin() as connection:
            rows = [_row(route, store, key, "owed", self._database.now())]
            connection.execute(insert_into(connection.dialect.name, WORK).on_conflict_do_nothing(), rows)

    def owe_if_put_off(self, route: str, store: str, keys: Sequence[str]) -> None:
        """What is held or dead for a reason that may be over, or may just become so in a worker's hands; nothing
        new."""
        aside = WORK.c.state.in_(("held", "dead")) | WORK.c.owner.is_not(None)
        aside &= (WORK.c.route == route) & (WORK.c.store == store)
        with self._database.begin() as connection:
            for some in batched(keys, 500):
                values = {"state": "owed", "due": self._database.now(), "reason": None}
                values["generation"] = WORK.c.generation + 1
                connection.execute(update(WORK).where(aside & WORK.c.key.in_(some)).values(**values))

    def suspect(self, route: str, store: str, key: str) -> None:
        """It looks deleted."""
        row = _row(route, store, key, "absent", self._database.now())
        with self._database.begin() as connection:
            put_or(connection, WORK, row, {"state": "absent", "reason": None})

    def claim(self, route: str, store: str, limit: int, after: Turn | None = None) -> list[Work]:
        """What is owed and due, oldest first; nobody else's until it is done, put off or given back. What a worker did
        not survive comes last of its store, and alone: it takes nothing else along; what two did not comes last of the
        whole route. `after`: what comes later in that order."""
        with self._database.begin() as connection:
            due = (WORK.c.route == route) & IS_OPEN & _due(self._database.now())
            of_store = select(*_WORK).where(due & WORK.c.owner.is_(None) & (WORK.c.store == store) & _after(after))
            query = of_store.order_by(*_TURN).limit(limit)
            found = [Work(*row) for row in connection.execute(query.with_for_update(skip_locked=True))]
            safe = [work for work in found if not work.crashes]
            if found and not safe:
                fewest = connection.execute(select(func.min(WORK.c.crashes)).where(due)).scalar()
                # what a dry run has looked at stays due, and would keep it waiting for ever
                safe = [work for work in found[:1] if work.crashes in (1, fewest) or after is not None]
            self._own(connection, safe)
        return safe

    def claim_these(self, route: str, store: str, keys: Iterable[str], crashes: int) -> list[Work]:
        """Those of the keys that are owed and due, or held or dead, nobody's, and have ended as many workers."""
        of_store = (WORK.c.route == route) & (WORK.c.store == store) & WORK.c.owner.is_(None)
        of_store &= WORK.c.crashes == crashes
        owed = WORK.c.state.in_(("owed", "waiting")) & _due(self._database.now())
        free = of_store & (owed | WORK.c.state.in_(("held", "dead")))
        with self._database.begin() as connection:
            query = select(*_WORK).where(free).with_for_update(skip_locked=True)
            found = [Work(*row) for row in in_parts(connection, query, WORK.c.key, sorted(keys))]
            self._own(connection, found)
        return found

    def _own(self, connection: Connection, works: Sequence[Work]) -> None:
        if works:
            connection.execute(_CLAIMED, [_named(work) | {"by": self._owner} for work in works])

    def owed(self, route: str) -> int:
        """How much is owed and due."""
        with self._database.connect() as connection:
            of_route = (WORK.c.route == route) & WORK.c.state.in_(("owed", "waiting")) & _due(self._database.now())
            return connection.execute(select(func.count()).select_from(WORK).where(of_route)).scalar_one()

    def more_in(self, route: str) -> float | None:
        """Seconds until more of what is owed is due; of what settles, and not of what failed."""
        now = self._database.now()
        with self._database.connect() as connection:
            settles = (WORK.c.state == "owed") & (WORK.c.due > now) & (WORK.c.attempts == 0)
            later = (WORK.c.route == route) & settles
            due: float | None = connection.execute(select(func.min(WORK.c.due)).where(later)).scalar()
        return None if due is None else due - now

    def pending(self, route: str, store: str, after: Turn | None = None) -> bool:
        """Whether something of the store is owed and due, in whosever hands, but for what has ended two workers."""
        open_work = WORK.c.state.in_(("owed", "waiting")) & (WORK.c.crashes < 2) & _after(after)
        of_store = (WORK.c.route == route) & (WORK.c.store == store) & open_work & _due(self._database.now())
        with self._database.connect() as connection:
            return connection.execute(select(WORK.c.key).where(of_store).limit(1)).first() is not None

    def awaited(self, route: str, key: str) -> bool:
        """Whether something waits for that one to be settled."""
        with self._database.connect() as connection:
            waiting = (WORK.c.route == route) & (WORK.c.awaits == key) & (WORK.c.state == "waiting")
            return connection.execute(select(WORK.c.key).where(waiting).limit(1)).first() is not None

    def is_put_aside(self, route: str, store: str, key: str) -> bool:
        """Whether it is for a person: held, or dead."""
        of_key = (WORK.c.route == route) & (WORK.c.store == store) & (WORK.c.key == key)
        with self._database.connect() as connection:
            query = select(WORK.c.key).where(of_key & WORK.c.state.in_(("held", "dead")))
            return connection.execute(query).first() is not None

    def is_copy_put_aside(self, route: str, store: str, document: str) -> bool:
        """Whether another instance that goes by that document is for a person."""
        others = select(ALIAS.c.key).where((ALIAS.c.route == route) & (ALIAS.c.document == document))
        heads = select(LINK.c.instance).where(LINK.c.document == document)
        of_document = (WORK.c.route == route) & (WORK.c.store == store) & WORK.c.key.in_(others)
        aside = WORK.c.state.in_(("held", "dead")) & WORK.c.key.not_in(heads)
        with self._database.connect() as connection:
            return connection.execute(select(WORK.c.key).where(of_document & aside)).first() is not None

    def unread(self, route: str, store: str, apart: str) -> str | None:
        """Key of something of the store that is put off, and that no link knows; nothing that begins with `apart`, nor
        what has ended two workers, or has failed so often that nobody else waits for it."""
        of_store = {"of_route": route, "of_store": store, "apart": f"{apart}%", "now": self._database.now()}
        with self._database.connect() as connection:
            return connection.execute(_UNREAD, of_store).scalar()

    def give_back(self, *works: Work) -> None:
        """What this worker claimed, or these of it, as it was."""
        with self._database.begin() as connection:
            mine = (WORK.c.owner == self._owner) & (or_(*map(_is, works)) if works else true())
            connection.execute(update(WORK).where(mine).values(owner=None))

    def reap(self, is_alive: Callable[[str], bool]) -> None:
        """What dead workers had claimed is free again."""
        with self._database.connect() as connection:
            owned = select(WORK.c.owner).where(WORK.c.owner.is_not(None)).distinct()
            owners = connection.execute(owned).scalars().all()
        for owner in owners:
            if not is_alive(owner):
                with self._database.begin() as connection:
                    values = {"owner": None, "crashes": WORK.c.crashes + 1}
                    connection.execute(update(WORK).where(WORK.c.owner == owner).values(**values))

    def in_state(self, route: str, state: str) -> Iterator[Work]:
        """In the order of the keys, some at a time: a million take no memory. What enters the state meanwhile may be
        missed."""
        of_state = select(*_WORK).where((WORK.c.route == route) & (WORK.c.state == state))
        query = of_state.order_by(WORK.c.key, WORK.c.store).limit(_PAGE)
        last = ("", "")
        while True:
            with self._database.connect() as connection:
                found = connection.execute(query.where(tuple_(WORK.c.key, WORK.c.store) > tuple_(*map(literal, last))))
                page = [Work(*row) for row in found]
            yield from page
            if len(page) < _PAGE:
                return
            last = (page[-1].key, page[-1].store)

    def has_any(self, route: str, *states: str) -> bool:
        with self._database.connect() as connection:
            of_states = (WORK.c.route == route) & WORK.c.state.in_(states)
            return connection.execute(select(WORK.c.key).where(of_states).limit(1)).first() is not None

    def take(self, work: Work) -> bool:
        """As `claim`, of what is in another state than owed. False where somebody has it, or there are news of it."""
        with self._database.begin() as connection:
            free = _is(work) & (WORK.c.generation == work.generation) & WORK.c.owner.is_(None)
            return connection.execute(update(WORK).where(free).values(owner=self._owner)).rowcount == 1

    def done(self, work: Work) -> None:
        """Deleted, unless news came in meanwhile, or this worker was taken for dead: then it is another's."""
        with self._database.begin() as connection:
            mine = _named(work) | {"by": self._owner}
            if not connection.execute(_DONE, mine | {"of_generation": work.generation}).rowcount:
                connection.execute(_NEWS, mine)

    def put_off(
        self,
        work: Work,
        state: str,
        reason: str | None,
        wait: float = 0,
        *,
        awaits: str | None = None,
        failed: bool = False,
    ) -> None:
        """In another state, or `owed` again after `wait` seconds, or when the key that it `awaits` is settled; news
        that came in meanwhile stay owed, and what is another's by now is left to it. It is charged with what `failed`
        alone."""
        with self._database.begin() as connection:
            mine = _is(work) & (WORK.c.owner == self._owner)
            values = {"state": state, "reason": reason, "due": self._database.now() + wait, "awaits": awaits}
            values["attempts"] = work.attempts + failed
            connection.execute(update(WORK).where(mine & (WORK.c.generation == work.generation)).values(**values))
            connection.execute(update(WORK).where(mine).values(owner=None))


_WORK = (WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.generation, WORK.c.attempts, WORK.c.crashes, WORK.c.due)
_TURN = (WORK.c.crashes, WORK.c.due, WORK.c.key)
ANEW = case((WORK.c.crashes > 1, 1), else_=WORK.c.crashes)
"""Crashes of what was dead and is tried again: there is room for more, and it is alone still."""
_PAGE = 1000
_LONGEST = 7200.0  # seconds that anything is put off
_PATIENCE = 12  # tries of an instance, some half an hour, for which what may be the same waits

# made once: to make a statement takes longer than to run it
_OF_STORE = (WORK.c.route == bindparam("of_route")) & (WORK.c.store == bindparam("of_store"))
_OF_KEY = _OF_STORE & (WORK.c.key == bindparam("of_key"))
_MINE = _OF_KEY & (WORK.c.owner == bindparam("by"))
_CLAIMED = update(WORK).where(_OF_KEY).values(owner=bindparam("by"))
_DONE = delete(WORK).where(_MINE & (WORK.c.generation == bindparam("of_generation")))
_NEWS = update(WORK).where(_MINE).values(owner=None, crashes=0)
_PUT_OFF = (WORK.c.state == "owed") & (WORK.c.due > bindparam("now"))
_WAITED_FOR = (WORK.c.crashes < 2) & (WORK.c.attempts < _PATIENCE) & WORK.c.key.not_like(bindparam("apart"))
_LINKED = exists().where((LINK.c.route == bindparam("of_route")) & (LINK.c.instance == WORK.c.key))
_UNREAD = select(WORK.c.key).where(_OF_STORE & _PUT_OFF & _WAITED_FOR & ~_LINKED).limit(1)


def _after(turn: Turn | None) -> ColumnElement[bool]:
    return tuple_(*_TURN) > tuple_(*map(literal, turn)) if turn is not None else true()


def _due(now: float) -> ColumnElement[bool]:
    """What is due later than anything can be was put off before the clock was set back."""
    return (WORK.c.due <= now) | (WORK.c.due > now + _LONGEST)


def owe(
    connection: Connection, route: str, store: str, *keys: str, now: float, waits: Mapping[str, float] | None = None
) -> None:
    """Within another transaction. In one order, whoever does so: none waits in a circle. `waits`: seconds until it is
    due; what waits already does not wait longer for more news."""
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


def _row(route: str, store: str, key: str, state: str, now: float) -> dict[str, Any]:
    of = {"route": route, "store": store, "key": key, "state": state, "reason": None}
    return of | {"generation": 0, "attempts": 0, "due": now, "since": now}


def _named(work: Work) -> dict[str, str]:
    return {"of_route": work.route, "of_store": work.store, "of_key": work.key}


def _is(work: Work) -> Any:
    return (WORK.c.route == work.route) & (WORK.c.store == work.store) & (WORK.c.key == work.key)
