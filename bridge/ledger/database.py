"""The database of the ledger: opened, locked, migrated. The clock is passed in."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import Connection, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from bridge.errors import TemporaryError, UsageError
from bridge.ledger.migrate import migrate, newest

_PARTS = 500  # values of one query
T = TypeVar("T")


class Database:
    """One process at a time works on it; others may read. Raises UsageError where another one holds it, where it is of
    another version, or where the URL is no SQLite."""

    def __init__(self, url: str, clock: Callable[[], float], *, reading: bool = False) -> None:
        self.now = clock
        self._lock: IO[str] | None = None
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UsageError(f"ledger: {url!r} is no database URL; write sqlite:///bridge.db") from error
        if parsed.get_backend_name() != "sqlite":
            raise UsageError("ledger: only SQLite so far; write sqlite:///bridge.db")
        file = Path(parsed.database) if parsed.database and parsed.database != ":memory:" else None
        if file is not None and reading and not file.exists():
            raise UsageError(f"ledger: {file} is not there; was there a pass, and is this the right folder?")
        if file is not None and not reading:
            self._lock = _locked(file)
        if file is not None and not file.exists():
            file.touch(0o600)  # what it says of documents is nobody else's business
        self._engine = create_engine(parsed)
        event.listen(self._engine, "connect", _durable)
        event.listen(self._engine, "begin", _begun)
        try:
            self._at_newest(reading)
        except DatabaseError as error:
            self.close()
            raise UsageError(f"ledger: {parsed.database} is no ledger, or cannot be opened") from error
        except BaseException:
            self.close()
            raise

    def _at_newest(self, reading: bool) -> None:
        with self.begin() as connection:
            if reading and not newest(connection):
                raise UsageError("ledger: of another version than this program; make a pass with this one first")
            migrate(connection)

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction that writes."""
        with self._engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection


def put(connection: Connection, table: Table, row: dict[str, Any], again: dict[str, Any] | None = None) -> None:
    """The row, or where its key is there already, `again` of it: the values of the row unless said otherwise."""
    keys = [column.name for column in table.primary_key]
    values = again if again is not None else {name: value for name, value in row.items() if name not in keys}
    made = insert(table).values(**row)
    settled = made.on_conflict_do_update(index_elements=keys, set_=values) if values else made.on_conflict_do_nothing()
    connection.execute(settled)


def in_parts(connection: Connection, query: Any, column: Any, values: Sequence[str]) -> list[Any]:
    """`query` where `column` is one of the values, however many these are."""
    found: list[Any] = []
    for some in batched(values, _PARTS):
        found += connection.execute(query.where(column.in_(some))).all()
    return found


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """As itertools.batched of Python 3.12."""
    waiting = iter(items)
    while some := list(islice(waiting, size)):
        yield some


def _begun(connection: Connection) -> None:
    """A transaction that reads first and writes later would fail beside another writer, whatever its patience. And the
    driver would begin none for a change of tables."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _durable(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin below, not in the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _locked(database: Path) -> IO[str]:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = database.with_name(f"{database.name}.lock").open("w")
    except OSError as error:
        raise TemporaryError(f"ledger: {database}: {error.strerror}") from error
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    lock.close()
    raise UsageError(f"ledger: {database} is in use by another fhir-dicom; stop that one first")
