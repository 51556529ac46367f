"""The ledger on a PostgreSQL server: any number of processes work on it, on one machine or many."""

from __future__ import annotations

import time

from sqlalchemy import URL, Connection, Engine, create_engine, text

from bridge.errors import UsageError

DRIVER = "postgresql+psycopg"
STALLED = "10min"
"""A session that is silent for so long is ended by the server, and what it held is free."""
_ASKED_AGAIN = 60.0  # seconds after which the server is asked for its time again
_MIGRATING = 0x4648_4952_4449  # whoever migrates holds this lock until its transaction ends


def opened(url: URL) -> Engine:
    """Dead connections are noticed before they are used; a peer that vanished is noticed within a minute."""
    if url.drivername not in ("postgresql", DRIVER):
        raise UsageError(f"ledger: {url.drivername} is no driver of ours; write {DRIVER}://user@host/database")
    alive = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    alive["tcp_user_timeout"] = 60_000  # ms: what was sent and is not acknowledged keeps no connection alive
    ours = url.set(drivername=DRIVER)
    return create_engine(ours, connect_args=alive, pool_pre_ping=True, max_overflow=-1)  # each worker wants two


def one_migrates(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})


class ServerClock:
    """Seconds since the epoch, the same for all who work on the ledger: this machine only counts on from what the
    server said last."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ahead, self._asked = 0.0, float("-inf")

    def __call__(self) -> float:
        here = time.monotonic()
        if here - self._asked > _ASKED_AGAIN:
            with self._engine.connect() as connection:
                said = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
            self._ahead, self._asked = said - time.monotonic(), here
        return here + self._ahead
