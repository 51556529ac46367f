"""A route that is configured no more: nothing of it is recommended, and a person has it forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import UsageError
from bridge.ledger.audit import faults
from bridge.ledger.conflicts import Conflict
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.ledger.tables import METADATA
from bridge.model.version import Version
from tests.command_line import fhir_dicom
from tests.folders import make_stores
from tests.servers.service import serving

OLD, NOW = "ehr-old", "fhir-dicom"


def opened(folder: Path) -> Ledger:
    return Ledger(f"sqlite:///{folder}/bridge.db", lambda: 4e9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger that knows the like of two routes, of which no configuration has the first."""
    make_stores(tmp_path)
    ledger = opened(tmp_path)
    for route in (OLD, NOW):
        fill(ledger, route)
    ledger.close()
    return tmp_path


def fill(ledger: Ledger, route: str) -> None:
    root, chain = "Observation/1", (Version("1.2", "1.3", "1.4", f"2.25.{len(route)}"),)
    ledger.feeds.take_in(route, "s", [News(root, "1", (root,), ("Patient/1",)), News("Patient/1", "1")])
    ledger.feeds.move(route, "s", "here")
    link = Link(route, route, "fhir", root, {root: "1"}, "a", "x", "b", chain, "earlier")
    ledger.intents.intend(route, route, "to-dicom", "s", [root])
    ledger.links.agree(link, [root])
    ledger.intents.intend(route, f"{route} begun", "to-dicom", "s", ["Observation/2"], b"replaced")
    ledger.conflicts.keep(Conflict(route, route, root, "s", "x", "a", "b"))
    ledger.feeds.suspect(route, "s", [root])
    (work,) = ledger.work.claim(route, "s", 9)
    ledger.work.put_off(work, "held", "why")


def rows(folder: Path, route: str) -> dict[str, int]:
    """Of a route, by table."""
    ledger = opened(folder)
    with ledger._database.connect() as connection:
        found = {
            table.name: sum(row.route == route for row in connection.execute(table.select()))
            for table in METADATA.sorted_tables
            if "route" in table.c
        }
        found["replacement"] = sum(
            row.document.startswith(route) for row in connection.execute(METADATA.tables["replacement"].select())
        )
    ledger.close()
    return found


def test_it_is_forgotten_and_nothing_else(folder: Path) -> None:
    before, kept = rows(folder, OLD), rows(folder, NOW)
    assert all(before[name] for name in ("position", "seen", "edge", "work", "alias", "link", "intent", "conflict"))
    assert before["replacement"] == 1
    done = fhir_dicom(folder, "forget", OLD)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"{OLD} is forgotten; ")
    assert set(rows(folder, OLD).values()) == {0}
    assert rows(folder, NOW) == kept
    assert "no route any more" not in fhir_dicom(folder, "status").stdout
    last: dict[str, Any] = json.loads(fhir_dicom(folder, "audit", "export").stdout.splitlines()[-1])
    assert last["purposeOfEvent"] == [{"text": "forget route"}] and last["source"]["site"] == OLD
    ledger = opened(folder)
    assert list(faults(ledger.audit.entries(), [])) == []
    assert any("begun; whether it was done" in one.event for one in ledger.audit.entries())
    ledger.close()


def test_a_configured_one_or_one_of_which_nothing_is_known_is_not(folder: Path) -> None:
    before = rows(folder, NOW)
    ledger = opened(folder)
    with pytest.raises(UsageError, match="fhir-dicom is configured"):
        ledger.retired.forget(NOW, [NOW], "tests")
    with pytest.raises(UsageError, match="nothing is known of a route 'x'; configured no more, and known: ehr-old"):
        ledger.retired.forget("x", [NOW], "tests")
    ledger.close()
    assert fhir_dicom(folder, "forget", NOW).returncode == 2
    assert rows(folder, NOW) == before


def test_both_reasons_are_told(folder: Path) -> None:
    """Who configures it again meets a pause."""
    ledger = opened(folder)
    ledger.pauses.pause(OLD, "by somebody")
    ledger.close()
    said = fhir_dicom(folder, "retry").stderr
    assert f"but {OLD} is paused, " in said and "by somebody; and it is configured no more, " in said


def test_wrong_words_are_told_before_a_ledger_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    (tmp_path / "data" / "dicom").mkdir()
    for words in (["pause", "x"], ["resend", "x"], ["backfill", "x", "--from", "2026-01-01", "--until", "2026-01-02"]):
        done = fhir_dicom(tmp_path, *words)
        assert done.returncode == 2 and "there is no route 'x'" in done.stderr


def test_a_service_promises_it_no_more_than_the_commands(folder: Path) -> None:
    why = {OLD: "is configured no more, and no pass looks at it: see `fhir-dicom status`"}
    with serving(folder, {}, "--no-sync") as service:
        assert service.get("/status")["retired"] == {OLD: 1}
        assert service.request("POST", "/retry", json={}).json() == {"owed": 2, "idle": why}
        names = {one["route"]: one["name"] for one in service.get("/conflicts")}
        for route, idle in ((OLD, why), (NOW, {})):
            said = service.request("POST", f"/conflicts/{names[route]}", json={"holds": "fhir"})
            assert said.json()["idle"] == idle


def test_what_no_pass_does_is_not_promised(folder: Path) -> None:
    said = fhir_dicom(folder, "status").stdout
    assert f"resend {OLD} --outdated" not in said and f"resend {NOW} --outdated" in said
    assert f"no route any more: {OLD}: 1 not in step" in said and f"`fhir-dicom forget {OLD}`" in said
    but = f"but {OLD} is configured no more, and no pass looks at it: see `fhir-dicom status`\n"
    assert fhir_dicom(folder, "retry").stderr == but
    conflicts = json.loads(fhir_dicom(folder, "conflicts", "--json").stdout)
    names = {one["route"]: one["name"] for one in conflicts}
    assert fhir_dicom(folder, "conflicts", names[OLD], "--holds", "fhir").stderr == but
    assert fhir_dicom(folder, "conflicts", names[NOW], "--holds", "fhir").stderr == ""
