"""Migrations of the ledger (Alembic): `migrations/versions`, one file each, applied when a ledger is opened to work."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from bridge.errors import UsageError

NEWEST = "0016"
_FIRST = "0001"  # made its tables without saying its version


def newest(connection: Connection) -> bool:
    return _version(connection) == NEWEST


def migrate(connection: Connection) -> None:
    """In the transaction of the connection. Raises UsageError where the ledger is of a later program."""
    found = _version(connection)
    if found == NEWEST:
        return  # Alembic takes a third of a second to import
    if found is not None and found > NEWEST:
        raise UsageError(f"ledger: of version {found}, this program knows {NEWEST}: use the later program")
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bridge.ledger:migrations")
    if found == _FIRST:
        command.stamp(config, _FIRST)
    command.upgrade(config, NEWEST)


def _version(connection: Connection) -> str | None:
    """None of an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return _FIRST if "work" in tables else None
