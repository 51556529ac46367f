"""Versions that are gone from the PACS, and a ledger that is lost: what is left says whose version it is."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from tests.command_line import fhir_dicom
from tests.folders import make_stores
from tests.integration.test_sync_edges import heads, observation, predecessors, report, reports, store, texts, values
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_theirs import edited, forget, texts_by_key, written
from tests.integration.test_sync_void import NOTHING_OPEN, configure, file_of, notes, open_points, passed


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    make_stores(tmp_path)
    configure(tmp_path)
    return tmp_path


def purge(stores: Path, uid: str) -> None:
    """As an archive does by its rules of retention, while no ledger remembers it."""
    file_of(stores, instances(stores)[uid]).unlink()
    forget(stores, True)


def test_an_amendment_whose_predecessor_is_purged_is_of_the_same_report(stores: Path) -> None:
    store(stores, "2.25.81", "first")
    assert written(stores) == {"to-fhir created": 1}
    store(stores, "2.25.82", "second", "2.25.81")
    purge(stores, "2.25.81")
    assert written(stores) == {"to-fhir updated": 1}
    assert (len(reports(stores)), "second" in texts(stores)) == (1, True)
    for uid, text in (("2.25.83", "third"), ("2.25.84", "fourth")):
        store(stores, uid, text, f"2.25.{int(uid[-2:]) - 1}")
        purge(stores, f"2.25.{int(uid[-2:]) - 1}")
        assert written(stores) == {"to-fhir updated": 1}
        assert (len(reports(stores)), text in texts(stores)) == (1, True)
    after = tree(stores / "data")
    forget(stores, True)
    assert written(stores) == {}
    assert tree(stores / "data") == after
    put(stores, get(stores, texts_by_key(stores)["fourth"]) | {"valueString": "fifth"})
    assert written(stores) == {"to-dicom updated": 1}
    assert "fifth" in str(heads(stores))


def test_one_that_was_edited_in_fhir_meanwhile_is_a_conflict(stores: Path) -> None:
    store(stores, "2.25.81", "first")
    written(stores)
    put(stores, get(stores, texts_by_key(stores)["first"]) | {"valueString": "in FHIR"})
    store(stores, "2.25.82", "in the PACS", "2.25.81")
    purge(stores, "2.25.81")
    before = tree(stores / "data")
    assert written(stores) == {}
    assert tree(stores / "data") == before
    assert len(json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)) == 1


def test_a_conflict_that_was_decided_for_fhir_is_asked_again_and_nothing_is_written(stores: Path) -> None:
    """As docs/how-to/sync.md says: the verdict was in the ledger alone, of a document born in FHIR, too."""
    put(stores, observation("own", 60))
    written(stores)
    (ours,) = instances(stores).values()
    edited(stores, ours, "2.25.4712", "70")
    put(stores, get(stores, "Observation/own") | observation("own", 80))
    for forgotten in (False, True):
        forget(stores, forgotten)
        before = tree(stores / "data")
        written(stores)
        assert tree(stores / "data") == before
        (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)
        assert fhir_dicom(stores, "conflicts", conflict["name"], "--holds", "fhir").returncode == 0
        written(stores)
        assert [one for head in heads(stores) for one in values(head)] == ["80"]
    assert written(stores) == {}


def test_one_of_ours_whose_predecessor_is_purged_is_no_new_document(stores: Path) -> None:
    for value in (1000, 1001, 1002):
        put(stores, observation("o", value))
        written(stores)
    (newest,) = heads(stores)
    (middle,) = predecessors(newest)
    purge(stores, middle)
    after = tree(stores / "data")
    assert written(stores) == {}
    assert tree(stores / "data") == after
    put(stores, observation("o", 1003))
    assert written(stores) == {"to-dicom updated": 1}
    (head,) = [one for one in heads(stores) if "1003" in values(one)]
    assert predecessors(head) == [newest.SOPInstanceUID]


def test_what_fhir_deleted_and_we_rejected_is_void_without_a_ledger(stores: Path) -> None:
    put(stores, observation("o", 1000))
    put(stores, report("o"))
    store(stores, "2.25.81", "first")
    written(stores)
    (theirs,) = [one for one in reports(stores) if one["id"] != "r"]
    for name in ("r", theirs["id"]):
        (stores / "data" / "fhir" / "DiagnosticReport" / f"{name}.json").unlink()
    done = passed(stores)
    assert acts(done)["to-dicom retracted"] == 2
    assert len(notes(stores)) == 2
    passed(stores)
    after = tree(stores / "data")
    forget(stores, True)
    assert open_points(passed(stores)) == NOTHING_OPEN, "what was held before its note was read is looked at again"
    assert passed(stores).returncode == 0
    assert tree(stores / "data") == after


def test_a_version_that_is_left_of_what_both_sides_deleted_is_no_document(stores: Path) -> None:
    put(stores, observation("o", 1000))
    written(stores)
    (first,) = instances(stores)
    for name in "abc":
        put(stores, observation(name, 1))
    put(stores, observation("o", 1001))
    written(stores)
    (newest,) = [one for one in heads(stores) if "1001" in values(one)]
    file_of(stores, newest).unlink()
    (stores / "data" / "fhir" / "Observation" / "o.json").unlink()
    passed(stores)
    before = tree(stores / "data")
    assert fhir_dicom(stores, "resend", "fhir-dicom").returncode == 0
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert tree(stores / "data") == before
    assert first in instances(stores)
    put(stores, observation("o", 1001))
    assert written(stores) == {"to-dicom updated": 1}
    assert str(newest.SOPInstanceUID) not in instances(stores)  # a UID is never used again


@pytest.mark.parametrize("value", [1000, 1001, 1004])
def test_a_restored_report_that_has_claimed_its_result_is_valid_without_a_ledger(stores: Path, value: int) -> None:
    """Of its two predecessors one is rejected, and the other is of a result that stood alone meanwhile. With each value
    the PACS lists them in another order."""
    put(stores, observation("o", value))
    for status in ("final", "entered-in-error", "final"):
        put(stores, report("o") | {"status": status})
        written(stores)
    (head,) = [one for one in heads(stores) if one.Modality == "SR"]
    assert len(predecessors(head)) == 2
    after = tree(stores / "data")
    forget(stores, True)
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert written(stores) == {}
    assert tree(stores / "data") == after
    assert _documents(stores) == 1
    put(stores, observation("o", 1))
    assert written(stores) == {"to-dicom updated": 1}
    assert predecessors(*_with_value(stores, "1")) == [head.SOPInstanceUID]


@pytest.mark.parametrize("meanwhile", [False, True], ids=["corrected later", "corrected without a ledger"])
def test_results_that_a_report_has_claimed_are_its_own_without_a_ledger(stores: Path, *, meanwhile: bool) -> None:
    put(stores, observation("a", 1000))
    put(stores, observation("b", 7))
    written(stores)
    put(stores, report("a", "b"))
    written(stores)
    put(stores, observation("a", 1001))
    written(stores)
    forget(stores, True)
    if not meanwhile:
        done = passed(stores)
        assert (acts(done), open_points(done), _documents(stores)) == ({"to-dicom adopted": 1}, NOTHING_OPEN, 1)
    put(stores, observation("a", 1002))
    assert written(stores) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert {*values(head)} == {"1002", "7"}
    assert _documents(stores) == 1


def test_a_result_that_has_left_the_report_is_not_its_own_without_a_ledger(stores: Path) -> None:
    put(stores, observation("a", 1000))
    put(stores, observation("b", 7))
    written(stores)
    put(stores, report("a", "b"))
    written(stores)
    put(stores, report("b"))
    written(stores)
    after = tree(stores / "data")
    forget(stores, True)
    for _ in range(2):
        done = passed(stores)
        assert open_points(done) == NOTHING_OPEN, done.stderr
    assert tree(stores / "data") == after
    assert _documents(stores) == 2


def _with_value(stores: Path, value: str) -> list[pydicom.Dataset]:
    return [one for one in heads(stores) if one.Modality == "SR" and value in values(one)]


def _documents(stores: Path) -> int:
    linked: int = json.loads(fhir_dicom(stores, "status", "--json").stdout)["linked"]["fhir"]
    return linked
