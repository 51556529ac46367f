"""The ledger: what was seen, linked, intended, decided and owed. Each operation is one transaction."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bridge.ledger.audit import AuditTrail
from bridge.ledger.conflicts import Conflicts
from bridge.ledger.database import Clock, Database
from bridge.ledger.feeds import Feeds
from bridge.ledger.leases import Board, Leases, LocalLeases, SharedLeases
from bridge.ledger.links import Links
from bridge.ledger.moves import Moves
from bridge.ledger.operations import Operations
from bridge.ledger.pauses import Pauses
from bridge.ledger.rejections import Rejections
from bridge.ledger.replacements import Replacements
from bridge.ledger.studies import Studies
from bridge.ledger.tables import CONFLICT, INTENT, LINK, WORK
from bridge.ledger.view import View
from bridge.ledger.work import WorkQueue


class Ledger:
    """As one worker sees it. On SQLite one process at a time, on PostgreSQL any number; others may read, and decide.
    `dry`: before each effect it raises Planned. Raises UsageError where another process works on the same file."""

    def __init__(self, url: str, clock: Clock | None = None, *, reading: bool = False, dry: bool = False) -> None:
        self._database, self._board, self._dry = Database(url, clock, reading=reading), Board(), dry
        self.now = self._database.now  # seconds since the epoch
        self.feeds = Feeds(self._database)
        self.studies = Studies(self._database)
        self.moves = Moves(self._database)
        self.replacements = Replacements(self._database)
        self.rejections = Rejections(self._database)
        self.conflicts = Conflicts(self._database)
        self.pauses = Pauses(self._database)
        self.operations = Operations(self._database)
        self.audit = AuditTrail(self._database)
        self.view = View(self._database)
        self._be_a_worker()

    def _be_a_worker(self) -> None:
        self.leases: Leases = SharedLeases(self._database) if self._database.shared else LocalLeases(self._board)
        self.work = WorkQueue(self._database, self.leases.owner)
        self.links = Links(self._database, self.leases, dry=self._dry)

    def another(self) -> Ledger:
        """The same ledger, as another worker of this process sees it; `leave` when it is done."""
        other = copy(self)
        other._be_a_worker()
        return other

    def leave(self) -> None:
        """The worker ends: what it had in hand is free."""
        self.work.give_back()
        self.leases.close()

    def copy_to(self, file: Path) -> None:
        self._database.copy_to(file)

    def close(self) -> None:
        """Of all workers."""
        self.leases.close()
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
