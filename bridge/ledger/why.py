"""Why a database cannot, in words for whoever runs it: by the code that SQLite or PostgreSQL gives, and of a connection
that was not made, which has none (libpq passes on no SQLSTATE), by what is said. No word of that is repeated."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy.exc import DatabaseError, InterfaceError

from bridge.errors import LedgerError

FULL = "its disk is full"
_ENTRY = "its server does not let this user in; check the user, PGPASSWORD or ~/.pgpass, and its pg_hba.conf"
_CODES = {  # beginning of the code of SQLite, or of PostgreSQL
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR": "its disk is full, or fails",
    "SQLITE_READONLY": "its file may not be written",
    "SQLITE_CANTOPEN": "its file may not be opened, or its folder not be written",
    "SQLITE_BUSY": "another process writes for too long",
    "SQLITE_NOTADB": "it is no SQLite file",
    "SQLITE_CORRUPT": "its file is damaged",
    "25006": "its server takes no writes, as a standby does; name the one that does",
    "25P03": "its server ended a transaction that was idle; raise its `idle_in_transaction_session_timeout`",
    "25P04": "its server ended a transaction that took too long; raise its `transaction_timeout`",
    "42501": "its user may not work there; make that user the owner of the database",
    "53100": "the disk of its server is full",
    "53300": "its server has no connection left; let fewer workers work, or raise its `max_connections`",
    "53": "its server has no resources left; see its log",
    "57014": "its server cancelled a statement that took too long; raise its `statement_timeout`",
    "57P": "its server is stopping, or just starting",
    "58": "its server cannot work with its files; see its log",
    "XX": "its server reports a fault of its own; see its log",
}
_OF_SERVER = ("25006", "25P03", "25P04", "XX")  # among what drivers call a fault of the program
_NOT_MADE = {  # what libpq, or the server by it, says of a connection
    r'database ".*" does not exist': "there is no such database; create it, or correct its name in `ledger`",
    r'role ".*" |authentication failed|no password supplied|pg_hba\.conf|permission denied for database': _ENTRY,
    r"too many (connections|clients)|connection slots": _CODES["53300"],
    r"resolve host|translate host name": "there is no such host; correct its name in `ledger`",
    r"is (starting up|shutting down)": _CODES["57P"],
    r"\bSSL\b|sslmode|certificate|GSSAPI": "no TLS with its server; check `sslmode` and the certificates in `ledger`",
    r"refused|No such file": "nothing answers there; start its server, or correct host and port in `ledger`",
    r"timeout|timed out|unreachable|No route": "its server does not answer; is it away, or the network between?",
    r"^connection (failed|is bad)": "its server takes no connection; see its log",
}


def is_of_database(error: DatabaseError) -> bool:
    """Of an error that a driver calls neither operational nor of the connection: whether the database is at fault, a
    file that is damaged or a server that ended or refused the transaction, and not what was asked of it."""
    code = getattr(error.orig, "sqlstate", None) or ""
    return type(error.orig) is sqlite3.DatabaseError or code.startswith(_OF_SERVER)


def why(error: DatabaseError | InterfaceError | LedgerError) -> str:
    if isinstance(error, LedgerError):
        return str(error).removeprefix("ledger: ")
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or ""
    by_code = (words for start, words in _CODES.items() if code.startswith(start))
    by_words = (words for said, words in _NOT_MADE.items() if not code and re.search(said, str(error.orig)))
    found = next(by_code, None) or next(by_words, None) or "is its disk full, or its server away?"
    return f"{type(error.orig).__name__}: {found}"
