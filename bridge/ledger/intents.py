"""What is about to be written: recorded before it is, and ended by the agreement (`links`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, delete, select

from bridge.ledger.audit import record
from bridge.ledger.audit_event import AuditEvent, overtaken
from bridge.ledger.database import Database, put
from bridge.ledger.leases import Leases
from bridge.ledger.link import Intent, Kind, parts_of
from bridge.ledger.moves import Move, remember
from bridge.ledger.names import name_so
from bridge.ledger.plan import Planned
from bridge.ledger.tables import ALIAS, INTENT, REPLACEMENT, WORK
from bridge.ledger.waking import wake_document

_ROUTE: BindParameter[str] = bindparam("of_route")
_KEY: BindParameter[str] = bindparam("of_key")
# made once: to make a statement takes longer than to run it
_INTENT = select(INTENT).where(INTENT.c.document == bindparam("of_document"))
_BEGUN = select(INTENT.c.act, INTENT.c.document).join(ALIAS, ALIAS.c.document == INTENT.c.document)
_BEGUN = _BEGUN.where((ALIAS.c.route == _ROUTE) & (ALIAS.c.key == _KEY))


class Intents:
    def __init__(self, database: Database, leases: Leases, *, dry: bool) -> None:
        self._database, self._leases, self._dry = database, leases, dry

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
            name_so(connection, route, document, keys)
            _record(connection, event, document)

    def of(self, document: str) -> Intent:
        """The open intent; an empty one where nothing is begun."""
        with self._database.connect() as connection:
            row = intent_of(connection, document)
        return Intent(row["act"], row["keys"]) if row else Intent()

    def about(self, route: str, key: str) -> Kind | None:
        """What the open intent does that is about to write the resource or SOP Instance."""
        with self._database.connect() as connection:
            act = connection.execute(_BEGUN, {"of_route": route, "of_key": key}).scalar()
        return parts_of(act)[0] if act is not None else None

    def instance_of(self, document: str) -> bytes | None:
        """The instance that the open intent of the document is about to write, where it had to be kept: one that
        replaces another of the same UID, which has to be removed before, so that nobody has it meanwhile; one for an
        archive that may change what it gets. None where nothing is begun. The agreement drops it."""
        with self._database.connect() as connection:
            return _instance_of(connection, document)

    def instance_about(self, route: str, key: str, act: str) -> bytes | None:
        """The same, of the open intent with that act which is about to write the SOP Instance."""
        with self._database.connect() as connection:
            row = connection.execute(_BEGUN, {"of_route": route, "of_key": key}).first()
            return _instance_of(connection, row.document) if row is not None and row.act == act else None

    def by(self, route: str, act: str) -> list[tuple[str, list[str]]]:
        """Documents with such an open intent, and its keys."""
        of_act = (INTENT.c.route == route) & (INTENT.c.act == act)
        with self._database.connect() as connection:
            query = select(INTENT.c.document, INTENT.c["keys"]).where(of_act)
            return [(document, list(keys)) for document, keys in connection.execute(query)]

    def drop(self, document: str) -> None:
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
        self._let_go(route, [document for document, _ in self.by(route, act)])

    def _let_go(self, route: str, documents: Sequence[str]) -> None:
        for document in documents:
            if not self._leases.hold([document]):
                continue  # somebody has begun it just now
            self.drop(document)
            with self._database.begin() as connection:
                wake_document(connection, route, document, ("waiting",), self._database.now())

    def _overtaken(self, connection: Connection, document: str, keys: Sequence[str] = ()) -> AuditEvent | None:
        """An open intent that is not the one with these keys; a withdrawal that names none is only decided again."""
        intent = intent_of(connection, document)
        if intent is None or set(intent["keys"]) <= set(keys):
            return None
        return overtaken(intent["route"], intent["act"], intent["store"], intent["keys"], self._database.now())


def intent_of(connection: Connection, document: str) -> RowMapping | None:
    """The row of the open intent."""
    return connection.execute(_INTENT, {"of_document": document}).mappings().first()


def _instance_of(connection: Connection, document: str) -> bytes | None:
    return connection.execute(select(REPLACEMENT.c.data).where(REPLACEMENT.c.document == document)).scalar()


def _record(connection: Connection, event: AuditEvent | None, document: str) -> None:
    if event is not None:
        record(connection, event, document)
