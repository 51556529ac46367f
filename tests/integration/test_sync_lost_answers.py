"""A version was stored, and the process killed before anybody noted it; and the resources change before the next pass.
Two folder stores."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
from pydicom import Dataset

from bridge.stores.files import version
from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import heads, observation, predecessors, report
from tests.integration.test_sync_folders import acts, get, instances, put
from tests.integration.test_sync_void import NOTHING_OPEN, configure, confirmed, notes, open_points, passed
from tests.trials.verdict import referenced


@pytest.fixture(params=["the PACS was heard", "the instance has ended two workers"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    (tmp_path / "heard").write_text(str(request.param == "the PACS was heard"))
    return tmp_path


def killed(stores: Path) -> None:
    """When the instance was stored."""
    done = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT="applied:1")
    assert done.returncode == -signal.SIGKILL
    if (stores / "heard").read_text() == "False":
        unheard(stores)


def unheard(stores: Path) -> None:
    """All that the PACS has to say is owed, comes last, and holds nothing up."""
    with sqlite3.connect(stores / "bridge.db") as ledger:
        known = {key for (key,) in ledger.execute("SELECT key FROM seen WHERE store = 'dicom'")}
        for file in (stores / "data" / "dicom").rglob("*.dcm"):
            key = str(file.relative_to(stores / "data" / "dicom").with_suffix(""))
            if key not in known:
                row = ("fhir-dicom", "dicom", key, "owed", 0, 0, 0.0, 2)
                columns = "(route, store, key, state, generation, attempts, due, crashes)"
                ledger.execute(f"INSERT INTO work {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                seen = (key, version(file.read_bytes()))
                ledger.execute("INSERT INTO seen VALUES ('fhir-dicom', 'dicom', ?, ?)", seen)
    ledger.close()


def rests(stores: Path, versions: int) -> None:
    """One chain, and nothing is left to be done."""
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN), done.stderr
    found = [one for one in instances(stores).values() if one.Modality != "KO"]
    assert len(found) == versions
    named = Counter(uid for one in found for uid in predecessors(one))
    assert set(named.values()) <= {1}, "no two versions amend the same one"
    assert len(heads(stores)) - len(notes(stores)) == 1


def rejected(stores: Path) -> set[str]:
    return {uid for note in notes(stores) for uid in referenced(note.CurrentRequestedProcedureEvidenceSequence)}


def corrected(stores: Path, times: int) -> None:
    """So many versions are in step."""
    for value in range(times):
        put(stores, observation("a", value))
        passed(stores)


@pytest.mark.parametrize("before", [0, 1])
def test_it_is_amended_by_what_the_resources_say_now(stores: Path, before: int) -> None:
    corrected(stores, before)
    put(stores, observation("a", 50))
    killed(stores)
    put(stores, observation("a", 60))
    passed(stores)
    rests(stores, before + 2)
    (head,) = heads(stores)
    assert head.ContentSequence[0].MeasuredValueSequence[0].NumericValue == 60


def test_what_has_not_changed_is_adopted(stores: Path) -> None:
    put(stores, observation("a", 50))
    killed(stores)
    assert acts(passed(stores)) == {"to-dicom adopted": 1}
    rests(stores, 1)


def test_a_patient_who_is_corrected_meanwhile_is_no_change_of_the_archives(stores: Path) -> None:
    """Who confirms each byte has changed nothing, whatever the resources say now."""
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:1.2.3", "value": "4711"}]}
    put(stores, patient | {"name": [{"family": "Muster"}]})
    put(stores, observation("a", 50, subject={"reference": "Patient/p"}))
    killed(stores)
    put(stores, patient | {"name": [{"family": "Neu"}]})
    assert open_points(passed(stores)) == NOTHING_OPEN
    rests(stores, 1)


@pytest.mark.parametrize("stores", ["the PACS was heard"], indirect=True)
def test_what_the_pacs_amends_meanwhile_waits_for_no_edit_in_fhir(stores: Path) -> None:
    put(stores, observation("a", 50))
    killed(stores)
    ((uid, stored),) = instances(stores).items()
    later = deepcopy(stored)
    later.SOPInstanceUID = later.file_meta.MediaStorageSOPInstanceUID = "2.25.991"
    later.ContentSequence[0].MeasuredValueSequence[0].NumericValue = 70
    named = Dataset()
    named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID = stored.SOPClassUID, uid
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = stored.SeriesInstanceUID, [named]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = stored.StudyInstanceUID, [series]
    later.PredecessorDocumentsSequence = [study]
    place = stores / "data" / "dicom" / stored.StudyInstanceUID / stored.SeriesInstanceUID / "2.25.991.dcm"
    later.save_as(place)
    put(stores, observation("a", 60))
    assert open_points(passed(stores)) == NOTHING_OPEN | {"conflicts": 1, "held": 1}
    assert len(instances(stores)) == 2, "the edit is no second version beside it"


@pytest.mark.parametrize("before", [0, 1])
def test_it_is_rejected_when_the_resources_are_void(stores: Path, before: int) -> None:
    corrected(stores, before)
    put(stores, observation("a", 50))
    killed(stores)
    put(stores, get(stores, "Observation/a") | {"status": "entered-in-error"})
    passed(stores)
    passed(stores)
    assert rejected(stores) == {uid for uid, one in instances(stores).items() if one.Modality != "KO"}
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN), done.stderr


def test_a_deleted_document_takes_it_along(stores: Path) -> None:
    put(stores, observation("a", 49))
    passed(stores)
    put(stores, observation("a", 50))
    killed(stores)
    (stores / "data" / "fhir" / "Observation" / "a.json").unlink()
    put(stores, observation("b", 1))
    for _ in range(3):
        passed(stores)
    if "paused" in fhir_dicom(stores, "status", "--config", "bridge.yaml").stdout:  # nothing else shows the right PACS
        assert confirmed(stores, "--config", "bridge.yaml").returncode == 0
    for _ in range(2):
        done = passed(stores)
    assert open_points(done) == NOTHING_OPEN, done.stderr
    assert len(rejected(stores)) == 2


def test_a_report_that_claimed_results_which_stood_alone_has_one_chain(stores: Path) -> None:
    put(stores, observation("a", 1))
    put(stores, observation("b", 2))
    passed(stores)
    put(stores, report("a", "b"))
    killed(stores)
    put(stores, report("a", "b") | {"conclusion": "said later"})
    passed(stores)
    rests(stores, 4)


def test_policy_delete_leaves_the_newest_alone(stores: Path) -> None:
    configure(stores, superseded="delete")
    put(stores, observation("a", 49))
    passed(stores)
    put(stores, observation("a", 50))
    killed(stores)
    put(stores, observation("a", 60))
    passed(stores)
    rests(stores, 1)


def test_one_that_arrives_when_another_was_written_is_for_a_person(stores: Path) -> None:
    """The PACS had not stored it yet when it was asked."""
    put(stores, observation("a", 49))
    passed(stores)
    before = set(instances(stores))
    put(stores, observation("a", 50))
    killed(stores)
    (late,) = [file for file in (stores / "data" / "dicom").rglob("*.dcm") if file.stem not in before]
    data = late.read_bytes()
    late.unlink()
    put(stores, observation("a", 60))
    passed(stores)
    late.write_bytes(data)
    done = passed(stores)
    (reason,) = json.loads(done.stdout)["status"]["reasons"]
    assert (reason["state"], late.stem in reason["key"]) == ("held", True)
    assert "supersedes, too: reject one of them, or remove it" in reason["reason"]


@pytest.mark.parametrize("second", [50, 60])
def test_a_dry_run_ends_nothing_that_was_begun(stores: Path, second: int) -> None:
    """What the policy removes would stay for good, and the next pass would know of nothing."""
    configure(stores, superseded="delete")
    put(stores, observation("a", 49))
    passed(stores)
    put(stores, observation("a", 50))
    killed(stores)
    put(stores, observation("a", second))
    fhir_dicom(stores, "sync", "--once", "--dry-run", "--config", "bridge.yaml")
    put(stores, observation("a", 50))
    passed(stores)
    passed(stores)
    assert len(instances(stores)) == 1
