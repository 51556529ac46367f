"""Dead letters that nobody has taken care of: dropped by a person, never without a trace."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import UsageError
from bridge.ledger.audit import faults
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.retention import kept_in
from bridge.ledger.work_item import State
from fixtures.stores import lay_out
from tests.command_line import fhir_dicom
from tests.integration.test_sync_folders import put, sync

BROKEN = {"resourceType": "Observation", "id": "broken", "status": "final"}  # without a code
DAY = 86400.0


def test_old_dead_letters_go_to_a_file(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    put(tmp_path, BROKEN)
    put(tmp_path, BROKEN | {"id": "young"})
    sync(tmp_path)
    with sqlite3.connect(tmp_path / "bridge.db") as ledger:
        ledger.execute("UPDATE work SET due = due - 100 * 86400 WHERE key = 'Observation/broken'")
    ledger.close()
    assert fhir_dicom(tmp_path, "prune", "--older-than", "101", "--export", "dropped").stdout == "0 dropped\n"
    assert not (tmp_path / "dropped").exists()
    assert fhir_dicom(tmp_path, "prune", "--older-than", "90", "--export", "dropped").stdout == "1 dropped\n"
    (line,) = (tmp_path / "dropped").read_text().splitlines()
    said = json.loads(line)
    assert (said["route"], said["store"], said["key"]) == ("fhir-dicom", "fhir", "Observation/broken")
    assert "code" in said["reason"] and said["attempts"] == 1
    assert stat.S_IMODE((tmp_path / "dropped").stat().st_mode) == 0o600
    trail = fhir_dicom(tmp_path, "audit", "export").stdout.splitlines()
    assert "Observation/broken" in trail[-1] and "prune dead letters" in trail[-1]
    assert fhir_dicom(tmp_path, "audit", "verify").returncode == 0
    status: dict[str, Any] = json.loads(fhir_dicom(tmp_path, "status", "--json").stdout)
    assert [one["key"] for one in status["reasons"]] == ["Observation/young"]
    assert json.loads(sync(tmp_path).stdout)["status"]["dead"] == 1, "it is not news"
    assert fhir_dicom(tmp_path, "resend", "fhir-dicom", "Observation/broken").stdout.startswith("1 ")
    assert json.loads(sync(tmp_path).stdout)["status"]["dead"] == 2


def test_nothing_else_is_dropped_however_old(tmp_path: Path) -> None:
    now = 4e9
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now)
    states: tuple[State, ...] = ("owed", "held", "waiting", "absent", "dead")
    ledger.feeds.take_in("r", "s", [News(f"Observation/{state}", "1", (f"Observation/{state}",)) for state in states])
    claimed = {work.key.removeprefix("Observation/"): work for work in ledger.work.claim("r", "s", 9)}
    for state in states:
        ledger.work.put_off(claimed[state], state, "why", 0)
    now += 400 * DAY
    assert ledger.operations.prune(now - DAY, "tests", kept_in(tmp_path / "dropped")) == 1
    assert {one.state for one in ledger.view.counts()} == set(states) - {"dead"}
    ledger.close()


def test_many_in_pieces_and_none_that_could_not_be_kept(tmp_path: Path) -> None:
    now = 4e9
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now)
    keys = [f"Observation/{one}" for one in range(250)]
    for route in ("a", "b"):
        ledger.feeds.take_in(route, "s", [News(key, "1", (key,)) for key in keys])
        for work in ledger.work.claim(route, "s", 300):
            ledger.work.put_off(work, "dead", "why")
    now += 400 * DAY
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="nothing more was dropped"):
        ledger.operations.prune(now, "tests", kept_in(tmp_path / "folder"))
    assert sum(one.number for one in ledger.view.counts()) == 500
    assert ledger.operations.prune(now, "tests", kept_in(tmp_path / "dropped")) == 500
    lines = (tmp_path / "dropped").read_text().splitlines()
    assert len({(one["route"], one["key"]) for one in map(json.loads, lines)}) == len(lines) == 500
    assert list(faults(ledger.audit.entries(), [])) == []
    ledger.close()
