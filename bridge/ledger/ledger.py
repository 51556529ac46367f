"""The ledger: what was seen, linked, intended, decided and owed. Each operation is one transaction."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

from bridge.ledger.audit import AuditTrail
from bridge.ledger.conflicts import Conflicts
from bridge.ledger.database import Clock, Database
from bridge.ledger.deletions import Deletions
from bridge.ledger.feeds import Feeds
from bridge.ledger.intents import Intents
from bridge.ledger.leases import Board, Leases, LocalLeases, SharedLeases
from bridge.ledger.links import Links
from bridge.ledger.moves import Moves
from bridge.ledger.names import Names
from bridge.ledger.operations import Operations
from bridge.ledger.pauses import Pauses
from bridge.ledger.rejections import Rejections
from bridge.ledger.retired import Retired
from bridge.ledger.status import status
from bridge.ledger.studies import Studies
from bridge.ledger.view import View
from bridge.ledger.waking import Waking
from bridge.ledger.work import WorkQueue


class Ledger:
    """As one worker sees it. On SQLite one process at a time, on PostgreSQL any number; others may read, and decide.
    `dry`: before each effect it raises Planned. Raises UsageError where another process works on the same file."""

    def __init__(self, url: str, clock: Clock | None = None, *, reading: bool = False, dry: bool = False) -> None:
        self._database, self._board, self.dry = Database(url, clock, reading=reading), Board(), dry
        self.shared = self._database.shared  # with other processes
        self.check_version = self._database.check_version
        self.now = self._database.now  # seconds since the epoch
        self.feeds = Feeds(self._database)
        self.links = Links(self._database, dry=dry)
        self.names = Names(self._database, dry=dry)
        self.waking = Waking(self._database)
        self.studies = Studies(self._database)
        self.moves = Moves(self._database)
        self.rejections = Rejections(self._database)
        self.conflicts = Conflicts(self._database)
        self.pauses = Pauses(self._database, dry=dry)
        self.deletions = Deletions(self._database)
        self.operations = Operations(self._database)
        self.retired = Retired(self._database)
        self.audit = AuditTrail(self._database)
        self.view = View(self._database)
        self._be_a_worker()

    def _be_a_worker(self) -> None:
        self.leases: Leases = SharedLeases(self._database) if self._database.shared else LocalLeases(self._board)
        self.work = WorkQueue(self._database, self.leases.owner)
        self.intents = Intents(self._database, self.leases, dry=self.dry)

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

    def status(self, limit: int = 500) -> dict[str, Any]:
        """As `bridge.ledger.status` has it, and which routes are paused."""
        with self._database.connect() as connection:
            found = status(connection, limit)
        return found | {"paused": self.pauses.open()}
