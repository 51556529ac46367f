"""Instances that are about to be written, where nobody else has them when they are asked for: one that replaces another
of the same UID, which has to be removed before; one for an archive that may change what it gets. Kept with the intent,
dropped with the agreement."""

from __future__ import annotations

from sqlalchemy import select

from bridge.ledger.database import Database
from bridge.ledger.tables import REPLACEMENT


class Replacements:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document: str) -> bytes | None:
        """The instance of the document that is about to be written; None where nothing was begun."""
        with self._database.connect() as connection:
            query = select(REPLACEMENT.c.data).where(REPLACEMENT.c.document == document)
            return connection.execute(query).scalar()
