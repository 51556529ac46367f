"""Routes that make no pass until a person resumes them, why, and what looks deleted there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from bridge.ledger.database import Database, put
from bridge.ledger.tables import PAUSE, WORK
from bridge.ledger.view import instant

_SOME = 5  # keys that people are shown


@dataclass(frozen=True, slots=True)
class Pause:
    name: str
    """What people call the pause as it stands: another one of the route, or other items that look deleted, have another
    name, and a verdict on the old one is refused."""
    reason: str
    since: float  # seconds since the epoch
    absent: int  # items that look deleted
    some: tuple[str, ...]  # keys of the first of them


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

    def of(self, route: str) -> Pause | None:
        with self._database.connect() as connection:
            return pause_of(connection, route)

    def open(self) -> dict[str, dict[str, Any]]:
        """For people, by route."""
        found = {route: self.of(route) for route in sorted(self.reasons())}
        return {route: _shown(pause) for route, pause in found.items() if pause is not None}


def pause_of(connection: Connection, route: str) -> Pause | None:
    """That of the route, within another transaction. A million items that look deleted take no memory."""
    row = connection.execute(select(PAUSE.c.reason, PAUSE.c.since).where(PAUSE.c.route == route)).first()
    if row is None:
        return None
    absent = (WORK.c.route == route) & (WORK.c.state == "absent")
    keys = select(WORK.c.store, WORK.c.key).where(absent).order_by(WORK.c.store, WORK.c.key)
    digest, number, some = hashlib.sha256(f"{route}|{row.since}".encode()), 0, list[str]()
    for store, key in connection.execute(keys.execution_options(yield_per=1000)):
        digest.update(f"|{store}|{key}".encode())
        number += 1
        if number <= _SOME:
            some.append(key)
    return Pause(digest.hexdigest()[:8], row.reason, row.since, number, tuple(some))


def _shown(pause: Pause) -> dict[str, Any]:
    since = instant(pause.since)
    return {"name": pause.name, "reason": pause.reason, "since": since, "absent": pause.absent, "some": pause.some}
