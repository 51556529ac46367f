"""Which documents were deleted a moment ago: what goes one by one, and fast, is many at once."""

from __future__ import annotations

from sqlalchemy import delete, select

from bridge.ledger.database import Database, put
from bridge.ledger.tables import GONE

MOMENT = 60.0  # seconds


class Deletions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, route: str, document: str) -> None:
        """Remembers that the document was deleted now, and forgets what was deleted before this moment."""
        now = self._database.now()
        with self._database.begin() as connection:
            connection.execute(delete(GONE).where((GONE.c.route == route) & (GONE.c.at < now - MOMENT)))
            put(connection, GONE, {"route": route, "document": document, "at": now})

    def recent(self, route: str) -> set[str]:
        with self._database.connect() as connection:
            of_moment = (GONE.c.route == route) & (GONE.c.at >= self._database.now() - MOMENT)
            return set(connection.execute(select(GONE.c.document).where(of_moment)).scalars())
