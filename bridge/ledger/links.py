"""What both sides agreed on last, what belongs to which document, and what is about to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, select, update

from bridge.ledger.database import Database, put
from bridge.ledger.tables import ALIAS, CONFLICT, INTENT, LINK, VOID, WORK


@dataclass(frozen=True, slots=True)
class Link:
    document: str
    route: str
    born: str  # fhir or dicom
    root: str
    versions: dict[str, str]
    fhir_digest: str  # state of the side: digest, `retracted` or `gone`
    instance: str
    dicom_digest: str  # state of the side
    chain: list[list[str]]  # study, series, class, instance of every version, head last

    @property
    def head(self) -> str:
        """SOP Instance UID of the newest version."""
        return self.chain[-1][3]


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

    def document_of(self, route: str, key: str) -> str | None:
        with self._database.connect() as connection:
            query = select(ALIAS.c.document).where((ALIAS.c.route == route) & (ALIAS.c.key == key))
            return connection.execute(query).scalar()

    def places(self, route: str, limit: int) -> list[tuple[str, str]]:
        """Key of the root resource and of the head instance, of some documents that stand on both sides."""
        standing = LINK.c.fhir_digest.not_in(VOID) & LINK.c.dicom_digest.not_in(VOID)
        with self._database.connect() as connection:
            query = select(LINK.c.root, LINK.c.instance).where((LINK.c.route == route) & standing).limit(limit)
            return [(root, instance) for root, instance in connection.execute(query)]

    def count(self, route: str) -> int:
        with self._database.connect() as connection:
            return connection.execute(select(func.count()).select_from(LINK).where(LINK.c.route == route)).scalar_one()

    def intend(self, route: str, document: str, act: str, store: str, keys: Sequence[str]) -> None:
        """Before the effect: feeds recognise by alias what is about to be written."""
        with self._database.begin() as connection:
            row = {"document": document, "route": route, "act": act, "store": store, "keys": list(keys)}
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
            for table in (LINK, ALIAS, INTENT, CONFLICT):
                connection.execute(delete(table).where(table.c.document == document))

    def agree(self, link: Link, keys: Sequence[str], forgotten: Sequence[str] = ()) -> None:
        """After the effect: link and aliases; intent and conflict are settled, what was held is looked at again.
        Documents taken in are `forgotten`."""
        with self._database.begin() as connection:
            for document in forgotten:
                connection.execute(delete(LINK).where(LINK.c.document == document))
                connection.execute(update(ALIAS).where(ALIAS.c.document == document).values(document=link.document))
            put(connection, LINK, asdict(link))
            _aliases(connection, link.route, link.document, [*keys, link.instance])
            for table in (INTENT, CONFLICT):
                connection.execute(delete(table).where(table.c.document == link.document))
            of_document = select(ALIAS.c.key).where((ALIAS.c.route == link.route) & (ALIAS.c.document == link.document))
            held = (WORK.c.route == link.route) & (WORK.c.state == "held") & WORK.c.key.in_(of_document)
            again = {"state": "owed", "due": self._database.now(), "attempts": 0, "reason": None}
            connection.execute(update(WORK).where(held).values(**again))


def _aliases(connection: Connection, route: str, document: str, keys: Sequence[str]) -> None:
    for key in keys:
        put(connection, ALIAS, {"route": route, "key": key, "document": document})
