"""What was read of the feeds: positions, the newest version of each item, references between resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Table, bindparam, delete, func, or_, select, true, union
from sqlalchemy.schema import CreateTable

from bridge.ledger.database import Database, batched, in_parts, insert_into, put, put_or
from bridge.ledger.link import VOID
from bridge.ledger.owing import owe
from bridge.ledger.positions import DOUBTED
from bridge.ledger.tables import EDGE, LINK, POSITION, SEEN, WORK, in_store
from bridge.ledger.work_item import OPEN
from bridge.model.edition import without_time
from bridge.model.world import World


@dataclass(frozen=True, slots=True)
class News:
    """One change of a feed: what it makes owed, and what it says about references."""

    key: str
    version: str
    owes: tuple[str, ...] = ()
    targets: tuple[str, ...] | None = None  # None: says nothing about them
    wait: float = 0  # seconds from now that what it owes is due


_TOLD = "% deleted"
"""Versions that say by themselves that it was deleted."""
_BURIED = " asked twice, deleted"
_EDGES = select(EDGE.c.source, EDGE.c.target)
_EDGES = _EDGES.where((EDGE.c.route == bindparam("of_route")) & (EDGE.c.store == bindparam("of_store")))
_FROM, _TO = (_EDGES.where(one.in_(bindparam("of_keys", expanding=True))) for one in (EDGE.c.source, EDGE.c.target))
_LISTED = Table("listed", MetaData(), Column("key", String, primary_key=True), prefixes=["TEMPORARY"])


class Feeds:
    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self, route: str, store: str) -> str | None:
        with self._database.connect() as connection:
            of_store = in_store(POSITION, route, store)
            return connection.execute(select(POSITION.c.value).where(of_store)).scalar()

    def routes_at(self, store: str, value: str) -> set[str]:
        """Routes whose position under that name is that value."""
        at = select(POSITION.c.route).where((POSITION.c.store == store) & (POSITION.c.value == value))
        with self._database.connect() as connection:
            return set(connection.execute(at).scalars())

    def routes_of(self, store: str) -> set[str]:
        """Routes that have a position under that name."""
        with self._database.connect() as connection:
            return set(connection.execute(select(POSITION.c.route).where(POSITION.c.store == store)).scalars())

    def move(self, route: str, store: str, value: str) -> None:
        with self._database.begin() as connection:
            put(connection, POSITION, {"route": route, "store": store, "value": value})

    def leave(self, route: str, store: str) -> None:
        """Drops the position."""
        with self._database.begin() as connection:
            connection.execute(delete(POSITION).where(in_store(POSITION, route, store)))

    def begin_again(self, route: str, store: str) -> None:
        """The store is not what it was: its feed is read from the beginning, and `is_doubted` until all of it was
        compared and nothing is missing."""
        with self._database.begin() as connection:
            put(connection, POSITION, {"route": route, "store": store, "value": ""})
            put(connection, POSITION, {"route": route, "store": DOUBTED, "value": store})

    def is_doubted(self, route: str) -> bool:
        return self.position(route, DOUBTED) is not None

    def trust(self, route: str) -> None:
        self.leave(route, DOUBTED)

    def unseen(self, route: str, store: str, items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those items (key, version) whose version is not the one that was turned into work last: a return to an old
        one is news. A store that tells no versions has an empty one."""
        with self._database.connect() as connection:
            of_store = in_store(SEEN, route, store)
            query = select(SEEN.c.key, SEEN.c.version).where(of_store)
            known = dict(map(tuple, in_parts(connection, query, SEEN.c.key, [key for key, _ in items])))
        return [(key, version) for key, version in items if _is_news(known.get(key), version)]

    def known(self, route: str, store: str, keys: Iterable[str]) -> set[str]:
        """Those of the keys that were turned into work before, whatever became of them."""
        with self._database.connect() as connection:
            query = select(SEEN.c.key).where(in_store(SEEN, route, store))
            return {key for (key,) in in_parts(connection, query, SEEN.c.key, sorted(keys))}

    def unlisted(
        self, route: str, store: str, holds: World, listed: Iterable[str], kinds: Sequence[str] = ()
    ) -> list[str]:
        """Keys that were seen or agreed on, are not known to be gone, and are not `listed`; of resources, those of the
        `kinds` that are listed, or all. A million keys take no memory."""
        standing = SEEN.c.version.not_like(_TOLD)
        seen = select(SEEN.c.key).where(in_store(SEEN, route, store) & standing)
        key, state = (LINK.c.root, LINK.c.fhir_digest) if holds == "fhir" else (LINK.c.instance, LINK.c.dicom_digest)
        agreed = select(key.label("key")).where((LINK.c.route == route) & state.not_in(VOID))
        keys = union(seen, agreed).subquery()
        of_kind = or_(*(keys.c.key.startswith(f"{kind}/") for kind in kinds)) if kinds else true()
        with self._database.connect() as connection:  # a temporary table locks nothing
            connection.execute(CreateTable(_LISTED, if_not_exists=True))
            connection.execute(delete(_LISTED))  # of a listing that broke off on this connection
            for some in batched(listed, 1000):
                listing = insert_into(connection.dialect.name, _LISTED).on_conflict_do_nothing()
                connection.execute(listing, [{"key": key} for key in some])
            query = select(keys.c.key).where(of_kind & keys.c.key.not_in(select(_LISTED.c.key)))
            found = list(connection.execute(query).scalars())
            connection.execute(delete(_LISTED))
            return found

    def suspect(self, route: str, store: str, keys: Iterable[str]) -> None:
        """Owes each of the keys, unless it is owed or looks deleted already."""
        with self._database.begin() as connection:
            open_work = WORK.c.state.in_((*OPEN, "absent", "deleted"))
            owed = select(WORK.c.key).where(in_store(WORK, route, store) & open_work)
            fresh = set(keys) - set(connection.execute(owed).scalars())
            owe(connection, route, store, *fresh, now=self._database.now())

    def forget(self, route: str, store: str, key: str, owes: Iterable[str] = ()) -> None:
        """Forgets an item that is not there any more, asked directly: should it return, that is news. That the feed
        told of its deletion is kept, for an overlapping poll tells it again."""
        with self._database.begin() as connection:
            of_key = in_store(SEEN, route, store) & (SEEN.c.key == key)
            connection.execute(delete(SEEN).where(of_key & SEEN.c.version.not_like(_TOLD)))
            connection.execute(delete(EDGE).where(in_store(EDGE, route, store) & (EDGE.c.source == key)))
            owe(connection, route, store, *owes, now=self._database.now())

    def is_settled(self, route: str, store: str, key: str) -> bool:
        """Whether it was seen, and is not in the queue in any state."""
        of_seen = in_store(SEEN, route, store) & (SEEN.c.key == key)
        of_work = in_store(WORK, route, store) & (WORK.c.key == key)
        with self._database.connect() as connection:
            seen = connection.execute(select(SEEN.c.key).where(of_seen)).first() is not None
            return seen and connection.execute(select(WORK.c.key).where(of_work)).first() is None

    def bury(self, route: str, store: str, key: str) -> None:
        """Marks the item as deleted, which was asked twice: every worker may rely on it until a feed reports it
        again."""
        with self._database.begin() as connection:
            row = {"route": route, "store": store, "key": key, "version": _BURIED}
            put_or(connection, SEEN, row, {"version": func.replace(SEEN.c.version, _BURIED, "").concat(_BURIED)})

    def buried(self, route: str, store: str, keys: Iterable[str]) -> set[str]:
        """Those of the keys that were buried, and not reported since."""
        is_buried = SEEN.c.version.endswith(_BURIED.strip())
        of_store = in_store(SEEN, route, store) & is_buried
        with self._database.connect() as connection:
            return {row[0] for row in in_parts(connection, select(SEEN.c.key).where(of_store), SEEN.c.key, list(keys))}

    def take_created(self, route: str, store: str, created: Sequence[News]) -> None:
        """As `take_in`, of what owes nothing; all of it, or nothing where any was seen already: that may be newer."""
        rows = _seen(route, store, created)
        with self._database.begin() as connection:
            fresh = insert_into(connection.dialect.name, SEEN).on_conflict_do_nothing().returning(SEEN.c.key)
            if len(connection.execute(fresh, rows).scalars().all()) < len(rows):
                connection.rollback()
                return
            put(connection, EDGE, *_edges(route, store, created))

    def take_in(self, route: str, store: str, news: Sequence[News]) -> None:
        """Keeps what a feed has told, in one transaction: what was seen, its references, and what is owed for that."""
        told = sorted({one.key for one in news if one.targets is not None})
        waits = {key: one.wait for one in sorted(news, key=lambda one: -one.wait) for key in one.owes}
        with self._database.begin() as connection:
            put(connection, SEEN, *_seen(route, store, news))
            for some in batched(told, 500):
                connection.execute(delete(EDGE).where(in_store(EDGE, route, store) & EDGE.c.source.in_(some)))
            put(connection, EDGE, *_edges(route, store, news))
            owe(
                connection,
                route,
                store,
                *(key for one in news for key in one.owes),
                now=self._database.now(),
                waits=waits,
            )

    def neighbours(
        self, route: str, store: str, keys: Iterable[str]
    ) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """References (source, target) from the resources, and to them."""
        out, back = set[tuple[str, str]](), set[tuple[str, str]]()
        with self._database.connect() as connection:
            for some in batched(keys, 500):
                for query, found in ((_FROM, out), (_TO, back)):
                    rows = connection.execute(query, {"of_route": route, "of_store": store, "of_keys": some})
                    found.update((source, target) for source, target in rows)
        return out, back


def _seen(route: str, store: str, news: Sequence[News]) -> list[dict[str, str]]:
    """Rows in the order of their keys."""
    seen = {one.key: {"route": route, "store": store, "key": one.key, "version": one.version} for one in news}
    return [seen[key] for key in sorted(seen)]


def _edges(route: str, store: str, news: Sequence[News]) -> list[dict[str, str]]:
    """Rows in the order of their keys."""
    told = {one.key: set(one.targets) for one in news if one.targets is not None}
    of_store = {"route": route, "store": store}
    return [of_store | {"source": one, "target": to} for one in sorted(told) for to in sorted(told[one])]


def _is_news(known: str | None, version: str) -> bool:
    """Of what was seen before times were kept, the version alone is known."""
    if known is None or not version:
        return known is None
    return known.removesuffix(_BURIED) not in (version, without_time(version))
