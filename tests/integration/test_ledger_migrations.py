"""A ledger of an earlier version becomes one of this version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, insert, inspect, text

from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import METADATA, POSITION, SEEN
from bridge.model.version import Version


def of_version(url: str, version: str) -> Engine:
    """A ledger as an earlier program made it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "bridge.ledger:migrations")
        command.upgrade(config, version)
    return engine


@pytest.mark.parametrize(
    "version",
    ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0010", "0011", "0012", "0013", "0014", "0015"],
)
def test_its_tables_are_those_of_a_new_one(tmp_path: Path, version: str) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    engine = of_version(url, version)
    ledger = Ledger(url, lambda: 4e9)
    assert ledger.status()["owed"] == 0
    ledger.close()
    found = inspect(engine)
    for table in METADATA.tables.values():
        assert {one["name"] for one in found.get_columns(table.name)} == {one.name for one in table.columns}
        indexes = {one["name"]: one["column_names"] for one in found.get_indexes(table.name)}
        assert indexes == {one.name: [column.name for column in one.columns] for one in table.indexes}


@pytest.mark.parametrize("version", ["0005", "0006"])
def test_histories_are_read_again_for_merges_that_were_not_looked_at(tmp_path: Path, version: str) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    positions = {"ehr": "2026-11-28T09:10:43.123+00:00", "pacs": "17 16:ab 17:cd", "(backfill pacs)": "2026-01-01"}
    with of_version(url, version).begin() as connection:
        for store, value in positions.items():
            connection.execute(insert(POSITION).values(route="r", store=store, value=value))
    ledger = Ledger(url, lambda: 4e9)
    assert {one: ledger.feeds.position("r", one) for one in positions} == positions | {"ehr": None}
    ledger.close()


def test_references_are_each_routes_that_has_seen_what_refers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    with of_version(url, "0008").begin() as connection:
        for route, key in (("r", "Observation/1"), ("q", "Observation/1"), ("q", "Observation/2")):
            connection.execute(insert(SEEN).values(route=route, store="ehr", key=key, version="1"))
        for number in (1, 2):
            said = "INSERT INTO edge (store, source, target) VALUES ('ehr', 'Observation/{}', 'Patient/1')"
            connection.execute(text(said.format(number)))
    ledger = Ledger(url, lambda: 4e9)
    first, second = (ledger.feeds.neighbours(route, "ehr", ["Patient/1"])[1] for route in ("r", "q"))
    ledger.close()
    assert first == {("Observation/1", "Patient/1")}
    assert second == first | {("Observation/2", "Patient/1")}


def test_what_was_rejected_before_notes_said_of_which_study_is_rejected(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    with of_version(url, "0010").begin() as connection:
        said = "INSERT INTO rejection (route, instance, note, reason) VALUES ('r', '1.2.3', '1.2.9', '113037')"
        connection.execute(text(said))
    ledger = Ledger(url, lambda: 4e9)
    ledger.rejections.add("r", {"1.2.4": "1.2"}, "1.2.8", "113001", "key")
    old, new, elsewhere = (
        ledger.rejections.of("r", Version(*one))
        for one in (("1.1", "", "", "1.2.3"), ("1.2", "", "", "1.2.4"), ("1", "", "", "1.2.4"))
    )
    ledger.close()
    assert [*map(set, (old, new, elsewhere))] == [{"113037"}, {"113001"}, set()]


def test_versions_of_a_document_are_read_and_written_as_they_stand_there(tmp_path: Path) -> None:
    url, chain = f"sqlite:///{tmp_path}/bridge.db", '[["1.1", "1.2", "1.3", "1.4"], ["1.1", "1.2", "1.3", "1.5"]]'
    with of_version(url, "0013").begin() as connection:
        row = {"chain": chain, "versions": '{"Observation/1": "1"}'}
        said = (
            "INSERT INTO link (document, route, born, root, versions, fhir_digest, instance, dicom_digest, chain) "
            "VALUES ('d', 'r', 'fhir', 'Observation/1', :versions, 'a', 'i', 'b', :chain)"
        )
        connection.execute(text(said), row)
    ledger = Ledger(url, lambda: 4e9)
    link = ledger.links.headed_by("r", "i")
    assert link is not None
    ledger.links.agree(replace(link, document="again"))
    ledger.close()
    assert link.chain == (Version("1.1", "1.2", "1.3", "1.4"), Version("1.1", "1.2", "1.3", "1.5"))
    assert (link.first, link.head) == ("1.4", "1.5")
    with create_engine(url).connect() as reading:
        assert set(reading.execute(text("SELECT chain FROM link")).scalars()) == {chain}
