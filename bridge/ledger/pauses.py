"""Routes that make no pass until a person resumes them, and why."""

from __future__ import annotations

from sqlalchemy import select

from bridge.ledger.database import Database, put
from bridge.ledger.tables import PAUSE


class Pauses:
    def __init__(self, database: Database, *, dry: bool) -> None:
        self._database, self._dry = database, dry

    def pause(self, route: str, reason: str) -> None:
        """Stops the route until a person answers what a pass asks; a dry one only says so."""
        if self._dry:
            return
        with self._database.begin() as connection:
            put(connection, PAUSE, {"route": route, "reason": reason, "since": self._database.now()})

    def reasons(self) -> dict[str, str]:
        """Of each route that is paused, why."""
        with self._database.connect() as connection:
            return {route: reason for route, reason in connection.execute(select(PAUSE.c.route, PAUSE.c.reason))}
