"""Who works on what, now: a document is in one worker's hands at a time.

A lease is a lock that lives no longer than its worker. In one process (SQLite) it is memory; on PostgreSQL it is an
advisory lock of a session, which the server ends when the worker dies, is cut off, or is silent for too long. Whoever
lost it cannot write its intent any more, and so does nothing (docs/decisions/0016).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import LedgerError
from bridge.ledger.database import Database
from bridge.ledger.postgresql import STALLED


class Leases(Protocol):
    owner: str  # name of the worker, another with each start

    def appear(self) -> None:
        """To be called before anything is claimed: who has claimed and never appeared is taken for dead."""
        ...

    def hold(self, names: Iterable[str]) -> bool:
        """Takes all of them, or none where another worker has one; whether it did. What is held already is held on."""
        ...

    def is_free(self, name: str) -> bool:
        """Whether no other worker has it. Who only looks is in nobody's way."""
        ...

    def confirm(self) -> None:
        """To be called before an effect. Raises LedgerError where what was held may be another's by now."""
        ...

    def keep(self) -> None:
        """To be called from time to time in a long task that asks nothing else of it. Raises LedgerError as `confirm`
        does."""
        ...

    def release(self, names: Iterable[str] | None = None) -> None:
        """Gives up these, or all."""
        ...

    def is_alive(self, owner: str) -> bool: ...

    def close(self) -> None:
        """The worker ends."""
        ...


class Board:
    """What the workers of this process hold."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[str, str] = {}  # name -> owner
        self.owners: set[str] = set()


class LocalLeases:
    """Of one worker among the threads of a process that has the ledger for itself."""

    def __init__(self, board: Board) -> None:
        self._board, self.owner = board, uuid.uuid4().hex
        self.appear()

    def appear(self) -> None:
        with self._board.lock:
            self._board.owners.add(self.owner)

    def hold(self, names: Iterable[str]) -> bool:
        wanted = set(names)
        with self._board.lock:
            if any(self._board.held.get(name, self.owner) != self.owner for name in wanted):
                return False
            self._board.held.update(dict.fromkeys(wanted, self.owner))
            return True

    def is_free(self, name: str) -> bool:
        with self._board.lock:
            return self._board.held.get(name, self.owner) == self.owner

    def confirm(self) -> None:
        """Memory is not lost before its process is."""

    def keep(self) -> None:
        """Nor does it end by itself."""

    def release(self, names: Iterable[str] | None = None) -> None:
        with self._board.lock:
            mine = {name for name, owner in self._board.held.items() if owner == self.owner}
            for name in mine if names is None else mine & set(names):
                del self._board.held[name]

    def is_alive(self, owner: str) -> bool:
        return owner in self._board.owners

    def close(self) -> None:
        self.release()
        with self._board.lock:
            self._board.owners.discard(self.owner)


class SharedLeases:
    """Of one worker among many processes. Its session is its life: it holds a lock on its own name, too."""

    def __init__(self, database: Database) -> None:
        self._database, self.owner = database, uuid.uuid4().hex
        self._session: Connection | None = None
        self._held: set[str] = set()

    def appear(self) -> None:
        self._open()

    def hold(self, names: Iterable[str]) -> bool:
        wanted = sorted(set(names) - self._held)
        free = [name for name, locked in zip(wanted, self._each("pg_try_advisory_lock", wanted), strict=True) if locked]
        if len(free) < len(wanted):
            self._each("pg_advisory_unlock", free)
            return False
        self._held |= set(wanted)
        return True

    def is_free(self, name: str) -> bool:
        if name in self._held:
            return True
        free = self._each("pg_try_advisory_lock_shared", [name]) == [True]
        if free:
            self._each("pg_advisory_unlock_shared", [name])
        return free

    def confirm(self) -> None:
        if self._session is None:
            raise self._lost()
        self.keep()

    def keep(self) -> None:
        if self._session is not None:
            self._each("pg_advisory_unlock", [])  # of nothing: does the session live?

    def release(self, names: Iterable[str] | None = None) -> None:
        left = self._held if names is None else self._held & set(names)
        self._held = self._held - left
        if left:
            self._each("pg_advisory_unlock", sorted(left))

    def is_alive(self, owner: str) -> bool:
        if owner == self.owner or self._each("pg_try_advisory_lock", [_worker(owner)]) == [False]:
            return True
        self._each("pg_advisory_unlock", [_worker(owner)])
        return False

    def close(self) -> None:
        if self._session is not None:
            self._session.invalidate()  # ends the session, and with it every lock: the pool must not keep it
            self._session.close()
        self._session, self._held = None, set()

    def _each(self, function: str, names: Sequence[str]) -> list[bool]:
        """What the server answers for each name, in one statement."""
        try:
            return list(self._open().execute(_EACH[function], {"names": list(names)}).scalars())
        except SQLAlchemyError as error:
            raise self._lost() from error

    def _open(self) -> Connection:
        if self._session is None:
            self._session = self._database.session()
            self._session.execute(text(f"SET idle_session_timeout = '{STALLED}'"))
            self._session.execute(_EACH["pg_try_advisory_lock"], {"names": [_worker(self.owner)]})
        return self._session

    def _lost(self) -> LedgerError:
        self.close()
        return LedgerError("ledger: the session of this worker was ended; what it held may be another's by now")


_EACH = {
    function: text(f"SELECT {function}(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name")
    for kind in ("", "_shared")
    for function in (f"pg_try_advisory_lock{kind}", f"pg_advisory_unlock{kind}")
}


def _worker(owner: str) -> str:
    return f"worker {owner}"
