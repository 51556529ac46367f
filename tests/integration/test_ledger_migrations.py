"""A ledger of an earlier version becomes one of this version."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import METADATA


@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_its_tables_are_those_of_a_new_one(tmp_path: Path, version: str) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "bridge.ledger:migrations")
        command.upgrade(config, version)
    ledger = Ledger(url, lambda: 4e9)
    assert ledger.status()["owed"] == 0
    ledger.close()
    found = inspect(engine)
    for table in METADATA.tables.values():
        assert {one["name"] for one in found.get_columns(table.name)} == {one.name for one in table.columns}
