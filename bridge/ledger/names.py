"""Which document a resource or a SOP Instance UID goes by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from bridge.ledger.database import Database, batched, in_parts, put
from bridge.ledger.link import Link
from bridge.ledger.tables import ALIAS

_ROUTE: BindParameter[str] = bindparam("of_route")
# made once: to make a statement takes longer than to run it
_DOCUMENTS = select(ALIAS.c.document).where(ALIAS.c.route == _ROUTE)
_DOCUMENTS = _DOCUMENTS.where(ALIAS.c.key.in_(bindparam("of_keys", expanding=True)))
_KEYS = select(ALIAS.c.key).where((ALIAS.c.route == _ROUTE) & (ALIAS.c.document == bindparam("of_document")))


class Names:
    def __init__(self, database: Database, *, dry: bool) -> None:
        self._database, self._dry = database, dry

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

    def of(self, link: Link, beginning: str) -> list[str]:
        """Keys that go by the document and begin so."""
        with self._database.connect() as connection:
            keys = connection.execute(_KEYS, {"of_route": link.route, "of_document": link.document}).scalars()
            return [key for key in keys if key.startswith(beginning)]

    def give(self, link: Link, keys: Sequence[str]) -> None:
        """Has keys go by the document, of which nothing is agreed: nothing is settled or woken. Not in a dry run."""
        if not self._dry:
            with self._database.begin() as connection:
                name_so(connection, link.route, link.document, keys)

    def take(self, link: Link, keys: Sequence[str]) -> None:
        """Has those keys go by the document no more. Not in a dry run."""
        if not self._dry:
            with self._database.begin() as connection:
                of_document = (ALIAS.c.route == link.route) & (ALIAS.c.document == link.document)
                connection.execute(delete(ALIAS).where(of_document & ALIAS.c.key.in_(keys)))


def name_so(connection: Connection, route: str, document: str, keys: Sequence[str]) -> None:
    """Has keys go by the document, and no other, within somebody's transaction."""
    rows = ({"route": route, "key": key, "document": document} for key in sorted(set(keys)))
    put(connection, ALIAS, *rows)
