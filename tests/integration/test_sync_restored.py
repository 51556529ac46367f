"""A ledger that was lost, or is of yesterday, and what FHIR has taken back since: what the bridge wrote in the PACS and
does not remember is nobody's news."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pydicom
import pytest

from tests.command_line import fhir_dicom
from tests.folders import make_stores
from tests.integration.test_sync_edges import heads, observation, predecessors, reports, store, texts, values
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_reviewed import live, lose, restore, yesterday
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import configure, file_of, notes, passed, rejected

A = "2.25.5"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    make_stores(tmp_path)
    configure(tmp_path)
    return tmp_path


def forgotten(stores: Path, copy: Path, how: str) -> None:
    if how == "lost":
        lose(stores)
    else:
        restore(stores, copy)


def told(stores: Path, resource: dict[str, object]) -> None:
    """As a server tells of it: what is stored anew has another version, whatever it says."""
    file = stores / "data" / "fhir" / str(resource["resourceType"]) / f"{resource['id']}.json"
    file.write_text(json.dumps(resource, indent=3))


def fhir_says(stores: Path) -> dict[str, object]:
    return {name: json.loads(data) for name, data in tree(stores / "data" / "fhir").items()}


def say(stores: Path, old: str, new: str) -> None:
    (report,) = reports(stores)
    results = [get(stores, one["reference"]) for one in report["result"]]
    (found,) = [one for one in results if one.get("valueString") == old]
    told(stores, found | {"valueString": new})


@pytest.mark.parametrize("workers", ["1", "4"])
def test_what_stands_again_stands_with_the_ledger_of_yesterday(stores: Path, workers: str) -> None:
    """Whether the version after the one that we rejected is read before that or not."""
    keys = [f"o{number}" for number in range(8)]
    for status in ("final", "entered-in-error", "final"):
        for number, key in enumerate(keys):
            put(stores, observation(key, number) | {"status": status})
        passes(stores)
        if status == "final" and not notes(stores):
            copy = yesterday(stores)
    before = tree(stores / "data")
    restore(stores, copy)
    done = passed(stores, "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert passes(stores) == {} and tree(stores / "data") == before


@pytest.mark.parametrize("how", ["restored", "lost"])
@pytest.mark.parametrize("born", ["fhir", "dicom"])
def test_what_is_no_longer_void_is_news_of_fhir(stores: Path, born: str, how: str) -> None:
    if born == "dicom":
        store(stores, A, "as it was")
    else:
        put(stores, observation("x", 36))
    passes(stores)
    copy = yesterday(stores)
    found = reports(stores)[0] if born == "dicom" else get(stores, "Observation/x")
    told(stores, found | {"status": "entered-in-error"})
    assert passes(stores) == {"to-dicom retracted": 1}
    told(stores, found)
    before = fhir_says(stores)
    forgotten(stores, copy, how)
    passes(stores)
    assert fhir_says(stores) == before
    (standing,) = live(stores)
    assert predecessors(standing) == rejected(notes(stores)[0])
    assert passes(stores) == {}


def test_what_says_the_same_as_yesterday_and_was_rejected_since_is_a_conflict(stores: Path) -> None:
    """Put back by a person, or from a backup of that night: nothing tells."""
    put(stores, observation("x", 36))
    passes(stores)
    copy = yesterday(stores)
    put(stores, observation("x", 36) | {"status": "entered-in-error"})
    passes(stores)
    put(stores, observation("x", 36))
    before = tree(stores / "data")
    restore(stores, copy)
    passed(stores)
    assert tree(stores / "data") == before
    (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)
    assert fhir_dicom(stores, "conflicts", conflict["name"], "--holds", "fhir").returncode == 0
    passes(stores)
    assert len(live(stores)) == 1 and passes(stores) == {}


@pytest.mark.parametrize("how", ["restored", "lost"])
def test_an_edit_that_was_taken_back_stays_so(stores: Path, how: str) -> None:
    store(stores, A, "as it was")
    passes(stores)
    copy = yesterday(stores)
    say(stores, "as it was", "edited")
    assert passes(stores) == {"to-dicom updated": 1}
    say(stores, "edited", "as it was")
    before = fhir_says(stores)
    forgotten(stores, copy, how)
    passes(stores)
    assert fhir_says(stores) == before
    (head,) = heads(stores)
    assert "as it was" in values(head) and len(instances(stores)) == 3
    assert passes(stores) == {}


def test_a_new_fhir_server_is_told_what_our_versions_say(stores: Path) -> None:
    """Nobody has taken anything back there: it has what we have just written."""
    store(stores, A, "as it was")
    passes(stores)
    say(stores, "as it was", "edited")
    passes(stores)
    before = tree(stores / "data" / "dicom")
    lose(stores)
    shutil.rmtree(stores / "data" / "fhir")
    passes(stores)
    assert "edited" in texts(stores) and tree(stores / "data" / "dicom") == before


def test_a_new_fhir_server_is_not_told_what_is_void(stores: Path) -> None:
    store(stores, A, "as it was")
    passes(stores)
    (report,) = reports(stores)
    told(stores, report | {"status": "entered-in-error"})
    passes(stores)
    before = tree(stores / "data" / "dicom")
    lose(stores)
    shutil.rmtree(stores / "data" / "fhir")
    passes(stores)
    assert tree(stores / "data" / "dicom") == before
    assert {one["status"] for one in reports(stores)} <= {"entered-in-error"}


def test_who_edits_a_version_of_ours_where_it_is_is_heard_without_a_ledger(stores: Path) -> None:
    store(stores, A, "as it was")
    passes(stores)
    say(stores, "as it was", "edited")
    passes(stores)
    (ours,) = heads(stores)
    by_hand(stores, ours, "2.25.6")
    lose(stores)
    passes(stores)
    assert "by hand" in texts(stores)


def by_hand(stores: Path, ours: pydicom.Dataset, uid: str) -> None:
    """A new version in the very series, with our private elements."""
    store(stores, uid, "by hand", str(ours.SOPInstanceUID))
    file = file_of(stores, instances(stores)[uid])
    document = pydicom.dcmread(file)
    document.SeriesInstanceUID = ours.SeriesInstanceUID
    place = file.parent.parent / str(ours.SeriesInstanceUID) / file.name
    place.parent.mkdir(exist_ok=True)
    file.unlink()
    document.save_as(place, enforce_file_format=True)
