"""What a translation warns of is known of the documents that are in step, until a version says it no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger.ledger import Ledger
from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import observation, store
from tests.integration.test_sync_folders import get, put
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import configure

CODED = {"coding": [{"system": "https://lab.example/codes", "code": "4711", "display": "Kalium"}]}
UNKNOWN = "code system 'https://lab.example/codes' has no Coding Scheme Designator: Observation.code"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    return tmp_path


def warned(stores: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fhir_dicom(stores, "status", "--json").stdout)["warned"]["most"]
    return found


def of_document(stores: Path, key: str) -> list[str]:
    ledger = Ledger(f"sqlite:///{stores}/bridge.db", reading=True)
    (found,) = ledger.view.documents(key)
    ledger.close()
    warnings: list[str] = found["link"]["warnings"]
    return warnings


def test_documents_with_the_same_warnings_are_counted_together(stores: Path) -> None:
    for name in ("a", "b", "c"):
        put(stores, observation(name, 12, code=CODED, effectiveDateTime="2026-03-02T08:15:00Z"))
    put(stores, observation("d", 12, effectiveDateTime="2026-03-02T08:15:00Z"))
    passes(stores)
    without = warned(stores)[1:]
    (most,) = [one for one in warned(stores) if one["number"] == 3]
    assert UNKNOWN in most["warnings"] and most["root"] == "Observation/a"
    assert all(UNKNOWN not in one["warnings"] for one in without)
    said = fhir_dicom(stores, "status").stdout
    assert "in step, with warnings: 4\n3 of fhir-dicom, such as Observation/a:\n" in said and f"  {UNKNOWN}\n" in said
    assert UNKNOWN in of_document(stores, "Observation/b")

    put(stores, get(stores, "Observation/b") | {"code": observation("b", 12)["code"]})
    passes(stores)
    assert UNKNOWN not in of_document(stores, "Observation/b")
    assert [one["number"] for one in warned(stores) if UNKNOWN in one["warnings"]] == [2]


def test_so_are_those_of_documents_of_the_pacs(stores: Path) -> None:
    store(stores, "2.25.5", "A", TimezoneOffsetFromUTC="nonsense")
    passes(stores)
    (one,) = warned(stores)
    assert one["warnings"][0].startswith("an unreadable Timezone Offset From UTC (0008,0201)")
    assert of_document(stores, "2.25.5") == one["warnings"]
    store(stores, "2.25.6", "A", "2.25.5", TimezoneOffsetFromUTC="+0100")
    passes(stores)
    assert not any("Timezone" in warning for warning in of_document(stores, "2.25.5"))


def test_what_is_void_asks_for_nothing(stores: Path) -> None:
    put(stores, observation("a", 12, code=CODED))
    passes(stores)
    assert warned(stores)
    put(stores, get(stores, "Observation/a") | {"status": "entered-in-error"})
    passes(stores)
    assert warned(stores) == []
