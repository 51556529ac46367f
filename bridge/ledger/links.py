"""What both sides agreed on last, document by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, case, delete, func, select, update

from bridge.ledger.audit import record
from bridge.ledger.audit_event import AuditEvent, described, written
from bridge.ledger.database import Database, put
from bridge.ledger.intents import intent_of
from bridge.ledger.link import Link, parts_of
from bridge.ledger.names import name_so
from bridge.ledger.tables import ALIAS, CONFLICT, INTENT, LINK, MOVE, REPLACEMENT, STANDING, UNTOLD
from bridge.ledger.waking import wake_agreed
from bridge.model.version import Version

_ROUTE: BindParameter[str] = bindparam("of_route")
_KEY: BindParameter[str] = bindparam("of_key")
_DOCUMENT: BindParameter[str] = bindparam("of_document")
_ALIASED = (ALIAS.c.route == _ROUTE) & (ALIAS.c.key == _KEY)
# made once: to make a statement takes longer than to run it
_OF = select(LINK).join(ALIAS, ALIAS.c.document == LINK.c.document).where(_ALIASED)
_HEADED_BY = select(LINK).where((LINK.c.route == _ROUTE) & (LINK.c.instance == _KEY))
_ENDED = tuple(delete(table).where(table.c.document == _DOCUMENT) for table in (INTENT, CONFLICT, REPLACEMENT, UNTOLD))


class Links:
    def __init__(self, database: Database, *, dry: bool) -> None:
        self._database, self._dry = database, dry

    def of(self, route: str, key: str) -> Link | None:
        """The link of the document that a resource or SOP Instance UID belongs to."""
        with self._database.connect() as connection:
            row = connection.execute(_OF, {"of_route": route, "of_key": key}).first()
        return _link(row) if row else None

    def headed_by(self, route: str, instance: str) -> Link | None:
        """The link of the document whose head instance its store names so."""
        with self._database.connect() as connection:
            row = connection.execute(_HEADED_BY, {"of_route": route, "of_key": instance}).first()
        return _link(row) if row else None

    def places(self, route: str, limit: int) -> list[tuple[str, str]]:
        """Key of the root resource and of the head instance, of some documents that stand on both sides."""
        with self._database.connect() as connection:
            query = select(LINK.c.root, LINK.c.instance).where((LINK.c.route == route) & STANDING).limit(limit)
            return [(root, instance) for root, instance in connection.execute(query)]

    def count(self, route: str) -> int:
        """Of documents that stand on both sides."""
        with self._database.connect() as connection:
            query = select(func.count()).select_from(LINK).where((LINK.c.route == route) & STANDING)
            return connection.execute(query).scalar_one()

    def has_any(self, route: str) -> bool:
        """Whether anything was agreed on, or begun."""
        with self._database.connect() as connection:
            found = (select(table.c.document).where(table.c.route == route).limit(1) for table in (LINK, INTENT))
            return any(connection.execute(one).first() is not None for one in found)

    def outdated(self, revisions: Mapping[str, str]) -> dict[str, int]:
        """By route how many stand on both sides and were translated by another revision than the route's, of these."""
        now = case(revisions, value=LINK.c.route, else_=LINK.c.revision) if revisions else LINK.c.revision
        query = select(LINK.c.route, func.count()).where(STANDING & (LINK.c.revision != now))
        with self._database.connect() as connection:
            return {route: number for route, number in connection.execute(query.group_by(LINK.c.route))}

    def forget(self, document: str) -> None:
        """Forgets a document that is gone on both sides; not in a dry run."""
        if self._dry:
            return
        with self._database.begin() as connection:
            for table in (LINK, ALIAS, INTENT, CONFLICT, REPLACEMENT, UNTOLD, MOVE):
                connection.execute(delete(table).where(table.c.document == document))

    def untold(self, document: str, store: str) -> bool:
        """Whether the side in that store is void, and the other could not be told."""
        of_side = (UNTOLD.c.document == document) & (UNTOLD.c.store == store)
        with self._database.connect() as connection:
            return connection.execute(select(UNTOLD.c.key).where(of_side)).first() is not None

    def agree(
        self,
        link: Link,
        keys: Sequence[str] = (),
        forgotten: Sequence[str] = (),
        removed: Sequence[str] = (),
        *,
        untold: tuple[str, str] | None = None,
    ) -> None:
        """Records what both sides agree on, after the effect: link, aliases and audit entries. Intent and conflict are
        settled, and what was held is looked at again. `keys` are the document's from now on: nothing that may have left
        it. Documents taken in are `forgotten`; instances that it superseded are `removed`, if the policy says so.
        `untold`: store and key of the side that is void, where the other is not told. A dry run, whose work stays owed,
        agrees on nothing: it would end what was begun."""
        if self._dry:
            return
        with self._database.begin() as connection:
            for document in forgotten:
                connection.execute(delete(LINK).where(LINK.c.document == document))
                for table in (ALIAS, MOVE):
                    of_document = table.c.document == document
                    connection.execute(update(table).where(of_document).values(document=link.document))
            events = self._done(connection, link, removed)
            put(connection, LINK, asdict(link))
            name_so(connection, link.route, link.document, [*keys, link.instance])
            for statement in _ENDED:
                connection.execute(statement, {"of_document": link.document})
            if untold is not None:
                store, key = untold
                put(connection, UNTOLD, {"document": link.document, "route": link.route, "store": store, "key": key})
            wake_agreed(connection, link, self._database.now())
            for event in events:
                record(connection, event, link.document)

    def _done(self, connection: Connection, link: Link, removed: Sequence[str]) -> list[AuditEvent]:
        """What the open intent said is done, and what was removed with it."""
        if (intent := intent_of(connection, link.document)) is None:
            return []
        known = connection.execute(select(LINK.c.document).where(LINK.c.document == link.document)).first() is not None
        now = self._database.now()
        keys = [*intent["keys"], *_merged(connection, link.document, intent["act"])]
        done = written(link, intent["act"], intent["store"], keys, known=known, now=now)
        return [done, described(link.route, "remove-instances", intent["store"], removed, now)] if removed else [done]


def _link(row: Row[Any]) -> Link:
    values = dict(row._mapping)
    return Link(**values | {"chain": tuple(Version(*one) for one in values["chain"])})


def _merged(connection: Connection, document: str, act: str) -> list[str]:
    """The Patients by whose merge its instances were moved."""
    if parts_of(act)[0] not in ("merge", "unmerge"):
        return []
    query = select(MOVE.c.replaced, MOVE.c.survivor).where(MOVE.c.document == document)
    return sorted({key for row in connection.execute(query) for key in row})
