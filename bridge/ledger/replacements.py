"""Instances that are about to replace others of the same UID: an archive has to remove the one before it takes the
other, and between the two nobody else has it. Kept with the intent, dropped with the agreement."""

from __future__ import annotations

from sqlalchemy import select

from bridge.ledger.database import Database
from bridge.ledger.tables import REPLACEMENT


class Replacements:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document: str) -> bytes | None:
        """The instance that is about to replace one of the document; None where nothing was begun."""
        with self._database.connect() as connection:
            query = select(REPLACEMENT.c.data).where(REPLACEMENT.c.document == document)
            return connection.execute(query).scalar()
