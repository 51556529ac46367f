"""The database of the ledger: opened, migrated, one transaction at a time. On SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import URL, Connection, Table, text
from sqlalchemy.dialects import postgresql as for_postgresql
from sqlalchemy.dialects import sqlite as for_sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, OperationalError

from bridge.errors import LedgerError, UsageError
from bridge.ledger import postgresql, sqlite
from bridge.ledger.migrate import check_version, migrate
from bridge.ledger.why import FULL, is_of_database, why
from bridge.temporary import sweep, temporary_beside

_PARTS = 500  # values of one query
T = TypeVar("T")
Clock = Callable[[], float]
"""Seconds since the epoch."""


class Database:
    """On SQLite one process at a time works on it; others may read. Raises UsageError where another one holds it,
    where it is of another version, or where the URL is none of ours. The clock is this machine's, on PostgreSQL the
    server's, unless another is passed in."""

    def __init__(self, url: str, clock: Clock | None = None, *, reading: bool = False) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UsageError("ledger: no database URL; write sqlite:///bridge.db") from error
        self.shared = parsed.get_backend_name() == "postgresql"
        self._lock: IO[str] | None = None
        if self.shared:
            self._engine = postgresql.opened(parsed)
        elif parsed.get_backend_name() == "sqlite":
            self._engine, self._lock = sqlite.opened(parsed, reading=reading)
        else:
            raise UsageError("ledger: SQLite or PostgreSQL; write sqlite:///bridge.db")
        self._writing = self._engine.execution_options(writing=True)
        self._clock: Clock = clock or (postgresql.ServerClock(self._engine) if self.shared else time.time)
        # a file has one writer: threads wait here, in turn, and not for its patience to end
        self._turn = nullcontext() if self.shared else threading.Lock()
        try:
            self._at_newest(reading)
        except LedgerError as error:
            self.close()
            said = f"ledger: {_shown(parsed)} cannot be opened: {why(error)}"
            # a database server that is not there yet, or a full disk, is waited for: whoever runs us starts us again
            away = self.shared or FULL in str(error)
            raise (LedgerError if away else UsageError)(said) from error
        except DatabaseError as error:
            self.close()
            raise UsageError(f"ledger: {_shown(parsed)} is no ledger, or cannot be opened: {why(error)}") from error
        except BaseException:
            self.close()
            raise

    def _at_newest(self, reading: bool) -> None:
        with self.begin() as connection:
            if self.shared:
                postgresql.one_migrates(connection)
            if reading:
                check_version(connection)
            else:
                migrate(connection)

    def check_version(self) -> None:
        """Raises UsageError where a later program has migrated it meanwhile, as only what is shared can be."""
        if self.shared:
            with self.connect() as connection:
                check_version(connection)

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    def copy_to(self, file: Path) -> None:
        """As it is at one moment, while others work. Raises UsageError on PostgreSQL, which has its own ways."""
        if self.shared:
            raise UsageError("ledger: on PostgreSQL make backups by pg_dump, or as your database is backed up anyway")
        if file.exists():
            raise FileExistsError(file)
        sweep(file.parent)
        with temporary_beside(file) as part, closing(self._engine.raw_connection()) as source:
            try:  # beside its place, for half of a ledger is none
                with closing(sqlite3.connect(part)) as target:
                    source.driver_connection.backup(target)  # type: ignore[union-attr]
                part.rename(file)
            except sqlite3.Error as error:
                raise LedgerError(f"ledger: {file}: cannot be written: {error}") from error

    def now(self) -> float:
        with _named():
            return self._clock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction that writes. Raises LedgerError where the database cannot."""
        with self._turn, _named(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """To read: each statement sees one moment, and two may see two."""
        with _named(), self._engine.connect() as connection:
            yield connection

    def session(self) -> Connection:
        """A connection of its own, each statement a transaction: for locks that live as long as it does."""
        with _named():
            return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _shown(url: URL) -> str:
    """Without a password, which may be in the query, too."""
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _named() -> Iterator[None]:
    """A full disk, a server that is away, two transactions in each other's way: no document is at fault."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise LedgerError(f"ledger: {why(error)}") from error
    except DatabaseError as error:
        if not is_of_database(error):
            raise  # a defect of ours
        raise LedgerError(f"ledger: {why(error)}") from error


def one_at_a_time(connection: Connection, table: Table) -> None:
    """Keeps others from writing the table until the transaction ends; on SQLite nobody else writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


def put(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    """Each row, in place of the one that has its key, if there is one. All rows say the same columns."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    """Made once: to make a statement takes longer than to run it."""
    keys = [column.name for column in table.primary_key]
    made = insert_into(dialect, table)
    values = {name: made.excluded[name] for name in columns if name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=values) if values else made.on_conflict_do_nothing()


def put_or(connection: Connection, table: Table, row: dict[str, Any], again: dict[str, Any]) -> None:
    """The row; where its key is there already, only `again` of it."""
    keys = [column.name for column in table.primary_key]
    made = insert_into(connection.dialect.name, table).values(**row)
    connection.execute(made.on_conflict_do_update(index_elements=keys, set_=again))


def insert_into(dialect: str, table: Table) -> Any:
    """An INSERT that can say what to do on a conflict."""
    return (for_postgresql if dialect == "postgresql" else for_sqlite).insert(table)


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
