"""What people are shown of one document, and what they decide, where a key is one of several servers."""

from __future__ import annotations

from functools import partial

import pytest

from bridge.errors import UsageError
from bridge.ledger.conflicts import Conflict
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.model.version import Version
from bridge.model.world import World
from tests.integration.test_ledger import together
from tests.servers.postgresql import Postgresql

KEY = "Observation/1"
ONE, TWO, THREE = "one-pacs", "two-pacs", "three-pacs"


@pytest.fixture
def ledger(each_ledger: Ledger) -> Ledger:
    return each_ledger


def agree(ledger: Ledger, route: str) -> str:
    """Name of a document of that route."""
    name, chain = f"{route}|{KEY}", (Version("study", "series", "class", "2.25.1"),)
    ledger.links.agree(Link(name, route, "fhir", KEY, {KEY: "1"}, "a", "instance-1", "b", chain), [KEY])
    return name


def ways(ledger: Ledger, key: str) -> dict[str, set[tuple[str, str]]]:
    """By document, route and store of what is open."""
    found: dict[str, set[tuple[str, str]]] = {}
    for way in ledger.view.documents(key):
        name = way["link"]["route"] if way["link"] else f"none of {way['open'][0]['route']}"
        assert name not in found
        found[name] = {(one["route"], one["store"]) for one in way["open"]}
    return found


def test_of_a_document_is_shown_what_is_open_on_its_own_route(ledger: Ledger) -> None:
    """The same id on three FHIR servers, and the same instance in the archive of their routes."""
    agree(ledger, ONE)
    agree(ledger, TWO)
    ledger.work.owe(TWO, "two", KEY)
    ledger.work.owe(TWO, "pacs", "instance-1")
    ledger.work.owe(THREE, "three", KEY)
    linked: dict[str, set[tuple[str, str]]] = {ONE: set(), TWO: {(TWO, "pacs"), (TWO, "two")}}
    assert ways(ledger, "instance-1") == linked
    assert ways(ledger, KEY) == linked | {f"none of {THREE}": {(THREE, "three")}}, "what is in no document is not lost"
    ledger.work.owe("four-pacs", "four", KEY)
    assert ways(ledger, KEY).keys() == {ONE, TWO, f"none of {THREE}", "none of four-pacs"}
    assert ledger.view.documents("Observation/nobody") == []


def disputed(ledger: Ledger) -> str:
    """Name of a conflict that nobody has decided."""
    ledger.conflicts.keep(Conflict(agree(ledger, ONE), ONE, KEY, "pacs", "instance-1", "c", "d"))
    return ledger.conflicts.open()[0]["name"] or ""


def stands(ledger: Ledger) -> tuple[str, str | None]:
    """Name and verdict of the one conflict."""
    (one,) = ledger.conflicts.open()
    return one["name"] or "", one["verdict"]


def test_a_verdict_is_overruled_by_who_was_shown_it_alone(ledger: Ledger) -> None:
    undecided = disputed(ledger)
    ledger.operations.decide(undecided, "fhir", "one person")
    name, verdict = stands(ledger)
    assert (name != undecided, verdict) == (True, "fhir")
    with pytest.raises(UsageError, match="any more"):
        ledger.operations.decide(undecided, "dicom", "another, who saw it undecided")
    assert stands(ledger) == (name, "fhir")
    ledger.operations.decide(name, "dicom", "another, who saw the verdict")
    assert stands(ledger)[1] == "dicom" and stands(ledger)[0] not in (undecided, name)
    said = [way["purposeOfEvent"][0]["text"] for way in ledger.view.documents(KEY)[0]["done"]]
    assert said == [f"conflict {undecided}: fhir holds", f"conflict {name}: dicom holds"]


def test_of_two_verdicts_at_once_one_is_refused(postgresql: Postgresql) -> None:
    """The second waits for the transaction of the first, and finds another state."""
    url = postgresql.ledger()
    ledger = Ledger(url)
    name = disputed(ledger)
    refused: list[UsageError] = []

    def decide(holds: World) -> None:
        worker = Ledger(url)
        try:
            worker.operations.decide(name, holds, "a person")
        except UsageError as error:
            refused.append(error)
        finally:
            worker.close()

    together([partial(decide, holds) for holds in ("fhir", "dicom", "fhir", "dicom")])
    assert len(refused) == 3
    ledger.close()
