"""Migrations of the ledger (Alembic): `migrations/versions`, one file each, applied when a ledger is opened to work."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from bridge.errors import UsageError

NEWEST = "0016"
_FIRST = "0001"  # made its tables without saying its version


def check_version(connection: Connection) -> None:
    """Raises UsageError where the ledger is not of this program's version."""
    found = _version(connection)
    _refuse_later(found)
    if found != NEWEST:
        raise UsageError("ledger: of an earlier version than this program; make a pass with this one first")


def migrate(connection: Connection) -> None:
    """In the transaction of the connection. Raises UsageError where the ledger is of a later program."""
    found = _version(connection)
    if found == NEWEST:
        return  # Alembic takes a third of a second to import
    _refuse_later(found)
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bridge.ledger:migrations")
    if found == _FIRST:
        command.stamp(config, _FIRST)
    command.upgrade(config, NEWEST)


def _refuse_later(found: str | None) -> None:
    if found is not None and found > NEWEST:
        raise UsageError(f"ledger: of version {found}, this program knows {NEWEST}: use the later program")


def _version(connection: Connection) -> str | None:
    """None of an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return _FIRST if "work" in tables else None
