"""Studies of the PACS as ImagingStudies: two folder stores."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.codecs.fhir import validate
from bridge.ledger.ledger import Ledger
from bridge.stores.folder import InstanceFolder
from bridge.sync.basis.failpoint import NAMES
from tests.corpus import OTHER_FILES
from tests.folders import passed as once
from tests.folders import route_of
from tests.images import ct, put_in
from tests.integration.test_sync_edges import store
from tests.integration.test_sync_folders import acts, get, put, sync, tree
from tests.integration.test_sync_void import NOTHING_OPEN, configure, confirmed, open_points, passed

QUIET = {"owed": 0, "absent": 0, "held": 0, "dead": 0, "intents": 0, "conflicts": 0, "paused": {}}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    put_in(tmp_path / "data" / "dicom", *(ct(number) for number in range(1, 6)))
    return tmp_path


def studies(stores: Path) -> list[dict[str, Any]]:
    files = (stores / "data" / "fhir" / "ImagingStudy").glob("*.json")
    return [json.loads(file.read_bytes()) for file in sorted(files)]


def test_one_study_however_many_slices_and_a_second_pass_finds_nothing(stores: Path) -> None:
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    assert acts(done) == {"imaging-study created": 1}  # looked at once, not five times
    (study,) = studies(stores)
    validate(study)
    assert study["identifier"][0] == {"system": "urn:dicom:uid", "value": "urn:oid:2.25.8001"}
    assert study["identifier"][1]["value"] == "A-77"
    assert (study["status"], study["description"]) == ("available", "CT Thorax größer")
    assert study["referrer"] == {"display": "Dr. Anna Arzt"}
    assert study["started"] == "2026-03-02T08:15:00+01:00"
    assert (study["numberOfSeries"], study["numberOfInstances"]) == (1, 5)
    assert [one["code"] for one in study["modality"]] == ["CT"]
    (series,) = study["series"]
    assert (series["uid"], series["number"], series["bodySite"]) == ("2.25.8100", 2, {"display": "CHEST"})
    assert [one["number"] for one in series["instance"]] == [1, 2, 3, 4, 5]
    patient = get(stores, study["subject"]["reference"])
    assert patient["identifier"][0]["value"] == "MR-0001"
    after = tree(stores / "data")
    assert acts(sync(stores)) == {}
    assert tree(stores / "data") == after


def test_a_study_that_grows_is_updated_once_and_what_others_said_of_it_stays(stores: Path) -> None:
    sync(stores)
    (study,) = studies(stores)
    put(stores, study | {"note": [{"text": "for the tumour board"}]})
    put_in(stores / "data" / "dicom", *(ct(number, series="2.25.8200", SeriesNumber=1) for number in (1, 2)))
    assert acts(sync(stores)) == {"imaging-study updated": 1}
    (grown,) = studies(stores)
    assert [one["uid"] for one in grown["series"]] == ["2.25.8200", "2.25.8100"]
    assert (grown["numberOfInstances"], grown["note"]) == (7, [{"text": "for the tumour board"}])
    assert acts(sync(stores)) == {}


def test_an_instance_that_is_gone_leaves_the_study(stores: Path) -> None:
    sync(stores)
    next((stores / "data" / "dicom").rglob("*.3.dcm")).unlink()
    assert acts(sync(stores)) == {"imaging-study updated": 1}
    (study,) = studies(stores)
    assert [one["number"] for one in study["series"][0]["instance"]] == [1, 2, 4, 5]
    assert acts(sync(stores)) == {}


def test_a_study_that_is_gone_is_entered_in_error_and_available_again_when_it_returns(stores: Path) -> None:
    put_in(stores / "data" / "dicom", ct(1, study="2.25.8002", series="2.25.8300"))
    sync(stores)
    gone = stores / "data" / "dicom" / "2.25.8001"
    shutil.move(gone, stores / "aside")
    assert acts(sync(stores)) == {"imaging-study retracted": 1}
    assert sorted(one["status"] for one in studies(stores)) == ["available", "entered-in-error"]
    assert acts(sync(stores)) == {}
    shutil.move(stores / "aside", gone)
    assert acts(sync(stores)) == {"imaging-study updated": 1}
    assert {one["status"] for one in studies(stores)} == {"available"}


def test_a_study_that_one_of_two_archives_has_dropped_is_as_the_other_has_it(stores: Path) -> None:
    """A cache in front of an archive: it drops an instance, and then the study."""
    data = stores / "data"
    put_in(data / "dicom", ct(1, study="2.25.8002", series="2.25.8300"))
    shutil.copytree(data / "dicom", data / "archive")
    archive = {"kind": "folder", "holds": "dicom", "issuer": "HOUSE"}
    configuration = {
        "stores": {
            "ehr": {"kind": "folder", "path": str(data / "fhir"), "holds": "fhir"},
            "cache": archive | {"path": str(data / "dicom")},
            "archive": archive | {"path": str(data / "archive")},
        },
        "routes": [{"between": ["ehr", one]} for one in ("cache", "archive")],
    }
    (stores / "bridge.yaml").write_text(json.dumps(configuration))
    assert acts(passed(stores)) == {"imaging-study created": 2}
    whole = studies(stores)
    shutil.move(data / "dicom" / "2.25.8001", stores / "aside")
    assert acts(passed(stores)) == {}
    assert studies(stores) == whole
    shutil.move(data / "archive" / "2.25.8001", stores / "aside-too")
    assert acts(passed(stores)) == {"imaging-study retracted": 1}
    assert sorted(one["status"] for one in studies(stores)) == ["available", "entered-in-error"]
    assert open_points(passed(stores)) == NOTHING_OPEN


def test_an_emptied_archive_is_a_question_not_news(stores: Path) -> None:
    for number in range(10, 16):
        put_in(stores / "data" / "dicom", ct(1, study=f"2.25.80{number}", series=f"2.25.83{number}"))
    sync(stores)
    before = studies(stores)
    shutil.rmtree(stores / "data" / "dicom")
    done = sync(stores)
    assert json.loads(done.stdout)["status"]["paused"]
    assert studies(stores) == before
    confirmed(stores)
    sync(stores)
    assert {one["status"] for one in studies(stores)} == {"entered-in-error"}


def test_deleted_ignore_leaves_it_as_it_is(stores: Path) -> None:
    put_in(stores / "data" / "dicom", ct(1, study="2.25.8002", series="2.25.8300"))
    configure(stores, deleted="ignore")
    passed(stores)
    shutil.rmtree(stores / "data" / "dicom" / "2.25.8001")
    assert acts(passed(stores)) == {}
    assert {one["status"] for one in studies(stores)} == {"available"}


@pytest.mark.parametrize("policy", [{"imaging_studies": False}, {"direction": "to-dicom"}])
def test_a_route_that_does_not_want_them_makes_none(stores: Path, policy: dict[str, Any]) -> None:
    configure(stores, **policy)
    assert acts(passed(stores)) == {}
    assert studies(stores) == []


def test_a_study_of_documents_alone_is_no_imaging_study(stores: Path) -> None:
    shutil.rmtree(stores / "data" / "dicom")
    value = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Pain"}, "valueInteger": 3}
    put(stores, value)
    sync(stores)
    assert studies(stores) == []
    assert acts(sync(stores)) == {}


def test_the_patient_of_a_study_is_never_guessed(stores: Path) -> None:
    sync(stores)
    put_in(stores / "data" / "dicom", ct(1, study="2.25.8002", series="2.25.8300", PatientID=""))
    put_in(stores / "data" / "dicom", ct(1, study="2.25.8003", series="2.25.8301", PatientBirthDate="19700101"))
    done = sync(stores)
    assert done.returncode == 1
    assert "differ in birthDate" in done.stderr
    found = {one["identifier"][0]["value"]: one for one in studies(stores)}
    assert "reference" not in found["urn:oid:2.25.8002"]["subject"]
    assert "urn:oid:2.25.8003" not in found


def test_a_study_that_moves_to_another_patient_is_linked_to_that_one(stores: Path) -> None:
    sync(stores)
    put_in(stores / "data" / "dicom", *(ct(number, PatientID="MR-0002", PatientSex="M") for number in range(1, 6)))
    assert acts(sync(stores)) == {"imaging-study updated": 1}
    (study,) = studies(stores)
    assert get(stores, study["subject"]["reference"])["identifier"][0]["value"] == "MR-0002"
    assert acts(sync(stores)) == {}


def test_a_lost_ledger_changes_nothing(stores: Path) -> None:
    sync(stores)
    after = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    assert acts(sync(stores)) == {}
    assert tree(stores / "data") == after


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("passage", [1, 2, 3])
def test_a_kill_at_any_step_is_completed_by_the_next_pass(stores: Path, name: str, passage: int) -> None:
    store(stores, "2.25.9001", "text 1")
    put_in(stores / "data" / "dicom", ct(1, study="2.25.8002", series="2.25.8300"))
    undisturbed = stores / "undisturbed"
    shutil.copytree(stores / "data", undisturbed / "data")
    assert sync(undisturbed).returncode == 0
    killed = sync(stores, BRIDGE_FAILPOINT=f"{name}:{passage}")
    assert killed.returncode == -signal.SIGKILL or (name, passage) == ("taken-in", 3)  # two feeds, a page each
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    assert open_points(done) == QUIET
    assert tree(stores / "data") == tree(undisturbed / "data")
    assert acts(sync(stores)) == {}


@pytest.mark.skipif(not OTHER_FILES, reason="the corpus is not here")
def test_real_files_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    for file in OTHER_FILES:
        one = pydicom.dcmread(file, force=True)
        place = tmp_path / "data" / "dicom" / one.StudyInstanceUID / one.SeriesInstanceUID
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / f"{one.SOPInstanceUID}.dcm")
    done = sync(tmp_path)
    there = list((tmp_path / "data" / "dicom").iterdir())
    assert done.returncode == 0, done.stderr
    assert acts(done) == {"imaging-study created": len(there)}
    for study in studies(tmp_path):
        validate(study)
    assert {series["modality"]["code"] for study in studies(tmp_path) for series in study["series"]} >= {"CT", "SEG"}
    assert acts(sync(tmp_path)) == {}


def test_a_report_and_its_study_share_one_imaging_study(stores: Path) -> None:
    store(stores, "2.25.9001", "text 1", StudyInstanceUID="2.25.8001")
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    (study,) = studies(stores)
    assert [one["modality"]["code"] for one in study["series"]] == ["SR", "CT"]
    (file,) = (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    report = json.loads(file.read_bytes())
    assert report["imagingStudy"] == [{"reference": f"ImagingStudy/{study['id']}"}]
    validate(report)
    assert acts(sync(stores)) == {}
    put_in(stores / "data" / "dicom", ct(9))
    assert acts(sync(stores)) == {"imaging-study updated": 1}  # and the report says what it said
    assert acts(sync(stores)) == {}
    put(stores, report | {"status": "amended", "conclusionCode": [{"text": "normal"}]})
    assert acts(sync(stores)) == {"to-dicom updated": 1, "imaging-study updated": 1}
    assert acts(sync(stores)) == {}


def test_the_imaging_study_that_somebody_else_has_made_is_theirs(stores: Path) -> None:
    theirs = {
        "resourceType": "ImagingStudy",
        "id": "of-the-ris",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:2.25.8001"}],
        "status": "available",
        "subject": {"display": "somebody"},
    }
    put(stores, theirs)
    store(stores, "2.25.9001", "text 1", StudyInstanceUID="2.25.8001")
    assert acts(sync(stores)) == {"to-fhir created": 1}
    assert studies(stores) == [theirs]
    (file,) = (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    assert json.loads(file.read_bytes())["imagingStudy"] == [{"reference": "ImagingStudy/of-the-ris"}]
    assert acts(sync(stores)) == {}


@pytest.fixture
def read(stores: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of instances that were read as a whole."""
    keys: list[str] = []
    whole = InstanceFolder.read

    def noted(self: InstanceFolder, wanted: Sequence[str]) -> Any:
        keys.extend(wanted)
        return whole(self, wanted)

    monkeypatch.setattr(InstanceFolder, "read", noted)
    return keys


def test_studies_are_looked_at_again_and_no_image_is_read(stores: Path, read: list[str]) -> None:
    store(stores, "2.25.61", "a report", StudyInstanceUID="2.25.8001")
    route, ledger = route_of(stores), Ledger(f"sqlite:///{stores}/bridge.db")
    once(route, ledger)
    (study,) = studies(stores)
    put(stores, study | {"description": "of somebody else"})
    assert once(route, ledger) == {}
    assert ledger.operations.resend(route.name, [], "tests") > 6
    assert once(route, ledger) == {"imaging-study updated": 1}
    assert studies(stores) == [study]
    assert {key.rpartition("/")[2] for key in read} == {"2.25.61"}
    ledger.close()


def test_where_no_studies_are_wanted_no_image_is_read_either(stores: Path, read: list[str]) -> None:
    store(stores, "2.25.61", "a report", StudyInstanceUID="2.25.8001")
    route, ledger = route_of(stores, imaging_studies=False), Ledger(f"sqlite:///{stores}/bridge.db")
    assert once(route, ledger) == {"to-fhir created": 1}
    assert {key.rpartition("/")[2] for key in read} == {"2.25.61"}
    ledger.close()
