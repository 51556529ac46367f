"""What is owed, in which state, in whose hands: asked, and not changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import bindparam, exists, func, literal, select, tuple_

from bridge.ledger.database import Database
from bridge.ledger.tables import ALIAS, LINK, WORK, in_store
from bridge.ledger.work_item import ASIDE, COLUMNS, OF_STORE, OPEN, State, Turn, Work, is_due, later_than


class Owed:
    """Part of `WorkQueue`."""

    _database: Database

    def owed(self, route: str) -> int:
        """How much is owed and due."""
        with self._database.connect() as connection:
            of_route = (WORK.c.route == route) & WORK.c.state.in_(OPEN) & is_due(self._database.now())
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
        open_work = WORK.c.state.in_(OPEN) & (WORK.c.crashes < 2) & later_than(after)
        of_store = in_store(WORK, route, store) & open_work & is_due(self._database.now())
        with self._database.connect() as connection:
            return connection.execute(select(WORK.c.key).where(of_store).limit(1)).first() is not None

    def awaited(self, route: str, key: str) -> bool:
        """Whether something waits for that one to be settled."""
        with self._database.connect() as connection:
            waiting = (WORK.c.route == route) & (WORK.c.awaits == key) & (WORK.c.state == "waiting")
            return connection.execute(select(WORK.c.key).where(waiting).limit(1)).first() is not None

    def is_put_aside(self, route: str, store: str, key: str) -> bool:
        """Whether it is for a person: held, or dead."""
        of_key = in_store(WORK, route, store) & (WORK.c.key == key)
        with self._database.connect() as connection:
            query = select(WORK.c.key).where(of_key & WORK.c.state.in_(ASIDE))
            return connection.execute(query).first() is not None

    def another_of(self, route: str, store: str, document: str) -> tuple[str, State] | None:
        """Key and state of another instance that goes by that document and is owed, or for a person, which comes
        first."""
        others = select(ALIAS.c.key).where((ALIAS.c.route == route) & (ALIAS.c.document == document))
        heads = select(LINK.c.instance).where(LINK.c.document == document)
        of_document = in_store(WORK, route, store) & WORK.c.key.in_(others) & WORK.c.key.not_in(heads)
        query = select(WORK.c.key, WORK.c.state).where(of_document & WORK.c.state.in_((*ASIDE, *OPEN)))
        with self._database.connect() as connection:
            found = connection.execute(query.order_by(WORK.c.state.in_(OPEN)).limit(1)).first()
        return (found.key, found.state) if found is not None else None

    def is_owed(self, route: str, store: str, keys: Iterable[str]) -> bool:
        """Whether something of that is to be looked at: the store has told of it, or it was owed."""
        with self._database.connect() as connection:
            any_of = in_store(WORK, route, store) & WORK.c.key.in_(sorted(keys)) & WORK.c.state.in_(OPEN)
            return connection.execute(select(WORK.c.key).where(any_of).limit(1)).first() is not None

    def unread(self, route: str, store: str, apart: str, *, due: bool = False) -> str | None:
        """Key of something of the store that is put off, or owed at all where what is `due` counts, too, and that no
        link knows; nothing that begins with `apart`, nor what has ended two workers, or has failed so often that nobody
        else waits for it."""
        of_store = {"of_route": route, "of_store": store, "apart": f"{apart}%", "now": self._database.now()}
        with self._database.connect() as connection:
            return connection.execute(_UNREAD if not due else _UNLINKED, of_store).scalar()

    def in_state(self, route: str, state: State) -> Iterator[Work]:
        """In the order of the keys, some at a time: a million take no memory. What enters the state meanwhile may be
        missed."""
        of_state = select(*COLUMNS).where((WORK.c.route == route) & (WORK.c.state == state))
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

    def has_any(self, route: str, *states: State) -> bool:
        with self._database.connect() as connection:
            of_states = (WORK.c.route == route) & WORK.c.state.in_(states)
            return connection.execute(select(WORK.c.key).where(of_states).limit(1)).first() is not None


_PAGE = 1000
_PATIENCE = 12  # tries of an instance, some half an hour, for which what may be the same waits

_OWED = WORK.c.state == "owed"
_PUT_OFF = WORK.c.due > bindparam("now")
_WAITED_FOR = (WORK.c.crashes < 2) & (WORK.c.attempts < _PATIENCE) & WORK.c.key.not_like(bindparam("apart"))
_LINKED = exists().where((LINK.c.route == bindparam("of_route")) & (LINK.c.instance == WORK.c.key))
_UNLINKED = select(WORK.c.key).where(OF_STORE & _OWED & _WAITED_FOR & ~_LINKED).limit(1)
_UNREAD = _UNLINKED.where(_PUT_OFF)
