"""What both sides agreed on last, what belongs to which document, and what is about to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from bridge.ledger.audit import record
from bridge.ledger.audit_event import overtaken, written
from bridge.ledger.database import Database, put
from bridge.ledger.link import Link
from bridge.ledger.tables import ALIAS, CONFLICT, INTENT, LINK, REPLACEMENT, VOID, WORK

_STANDING = LINK.c.fhir_digest.not_in(VOID) & LINK.c.dicom_digest.not_in(VOID)


class Links:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, route: str, key: str) -> Link | None:
        """The link of the document that a resource or SOP Instance UID belongs to."""
        with self._database.connect() as connection:
            query = select(LINK).join(ALIAS, ALIAS.c.document == LINK.c.document)
            row = connection.execute(query.where((ALIAS.c.route == route) & (ALIAS.c.key == key))).first()
        return Link(**row._mapping) if row else None

    def headed_by(self, route: str, instance: str) -> Link | None:
        """By what its store calls the head instance."""
        with self._database.connect() as connection:
            query = select(LINK).where((LINK.c.route == route) & (LINK.c.instance == instance))
            row = connection.execute(query).first()
        return Link(**row._mapping) if row else None

    def places(self, route: str, limit: int) -> list[tuple[str, str]]:
        """Key of the root resource and of the head instance, of some documents that stand on both sides."""
        with self._database.connect() as connection:
            query = select(LINK.c.root, LINK.c.instance).where((LINK.c.route == route) & _STANDING).limit(limit)
            return [(root, instance) for root, instance in connection.execute(query)]

    def count(self, route: str) -> int:
        """Of documents that stand on both sides."""
        with self._database.connect() as connection:
            query = select(func.count()).select_from(LINK).where((LINK.c.route == route) & _STANDING)
            return connection.execute(query).scalar_one()

    def intend(self, route: str, document: str, act: str, store: str, keys: Sequence[str]) -> None:
        """Before the effect: feeds recognise by alias what is about to be written."""
        with self._database.begin() as connection:
            row = {"document": document, "route": route, "act": act, "store": store, "keys": list(keys)}
            self._overtake(connection, document, keys)
            put(connection, INTENT, row)
            _aliases(connection, route, document, keys)

    def intended(self, document: str) -> tuple[str, list[str]] | None:
        """Act and keys of the open intent: what was begun and is not agreed yet."""
        with self._database.connect() as connection:
            query = select(INTENT.c.act, INTENT.c["keys"]).where(INTENT.c.document == document)
            row = connection.execute(query).first()
        return (str(row[0]), list(row[1])) if row else None

    def forget(self, document: str) -> None:
        """A document that is gone on both sides."""
        with self._database.begin() as connection:
            for table in (LINK, ALIAS, INTENT, CONFLICT, REPLACEMENT):
                connection.execute(delete(table).where(table.c.document == document))

    def agree(self, link: Link, keys: Sequence[str], forgotten: Sequence[str] = ()) -> None:
        """After the effect: link, aliases and audit entry; intent and conflict are settled, what was held is looked at
        again. Documents taken in are `forgotten`."""
        with self._database.begin() as connection:
            for document in forgotten:
                connection.execute(delete(LINK).where(LINK.c.document == document))
                connection.execute(update(ALIAS).where(ALIAS.c.document == document).values(document=link.document))
            self._audit(connection, link)
            put(connection, LINK, asdict(link))
            _aliases(connection, link.route, link.document, [*keys, link.instance])
            for table in (INTENT, CONFLICT, REPLACEMENT):
                connection.execute(delete(table).where(table.c.document == link.document))
            self._wake(connection, link.route, link.document, ("held", "waiting"))

    def _audit(self, connection: Connection, link: Link) -> None:
        """What the open intent said is done."""
        if (intent := _intent(connection, link.document)) is None:
            return
        known = connection.execute(select(LINK.c.document).where(LINK.c.document == link.document)).first() is not None
        now = self._database.now()
        record(
            connection,
            written(link, intent["act"], intent["store"], intent["keys"], known=known, now=now),
            link.document,
        )

    def _overtake(self, connection: Connection, document: str, keys: Sequence[str] = ()) -> None:
        """An open intent that is not the one with these keys; a withdrawal that names none is only decided again."""
        intent = _intent(connection, document)
        if intent is not None and not set(intent["keys"]) <= set(keys):
            event = overtaken(intent["route"], intent["act"], intent["store"], intent["keys"], self._database.now())
            record(connection, event, document)

    def wake(self, route: str, instance: str) -> None:
        """What waits for the instance, which is as the link says, is looked at again."""
        with self._database.begin() as connection:
            of_instance = (LINK.c.route == route) & (LINK.c.instance == instance)
            if (document := connection.execute(select(LINK.c.document).where(of_instance)).scalar()) is not None:
                self._wake(connection, route, document, ("waiting",))

    def _wake(self, connection: Connection, route: str, document: str, states: Sequence[str]) -> None:
        keys = select(ALIAS.c.key).where((ALIAS.c.route == route) & (ALIAS.c.document == document))
        aside = (WORK.c.route == route) & WORK.c.state.in_(states) & WORK.c.key.in_(keys)
        again = update(WORK).where(aside).values(state="owed", due=self._database.now(), reason=None)
        connection.execute(again)  # attempts count on: nothing turns for ever

    def settle(self, document: str) -> None:
        """An intent of which nothing came: it is decided again."""
        with self._database.begin() as connection:
            self._overtake(connection, document)
            connection.execute(delete(INTENT).where(INTENT.c.document == document))

    def sweep(self, route: str) -> None:
        """Intents that are left when nothing is owed: killed before the effect, and what they were about is gone."""
        of_route = INTENT.c.route == route
        with self._database.begin() as connection:
            if connection.execute(select(WORK.c.key).where(WORK.c.route == route).limit(1)).first() is not None:
                return
            for document in connection.execute(select(INTENT.c.document).where(of_route)).scalars().all():
                self._overtake(connection, document)
                connection.execute(delete(INTENT).where(of_route & (INTENT.c.document == document)))


def _aliases(connection: Connection, route: str, document: str, keys: Sequence[str]) -> None:
    for key in keys:
        put(connection, ALIAS, {"route": route, "key": key, "document": document})


def _intent(connection: Connection, document: str) -> RowMapping | None:
    return connection.execute(select(INTENT).where(INTENT.c.document == document)).mappings().first()
