"""What a review of retractions, deletions and conflicts found: no value is lost with the report around it, no edit
while the other side is away, and what was begun is ended before anything else."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.ledger.ledger import Ledger
from bridge.sync.run import once
from fixtures.stores import lay_out
from tests.command_line import fhir_dicom
from tests.folders import MAPPING, route_of
from tests.folders import done as acts_of
from tests.integration.test_sync_edges import heads, observation, report, reports, store, texts
from tests.integration.test_sync_folders import acts, get, instances, put, sync, tree
from tests.integration.test_sync_void import (
    DCM,
    NOTHING_OPEN,
    configure,
    dispute,
    edit,
    file_of,
    note,
    notes,
    open_points,
    passed,
    rejected,
    the_conflict,
)


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir" / "Observation").mkdir(parents=True)
    (tmp_path / "data" / "dicom").mkdir()
    return tmp_path


def live(stores: Path) -> list[pydicom.Dataset]:
    """Heads that no note rejects, and that are no notes."""
    void = {uid for one in notes(stores) for uid in rejected(one)}
    return [one for one in heads(stores) if one.SOPInstanceUID not in void and one.Modality == "SR"]


def numbers(stores: Path) -> list[int]:
    """Of all live SRs."""
    items = [item for one in live(stores) for item in one.ContentSequence if item.ValueType == "NUM"]
    return sorted(int(item.MeasuredValueSequence[0].NumericValue) for item in items)


def named(name: str, *results: str, **more: Any) -> dict[str, Any]:
    found = report(*results) | {"id": name, **more}
    return {key: value for key, value in found.items() if value != []}


def test_a_report_that_lost_its_results_says_no_less(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    for number in range(8):
        put(tmp_path, observation(f"x{number}", number))
        put(tmp_path, named(f"r{number}", f"x{number}"))
    sync(tmp_path)
    before = tree(tmp_path / "data" / "dicom")
    aside = (tmp_path / "data" / "fhir" / "Observation").rename(tmp_path / "aside")
    assert "is that the right server" in sync(tmp_path).stderr
    assert tree(tmp_path / "data" / "dicom") == before
    shutil.copytree(aside, tmp_path / "data" / "fhir" / "Observation")
    fhir_dicom(tmp_path, "resume", "fhir-dicom")
    done = sync(tmp_path)
    assert (done.returncode, acts(done), open_points(done)) == (0, {}, NOTHING_OPEN), done.stderr


def test_an_edit_while_the_pacs_is_away_crosses_when_it_is_back(stores: Path) -> None:
    for number in range(5):
        put(stores, observation(f"x{number}", number))
    sync(stores)
    aside = (stores / "data" / "dicom").rename(stores / "aside")
    put(stores, observation("x1", 99))
    assert sync(stores).returncode == 1
    shutil.rmtree(stores / "data" / "dicom", ignore_errors=True)
    aside.rename(stores / "data" / "dicom")
    fhir_dicom(stores, "resume", "fhir-dicom")
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert numbers(stores) == [0, 2, 3, 4, 99]


def test_an_edit_beside_an_altered_sr_crosses_when_that_is_mended(stores: Path) -> None:
    put(stores, observation("x", 1))
    sync(stores)
    sync(stores)
    (file,) = (stores / "data" / "dicom").rglob("*.dcm")
    whole, altered = file.read_bytes(), pydicom.dcmread(file)
    altered.ContentSequence[0].MeasuredValueSequence[0].NumericValue = "7"
    altered.save_as(file)
    put(stores, observation("x", 2))
    assert sync(stores).returncode == 1
    file.write_bytes(whole)
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert numbers(stores) == [2]


@pytest.mark.parametrize("status", ["entered-in-error", "registered", "cancelled"])
def test_a_report_that_is_none_does_not_swallow_its_results(stores: Path, status: str) -> None:
    put(stores, observation("x", 11))
    sync(stores)
    put(stores, named("r", "x", status=status))
    put(stores, observation("x", 12))
    sync(stores)
    assert numbers(stores) == [12]
    put(stores, observation("x", 12, status="entered-in-error"))
    done = sync(stores)
    assert (done.returncode, open_points(done), numbers(stores)) == (0, NOTHING_OPEN, []), done.stderr


def test_what_a_report_took_in_is_rejected_with_it(stores: Path) -> None:
    put(stores, observation("x", 11))
    sync(stores)
    put(stores, named("r", "x"))
    sync(stores)
    put(stores, named("r", "x", status="entered-in-error"))
    put(stores, observation("x", 11, status="entered-in-error"))
    sync(stores)
    assert {uid for one in notes(stores) for uid in rejected(one)} == {
        uid for uid, one in instances(stores).items() if one.Modality == "SR"
    }


def test_a_result_goes_to_the_report_that_stands(stores: Path) -> None:
    put(stores, observation("x", 11))
    put(stores, named("r1", "x"))
    sync(stores)
    put(stores, named("r1", "x", status="entered-in-error"))
    put(stores, named("r2", "x"))
    sync(stores)
    assert numbers(stores) == [11]
    put(stores, observation("x", 12))
    done = sync(stores)
    assert (done.returncode, numbers(stores), open_points(done)) == (0, [12], NOTHING_OPEN), done.stderr


@pytest.mark.parametrize("policy", ["mark", "delete"])
def test_a_deleted_report_leaves_its_results(stores: Path, policy: str) -> None:
    configure(stores, deleted=policy)
    for name in ("x", "y", "z"):
        put(stores, observation(name, 11))
        put(stores, named(f"r{name}", name))
    passed(stores)
    (stores / "data" / "fhir" / "DiagnosticReport" / "rx.json").unlink()
    put(stores, named("ry"))
    done = passed(stores)
    assert (done.returncode, open_points(done), numbers(stores)) == (0, NOTHING_OPEN, [11, 11, 11]), done.stderr


@pytest.mark.parametrize("policy", ["mark", "delete"])
def test_a_result_that_another_report_shares_stands(stores: Path, policy: str) -> None:
    configure(stores, deleted=policy)
    for name in ("x", "y", "z"):
        put(stores, observation(name, 11))
    put(stores, named("r1", "x"))
    put(stores, named("r2", "x", "y"))
    put(stores, named("r3", "z"))
    passed(stores)
    (first,) = [
        one for one in instances(stores).values() if b"DiagnosticReport/r1" in file_of(stores, one).read_bytes()
    ]
    file_of(stores, first).unlink()
    done = passed(stores)
    assert done.returncode == 0, done.stderr
    assert get(stores, "Observation/x")["status"] == "final"


def test_the_pacs_s_next_version_waits_for_the_verdict(stores: Path) -> None:
    dispute(stores)
    store(stores, "2.25.63", "by PACS, later", predecessor="2.25.62")
    sync(stores)
    assert len(reports(stores)) == 1
    fhir_dicom(stores, "conflicts", the_conflict(stores)["name"], "--holds", "dicom")
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert "by PACS, later" in texts(stores) and len(reports(stores)) == 1


def test_a_conflict_ends_with_the_instance_that_it_is_about(stores: Path) -> None:
    dispute(stores)
    file_of(stores, instances(stores)["2.25.62"]).unlink()
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert "by FHIR" in str(live(stores)[0].ContentSequence[-1])


def test_a_conflict_ends_when_the_sr_is_stored_again_as_it_was(stores: Path) -> None:
    """Nothing is left to decide, and the edit crosses."""
    for uid in ("2.25.61", "2.25.62"):
        store(stores, uid, uid)
    sync(stores)
    file = file_of(stores, instances(stores)["2.25.61"])
    file.rename(stores / "aside.dcm")
    edit(stores, "2.25.61", "by FHIR")
    assert sync(stores).returncode == 1
    assert the_conflict(stores)["dicom"] == "gone"
    (stores / "aside.dcm").rename(file)
    asked = itertools.count()
    with closing(Ledger(f"sqlite:///{stores}/bridge.db")) as ledger:  # whoever would wait for it turned for ever
        summary = once([route_of(stores)], ledger, MAPPING, stopped=lambda: next(asked) > 200)
    assert (acts_of(summary), summary.faults) == ({"to-dicom updated": 1}, [])
    assert open_points(sync(stores)) == NOTHING_OPEN
    assert sorted(str(one.ContentSequence[-1].TextValue) for one in live(stores)) == ["2.25.62", "by FHIR"]


def test_a_kill_before_a_removal_does_not_cost_an_edit(stores: Path) -> None:
    configure(stores, deleted="delete")
    for uid in ("2.25.61", "2.25.62"):
        store(stores, uid, uid)
    passed(stores)
    file_of(stores, instances(stores)["2.25.61"]).unlink()
    killed = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT="intended:1")
    assert killed.returncode == -signal.SIGKILL
    edit(stores, "2.25.61", "edited meanwhile")
    assert passed(stores).returncode == 1
    assert "edited meanwhile" in texts(stores)
    assert the_conflict(stores)["dicom"] == "gone"


@pytest.mark.parametrize("policy", ["mark", "delete"])
def test_a_resource_that_returns_after_a_kill_is_a_new_version(stores: Path, policy: str) -> None:
    """What the bridge has done itself is no news of the PACS."""
    configure(stores, deleted=policy)
    for name in ("x", "y"):
        put(stores, observation(name, 1))
    passed(stores)
    (stores / "data" / "fhir" / "Observation" / "x.json").unlink()
    killed = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT="applied:1")
    assert killed.returncode == -signal.SIGKILL
    put(stores, observation("x", 1))
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert get(stores, "Observation/x")["status"] == "final"
    assert numbers(stores) == [1, 1]


@pytest.mark.parametrize("policy", ["mark", "delete"])
def test_an_sr_that_returns_after_a_kill_holds_up_nothing(stores: Path, policy: str) -> None:
    configure(stores, deleted=policy)
    for uid in ("2.25.61", "2.25.62"):
        store(stores, uid, uid)
    passed(stores)
    file = file_of(stores, instances(stores)["2.25.61"])
    file.rename(stores / "aside.dcm")
    assert fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT="intended:1").returncode < 0
    (stores / "aside.dcm").rename(file)
    edit(stores, "2.25.61", "edited")
    passed(stores)
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)
    assert sorted(texts(stores)) == ["2.25.62", "edited"]
    assert [one["status"] for one in reports(stores)] == ["final", "final"]


def test_a_deleted_sr_that_is_stored_again_is_a_report_again(stores: Path) -> None:
    for uid in ("2.25.61", "2.25.62"):
        store(stores, uid, uid)
    sync(stores)
    file = file_of(stores, instances(stores)["2.25.61"])
    file.rename(stores / "aside.dcm")
    sync(stores)
    assert sorted(one["status"] for one in reports(stores)) == ["entered-in-error", "final"]
    (stores / "aside.dcm").rename(file)
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert [one["status"] for one in reports(stores)] == ["final", "final"]


@pytest.mark.parametrize("title", [DCM.DataRetentionPolicyExpired, DCM.RejectedForPatientSafetyReasons])
def test_a_pacs_that_hides_what_is_rejected(stores: Path, title: Any) -> None:
    """More of them at once than may be deleted: a note says why they are gone."""
    for number in range(5):
        store(stores, f"2.25.6{number}", str(number))
    sync(stores)
    for number in range(5):
        one = instances(stores)[f"2.25.6{number}"]
        note(stores, title, one, uid=f"2.25.777{number}")
        file_of(stores, one).unlink()
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    expected = "final" if title == DCM.DataRetentionPolicyExpired else "entered-in-error"
    assert {one["status"] for one in reports(stores)} == {expected}
    edit(stores, "0", "edited")
    assert sync(stores).returncode == 0


def test_ignored_deletions_do_not_add_up_to_a_question(stores: Path) -> None:
    configure(stores, deleted="ignore")
    for number in range(12):
        put(stores, observation(f"x{number}", number))
    passed(stores)
    for number in range(6):
        (stores / "data" / "fhir" / "Observation" / f"x{number}.json").unlink()
        done = passed(stores)
        assert (done.returncode, acts(done), open_points(done)) == (0, {}, NOTHING_OPEN), done.stderr


def test_what_is_invalid_and_void_is_void(stores: Path) -> None:
    put(stores, observation("x", 1))
    sync(stores)
    wrong = observation("x", 1, status="entered-in-error")
    del wrong["code"]
    put(stores, wrong)
    done = sync(stores)
    assert (done.returncode, numbers(stores)) == (0, []), done.stderr


def test_the_ledger_is_nobody_else_s_business(stores: Path) -> None:
    put(stores, observation("x", 1))
    sync(stores)
    ledger = Ledger(f"sqlite:///{stores}/bridge.db")
    ledger.copy_to(stores / "bridge.db.copy")
    found = {one.name[9:]: oct(one.stat().st_mode & 0o777) for one in stores.glob("bridge.db*")}
    ledger.close()
    assert found == dict.fromkeys(("", ".lock", "-wal", "-shm", ".copy"), "0o600")
    assert json.loads(fhir_dicom(stores, "status", "--json").stdout)["linked"] == {"fhir": 1}


# -- a ledger that is lost, or of yesterday -------------------------------------------------------------------------
def lose(stores: Path) -> None:
    for file in stores.glob("bridge.db*"):
        file.unlink()


def yesterday(stores: Path) -> Path:
    """A copy of the ledger as it is now."""
    return Path(shutil.copy(stores / "bridge.db", stores / "yesterday.db"))


def restore(stores: Path, copy: Path) -> None:
    lose(stores)
    copy.rename(stores / "bridge.db")


def history(stores: Path, *, upto: int = 9) -> None:
    """Of documents born on each side, edited on each side."""

    def first() -> None:
        put(stores, observation("x", 36))
        store(stores, "2.25.61", "old")
        store(stores, "2.25.71", "one")

    def second() -> None:
        put(stores, observation("x", 37))
        edit(stores, "old", "by FHIR")

    def third() -> None:
        put(stores, observation("x", 38))
        store(stores, "2.25.72", "two", predecessor="2.25.71")

    def fourth() -> None:
        edit(stores, "by FHIR", "by FHIR again")
        put(stores, observation("y", 1))
        put(stores, named("r", "y"))

    for step in (first, second, third, fourth)[:upto]:
        step()
        done = sync(stores)
        assert done.returncode == 0, done.stderr


def unchanged(stores: Path) -> None:
    before = tree(stores / "data")
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert tree(stores / "data") == before
    assert acts(sync(stores)) == {}


@pytest.mark.parametrize("upto", [1, 2, 3, 4])
def test_a_lost_ledger_after_corrections_writes_nothing(stores: Path, upto: int) -> None:
    history(stores, upto=upto)
    lose(stores)
    unchanged(stores)
    put(stores, observation("x", 39))
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    assert 39 in numbers(stores) and len([one for one in numbers(stores) if 36 <= one <= 38]) == 0


def test_yesterday_s_ledger_writes_nothing(stores: Path) -> None:
    put(stores, observation("x", 36))
    store(stores, "2.25.71", "one")
    sync(stores)
    copy = yesterday(stores)
    for value in (37, 38):
        put(stores, observation("x", value))
        sync(stores)
    store(stores, "2.25.72", "two", predecessor="2.25.71")
    sync(stores)
    restore(stores, copy)
    unchanged(stores)


def test_a_backup_is_made_beside_a_ledger_in_use_and_restored(stores: Path) -> None:
    put(stores, observation("a", 1))
    sync(stores)
    ledger = Ledger(f"sqlite:///{stores}/bridge.db")  # as `serve` has it
    try:
        assert fhir_dicom(stores, "backup", "copy.db").returncode == 0
        again = fhir_dicom(stores, "backup", "copy.db")
        assert (again.returncode, "is there already" in again.stderr) == (2, True)
    finally:
        ledger.close()
    assert (stores / "copy.db").stat().st_mode & 0o077 == 0
    put(stores, observation("b", 2))
    sync(stores)
    for file in stores.glob("bridge.db*"):
        file.unlink()
    (stores / "copy.db").rename(stores / "bridge.db")
    after = tree(stores / "data")
    assert sync(stores).returncode == 0
    assert tree(stores / "data") == after


def test_a_lost_ledger_after_a_retraction_writes_nothing(stores: Path) -> None:
    for value in (36, 37):
        put(stores, observation("x", value))
        sync(stores)
    put(stores, observation("x", 37, status="entered-in-error"))
    sync(stores)
    lose(stores)
    unchanged(stores)
    put(stores, observation("x", 37))
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    assert numbers(stores) == [37]


def test_an_edit_while_the_ledger_was_lost_is_a_correction(stores: Path) -> None:
    history(stores)
    lose(stores)
    put(stores, observation("x", 40))
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert 40 in numbers(stores) and 38 not in numbers(stores)
