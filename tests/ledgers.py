"""What a process does once for all ledgers of its tests: each engine would compile the same statements again, and each
empty file go through all migrations; together a third of the CPU of a test of passes. Migrations have tests of their
own, and whatever is started as a command does both for itself."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Engine, create_engine

from bridge.ledger import sqlite
from bridge.ledger.ledger import Ledger

_opened = sqlite.opened
_FIRST = create_engine("sqlite://")


def quicken() -> None:
    """For ledgers on SQLite, from now on."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "bridge.db"
        Ledger(f"sqlite:///{file}").close()
        empty = file.read_bytes()
    _FIRST.connect().close()  # what a dialect has to know of its database it learns by the first connection

    def opened(url: URL, *, reading: bool) -> tuple[Engine, IO[str] | None]:
        engine, lock = _opened(url, reading=reading)
        engine.dialect, engine._compiled_cache = _FIRST.dialect, _FIRST._compiled_cache
        if lock is not None and not (file := Path(str(url.database))).stat().st_size:
            file.write_bytes(empty)
        return engine, lock

    sqlite.opened = opened
