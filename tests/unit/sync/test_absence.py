"""How much of what looks deleted is looked at before a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.errors import WithheldError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.model.group import Resource
from bridge.model.version import Version
from bridge.stores.store import Stored, Write
from bridge.sync.absence import FEW, carry_absences, doubtful
from tests.folders import route_of, worker_of

LINKED = 2500


def test_of_too_many_no_more_is_asked_than_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that was lost makes all that there is look deleted."""
    route, ledger = route_of(tmp_path), Ledger(f"sqlite:///{tmp_path}/bridge.db")
    for number in range(LINKED):
        key = f"Observation/{number:04}"
        chain = (Version("1", "2", "3", f"2.25.{number}"),)
        ledger.links.agree(Link(key, route.name, "fhir", key, {key: "1"}, "f", f"i-{number}", "d", chain), [key])
        ledger.work.suspect(route.name, route.fhir.name, key)
    asked: list[str] = []
    of = ledger.links.of

    def noted(name: str, key: str) -> Link | None:
        asked.append(key)
        return of(name, key)

    monkeypatch.setattr(ledger.links, "of", noted)
    worker = worker_of(route, ledger)
    assert not carry_absences(worker, compared=False)
    (fault,) = worker.summary.faults
    assert f"{LINKED // 100 + 1} or more of {LINKED} documents are gone at once" in fault
    assert len(asked) == LINKED // 100 + 1
    assert len(list(ledger.work.in_state(route.name, "absent"))) == LINKED, "page by page"
    ledger.close()


def test_few_are_asked_about_one_by_one(tmp_path: Path) -> None:
    route, ledger = route_of(tmp_path), Ledger(f"sqlite:///{tmp_path}/bridge.db")
    for number in range(FEW):
        ledger.work.suspect(route.name, route.fhir.name, f"Observation/{number}")
    worker = worker_of(route, ledger)
    carry_absences(worker, compared=False)
    (fault,) = worker.summary.faults
    assert fault.startswith("fhir-dicom: paused: fhir knows none of the documents that were there: is that the right")
    ledger.close()


def test_what_we_may_not_read_does_not_hide_that_the_others_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or no deletion would ever cross."""
    route, ledger = route_of(tmp_path), Ledger(f"sqlite:///{tmp_path}/bridge.db")
    for name in ("kept", "withheld"):
        route.fhir.write([Write(f"Observation/{name}", {"resourceType": "Observation", "id": name})])
        chain = (Version("1", "2", "3", f"2.25.{len(name)}"),)
        key = f"Observation/{name}"
        ledger.links.agree(Link(key, route.name, "fhir", key, {key: "1"}, "f", f"i-{name}", "d", chain), [key])
    read = route.fhir.read

    def withholding(keys: Sequence[str]) -> Sequence[Stored[Resource] | None]:
        if "Observation/withheld" in keys:
            raise WithheldError("answered 403")
        return read(keys)

    monkeypatch.setattr(route.fhir, "read", withholding)
    ledger.work.suspect(route.name, route.fhir.name, "Observation/gone")
    (suspect,) = ledger.work.in_state(route.name, "absent")
    assert doubtful(route, ledger, [suspect]) is None
    ledger.close()
