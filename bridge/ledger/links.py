"""What both sides agreed on last, what belongs to which document, and what is about to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, RowMapping, bindparam, case, delete, func, select, update

from bridge.ledger.audit import record
from bridge.ledger.audit_event import AuditEvent, described, overtaken, written
from bridge.ledger.database import Database, batched, in_parts, put
from bridge.ledger.leases import Leases
from bridge.ledger.link import Intent, Kind, Link, parts_of
from bridge.ledger.moves import Move, remember
from bridge.ledger.plan import Planned
from bridge.ledger.tables import ALIAS, CONFLICT, INTENT, LINK, MOVE, REPLACEMENT, STANDING, UNTOLD, WORK
from bridge.ledger.work_item import State
from bridge.model.version import Version

_ROUTE: BindParameter[str] = bindparam("of_route")
_KEY: BindParameter[str] = bindparam("of_key")
_DOCUMENT: BindParameter[str] = bindparam("of_document")
_ALIASED = (ALIAS.c.route == _ROUTE) & (ALIAS.c.key == _KEY)
# made once: to make a statement takes longer than to run it
_OF = select(LINK).join(ALIAS, ALIAS.c.document == LINK.c.document).where(_ALIASED)
_HEADED_BY = select(LINK).where((LINK.c.route == _ROUTE) & (LINK.c.instance == _KEY))
_INTENT = select(INTENT).where(INTENT.c.document == _DOCUMENT)
_BEGUN = select(INTENT.c.act).join(ALIAS, ALIAS.c.document == INTENT.c.document).where(_ALIASED)
_DOCUMENTS = select(ALIAS.c.document).where(ALIAS.c.route == _ROUTE)
_DOCUMENTS = _DOCUMENTS.where(ALIAS.c.key.in_(bindparam("of_keys", expanding=True)))
_ENDED = tuple(delete(table).where(table.c.document == _DOCUMENT) for table in (INTENT, CONFLICT, REPLACEMENT, UNTOLD))
_KEYS = select(ALIAS.c.key).where((ALIAS.c.route == _ROUTE) & (ALIAS.c.document == _DOCUMENT))
_STATES: BindParameter[Sequence[str]] = bindparam("of_states", expanding=True)
_OURS = (WORK.c.route == _ROUTE) & WORK.c.state.in_(_STATES) & WORK.c.key.in_(_KEYS)
_WAKE = update(WORK).where(_OURS).values(state="owed", due=bindparam("now"), reason=None)

_AWAITING = (WORK.c.route == _ROUTE) & (WORK.c.awaits == _KEY) & (WORK.c.state == bindparam("of_state"))
_WAKE_AWAITING = update(WORK).where(_AWAITING).values(state="owed", due=bindparam("now"), awaits=None)
_HELD = (WORK.c.route == _ROUTE) & (WORK.c.state == "held") & WORK.c.key.in_(bindparam("of_keys", expanding=True))
_WAKE_HELD = update(WORK).where(_HELD).values(state="owed", due=bindparam("now"), reason=None)


class Links:
    def __init__(self, database: Database, leases: Leases, *, dry: bool) -> None:
        self._database, self._leases, self._dry = database, leases, dry

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

    def intend(
        self,
        route: str,
        document: str,
        act: str,
        store: str,
        keys: Sequence[str],
        replacement: bytes | None = None,
        move: Move | None = None,
    ) -> None:
        """Records what is about to be written, before it is: feeds recognise it by its alias. Raises LedgerError where
        the document may be in another worker's hands by now, Planned in a dry run."""
        if self._dry:
            raise Planned(act, store, document, keys)
        self._leases.confirm()
        with self._database.begin() as connection:
            row = {"document": document, "route": route, "act": act, "store": store, "keys": list(keys)}
            event = self._overtaken(connection, document, keys)
            put(connection, INTENT, row)
            if replacement is not None:
                put(connection, REPLACEMENT, {"document": document, "data": replacement})
            if move is not None:
                remember(connection, move)
            _aliases(connection, route, document, keys)
            _record(connection, event, document)

    def intended(self, document: str) -> Intent:
        """The open intent."""
        with self._database.connect() as connection:
            row = _intent(connection, document)
        return Intent(row["act"], row["keys"]) if row else Intent()

    def begun(self, route: str, key: str) -> Kind | None:
        """What the open intent does that is about to write the resource or SOP Instance."""
        with self._database.connect() as connection:
            act = connection.execute(_BEGUN, {"of_route": route, "of_key": key}).scalar()
        return parts_of(act)[0] if act is not None else None

    def begun_by(self, route: str, act: str) -> list[tuple[str, list[str]]]:
        """Documents with such an open intent, and its keys."""
        of_act = (INTENT.c.route == route) & (INTENT.c.act == act)
        with self._database.connect() as connection:
            query = select(INTENT.c.document, INTENT.c["keys"]).where(of_act)
            return [(document, list(keys)) for document, keys in connection.execute(query)]

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
            _aliases(connection, link.route, link.document, [*keys, link.instance])
            for statement in _ENDED:
                connection.execute(statement, {"of_document": link.document})
            if untold is not None:
                store, key = untold
                put(connection, UNTOLD, {"document": link.document, "route": link.route, "store": store, "key": key})
            self._wake(connection, link.route, link.document, ("held", "waiting"))
            for some in batched(link.versions, 500):  # what another document has, too, goes by that one's name
                of = {"of_route": link.route, "of_keys": some, "now": self._database.now()}
                connection.execute(_WAKE_HELD, of)
            for event in events:
                record(connection, event, link.document)

    def name(self, link: Link, keys: Sequence[str]) -> None:
        """Has keys go by the document, of which nothing is agreed: nothing is settled or woken. Not in a dry run."""
        if not self._dry:
            with self._database.begin() as connection:
                _aliases(connection, link.route, link.document, keys)

    def unname(self, link: Link, keys: Sequence[str]) -> None:
        """Has those keys go by the document no more. Not in a dry run."""
        if not self._dry:
            with self._database.begin() as connection:
                of_document = (ALIAS.c.route == link.route) & (ALIAS.c.document == link.document)
                connection.execute(delete(ALIAS).where(of_document & ALIAS.c.key.in_(keys)))

    def named(self, link: Link, beginning: str) -> list[str]:
        """Keys that go by the document and begin so."""
        with self._database.connect() as connection:
            keys = connection.execute(_KEYS, {"of_route": link.route, "of_document": link.document}).scalars()
            return [key for key in keys if key.startswith(beginning)]

    def _done(self, connection: Connection, link: Link, removed: Sequence[str]) -> list[AuditEvent]:
        """What the open intent said is done, and what was removed with it."""
        if (intent := _intent(connection, link.document)) is None:
            return []
        known = connection.execute(select(LINK.c.document).where(LINK.c.document == link.document)).first() is not None
        now = self._database.now()
        keys = [*intent["keys"], *_merged(connection, link.document, intent["act"])]
        done = written(link, intent["act"], intent["store"], keys, known=known, now=now)
        return [done, described(link.route, "remove-instances", intent["store"], removed, now)] if removed else [done]

    def _overtaken(self, connection: Connection, document: str, keys: Sequence[str] = ()) -> AuditEvent | None:
        """An open intent that is not the one with these keys; a withdrawal that names none is only decided again."""
        intent = _intent(connection, document)
        if intent is None or set(intent["keys"]) <= set(keys):
            return None
        return overtaken(intent["route"], intent["act"], intent["store"], intent["keys"], self._database.now())

    def wake(self, route: str, instance: str) -> None:
        """Owes again what waits for the instance, which is settled."""
        with self._database.begin() as connection:
            connection.execute(_WAKE_AWAITING, self._awaiting(route, instance, "waiting"))
            of_instance = (LINK.c.route == route) & (LINK.c.instance == instance)
            if (document := connection.execute(select(LINK.c.document).where(of_instance)).scalar()) is not None:
                self._wake(connection, route, document, ("waiting",))

    def free(self, route: str, key: str) -> None:
        """Owes again what was held because of the resource, which is gone."""
        with self._database.begin() as connection:
            connection.execute(_WAKE_AWAITING, self._awaiting(route, key, "held"))

    def _awaiting(self, route: str, key: str, state: State) -> dict[str, Any]:
        return {"of_route": route, "of_key": key, "of_state": state, "now": self._database.now()}

    def _wake(self, connection: Connection, route: str, document: str, states: Sequence[State]) -> None:
        of = {"of_route": route, "of_document": document, "of_states": list(states), "now": self._database.now()}
        connection.execute(_WAKE, of)  # attempts count on: nothing turns for ever

    def settle(self, document: str) -> None:
        """Drops the intent of a document, of which nothing came: it is decided again. Not in a dry run."""
        if self._dry:
            return
        with self._database.begin() as connection:
            event = self._overtaken(connection, document)
            connection.execute(delete(INTENT).where(INTENT.c.document == document))
            _record(connection, event, document)

    def sweep(self, route: str) -> None:
        """Drops intents that are left when nothing is owed: killed before the effect, and what they were about is gone.
        What waited for it is looked at again."""
        in_work = (WORK.c.state != "waiting") | WORK.c.owner.is_not(None)
        of_route = (WORK.c.route == route) & in_work
        with self._database.connect() as connection:
            if connection.execute(select(WORK.c.key).where(of_route).limit(1)).first() is not None:
                return
            left = connection.execute(select(INTENT.c.document).where(INTENT.c.route == route)).scalars().all()
        self._let_go(route, left)

    def abandon(self, route: str, act: str) -> None:
        """Drops intents with that act, which cannot be done any more. What waited for them is looked at again."""
        self._let_go(route, [document for document, _ in self.begun_by(route, act)])

    def _let_go(self, route: str, documents: Sequence[str]) -> None:
        for document in documents:
            if not self._leases.hold([document]):
                continue  # somebody has begun it just now
            self.settle(document)
            with self._database.begin() as connection:
                self._wake(connection, route, document, ("waiting",))

    def known(self, route: str, keys: Iterable[str]) -> set[str]:
        """Those of the keys that belong to a document, linked or begun."""
        of_route = select(ALIAS.c.key).where(ALIAS.c.route == route)
        with self._database.connect() as connection:
            return {row[0] for row in in_parts(connection, of_route, ALIAS.c.key, list(keys))}

    def documents(self, route: str, keys: Iterable[str]) -> set[str]:
        """Names of the documents, linked or begun, that resources or SOP Instance UIDs belong to."""
        found: set[str] = set()
        with self._database.connect() as connection:
            for some in batched(keys, 500):
                found.update(connection.execute(_DOCUMENTS, {"of_route": route, "of_keys": some}).scalars())
        return found


def _link(row: Row[Any]) -> Link:
    values = dict(row._mapping)
    return Link(**values | {"chain": tuple(Version(*one) for one in values["chain"])})


def _record(connection: Connection, event: AuditEvent | None, document: str) -> None:
    if event is not None:
        record(connection, event, document)


def _aliases(connection: Connection, route: str, document: str, keys: Sequence[str]) -> None:
    rows = ({"route": route, "key": key, "document": document} for key in sorted(set(keys)))
    put(connection, ALIAS, *rows)


def _merged(connection: Connection, document: str, act: str) -> list[str]:
    """The Patients by whose merge its instances were moved."""
    if parts_of(act)[0] not in ("merge", "unmerge"):
        return []
    query = select(MOVE.c.replaced, MOVE.c.survivor).where(MOVE.c.document == document)
    return sorted({key for row in connection.execute(query) for key in row})


def _intent(connection: Connection, document: str) -> RowMapping | None:
    return connection.execute(_INTENT, {"of_document": document}).mappings().first()
