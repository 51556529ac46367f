"""A ledger that knows many documents is no slower: each statement takes as many steps of SQLite's machine as in one
that knows none. No time is measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from fixtures.stores import lay_out
from tests.full_ledger import ROUTE, NewInstances, NewResources, fill

MAPPING = load()
DOCUMENTS = 10_000
_STEPS = 10  # of the machine, from one call of who counts to the next


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Steps by statement, of all connections that are made meanwhile."""
    found, now = Counter[str](), [""]

    def connected(connection: Any, _: object) -> None:
        def count() -> None:
            found[now[0]] += _STEPS

        connection.set_progress_handler(count, _STEPS)

    def begins(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        now[0] = " ".join(statement.split())

    event.listen(Engine, "connect", connected)
    event.listen(Engine, "before_cursor_execute", begins)
    try:
        yield found
    finally:
        event.remove(Engine, "connect", connected)
        event.remove(Engine, "before_cursor_execute", begins)


def steps(folder: Path, documents: int) -> Counter[str]:
    """Of passes in which documents come from both sides, a result is corrected, a Patient is born on another day, and
    another replaces it. Nothing is deleted: whether it was is asked by what the ledger knows, which is not there."""
    url, fhir = f"sqlite:///{folder}/bridge.db", folder / "data" / "fhir"
    lay_out(folder / "data")
    fill(url, documents)
    stores = NewResources(fhir), NewInstances(folder / "data" / "dicom")
    route = Route(ROUTE, *stores, "both", "urn:full", None, "+00:00", demographics="propagate", merges="follow")
    survivor = {"identifier": [{"system": "urn:oid:2.999.1", "value": "MR-0002"}], "resourceType": "Patient"}
    with counted() as found:
        ledger = Ledger(url)

        def acts() -> str:
            summary = once([route], ledger, MAPPING)
            assert summary.faults == []
            return " ".join(summary.acts)

        told = acts()
        assert "to-dicom created" in told and "to-fhir created" in told
        put(fhir / "Observation" / "hb.json", status="amended")
        assert "to-dicom updated" in acts()
        put(fhir / "Patient" / "p1.json", birthDate="1950-01-01")
        assert "to-dicom demographics" in acts()
        put(fhir / "Patient" / "p2.json", **survivor, id="p2")
        put(fhir / "Patient" / "p1.json", link=[{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}])
        assert "to-dicom merged" in acts()
        ledger.close()
    return found


def put(file: Path, **more: Any) -> None:
    file.write_text(json.dumps((json.loads(file.read_text()) if file.exists() else {}) | more))


def test_no_statement_of_a_pass_grows_with_the_ledger(tmp_path: Path) -> None:
    empty, full = steps(tmp_path / "empty", 0), steps(tmp_path / "full", DOCUMENTS)
    assert sum(empty.values()) > 1000
    grown = {one: (empty[one], many) for one, many in full.items() if many > 2 * empty[one] + 200}
    assert grown == {}


@pytest.mark.parametrize("others", ["owed", "dead"])
def test_what_is_claimed_next_is_found_at_once_however_much_is_left(tmp_path: Path, others: str) -> None:
    found = []
    for documents in (20, 5000):
        ledger = Ledger(f"sqlite:///{tmp_path}/{documents}.db", lambda: 1e9)
        news = [News(f"Observation/{number}", "1", (f"Observation/{number}",)) for number in range(documents)]
        ledger.feeds.take_in(ROUTE, "ehr", news)
        if others == "dead":
            for work in ledger.work.claim(ROUTE, "ehr", documents - 10):
                ledger.work.put_off(work, "dead", "it is")
        ledger.close()
        with counted() as steps_of:
            ledger = Ledger(f"sqlite:///{tmp_path}/{documents}.db", lambda: 1e9)
            assert len(ledger.work.claim(ROUTE, "ehr", 10)) == 10
            ledger.close()
        found.append(sum(steps_of.values()))
    assert found[1] < 2 * found[0]


def test_who_counts_sees_a_statement_that_grows(tmp_path: Path) -> None:
    found = []
    for documents in (0, 1000):
        url = f"sqlite:///{tmp_path}/{documents}.db"
        fill(url, documents)
        with counted() as steps_of:
            ledger = Ledger(url)
            ledger.feeds.unlisted(ROUTE, "ehr", "fhir", [])
            ledger.close()
        found.append(sum(steps_of.values()))
    assert found[1] > 10 * found[0]
