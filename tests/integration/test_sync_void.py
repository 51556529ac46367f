"""What is retracted, rejected, deleted or disputed on one side, on the other; and what only looks deleted."""

from __future__ import annotations

import copy
import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import KeyObjectSelectionDocumentStorage

from bridge.errors import UsageError
from bridge.ledger.deletions import MOMENT
from bridge.ledger.ledger import Ledger
from bridge.sync.basis.failpoint import NAMES
from bridge.sync.void.lost_note import MOST
from fixtures.stores import lay_out
from fixtures.templates.items import code, instance
from tests.command_line import Done, fhir_dicom
from tests.folders import copied
from tests.integration.test_sync_edges import heads, observation, report, reports, store, texts, values
from tests.integration.test_sync_folders import acts, get, instances, put, sync, tree
from tests.judges import judge
from tests.samples import ecg_report, supersede

DCM = codes.DCM
NOTHING_OPEN = {"owed": 0, "absent": 0, "held": 0, "dead": 0, "intents": 0, "conflicts": 0, "paused": {}}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    assert sync(tmp_path).returncode == 0
    return tmp_path


def configure(stores: Path, **policy: str) -> None:
    """As the embedded default, but for the route."""
    route = {"between": ["fhir", "dicom"], **policy}
    (stores / "bridge.yaml").write_text(json.dumps({"routes": [route]}))


def passed(stores: Path, *options: str) -> Done:
    return fhir_dicom(stores, "sync", "--once", "--json", "--config", "bridge.yaml", *options)


def open_points(done: Done) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(done.stdout)["status"]
    return {key: status[key] for key in NOTHING_OPEN}


def notes(stores: Path) -> list[Dataset]:
    found = instances(stores).values()
    return [one for one in found if one.SOPClassUID == KeyObjectSelectionDocumentStorage]


def rejected(note: Dataset) -> list[str]:
    return [str(one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for one in note.ContentSequence]


def note(stores: Path, title: Any, *rejecting: Dataset, uid: str = "2.25.777", where: Dataset | None = None) -> None:
    """As a PACS stores one (IHE RAD TF IOCM). `where`: an instance that its evidence names, as that says of itself."""
    first = rejecting[0]
    made = Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate"):
        setattr(made, keyword, first.get(keyword, ""))
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = KeyObjectSelectionDocumentStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = uid
    made.SeriesInstanceUID, made.Modality, made.ValueType = "2.25.778", "KO", "CONTAINER"
    made.ContinuityOfContent, made.ConceptNameCodeSequence = "SEPARATE", code(title)
    made.ContentSequence = [instance("COMPOSITE", None, one.SOPClassUID, one.SOPInstanceUID) for one in rejecting]
    if where is not None:
        supersede(version := copy.deepcopy(where), "2.25.779", str(where.SOPInstanceUID))
        made.CurrentRequestedProcedureEvidenceSequence = version.PredecessorDocumentsSequence
    folder = stores / "data" / "dicom" / first.StudyInstanceUID / "2.25.778"
    folder.mkdir(parents=True, exist_ok=True)
    made.save_as(folder / f"{uid}.dcm", enforce_file_format=True)


def foreign(stores: Path) -> Dataset:
    """The SR that was born in DICOM."""
    return instances(stores)["2.25.100000000000000000000000000000000001"]


def file_of(stores: Path, one: Dataset) -> Path:
    (file,) = (stores / "data" / "dicom").rglob(f"{one.SOPInstanceUID}.dcm")
    return file


def of_foreign(stores: Path) -> list[dict[str, Any]]:
    """The resources of the SR that was born in DICOM, whose status can say that they are void."""
    (one,) = [one for one in reports(stores) if one["id"] not in ("lab", "tumour", "chest")]
    results = [get(stores, reference["reference"]) for reference in one["result"]]
    composition = one["extension"][0]["valueReference"]["reference"]
    return [one, *results, get(stores, composition)]


# -- from FHIR ------------------------------------------------------------------------------------------------------
def test_entered_in_error_is_a_rejection_note_that_the_judges_accept(stores: Path, tmp_path: Path) -> None:
    before = instances(stores)
    put(stores, get(stores, "Observation/hr") | {"status": "entered-in-error"})
    done = sync(stores)
    assert (done.returncode, acts(done)) == (0, {"to-dicom retracted": 1}), done.stderr
    (made,) = notes(stores)
    (uid,) = rejected(made)
    assert made.ConceptNameCodeSequence[0].CodeValue == "113037"
    assert made.StudyInstanceUID == before[uid].StudyInstanceUID
    assert (made.PatientID, made.PatientName) == (before[uid].PatientID, before[uid].PatientName)
    assert judge([file_of(stores, made)]) == {file_of(stores, made): []}
    assert len(instances(stores)) == len(before) + 1
    after = tree(stores / "data")
    again = sync(stores)
    assert (again.returncode, acts(again), open_points(again)) == (0, {}, NOTHING_OPEN)
    assert tree(stores / "data") == after


def test_every_version_is_rejected(stores: Path) -> None:
    """A PACS that hides the newest would show the one before."""
    heart_rate = get(stores, "Observation/hr")
    heart_rate["valueQuantity"]["value"] = 75
    put(stores, heart_rate)
    sync(stores)
    put(stores, heart_rate | {"status": "entered-in-error"})
    sync(stores)
    assert [len(rejected(one)) for one in notes(stores)] == [2]


def test_what_was_retracted_and_is_final_again_is_a_new_version(stores: Path) -> None:
    heart_rate = get(stores, "Observation/hr")
    for _ in range(2):
        put(stores, heart_rate | {"status": "entered-in-error"})
        sync(stores)
        put(stores, heart_rate)
        assert acts(sync(stores)) == {"to-dicom updated": 1}
    void = {uid for one in notes(stores) for uid in rejected(one)}
    assert len(void) == 2
    (head,) = [one for one in heads(stores) if "PredecessorDocumentsSequence" in one]
    assert head.SOPInstanceUID not in void
    assert head.ContentSequence[0].MeasuredValueSequence[0].NumericValue == heart_rate["valueQuantity"]["value"]
    assert acts(sync(stores)) == {}


def test_a_deleted_resource_is_a_rejection_note_and_its_return_a_new_version(stores: Path) -> None:
    heart_rate = get(stores, "Observation/hr")
    (stores / "data" / "fhir" / "Observation" / "hr.json").unlink()
    done = sync(stores)
    assert (done.returncode, acts(done)) == (0, {"to-dicom retracted": 1}), done.stderr
    assert acts(sync(stores)) == {}
    put(stores, heart_rate)
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    assert open_points(sync(stores)) == NOTHING_OPEN


def test_deleting_removes_every_version_where_the_route_says_so(stores: Path) -> None:
    configure(stores, deleted="delete")
    heart_rate = get(stores, "Observation/hr")
    before = set(instances(stores))
    heart_rate["valueQuantity"]["value"] = 75
    put(stores, heart_rate)
    passed(stores)
    assert len(instances(stores)) == len(before) + 1
    (stores / "data" / "fhir" / "Observation" / "hr.json").unlink()
    assert acts(passed(stores)) == {"to-dicom removed": 1}
    assert len(instances(stores)) == len(before) - 1
    assert (acts(passed(stores)), notes(stores)) == ({}, [])


def test_deleting_is_nobodys_business_where_the_route_says_so(stores: Path) -> None:
    configure(stores, deleted="ignore")
    before = tree(stores / "data" / "dicom")
    (stores / "data" / "fhir" / "Observation" / "hr.json").unlink()
    file_of(stores, foreign(stores)).rename(stores / "gone.dcm")
    done = passed(stores)
    assert (done.returncode, acts(done)) == (0, {})
    assert {name: data for name, data in before.items() if "2.25.1000" not in name} == tree(stores / "data" / "dicom")


def test_a_report_that_is_registered_again_waits_for_its_result(stores: Path) -> None:
    """An SR of it would be the newest, and say nothing."""
    configure(stores)
    put(stores, get(stores, "Observation/bp") | {"status": "entered-in-error"})
    assert acts(passed(stores)) == {"to-dicom retracted": 1}
    before = instances(stores).keys()
    put(stores, get(stores, "Observation/bp") | {"status": "registered"})
    assert acts(passed(stores)) == {}
    assert instances(stores).keys() == before
    put(stores, get(stores, "Observation/bp") | {"status": "final"})
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


def test_superseded_instances_go_where_the_route_says_so(stores: Path) -> None:
    configure(stores, superseded="delete")
    before = set(instances(stores))
    heart_rate = get(stores, "Observation/hr")
    heart_rate["valueQuantity"]["value"] = 75
    put(stores, heart_rate)
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    assert len(instances(stores)) == len(before)
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


# -- from DICOM -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("title", [DCM.RejectedForPatientSafetyReasons, DCM.IncorrectModalityWorklistEntry])
def test_a_rejection_note_retracts_the_report_and_its_results(stores: Path, title: Any) -> None:
    others = tree(stores / "data" / "fhir")
    note(stores, title, foreign(stores))
    done = sync(stores)
    assert (done.returncode, acts(done)) == (0, {"to-fhir noted": 1, "to-fhir retracted": 1}), done.stderr
    assert {one["status"] for one in of_foreign(stores)} == {"entered-in-error"}
    changed = {name for name, data in tree(stores / "data" / "fhir").items() if others[name] != data}
    studies = [name for name in changed if "ImagingStudy" in name]  # that only this document stands for
    assert (len(changed), len(studies)) == (len(of_foreign(stores)) + 1, 1)
    assert len(notes(stores)) == 1  # the echo makes no second one
    again = sync(stores)
    assert (acts(again), open_points(again)) == ({}, NOTHING_OPEN)


def test_a_rejection_for_quality_is_a_question_that_fhir_may_answer(stores: Path) -> None:
    note(stores, DCM.RejectedForQualityReasons, foreign(stores))
    done = sync(stores)
    assert done.returncode == 1
    assert "quality" in done.stderr
    (one,) = [one for one in reports(stores) if one["id"] not in ("lab", "tumour", "chest")]
    assert one["status"] == "final"
    put(stores, one | {"status": "entered-in-error"})
    done = sync(stores)
    assert (done.returncode, open_points(done), len(notes(stores))) == (0, NOTHING_OPEN, 1), done.stderr


def test_expired_retention_is_no_error(stores: Path) -> None:
    before = tree(stores / "data" / "fhir")
    note(stores, DCM.DataRetentionPolicyExpired, foreign(stores))
    assert sync(stores).returncode == 0
    file_of(stores, foreign(stores)).unlink()
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert tree(stores / "data" / "fhir") == before


def test_what_was_rejected_before_it_came_does_not_cross(stores: Path) -> None:
    store(stores, "2.25.91", "wrong patient")
    (file,) = (stores / "data" / "dicom").rglob("2.25.91.dcm")
    note(stores, DCM.RejectedForPatientSafetyReasons, pydicom.dcmread(file))
    aside = file.rename(stores / "aside.dcm")
    sync(stores)
    aside.rename(file)
    done = sync(stores)
    assert (done.returncode, acts(done)) == (0, {})
    assert "wrong patient" not in texts(stores)


def test_what_fhir_deleted_while_the_route_went_the_other_way_is_rejected_when_it_is_sent_again(stores: Path) -> None:
    configure(stores, direction="to-fhir")
    (stores / "data" / "fhir" / "Observation" / "hr.json").unlink()
    for direction in ("to-fhir", "to-fhir", "both"):
        configure(stores, direction=direction)
        done = passed(stores)
        assert (acts(done), open_points(done), notes(stores)) == ({}, NOTHING_OPEN, [])
    for direction in ("to-fhir", "both"):
        configure(stores, direction=direction)
        assert fhir_dicom(stores, "resend", "fhir-dicom", "Observation/hr").stdout.startswith("1 looked at again")
        done = passed(stores)
        assert open_points(done) == NOTHING_OPEN
    assert acts(done) == {"to-dicom retracted": 1}
    assert len(notes(stores)) == 1
    assert fhir_dicom(stores, "resend", "fhir-dicom", "Observation/hr").stdout.startswith("0 looked at again")


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "rejected"])
def test_what_the_pacs_withdrew_while_the_route_went_the_other_way_is_void_when_it_is_sent_again(
    stores: Path,
    gone: bool,  # noqa: FBT001
) -> None:
    configure(stores, direction="to-dicom")
    one = foreign(stores)
    if gone:
        file_of(stores, one).unlink()
    else:
        note(stores, DCM.RejectedForPatientSafetyReasons, one)
    for direction in ("to-dicom", "to-dicom", "both"):
        configure(stores, direction=direction)
        done = passed(stores)
        assert (open_points(done), {each["status"] for each in of_foreign(stores)}) == (NOTHING_OPEN, {"final"})
    for direction in ("to-dicom", "both"):
        configure(stores, direction=direction)
        fhir_dicom(stores, "resend", "fhir-dicom")
        done = passed(stores)
        assert open_points(done) == NOTHING_OPEN
    assert acts(done) == {"to-fhir retracted": 1}
    assert {each["status"] for each in of_foreign(stores)} == {"entered-in-error"}


def test_what_was_withdrawn_one_way_and_amended_since_stands(stores: Path) -> None:
    configure(stores, direction="to-dicom")
    one = foreign(stores)
    note(stores, DCM.RejectedForPatientSafetyReasons, one)
    passed(stores)
    (mine,) = [each for each in reports(stores) if each["id"] not in ("lab", "tumour", "chest")]
    put(stores, mine | {"conclusion": "right again"})
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    configure(stores)
    fhir_dicom(stores, "resend", "fhir-dicom")
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


@pytest.mark.parametrize("known", [True, False], ids=["crossed", "rejected before it crossed"])
@pytest.mark.parametrize("then", ["2.25.1", "2.25.2", "note"])
def test_where_the_newest_alone_is_rejected_a_person_says_what_stands(tmp_path: Path, then: str, known: bool) -> None:  # noqa: FBT001
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    store(tmp_path, "2.25.1", "first")
    sync(tmp_path)
    if known:
        store(tmp_path, "2.25.2", "second", "2.25.1")
        sync(tmp_path)
    note(tmp_path, DCM.RejectedForPatientSafetyReasons, ecg_report("2.25.2", "second"))
    if not known:
        sync(tmp_path)
        store(tmp_path, "2.25.2", "second", "2.25.1")
    before = tree(tmp_path / "data" / "fhir")
    done = sync(tmp_path)
    assert (open_points(done)["held"], tree(tmp_path / "data" / "fhir")) == (1, before)
    assert "its newest version was rejected in dicom, and 2.25.1, which that superseded, stands there" in done.stderr
    if then == "note":
        note(tmp_path, DCM.RejectedForPatientSafetyReasons, instances(tmp_path)["2.25.1"], uid="2.25.3")
    else:
        store(tmp_path, "2.25.3", "third", then)
    done = sync(tmp_path)
    acted = "to-fhir retracted" if then == "note" else "to-fhir updated"
    assert (acts(done)[acted], open_points(done)) == (1, NOTHING_OPEN)
    (one,) = reports(tmp_path)
    assert (one["status"] == "entered-in-error", "third" in texts(tmp_path)) == (then == "note", then != "note")


@pytest.mark.parametrize("then", ["entered in error", "amended in FHIR", "amended in the PACS"])
def test_what_to_do_about_a_rejection_for_quality_reasons_is_said_and_works(tmp_path: Path, then: str) -> None:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    store(tmp_path, "2.25.1", "first")
    sync(tmp_path)
    note(tmp_path, DCM.RejectedForQualityReasons, instances(tmp_path)["2.25.1"])
    assert "enter it in error in fhir, too, store a version in dicom that names it, or amend" in sync(tmp_path).stderr
    (one,) = reports(tmp_path)
    if then == "amended in the PACS":
        store(tmp_path, "2.25.2", "second", "2.25.1")
    else:
        said = {"status": "entered-in-error"} if then == "entered in error" else {"conclusion": "second"}
        put(tmp_path, one | said)
    done = sync(tmp_path)
    if then == "amended in FHIR":
        (conflict,) = json.loads(fhir_dicom(tmp_path, "conflicts", "--json").stdout)
        fhir_dicom(tmp_path, "conflicts", conflict["name"], "--holds", "fhir")
        done = sync(tmp_path)
        assert acts(done)["to-dicom updated"] == 1
    assert open_points(done) == NOTHING_OPEN
    assert (
        "second" in str([*reports(tmp_path), *texts(tmp_path)]) or reports(tmp_path)[0]["status"] == "entered-in-error"
    )


def elsewhere(one: Dataset, **said: str) -> Dataset:
    """As if it were in another study, of somebody else, if not said otherwise."""
    another = copy.deepcopy(one)
    another.StudyInstanceUID, another.PatientID = said.get("study", "2.25.780"), said.get("patient", "evil")
    return another


@pytest.mark.parametrize("evidence", [None, "elsewhere", "right"])
def test_a_note_of_another_study_and_patient_rejects_nothing(stores: Path, evidence: str | None) -> None:
    one = foreign(stores)
    away = elsewhere(one)
    before = tree(stores / "data" / "fhir")
    note(stores, DCM.RejectedForPatientSafetyReasons, away, where={"elsewhere": away, "right": one}.get(evidence or ""))
    done = sync(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 1})
    assert f"names {one.SOPInstanceUID}, and is of another study, or patient" in done.stderr
    next((stores / "data" / "dicom").rglob("2.25.777.dcm")).unlink()
    assert open_points(sync(stores)) == NOTHING_OPEN
    assert tree(stores / "data" / "fhir") == before


def test_a_note_may_be_in_another_study_of_the_patient_and_under_another_patient_in_the_study(stores: Path) -> None:
    """The PACS may have corrected the patient of a study, or merged two, since one of them was stored."""
    one = foreign(stores)
    away = elsewhere(one, patient=str(one.PatientID))
    note(stores, DCM.RejectedForPatientSafetyReasons, away, where=one)
    assert acts(sync(stores))["to-fhir retracted"] == 1
    hr = next(each for each in heads(stores) if "Heart rate" in str(each) and each.SOPInstanceUID != one.SOPInstanceUID)
    same = elsewhere(hr, study=str(hr.StudyInstanceUID))
    note(stores, DCM.RejectedForPatientSafetyReasons, same, uid="2.25.781", where=hr)
    assert acts(sync(stores))["to-fhir retracted"] == 1


@pytest.mark.parametrize("right", [True, False])
def test_a_note_that_comes_first_rejects_what_is_in_its_study(stores: Path, right: bool) -> None:  # noqa: FBT001
    made = ecg_report("2.25.61", "first")
    note(stores, DCM.RejectedForPatientSafetyReasons, made if right else elsewhere(made))
    assert acts(sync(stores)) == {"to-fhir noted": 1}
    store(stores, "2.25.61", "first")
    done = sync(stores)
    assert (acts(done), open_points(done)) == ({} if right else {"to-fhir created": 1}, NOTHING_OPEN)


def test_a_corrected_instance_after_a_rejection_amends_the_same_report(stores: Path) -> None:
    store(stores, "2.25.91", "wrong")
    sync(stores)
    (file,) = (stores / "data" / "dicom").rglob("2.25.91.dcm")
    note(stores, DCM.RejectedForPatientSafetyReasons, pydicom.dcmread(file))
    sync(stores)
    number = len(reports(stores))
    store(stores, "2.25.92", "right", predecessor="2.25.91")
    assert acts(sync(stores)) == {"to-fhir updated": 1}
    assert len(reports(stores)) == number
    assert [one["status"] for one in reports(stores) if one["status"] not in ("final", "preliminary")] == ["amended"]


def test_a_deleted_instance_is_entered_in_error(stores: Path) -> None:
    file_of(stores, foreign(stores)).unlink()
    done = sync(stores)
    assert (done.returncode, acts(done)) == (0, {"to-fhir retracted": 1}), done.stderr
    assert (acts(sync(stores)), open_points(sync(stores))) == ({}, NOTHING_OPEN)


def test_a_deleted_instance_takes_its_resources_where_the_route_says_so(stores: Path) -> None:
    configure(stores, deleted="delete")
    gone = [f"{one['resourceType']}/{one['id']}" for one in of_foreign(stores)]
    file_of(stores, foreign(stores)).unlink()
    assert acts(passed(stores)) == {"to-fhir removed": 1}
    assert [key for key in gone if (stores / "data" / "fhir" / f"{key}.json").exists()] == []
    assert (stores / "data" / "fhir" / "Patient" / "p1.json").exists()
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


def test_a_result_that_is_deleted_changes_its_report(stores: Path) -> None:
    put(stores, observation("x", 1))
    put(stores, observation("y", 2))
    put(stores, report("x", "y"))
    sync(stores)
    (stores / "data" / "fhir" / "Observation" / "y.json").unlink()
    put(stores, report("x"))
    done = sync(stores)
    assert (done.returncode, acts(done), notes(stores)) == (0, {"to-dicom updated": 1}, []), done.stderr


# -- what only looks deleted ----------------------------------------------------------------------------------------
def names(stores: Path) -> list[Path]:
    files = sorted((stores / "data" / "fhir" / "Observation").glob("many-*.json"))
    assert files
    return files


@pytest.fixture
def many(stores: Path) -> Path:
    for number in range(12):
        put(stores, observation(f"many-{number:02}", number))
    assert sync(stores).returncode == 0
    return stores


def confirmed(stores: Path, *options: str) -> Done:
    """What looks deleted was, a person says of the pause that there is."""
    said = json.loads(fhir_dicom(stores, "status", "--json", *options).stdout)
    return fhir_dicom(stores, "resume", "fhir-dicom", said["paused"]["fhir-dicom"]["name"], "--deleted", *options)


def test_three_deletions_mark_three(many: Path) -> None:
    for file in names(many)[:3]:
        file.unlink()
    assert acts(sync(many)) == {"to-dicom retracted": 3}


def test_many_deletions_at_once_are_a_question(many: Path) -> None:
    before = tree(many / "data" / "dicom")
    aside = many / "aside"
    aside.mkdir()
    for file in names(many)[:4]:
        file.rename(aside / file.name)
    done = sync(many)
    assert done.returncode == 1
    assert "is that the right server" in done.stderr
    put(many, observation("later", 5))
    assert "paused" in sync(many).stderr
    assert tree(many / "data" / "dicom") == before
    for file in aside.iterdir():
        file.rename(many / "data" / "fhir" / "Observation" / file.name)
    assert fhir_dicom(many, "resume", "fhir-dicom").returncode == 0
    done = sync(many)
    assert (done.returncode, acts(done), open_points(done)) == (0, {"to-dicom created": 1}, NOTHING_OPEN), done.stderr


def test_who_decides_while_a_route_is_paused_hears_that_nothing_follows(many: Path) -> None:
    assert fhir_dicom(many, "resend", "fhir-dicom").stderr == ""
    fhir_dicom(many, "pause", "fhir-dicom")
    assert "but fhir-dicom is paused" in fhir_dicom(many, "resend", "fhir-dicom").stderr
    assert fhir_dicom(many, "retry").stderr == "", "nothing was held"


def test_deletions_one_by_one_are_many_too(many: Path) -> None:
    """A script that goes through them, faster than a person would."""
    for number, file in enumerate(names(many)[:4]):
        file.unlink()
        done = sync(many)
        assert acts(done) == ({"to-dicom retracted": 1} if number < 3 else {}), done.stderr
    assert "is that the right server" in done.stderr
    linked = int(re.search(r"paused: 4 or more of (\d+) documents", done.stderr)[1])  # type: ignore[index]
    assert linked == 18, "of all that there were before"
    assert "1 deletions" in confirmed(many).stdout
    for file in names(many)[:3]:  # whoever has said so is not asked at once again
        file.unlink()
        done = sync(many)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr


def test_what_went_a_minute_ago_does_not_count(tmp_path: Path) -> None:
    now = [4e9]
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now[0])
    for document in ("a", "b"):
        ledger.deletions.note("r", document)
        now[0] += MOMENT - 1
    assert ledger.deletions.recent("r") == {"b"}
    assert ledger.deletions.recent("another") == set()
    ledger.close()


def test_a_person_confirms_many_deletions(many: Path) -> None:
    for file in names(many)[:5]:
        file.unlink()
    assert sync(many).returncode == 1
    assert "5 deletions" in confirmed(many).stdout
    done = sync(many)
    assert (done.returncode, acts(done), open_points(done)) == (0, {"to-dicom retracted": 5}, NOTHING_OPEN), done.stderr


def test_a_verdict_on_an_older_pause_is_refused(many: Path) -> None:
    """It was about others: a person mended that meanwhile, and something else is amiss now."""
    aside = many / "aside"
    aside.mkdir()
    for file in names(many)[:5]:
        file.rename(aside / file.name)
    sync(many)
    first = json.loads(fhir_dicom(many, "status", "--json").stdout)["paused"]["fhir-dicom"]
    assert (first["absent"], first["some"][0]) == (5, "Observation/many-00")
    assert f"paused: fhir-dicom ({first['name']}, 5 look deleted): " in fhir_dicom(many, "status").stdout
    nameless = fhir_dicom(many, "resume", "fhir-dicom", "--deleted")
    assert nameless.returncode == 2 and "5 of fhir-dicom look deleted, such as Observation/many-00" in nameless.stderr
    assert f"`fhir-dicom resume fhir-dicom {first['name']} --deleted`" in nameless.stderr
    for file in aside.iterdir():
        file.rename(many / "data" / "fhir" / "Observation" / file.name)
    assert fhir_dicom(many, "resume", "fhir-dicom", first["name"]).returncode == 0
    assert acts(sync(many)) == {}
    assert "fhir-dicom is not paused" in fhir_dicom(many, "resume", "fhir-dicom", "--deleted").stderr
    before = tree(many / "data" / "dicom")
    for file in names(many)[6:11]:
        file.unlink()
    sync(many)
    for options in ((), ("--deleted",)):
        stale = fhir_dicom(many, "resume", "fhir-dicom", first["name"], *options)
        assert stale.returncode == 2 and "look at `status` again" in stale.stderr
    assert "paused" in sync(many).stderr and tree(many / "data" / "dicom") == before
    assert "5 deletions" in confirmed(many).stdout
    assert acts(sync(many)) == {"to-dicom retracted": 5}


def test_what_looks_deleted_besides_gives_the_pause_another_name(tmp_path: Path) -> None:
    """Another process was still at work when the route paused."""
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    ledger.pauses.pause("r", "many are gone")
    ledger.work.suspect("r", "ehr", "Observation/a")
    ledger.work.suspect("another", "ehr", "Observation/b")
    asked = ledger.pauses.of("r")
    assert asked is not None and (asked.absent, asked.some) == (1, ("Observation/a",))
    ledger.work.suspect("r", "ehr", "Observation/b")
    with pytest.raises(UsageError, match="any more"):
        ledger.operations.resume("r", "tests", asked.name, deleted=True)
    with pytest.raises(UsageError, match="any more"):
        ledger.operations.resume("r", "tests", deleted=True)
    assert (ledger.status()["absent"], list(ledger.pauses.reasons())) == (3, ["r"])
    assert (now := ledger.pauses.of("r")) is not None
    assert ledger.operations.resume("r", "tests", now.name, deleted=True) == (True, 2)
    with pytest.raises(UsageError, match="any more"):
        ledger.operations.resume("r", "tests", now.name, deleted=True)
    ledger.close()


@pytest.mark.parametrize("side", ["fhir", "dicom"])
def test_an_emptied_store_marks_nothing(tmp_path: Path, side: str) -> None:
    """With fewer documents than may go at once."""
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, observation("a", 1))
    put(tmp_path, observation("b", 2))
    sync(tmp_path)
    other = "dicom" if side == "fhir" else "fhir"
    before = tree(tmp_path / "data" / other)
    shutil.rmtree(tmp_path / "data" / side)
    done = sync(tmp_path)
    assert (done.returncode, tree(tmp_path / "data" / other)) == (1, before)
    assert "knows none" in done.stderr


# -- both sides -----------------------------------------------------------------------------------------------------
@pytest.fixture
def disputed(stores: Path) -> Path:
    dispute(stores)
    return stores


def dispute(stores: Path) -> None:
    """A text that FHIR and the PACS have both changed."""
    store(stores, "2.25.61", "old")
    sync(stores)
    edit(stores, "old", "by FHIR")
    store(stores, "2.25.62", "by PACS", predecessor="2.25.61")
    assert sync(stores).returncode == 1


def edit(stores: Path, old: str, new: str) -> None:
    files = (stores / "data" / "fhir" / "Observation").glob("*.json")
    (one,) = [one for one in (json.loads(file.read_bytes()) for file in files) if one.get("valueString") == old]
    put(stores, one | {"valueString": new})


def the_conflict(stores: Path) -> dict[str, Any]:
    (found,) = json.loads(fhir_dicom(stores, "conflicts", "--json").stdout)
    assert isinstance(found, dict)
    return found


def text_of(document: Dataset) -> str:
    return str(document.ContentSequence[-1].TextValue)


def test_fhir_holds_and_supersedes_what_the_pacs_said(disputed: Path) -> None:
    assert fhir_dicom(disputed, "conflicts", the_conflict(disputed)["name"], "--holds", "fhir").returncode == 0
    done = sync(disputed)
    assert (done.returncode, acts(done)) == (0, {"to-fhir overruled": 1, "to-dicom updated": 1}), done.stderr
    assert "by PACS" not in texts(disputed) and "by FHIR" in texts(disputed)
    (head,) = [one for one in heads(disputed) if one.get("ContentSequence") and "by" in str(one.ContentSequence[-1])]
    assert text_of(head) == "by FHIR"
    assert "2.25.62" in str(head.PredecessorDocumentsSequence)
    done = sync(disputed)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


def test_the_pacs_holds_and_overwrites_what_fhir_said(disputed: Path) -> None:
    assert fhir_dicom(disputed, "conflicts", the_conflict(disputed)["name"], "--holds", "dicom").returncode == 0
    done = sync(disputed)
    assert (done.returncode, acts(done)) == (0, {"to-fhir updated": 1}), done.stderr
    assert "by PACS" in texts(disputed) and "by FHIR" not in texts(disputed)
    assert (acts(sync(disputed)), open_points(sync(disputed))) == ({}, NOTHING_OPEN)


def test_what_waits_for_a_person_is_said_with_what_he_has_decided(disputed: Path) -> None:
    done = fhir_dicom(disputed, "sync", "--once")
    assert done.stdout.startswith("nothing to do; 1 waits for a person: see `fhir-dicom status`\n")
    assert done.returncode == 0
    assert the_conflict(disputed)["verdict"] is None
    fhir_dicom(disputed, "conflicts", the_conflict(disputed)["name"], "--holds", "dicom")
    assert the_conflict(disputed)["verdict"] == "dicom"
    assert fhir_dicom(disputed, "conflicts").stdout.endswith("; dicom holds, from the next pass on\n")


def test_a_verdict_on_what_was_changed_since_is_refused(disputed: Path) -> None:
    name = the_conflict(disputed)["name"]
    edit(disputed, "by FHIR", "by FHIR, later")
    assert sync(disputed).returncode == 1
    done = fhir_dicom(disputed, "conflicts", name, "--holds", "dicom")
    assert (done.returncode, "no conflict" in done.stderr) == (2, True)
    assert the_conflict(disputed)["name"] != name


def test_a_verdict_is_about_what_stood_there_when_it_was_given(disputed: Path) -> None:
    fhir_dicom(disputed, "conflicts", the_conflict(disputed)["name"], "--holds", "dicom")
    edit(disputed, "by FHIR", "by FHIR, later")
    assert sync(disputed).returncode == 1
    assert "by FHIR, later" in texts(disputed)


@pytest.mark.parametrize("winner", ["fhir", "dicom"])
def test_a_route_may_say_who_holds(stores: Path, winner: str) -> None:
    configure(stores, conflicts=winner)
    store(stores, "2.25.61", "old")
    passed(stores)
    edit(stores, "old", "by FHIR")
    store(stores, "2.25.62", "by PACS", predecessor="2.25.61")
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert ("by FHIR" in texts(stores), "by PACS" in texts(stores)) == (winner == "fhir", winner == "dicom")


@pytest.mark.parametrize("winner", ["fhir", "dicom"])
def test_edited_here_and_rejected_there(stores: Path, winner: str) -> None:
    store(stores, "2.25.61", "old")
    sync(stores)
    edit(stores, "old", "by FHIR")
    note(stores, DCM.RejectedForPatientSafetyReasons, instances(stores)["2.25.61"])
    assert sync(stores).returncode == 1
    fhir_dicom(stores, "conflicts", the_conflict(stores)["name"], "--holds", winner)
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    statuses = sorted({one["status"] for one in reports(stores) if one["id"] not in ("lab", "tumour", "chest")})
    assert statuses == (["final"] if winner == "fhir" else ["entered-in-error", "final"])


def test_void_on_both_sides_at_once_asks_nobody(stores: Path) -> None:
    (one,) = [one for one in reports(stores) if one["id"] not in ("lab", "tumour", "chest")]
    put(stores, one | {"status": "entered-in-error"})
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores))
    done = sync(stores)
    assert (done.returncode, open_points(done), len(notes(stores))) == (0, NOTHING_OPEN, 1), done.stderr


def test_gone_on_both_sides_is_forgotten(stores: Path) -> None:
    for key in (f"{one['resourceType']}/{one['id']}" for one in of_foreign(stores)):
        (stores / "data" / "fhir" / f"{key}.json").unlink()
    file_of(stores, foreign(stores)).unlink()
    before = json.loads(fhir_dicom(stores, "status", "--json").stdout)["linked"]
    done = sync(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    assert json.loads(done.stdout)["status"]["linked"] == {"fhir": before["fhir"]}


# -- kills ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("deleted", ["mark", "delete"])
def test_a_kill_within_a_withdrawal_is_completed(stores: Path, name: str, deleted: str) -> None:
    configure(stores, deleted=deleted)
    (stores / "data" / "fhir" / "Observation" / "hr.json").unlink()
    file_of(stores, foreign(stores)).unlink()
    put(stores, get(stores, "Observation/bp") | {"status": "entered-in-error"})
    undisturbed = copied(stores)
    assert passed(undisturbed).returncode == 0
    for passage in range(1, 4):
        killed = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=f"{name}:{passage}")
        assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    here, there = tree(stores / "data" / "fhir"), tree(undisturbed / "data" / "fhir")
    assert here == there
    assert tree(stores / "data" / "dicom").keys() == tree(undisturbed / "data" / "dicom").keys()
    assert acts(passed(stores)) == {}


def test_a_result_that_was_deleted_leaves_its_report_too(tmp_path: Path) -> None:
    """Nobody edited the report; that it says less is news of its own."""
    for one in (observation("a", 3), observation("b", 5), report("a", "b")):
        put(tmp_path, one)
    assert sync(tmp_path).returncode == 0
    (tmp_path / "data" / "fhir" / "Observation" / "a.json").unlink()
    assert acts(sync(tmp_path)) == {"to-dicom updated": 1}
    (head,) = heads(tmp_path)
    found = list(values(head))
    assert "5" in found
    assert "3" not in found


def test_a_verdict_on_the_only_document_ends_the_pause(tmp_path: Path) -> None:
    """Nothing else shows that the PACS is the right one, and FHIR resources wait for it."""
    store(tmp_path, "2.25.9001", "first")
    store(tmp_path, "2.25.9002", "second", predecessor="2.25.9001")
    assert sync(tmp_path).returncode == 0
    for one in instances(tmp_path).values():
        file_of(tmp_path, one).unlink()
    assert "knows none of the documents" in sync(tmp_path).stderr
    assert confirmed(tmp_path).returncode == 0
    assert acts(sync(tmp_path))["to-fhir retracted"] == 1
    assert {one["status"] for one in reports(tmp_path)} == {"entered-in-error"}


def amended(stores: Path) -> None:
    """2.25.61, and its new version 2.25.62, both in step."""
    store(stores, "2.25.61", "first")
    passed(stores)
    store(stores, "2.25.62", "second", "2.25.61")
    passed(stores)


def test_a_deletion_of_the_newest_version_alone_is_held(stores: Path) -> None:
    """The one before looks like the newest now to whoever reads the PACS."""
    configure(stores)
    amended(stores)
    before = tree(stores / "data" / "fhir")
    file_of(stores, instances(stores)["2.25.62"]).unlink()
    assert "2.25.61, which that superseded, stands there" in passed(stores).stderr
    assert tree(stores / "data" / "fhir") == before
    file_of(stores, instances(stores)["2.25.61"]).unlink()
    fhir_dicom(stores, "retry", "--config", "bridge.yaml")
    assert acts(passed(stores)) == {"to-fhir retracted": 1}
    assert open_points(passed(stores)) == NOTHING_OPEN


@pytest.mark.parametrize("seen", [False, True])
def test_a_document_that_moves_to_another_patient_is_that_ones(stores: Path, seen: bool) -> None:  # noqa: FBT001
    """Whether a pass saw it gone between, or not; and the ImagingStudy that it refers to."""
    configure(stores)
    store(stores, "2.25.63", "moves", StudyInstanceUID="2.25.77", PatientID="A")
    passed(stores)
    file_of(stores, instances(stores)["2.25.63"]).unlink()
    if seen:
        assert acts(passed(stores)) == {"to-fhir retracted": 1}
    store(stores, "2.25.63", "moves", StudyInstanceUID="2.25.77", PatientID="B")
    assert acts(passed(stores)) == {"to-fhir updated": 1}
    (moved,) = [one for one in reports(stores) if "2.25.63" in str(one.get("identifier"))]
    patient = get(stores, moved["subject"]["reference"])
    assert (moved["status"], patient["identifier"][0]["value"]) == ("final", "B")
    (study,) = [get(stores, one["reference"]) for one in moved["imagingStudy"]]
    assert study["subject"] == moved["subject"]
    assert open_points(passed(stores)) == NOTHING_OPEN


def test_another_document_under_the_same_uid_is_held(stores: Path) -> None:
    configure(stores)
    store(stores, "2.25.63", "moves", StudyInstanceUID="2.25.77", PatientID="A")
    passed(stores)
    file_of(stores, instances(stores)["2.25.63"]).unlink()
    passed(stores)
    store(stores, "2.25.63", "another", StudyInstanceUID="2.25.77", PatientID="B")
    assert "the patient is another" in passed(stores).stderr


def test_a_version_that_amends_the_one_before_takes_the_place_of_a_deleted_one(stores: Path) -> None:
    configure(stores)
    amended(stores)
    file_of(stores, instances(stores)["2.25.62"]).unlink()
    store(stores, "2.25.64", "third", "2.25.61")
    assert acts(passed(stores)) == {"to-fhir updated": 1}
    assert "third" in texts(stores)
    assert (acts(passed(stores)), open_points(passed(stores))) == ({}, NOTHING_OPEN)


def test_where_deletions_are_ignored_nobody_is_asked(stores: Path) -> None:
    configure(stores, deleted="ignore")
    amended(stores)
    before = tree(stores / "data" / "fhir")
    file_of(stores, instances(stores)["2.25.62"]).unlink()
    assert open_points(passed(stores)) == NOTHING_OPEN
    assert tree(stores / "data" / "fhir") == before


# -- a note that is lost --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", [(), ("--reconcile",)])
@pytest.mark.parametrize("deleted", [False, True])
def test_a_note_of_ours_that_the_pacs_has_lost_is_written_again(
    tmp_path: Path,
    deleted: bool,
    how: tuple[str, ...],  # noqa: FBT001
) -> None:
    """Else the void result stands there as a valid one. The only document of its store is no reason to doubt that."""
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    for value in (1000, 1001):
        put(tmp_path, observation("o", value))
        passed(tmp_path)
    if deleted:
        put(tmp_path, observation("p", 7))
        passed(tmp_path)
        (tmp_path / "data" / "fhir" / "Observation" / "o.json").unlink()
    else:
        put(tmp_path, observation("o", 1001) | {"status": "entered-in-error"})
    for _ in range(2):
        passed(tmp_path)
    (before,) = notes(tmp_path)
    file_of(tmp_path, before).unlink()
    done = passed(tmp_path, *how)
    assert (acts(done), open_points(done)) == ({"to-dicom retracted": 1}, NOTHING_OPEN), done.stderr
    (again,) = notes(tmp_path)
    assert (again.SOPInstanceUID, rejected(again)) == (before.SOPInstanceUID, rejected(before))
    after = tree(tmp_path / "data")
    done = passed(tmp_path, *how)
    assert (acts(done), open_points(done), tree(tmp_path / "data")) == ({}, NOTHING_OPEN, after)


def test_a_pacs_that_keeps_no_notes_of_ours_is_a_question(tmp_path: Path) -> None:
    """Gone before any pass has listed it, again and again."""
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("o", 1000))
    passed(tmp_path)
    put(tmp_path, observation("o", 1000) | {"status": "entered-in-error"})

    for _ in range(1 + MOST):
        assert acts(passed(tmp_path)) == {"to-dicom retracted": 1}
        (before,) = notes(tmp_path)
        file_of(tmp_path, before).unlink()
    for _ in range(2):
        done = passed(tmp_path)
        assert (acts(done), notes(tmp_path), open_points(done)) == ({}, [], NOTHING_OPEN | {"held": 1}), done.stderr
    assert f"has lost this rejection note of ours {1 + MOST} times" in fhir_dicom(tmp_path, "status").stdout
    assert fhir_dicom(tmp_path, "retry").returncode == 0
    done = passed(tmp_path)
    assert (acts(done), open_points(done)) == ({"to-dicom retracted": 1}, NOTHING_OPEN)
    assert [one.SOPInstanceUID for one in notes(tmp_path)] == [before.SOPInstanceUID]


def test_a_note_that_the_pacs_withdraws_is_a_question(stores: Path) -> None:
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores))
    configure(stores)
    passed(stores)
    void = of_foreign(stores)
    (theirs,) = notes(stores)
    file_of(stores, theirs).unlink()
    for _ in range(2):
        done = passed(stores, "--reconcile")
        assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 1}), done.stderr
    assert of_foreign(stores) == void
    assert "this rejection note is gone from dicom" in fhir_dicom(stores, "status").stdout
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores))
    assert open_points(passed(stores)) == NOTHING_OPEN
    file_of(stores, theirs).unlink()
    passed(stores)
    store(stores, "2.25.4711", "right after all", str(foreign(stores).SOPInstanceUID))
    assert acts(passed(stores)) == {"to-fhir updated": 1}
    assert fhir_dicom(stores, "retry").returncode == 0
    assert open_points(passed(stores)) == NOTHING_OPEN
    assert of_foreign(stores)[0]["status"] != "entered-in-error"


@pytest.mark.parametrize("title", [DCM.DataRetentionPolicyExpired, DCM.RejectedForPatientSafetyReasons])
def test_a_note_whose_loss_changes_nothing_is_no_question(stores: Path, title: Any) -> None:
    """It said nothing of the content; or another one says the same."""
    note(stores, title, foreign(stores))
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores), uid="2.25.776")
    configure(stores)
    passed(stores)
    next((stores / "data" / "dicom").rglob("2.25.777.dcm")).unlink()
    for _ in range(2):
        done = passed(stores, "--reconcile")
        assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)


@pytest.mark.parametrize("how", [(), ("--reconcile",)])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_note_that_is_gone_itself_rejects_nothing_beside_another(
    stores: Path,
    at_once: bool,
    how: tuple[str, ...],  # noqa: FBT001
) -> None:
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores))
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores), uid="2.25.776")
    configure(stores)
    passed(stores)
    first, second = notes(stores)
    file_of(stores, first).unlink()
    if not at_once:
        assert open_points(passed(stores, *how)) == NOTHING_OPEN
    file_of(stores, second).unlink()
    done = passed(stores, *how)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": 2 if at_once else 1}), done.stderr


@pytest.mark.parametrize("how", [(), ("--reconcile",)])
@pytest.mark.parametrize("copy_first", [False, True])
def test_a_note_that_is_there_twice_is_lost_with_the_last(stores: Path, copy_first: bool, how: tuple[str, ...]) -> None:  # noqa: FBT001
    note(stores, DCM.RejectedForPatientSafetyReasons, foreign(stores))
    configure(stores)
    passed(stores)
    first = file_of(stores, notes(stores)[0])
    second = stores / "data" / "dicom" / "9.9" / "9.8" / first.name
    second.parent.mkdir(parents=True)
    shutil.copy(first, second)
    passed(stores)
    for file, held in zip((second, first) if copy_first else (first, second), (0, 1), strict=True):
        file.unlink()
        done = passed(stores, *how)
        assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN | {"held": held}), done.stderr


@pytest.mark.parametrize("how", [(), ("--reconcile",)])
@pytest.mark.parametrize("while_void", [False, True])
def test_versions_before_the_newest_do_not_stand_for_a_lost_note(
    stores: Path,
    while_void: bool,
    how: tuple[str, ...],  # noqa: FBT001
) -> None:
    """Voided twice: a note of the first two versions, and one of the newest. That of the first may be lost while the
    result is right, and follows when it is void again."""
    configure(stores)
    for value in (1000, 1001):
        put(stores, observation("o", value))
        passed(stores)
    void = observation("o", 1001) | {"status": "entered-in-error"}
    put(stores, void)
    passed(stores)
    passed(stores)
    (first,) = notes(stores)
    put(stores, observation("o", 1002))
    passed(stores)
    if not while_void:
        file_of(stores, first).unlink()
        assert (acts(passed(stores, *how)), notes(stores)) == ({}, [])
    put(stores, observation("o", 1002) | {"status": "entered-in-error"})
    passed(stores)
    passed(stores)
    if while_void:
        file_of(stores, first).unlink()
        assert acts(passed(stores, *how)) == {"to-dicom retracted": 1}
    chain = {uid for uid, one in instances(stores).items() if {"1000", "1001", "1002"} & set(values(one))}
    assert sorted(uid for one in notes(stores) for uid in rejected(one)) == sorted(chain)
    assert len(chain) == 3
    done = passed(stores, *how)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN)
    for one in notes(stores):
        file_of(stores, one).unlink()
        done = passed(stores, *how)
        assert (acts(done), open_points(done)) == ({"to-dicom retracted": 1}, NOTHING_OPEN), done.stderr
    assert sorted(uid for one in notes(stores) for uid in rejected(one)) == sorted(chain)
