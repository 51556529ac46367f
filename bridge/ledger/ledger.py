"""The ledger: what was seen, linked, intended, decided and owed. Each operation is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from bridge.ledger.audit import AuditTrail
from bridge.ledger.conflicts import Conflicts
from bridge.ledger.database import Database
from bridge.ledger.feeds import Feeds
from bridge.ledger.links import Links
from bridge.ledger.operations import Operations
from bridge.ledger.pauses import Pauses
from bridge.ledger.rejections import Rejections
from bridge.ledger.replacements import Replacements
from bridge.ledger.studies import Studies
from bridge.ledger.tables import CONFLICT, INTENT, LINK, WORK
from bridge.ledger.view import View
from bridge.ledger.work import WorkQueue


class Ledger:
    """One process at a time; others may read, and decide. Raises UsageError where another one works on it."""

    def __init__(self, url: str, clock: Callable[[], float], *, reading: bool = False) -> None:
        self._database = Database(url, clock, reading=reading)
        self.now = clock  # seconds since the epoch
        self.feeds = Feeds(self._database)
        self.work = WorkQueue(self._database)
        self.links = Links(self._database)
        self.studies = Studies(self._database)
        self.replacements = Replacements(self._database)
        self.rejections = Rejections(self._database)
        self.conflicts = Conflicts(self._database)
        self.pauses = Pauses(self._database)
        self.operations = Operations(self._database)
        self.audit = AuditTrail(self._database)
        self.view = View(self._database)

    def close(self) -> None:
        self._database.close()

    def status(self) -> dict[str, Any]:
        """Counts, and every reason why something is not in step."""
        with self._database.connect() as connection:
            states = connection.execute(select(WORK.c.state, func.count()).group_by(WORK.c.state))
            counts = {state: number for state, number in states}
            waiting = select(WORK.c.route, WORK.c.store, WORK.c.key, WORK.c.state, WORK.c.attempts, WORK.c.reason)
            query = waiting.where(WORK.c.reason.is_not(None)).order_by(WORK.c.store, WORK.c.key)
            reasons = [dict(zip(_WAITING, row, strict=True)) for row in connection.execute(query)]
            linked = connection.execute(select(LINK.c.born, func.count()).group_by(LINK.c.born))
            return {
                "linked": {born: number for born, number in linked},
                "owed": sum(counts.get(state, 0) for state in ("owed", "waiting", "deleted")),
                "absent": counts.get("absent", 0),
                "held": counts.get("held", 0),
                "dead": counts.get("dead", 0),
                "intents": connection.execute(select(func.count()).select_from(INTENT)).scalar_one(),
                "conflicts": connection.execute(select(func.count()).select_from(CONFLICT)).scalar_one(),
                "paused": self.pauses.reasons(),
                "reasons": reasons,
            }


_WAITING = ("route", "store", "key", "state", "attempts", "reason")
