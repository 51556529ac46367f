"""Operations on the ledger, each one transaction. The clock is passed in."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, create_engine, delete, event, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from bridge.errors import TemporaryError, UsageError
from bridge.ledger.tables import ALIAS, EDGE, INTENT, LINK, METADATA, POSITION, SEEN, WORK


@dataclass(frozen=True, slots=True)
class Work:
    route: str
    store: str
    key: str
    generation: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Link:
    document: str
    route: str
    born: str  # fhir or dicom
    root: str
    versions: dict[str, str]
    fhir_digest: str
    instance: str
    dicom_digest: str
    chain: list[list[str]]  # study, series, class, instance of every version, head last


@dataclass(frozen=True, slots=True)
class News:
    """One change of a feed: what it makes owed, and what it says about references."""

    key: str
    version: str
    owes: tuple[str, ...] = ()
    targets: tuple[str, ...] | None = None  # None: says nothing about them


class Ledger:
    """One process at a time; others may read. Raises UsageError where another one holds it, or the URL is no SQLite."""

    def __init__(self, url: str, clock: Callable[[], float], *, reading: bool = False) -> None:
        self._clock = clock
        self._lock: IO[str] | None = None
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UsageError(f"ledger: {url!r} is no database URL; write sqlite:///bridge.db") from error
        if parsed.get_backend_name() != "sqlite":
            raise UsageError("ledger: only SQLite so far; write sqlite:///bridge.db")
        if parsed.database and parsed.database != ":memory:" and not reading:
            self._lock = _locked(Path(parsed.database))
        self._engine = create_engine(parsed)
        event.listen(self._engine, "connect", _durable)
        if reading and parsed.database and not Path(parsed.database).exists():
            raise UsageError(f"ledger: {parsed.database} is not there; was there a pass, and is this the right folder?")
        try:
            METADATA.create_all(self._engine)
        except DatabaseError as error:
            raise UsageError(f"ledger: {parsed.database} is no ledger, or cannot be opened") from error

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    # -- feeds ------------------------------------------------------------------------------------------------------
    def position(self, route: str, store: str) -> str | None:
        with self._engine.connect() as connection:
            of_store = (POSITION.c.route == route) & (POSITION.c.store == store)
            return connection.execute(select(POSITION.c.value).where(of_store)).scalar()

    def move(self, route: str, store: str, value: str) -> None:
        with self._engine.begin() as connection:
            row = upsert(POSITION).values(route=route, store=store, value=value)
            connection.execute(row.on_conflict_do_update(index_elements=["route", "store"], set_={"value": value}))

    def unseen(self, route: str, store: str, items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those (key, version) that are not the newest that was turned into work: a return to an old one is news."""
        with self._engine.connect() as connection:
            of_store = (SEEN.c.route == route) & (SEEN.c.store == store)
            query = select(SEEN.c.key, SEEN.c.version).where(of_store)
            known = dict(map(tuple, _in_parts(connection, query, SEEN.c.key, [key for key, _ in items])))
        return [(key, version) for key, version in items if known.get(key) != version]

    def take_in(self, route: str, store: str, news: Sequence[News]) -> None:
        """References, work and what was seen, in one transaction."""
        with self._engine.begin() as connection:
            for one in news:
                row = upsert(SEEN).values(route=route, store=store, key=one.key, version=one.version)
                newest = {"version": one.version}
                connection.execute(row.on_conflict_do_update(index_elements=["route", "store", "key"], set_=newest))
                if one.targets is not None:
                    of_source = (EDGE.c.store == store) & (EDGE.c.source == one.key)
                    connection.execute(delete(EDGE).where(of_source))
                    for target in set(one.targets):
                        connection.execute(insert(EDGE).values(store=store, source=one.key, target=target))
                for key in one.owes:
                    self._owe(connection, route, store, key)

    def owe(self, route: str, store: str, key: str) -> None:
        with self._engine.begin() as connection:
            self._owe(connection, route, store, key)

    def _owe(self, connection: Connection, route: str, store: str, key: str) -> None:
        now = self._clock()
        row = upsert(WORK).values(
            route=route, store=store, key=key, state="owed", generation=0, attempts=0, due=now, reason=None
        )
        again = {"generation": WORK.c.generation + 1, "state": "owed", "due": now, "attempts": 0, "reason": None}
        connection.execute(row.on_conflict_do_update(index_elements=["route", "store", "key"], set_=again))

    def neighbours(self, store: str, keys: Iterable[str]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """References from and to the resources."""
        wanted = list(keys)
        columns = select(EDGE.c.source, EDGE.c.target).where(EDGE.c.store == store)
        with self._engine.connect() as connection:
            out = _in_parts(connection, columns, EDGE.c.source, wanted)
            back = _in_parts(connection, columns, EDGE.c.target, wanted)
        return {(one, other) for one, other in out}, {(one, other) for one, other in back}

    # -- work -------------------------------------------------------------------------------------------------------
    def claim(self, route: str, store: str, limit: int) -> list[Work]:
        """What is owed and due, oldest first; counted as an attempt."""
        columns = (WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.generation, WORK.c.attempts)
        due = (WORK.c.route == route) & (WORK.c.store == store) & (WORK.c.state == "owed")
        with self._engine.begin() as connection:
            query = select(*columns).where(due & (WORK.c.due <= self._clock())).order_by(WORK.c.due, WORK.c.key)
            found = [Work(*row) for row in connection.execute(query.limit(limit))]
            for work in found:
                connection.execute(update(WORK).where(_is(work)).values(attempts=work.attempts + 1))
        return found

    def done(self, work: Work) -> None:
        """Deleted, unless news came in meanwhile."""
        with self._engine.begin() as connection:
            connection.execute(delete(WORK).where(_is(work) & (WORK.c.generation == work.generation)))

    def put_off(self, work: Work, state: str, reason: str, wait: float = 0) -> None:
        """`owed` again after `wait` seconds, `held` for a person, or `dead`."""
        with self._engine.begin() as connection:
            unchanged = _is(work) & (WORK.c.generation == work.generation)
            values = {"state": state, "reason": reason, "due": self._clock() + wait}
            connection.execute(update(WORK).where(unchanged).values(**values))

    def retry(self) -> int:
        """Dead and held work is owed again; returns how much."""
        with self._engine.begin() as connection:
            values = {"state": "owed", "due": self._clock(), "attempts": 0}
            return connection.execute(update(WORK).where(WORK.c.state != "owed").values(**values)).rowcount

    # -- links ------------------------------------------------------------------------------------------------------
    def link_of(self, route: str, key: str) -> Link | None:
        with self._engine.connect() as connection:
            query = select(LINK).join(ALIAS, ALIAS.c.document == LINK.c.document)
            row = connection.execute(query.where((ALIAS.c.route == route) & (ALIAS.c.key == key))).first()
        return Link(**row._mapping) if row else None

    def document_of(self, route: str, key: str) -> str | None:
        with self._engine.connect() as connection:
            query = select(ALIAS.c.document).where((ALIAS.c.route == route) & (ALIAS.c.key == key))
            return connection.execute(query).scalar()

    def intend(self, route: str, document: str, act: str, store: str, keys: Sequence[str]) -> None:
        """Before the effect: feeds recognise by alias what is about to be written."""
        with self._engine.begin() as connection:
            row = upsert(INTENT).values(document=document, route=route, act=act, store=store, keys=list(keys))
            values = {"act": act, "store": store, "keys": list(keys)}
            connection.execute(row.on_conflict_do_update(index_elements=["document"], set_=values))
            _aliases(connection, route, document, keys)

    def intended(self, document: str) -> tuple[str, list[str]] | None:
        """Act and keys of the open intent: what was begun and is not agreed yet, or is held as a conflict."""
        with self._engine.connect() as connection:
            query = select(INTENT.c.act, INTENT.c["keys"]).where(INTENT.c.document == document)
            row = connection.execute(query).first()
        return (str(row[0]), list(row[1])) if row else None

    def forget(self, document: str) -> None:
        """A document that is gone on both sides."""
        with self._engine.begin() as connection:
            for table in (LINK, ALIAS, INTENT):
                connection.execute(delete(table).where(table.c.document == document))

    def agree(self, link: Link, keys: Sequence[str], forgotten: Sequence[str] = ()) -> None:
        """After the effect: link and aliases, and the intent is settled. Documents taken in are `forgotten`."""
        with self._engine.begin() as connection:
            for document in forgotten:
                connection.execute(delete(LINK).where(LINK.c.document == document))
                connection.execute(update(ALIAS).where(ALIAS.c.document == document).values(document=link.document))
            values = asdict(link)
            row = upsert(LINK).values(**values)
            connection.execute(row.on_conflict_do_update(index_elements=["document"], set_=values))
            _aliases(connection, link.route, link.document, keys)
            connection.execute(delete(INTENT).where(INTENT.c.document == link.document))

    def status(self) -> dict[str, Any]:
        """Counts, and every reason why something is not in step."""
        with self._engine.connect() as connection:
            states = connection.execute(select(WORK.c.state, func.count()).group_by(WORK.c.state))
            counts = {state: number for state, number in states}
            waiting = select(WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.state, WORK.c.attempts, WORK.c.reason)
            query = waiting.where(WORK.c.reason.is_not(None)).order_by(WORK.c.store, WORK.c.key)
            reasons = [dict(zip(_WAITING, row, strict=True)) for row in connection.execute(query)]
            linked = connection.execute(select(LINK.c.born, func.count()).group_by(LINK.c.born))
            intents = connection.execute(select(func.count()).select_from(INTENT)).scalar_one()
            return {
                "linked": {born: number for born, number in linked},
                "owed": counts.get("owed", 0),
                "held": counts.get("held", 0),
                "dead": counts.get("dead", 0),
                "intents": intents,
                "reasons": reasons,
            }


_WAITING = ("route", "store", "key", "state", "attempts", "reason")


def _is(work: Work) -> Any:
    return (WORK.c.route == work.route) & (WORK.c.store == work.store) & (WORK.c.key == work.key)


def _aliases(connection: Connection, route: str, document: str, keys: Sequence[str]) -> None:
    for key in keys:
        row = upsert(ALIAS).values(route=route, key=key, document=document)
        connection.execute(row.on_conflict_do_update(index_elements=["route", "key"], set_={"document": document}))


def _in_parts(connection: Connection, query: Any, column: Any, values: Sequence[str]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(values), 500):
        found += connection.execute(query.where(column.in_(values[start : start + 500]))).all()
    return found


def _durable(connection: Any, _: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _locked(database: Path) -> IO[str]:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = database.with_name(f"{database.name}.lock").open("w")
    except OSError as error:
        raise TemporaryError(f"ledger: {database}: {error.strerror}") from error
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    lock.close()
    raise UsageError(f"ledger: {database} is in use by another fhir-dicom; stop that one first")
