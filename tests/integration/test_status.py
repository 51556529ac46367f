"""What `status` says of a ledger in which very much waits."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from bridge.ledger.conflicts import BOTH, Conflict
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.ledger.tables import CONFLICT, WORK
from bridge.model.version import Version
from bridge.web.meters import Meters
from tests.command_line import fhir_dicom
from tests.integration.test_sync_void import dispute

MANY = 50_000


@pytest.fixture
def ledger(each_ledger: Ledger) -> Ledger:
    return each_ledger


def row(number: int, state: str, reason: str | None) -> dict[str, Any]:
    of = {"route": "ehr-pacs", "store": "ehr", "key": f"Observation/{number:06}", "state": state, "reason": reason}
    return of | {"generation": 0, "attempts": 1, "due": 0.0, "since": 0.0, "crashes": 0}


def fill(ledger: Ledger) -> None:
    """Most of it owed for one reason, each tenth held for a reason of its own, a few dead, one in order."""
    rows = [row(number, "owed", "ehr: no connection") for number in range(MANY)]
    for number in range(0, MANY, 10):
        rows[number] = row(number, "held", f"conflict {number}")
    for number in (7, 17, 27):
        rows[number] = row(number, "dead", "no code")
    with ledger._database.begin() as connection:
        connection.execute(insert(WORK), [*rows, row(MANY, "owed", None)])


def test_it_answers_in_bounded_memory(ledger: Ledger) -> None:
    fill(ledger)
    ledger.status()
    tracemalloc.start()
    status = ledger.status()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    assert (status["owed"], status["held"], status["dead"]) == (MANY - MANY // 10 - 3 + 1, MANY // 10, 3)
    assert (len(status["reasons"]), status["more"]) == (1000, MANY - 1000)


def test_what_waits_for_a_person_comes_first_and_the_rest_is_counted(ledger: Ledger) -> None:
    fill(ledger)
    status = ledger.status(limit=MANY // 10 + 4)
    states = [one["state"] for one in status["reasons"]]
    assert (states.count("held"), states.count("dead"), states[MANY // 10 + 3]) == (MANY // 10, 3, "owed")
    assert status["waits_for"] == {"person": MANY // 10 + 3, "conflict": 0, "pass": MANY - MANY // 10 - 3}
    most, second, *others = status["causes"]
    assert (most["number"], most["reason"], most["state"]) == (MANY - MANY // 10 - 3, "ehr: no connection", "owed")
    assert (second["number"], second["reason"], second["state"]) == (3, "no code", "dead")
    assert len(others) == 18


def test_the_command_says_how_much_it_does_not_list(tmp_path: Path) -> None:
    made = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    fill(made)
    made.close()
    lines = status_of(tmp_path, "--limit", "2").splitlines()
    assert f"waits for a person: {MANY // 10 + 3}" in lines
    assert lines[-25:-20] == [
        "held: ehr-pacs: ehr: Observation/000000: conflict 0",
        "dead: ehr-pacs: ehr: Observation/000007: no code",
        "owed: ehr-pacs: ehr: Observation/000001: ehr: no connection",
        "owed: ehr-pacs: ehr: Observation/000002: ehr: no connection",
        f"and {MANY - 4} more; most often:",
    ]
    assert lines[-20] == f"{MANY - MANY // 10 - 3} times owed: ehr-pacs: ehr: ehr: no connection"
    found = json.loads(status_of(tmp_path, "--limit", "0", "--json"))
    assert (found["reasons"], found["more"]) == ([], MANY)


def crowd(ledger: Ledger, conflicts: int, held: int, dead: int, owed: int) -> None:
    """Of each so many, and one conflict more that a person has decided."""
    for number in range(conflicts + 1):
        ledger.conflicts.keep(
            Conflict(f"d{number}", "ehr-pacs", f"Observation/{number}", "pacs", f"i{number}", "c", "d")
        )
    with ledger._database.begin() as connection:
        connection.execute(update(CONFLICT).where(CONFLICT.c.document == f"d{conflicts}").values(verdict="fhir"))
        rows = [row(0, "held", BOTH) | {"store": "pacs", "key": f"i{number}"} for number in range(conflicts)]
        rows += [row(number, "held", "whose is it?") | {"store": "pacs"} for number in range(held)]
        rows += [row(number, "dead", "no code") for number in range(dead)]
        rows += [row(number, "owed", "no answer") | {"store": "lab"} for number in range(owed)]
        connection.execute(insert(WORK), rows)


def test_what_waits_for_a_person_is_counted_once_however_much_is_listed(ledger: Ledger) -> None:
    """The held instance of a conflict is that conflict; the same key in another store, or on another route, is not."""
    crowd(ledger, 30, 4, 5, 60)
    others = [row(0, "held", "?") | {"key": "i0"}, row(0, "held", "?") | {"route": "lab", "store": "pacs", "key": "i0"}]
    with ledger._database.begin() as connection:
        connection.execute(insert(WORK), others)
    ledger.pauses.pause("ehr-pacs", "by somebody")
    for limit in (0, 7, 500):
        status = ledger.status(limit)
        assert (status["conflicts"], status["undecided"], status["held"], status["dead"]) == (31, 30, 36, 5)
        assert status["for_a_person"] == 1 + 30 + 4 + 5 + 2
        assert status["waits_for"] == {"person": 11, "conflict": 30, "pass": 60}
        listed = [one["waits_for"] for one in status["reasons"]]
        assert Counter(listed) == {kind: least for kind in listed if (least := min(limit, status["waits_for"][kind]))}
        assert status["more"] == 101 - len(listed)


def test_each_line_names_its_route(tmp_path: Path) -> None:
    """Two FHIR servers have resources of one id, and two routes an archive: whose it is decides what is to be done."""
    routes = ("one-pacs", "two-pacs")
    made = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    for route in routes:
        made.conflicts.keep(Conflict(route, route, "Observation/1", "pacs", "instance-1", "c", "d"))
    held = [row(1, "held", "both sides have news") | {"route": one, "store": "pacs"} for one in routes]
    with made._database.begin() as connection:
        connection.execute(insert(WORK), held)
    conflicts = made.conflicts.open()
    made.close()
    words = status_of(tmp_path)
    for route, conflict in zip(routes, conflicts, strict=True):
        assert f"held: {route}: pacs: Observation/000001: both sides have news\n" in words
        assert f"1 times held: {route}: pacs: both sides have news; see" in status_of(tmp_path, "--limit", "0")
        said = fhir_dicom(tmp_path, "conflicts").stdout
        assert f"{conflict['name']}: {route}: Observation/1: FHIR changed, DICOM changed (instance-1)" in said


def test_what_waits_behind_a_person_is_not_late(ledger: Ledger) -> None:
    """Of two that wait, one for an instance that is held; nobody looks at the other's but the next pass."""
    for name in ("1", "2"):
        chain = (Version("study", "series", "class", f"2.25.{name}"),)
        root, instance = f"Observation/{name}", f"instance-{name}"
        ledger.links.agree(Link(name, "ehr-pacs", "fhir", root, {}, "a", instance, "b", chain), [root])
    waits = "its instance has news, too"
    rows = [
        row(1, "waiting", waits) | {"key": "Observation/1"},
        row(2, "waiting", waits) | {"key": "Observation/2"},
        row(3, "held", "a conflict") | {"store": "pacs", "key": "instance-1"},
        row(4, "owed", None) | {"route": "retired"},
    ]
    with ledger._database.begin() as connection:
        connection.execute(insert(WORK), rows)
    status = ledger.status()
    assert (status["blocked"], status["held"], status["owed"]) == (1, 1, 2)
    assert ledger.retired.known(["ehr-pacs"]) == {"retired": 1}
    ledger.pauses.pause("retired", "by somebody")
    page = Meters([("ehr-pacs", "ehr"), ("ehr-pacs", "pacs")]).page(ledger).decode()
    assert "retired" not in page and 'fhir_dicom_work{route="ehr-pacs",state="blocked",store="ehr"} 1.0' in page
    assert late(page) == ["ehr"]
    with ledger._database.begin() as connection:
        connection.execute(delete(WORK).where(WORK.c.key == "Observation/2"))
    assert late(Meters([("ehr-pacs", "ehr"), ("ehr-pacs", "pacs")]).page(ledger).decode()) == []


def test_what_waits_behind_a_conflict_is_not_late_either(ledger: Ledger) -> None:
    """A conflict is about a newer instance than the two sides agreed on. And an instance may wait for another one."""
    chain = (Version("study", "series", "class", "2.25.1"),)
    ledger.links.agree(
        Link("1", "ehr-pacs", "fhir", "Observation/1", {}, "a", "instance-1", "b", chain), ["Observation/1"]
    )
    disputed = Conflict("1", "ehr-pacs", "Observation/1", "pacs", "instance-2", "c", "d")
    ledger.conflicts.keep(disputed)
    rows = [
        row(1, "waiting", "its instance has news, too") | {"key": "Observation/1"},
        row(2, "held", "both sides have news; decide by ...") | {"store": "pacs", "key": "instance-2"},
        row(3, "waiting", "its predecessor comes first") | {"store": "pacs", "key": "instance-3"},
    ]
    with ledger._database.begin() as connection:
        connection.execute(insert(WORK), [one | {"awaits": None} for one in rows])
        connection.execute(update(WORK).where(WORK.c.key == "instance-3").values(awaits="instance-2"))
    places = [("ehr-pacs", "ehr"), ("ehr-pacs", "pacs")]
    assert ledger.status()["blocked"] == 2
    assert late(Meters(places).page(ledger).decode()) == []
    ledger.operations.decide(disputed.name, "fhir", "somebody")  # a pass is to carry it out
    assert ledger.status()["blocked"] == 0
    assert late(Meters(places).page(ledger).decode()) == ["ehr", "pacs"]


def test_all_conflicts_are_one_cause(ledger: Ledger) -> None:
    reason = "both sides have news; decide by `fhir-dicom conflicts {} --holds fhir|dicom`"
    with ledger._database.begin() as connection:
        connection.execute(insert(WORK), [row(number, "held", reason.format(f"{number:08x}")) for number in range(3)])
    (cause,) = ledger.status()["causes"]
    assert cause == {
        "route": "ehr-pacs",
        "store": "ehr",
        "state": "held",
        "reason": "both sides have news; see `fhir-dicom conflicts`",
        "number": 3,
    }


def test_a_conflict_of_a_pass_blocks_its_resources_and_is_a_cause(tmp_path: Path) -> None:
    dispute(tmp_path)
    status = json.loads(status_of(tmp_path, "--json"))
    assert (status["conflicts"], status["held"], status["owed"]) == (1, 1, 0)
    assert status["blocked"] > 0
    assert "both sides have news; see `fhir-dicom conflicts`" in [one["reason"] for one in status["causes"]]


def late(page: str) -> list[str]:
    """Stores with a lag."""
    lines = [line for line in page.splitlines() if line.startswith("fhir_dicom_lag_seconds{")]
    return [line.partition('store="')[2].partition('"')[0] for line in lines if not line.endswith(" 0.0")]


def status_of(folder: Path, *words: str) -> str:
    done = fhir_dicom(folder, "status", *words)
    assert done.returncode == 0
    return done.stdout
