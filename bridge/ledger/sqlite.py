"""The ledger as a SQLite file: one process works on it, by a lock beside it; others may read, and decide."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from bridge.errors import TemporaryError, UsageError


def opened(url: URL, *, reading: bool) -> tuple[Engine, IO[str] | None]:
    """The engine, and the lock that whoever works holds until it is closed."""
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise UsageError("ledger: in memory it is lost with the process; write sqlite:///bridge.db")
    file = Path(url.database)
    if reading and not file.exists():
        raise UsageError(f"ledger: {file} is not there; was there a pass, and is this the right folder?")
    lock = _locked(file) if not reading else None
    if not file.exists():
        file.touch(0o600)  # what it says of documents is nobody else's business
    engine = create_engine(url)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begun)
    return engine, lock


def _begun(connection: Connection) -> None:
    """A transaction that reads first and writes later would fail beside another writer, whatever its patience; and the
    driver would begin none for a change of tables. Who only reads needs none: each statement sees one moment."""
    if connection.get_execution_options().get("writing", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _durable(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin above, not in the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _locked(database: Path) -> IO[str]:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(os.open(database.with_name(f"{database.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "w")
    except OSError as error:
        raise TemporaryError(f"ledger: {database}: {error.strerror}") from error
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    lock.close()
    raise UsageError(f"ledger: {database} is in use by another fhir-dicom; stop that one first")
