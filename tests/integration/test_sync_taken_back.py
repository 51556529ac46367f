"""A document of the PACS that was edited in FHIR, and whose edit is taken back there: the newest version in the PACS
says what FHIR says, and no UID is used again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import heads, predecessors, reports, store, texts, values
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import configure, passed

A = "2.25.5"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    store(tmp_path, A, "as it was")
    assert passes(tmp_path) == {"to-fhir created": 1}
    return tmp_path


def say(stores: Path, text: str) -> None:
    (report,) = reports(stores)
    results = [get(stores, one["reference"]) for one in report["result"]]
    (found,) = [one for one in results if one.get("valueString") in ("as it was", "edited")]
    put(stores, found | {"valueString": text})


def at_rest(stores: Path) -> None:
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before


def taken_back(stores: Path) -> None:
    say(stores, "edited")
    assert passes(stores) == {"to-dicom updated": 1}
    (edited,) = heads(stores)
    say(stores, "as it was")
    assert passes(stores) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert predecessors(head) == [edited.SOPInstanceUID] and predecessors(edited) == [A]
    assert head.SOPInstanceUID not in (A, edited.SOPInstanceUID)
    assert "as it was" in values(head) and "edited" in values(edited)
    at_rest(stores)


def test_the_newest_version_says_it(stores: Path) -> None:
    taken_back(stores)
    say(stores, "edited")  # and again
    assert passes(stores) == {"to-dicom updated": 1}
    assert len(instances(stores)) == 4
    at_rest(stores)


def test_a_lost_ledger_changes_nothing_of_what_is_said(stores: Path) -> None:
    """The resources name the first version: those after it are news, and the last of them says what the first did."""
    taken_back(stores)
    before = tree(stores / "data" / "dicom")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    passes(stores)
    assert tree(stores / "data" / "dicom") == before
    assert "as it was" in texts(stores) and "edited" not in texts(stores)
    at_rest(stores)
    say(stores, "edited")
    assert passes(stores) == {"to-dicom updated": 1}
    assert len(heads(stores)) == 1
    at_rest(stores)


def test_to_look_at_all_again_changes_nothing(stores: Path) -> None:
    taken_back(stores)
    before = tree(stores / "data")
    assert fhir_dicom(stores, "resend", "fhir-dicom", "--config", "bridge.yaml").returncode == 0
    assert passes(stores) == {} and tree(stores / "data") == before


def test_what_the_pacs_amends_then_is_read(stores: Path) -> None:
    taken_back(stores)
    (head,) = heads(stores)
    store(stores, "2.25.6", "by the workstation", str(head.SOPInstanceUID))
    assert passes(stores) == {"to-fhir updated": 1}
    (report,) = reports(stores)
    results = [get(stores, one["reference"]) for one in report["result"]]
    assert "by the workstation" in [one.get("valueString") for one in results]
    at_rest(stores)


@pytest.mark.parametrize("superseded", ["keep", "delete"])
def test_superseded_versions_go_where_the_route_says_so(stores: Path, superseded: str) -> None:
    configure(stores, superseded=superseded)
    for text in ("edited", "as it was"):
        say(stores, text)
        assert passes(stores) == {"to-dicom updated": 1}
    assert len(instances(stores)) == (3 if superseded == "keep" else 1)
    assert "as it was" in values(heads(stores)[0])
    at_rest(stores)


def test_what_was_entered_in_error_and_is_not_is_a_new_version(stores: Path) -> None:
    (report,) = reports(stores)
    put(stores, report | {"status": "entered-in-error"})
    assert passes(stores) == {"to-dicom retracted": 1}
    put(stores, report)
    done = passed(stores)
    assert done.returncode == 0, done.stderr
    (head,) = [one for one in heads(stores) if one.Modality == "SR" and predecessors(one)]
    assert predecessors(head) == [A]
    at_rest(stores)
