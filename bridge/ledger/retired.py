"""Routes that are configured no more: no pass looks at what is known of them, and a person has it forgotten."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, func, select

from bridge.errors import UsageError
from bridge.ledger.audit import record
from bridge.ledger.audit_event import decided, overtaken
from bridge.ledger.database import Database
from bridge.ledger.tables import INTENT, METADATA, POSITION, REPLACEMENT, WORK

_OF_ROUTE = tuple(table for table in METADATA.sorted_tables if "route" in table.c)
"""All but what is of a document alone, and the audit trail, which stays."""


class Retired:
    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, configured: Collection[str]) -> dict[str, int]:
        """Those on which a pass was made, or that owe anything, and which are none of the configured ones: how much of
        each is not in step."""
        owing = self.owing(configured)
        with self._database.connect() as connection:
            names = connection.execute(select(POSITION.c.route).distinct()).scalars().all()
        return {route: owing.get(route, 0) for route in sorted({*names, *owing} - set(configured))}

    def owing(self, configured: Collection[str]) -> dict[str, int]:
        """The same, of those of which anything is not in step. Links and what was seen are not looked at: there are
        millions of them."""
        with self._database.connect() as connection:
            found = connection.execute(select(WORK.c.route, func.count()).group_by(WORK.c.route)).all()
        return {route: number for route, number in found if route not in configured}

    def forget(self, route: str, configured: Collection[str], by: str) -> None:
        """All that is known of it. Raises UsageError where it is configured, or nothing is known of it."""
        if route in configured:
            raise UsageError(f"{route} is configured: its documents would be taken for new ones; take it out first")
        if not self._is_known(route):
            retired = ", ".join(self.known(configured)) or "none"
            raise UsageError(f"nothing is known of a route {route!r}; configured no more, and known: {retired}")
        now = self._database.now()
        with self._database.begin() as connection:
            begun = connection.execute(select(INTENT).where(INTENT.c.route == route)).all()
            documents = [one.document for one in begun]
            connection.execute(delete(REPLACEMENT).where(REPLACEMENT.c.document.in_(documents)))
            for table in _OF_ROUTE:
                connection.execute(delete(table).where(table.c.route == route))
            for one in begun:
                record(connection, overtaken(route, one.act, one.store, one.keys, now), one.document)
            record(connection, decided("forget route", by, route, [], now))

    def _is_known(self, route: str) -> bool:
        with self._database.connect() as connection:
            return any(
                connection.execute(select(table.c.route).where(table.c.route == route).limit(1)).first() is not None
                for table in _OF_ROUTE
            )
