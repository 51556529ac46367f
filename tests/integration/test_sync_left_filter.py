"""What crossed, and has left the filter of its route since: it goes as without a filter, and nothing stays valid of a
patient who has it no more."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.model.names import EXTENSION_BASE
from tests.command_line import fhir_dicom
from tests.images import ct, put_in
from tests.integration.test_sync_edges import heads, observation, report, reports, store
from tests.integration.test_sync_folders import acts, instances, put
from tests.integration.test_sync_patients import subjects
from tests.integration.test_sync_void import DCM, NOTHING_OPEN, note, open_points, passed

Change = Callable[[Path], None]

LAB = [{"coding": [{"code": "laboratory"}]}]
EXAM = [{"coding": [{"code": "exam"}]}]
PROFILE = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
VOID = {"status": "entered-in-error"}
PATIENTS = {"patients": "patients"}
MOVED = {"PatientID": "MR-0002", "PatientSex": "M", "PatientName": "Anders^Adam"}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    (tmp_path / "patients").write_text(f"urn:mrn|1\n{EXTENSION_BASE}/issuer/MY-HOSPITAL|MR-0001\n")
    for number in (1, 2):
        put(tmp_path, patient(number, str(number)))
    return tmp_path


def configure(stores: Path, only: dict[str, Any] | None) -> None:
    route = {"between": ["fhir", "dicom"], "only": only} if only else {"between": ["fhir", "dicom"]}
    (stores / "bridge.yaml").write_text(json.dumps({"routes": [route]}))


def patient(number: int, value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}", "identifier": [{"system": "urn:mrn", "value": value}]}


def of(number: int) -> dict[str, Any]:
    return {"subject": {"reference": f"Patient/p{number}"}}


def result(value: int, **more: Any) -> dict[str, Any]:
    return observation("a", value, **{"category": LAB, "meta": {"profile": [PROFILE]}, **of(1)} | more)


def a_result(stores: Path) -> None:
    put(stores, result(60))


def a_document(stores: Path) -> None:
    store(stores, "2.25.9001", "as sent")


def images(stores: Path) -> None:
    put_in(stores / "data" / "dicom", ct(1))


def claimed(stores: Path) -> None:
    put(stores, report("a") | of(1) | {"category": [{"coding": [{"code": "RAD"}]}]})
    put(stores, result(61, status="corrected"))


def copied(stores: Path) -> None:
    """Into another study, as archives do that merge studies."""
    (file,) = (stores / "data" / "dicom").rglob("*.dcm")
    (one,) = instances(stores).values()
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = "2.25.7"
    one.StudyInstanceUID, one.SeriesInstanceUID = "2.25.71", "2.25.72"
    (stores / "data" / "dicom" / "2.25.71" / "2.25.72").mkdir(parents=True)
    one.save_as(stores / "data" / "dicom" / "2.25.71" / "2.25.72" / "2.25.7.dcm")
    file.unlink()


@pytest.mark.parametrize(
    ("only", "before", "after"),
    [
        (PATIENTS, a_result, lambda to: put(to, result(60, **of(2)))),
        (PATIENTS, a_result, lambda to: put(to, patient(1, "3"))),
        (PATIENTS, a_result, lambda to: put(to, patient(1, "1") | {"identifier": []})),
        ({"categories": ["laboratory"]}, a_result, lambda to: put(to, result(61, category=EXAM))),
        ({"categories": ["laboratory"]}, a_result, lambda to: put(to, result(60, category=EXAM, **VOID))),
        ({"categories": ["laboratory"]}, a_result, claimed),
        ({"profiles": [PROFILE]}, a_result, lambda to: put(to, result(61, meta={}))),
        ({"modalities": ["CT"]}, a_result, copied),
        (PATIENTS, a_document, lambda to: store(to, "2.25.9001", "as sent", **MOVED)),
        ({"modalities": ["SR"]}, a_document, lambda to: store(to, "2.25.9002", "new", "2.25.9001", Modality="OT")),
        (PATIENTS, images, lambda to: put_in(to / "data" / "dicom", ct(1, **MOVED)) and None),
    ],
    ids=[
        "subject", "identifier", "no identifier", "category", "void", "claimed by a report", "profile",
        "moved to other UIDs", "patient in the PACS", "modality of the amendment", "patient of images",
    ],
)  # fmt: skip
def test_what_has_crossed_goes_as_without_a_filter(
    stores: Path, tmp_path_factory: pytest.TempPathFactory, only: dict[str, Any], before: Change, after: Change
) -> None:
    def went(folder: Path, some: dict[str, Any] | None) -> list[Any]:
        configure(folder, some)
        found = []
        for change in (before, after, lambda _: None):
            change(folder)
            done = passed(folder)
            found.append((done.returncode, acts(done), open_points(done), json.loads(done.stdout)["outside"]))
        return [*found, [str(one.PatientID) for one in heads(folder)], sorted(subjects(folder))]

    plain = tmp_path_factory.mktemp("plain")
    (plain / "data" / "dicom").mkdir(parents=True)
    for number in (1, 2):
        put(plain, patient(number, str(number)))
    expected = went(plain, None)
    assert expected[1][1] or expected[1][2]["held"], "it changes something"
    assert went(stores, only) == expected


@pytest.mark.parametrize("only", [None, PATIENTS])
def test_what_was_begun_and_killed_has_crossed(stores: Path, only: dict[str, Any] | None) -> None:
    """Resources are there, and no agreement; the PACS has corrected the patient before the next pass: a question."""
    configure(stores, only)
    a_document(stores)
    line = ("sync", "--once", "--json", "--config", "bridge.yaml")
    assert fhir_dicom(stores, *line, BRIDGE_FAILPOINT="applied:1").returncode == -signal.SIGKILL
    store(stores, "2.25.9001", "as sent", **MOVED)
    for _ in range(2):
        done = passed(stores)
    assert open_points(done) == NOTHING_OPEN | {"held": 1}
    assert "the patient is another than that of the version before" in done.stdout


def test_what_is_void_on_both_sides_begins_anew(stores: Path) -> None:
    """Under its former name: the filter is asked again."""
    configure(stores, PATIENTS)
    a_result(stores)
    a_document(stores)
    passed(stores)
    put(stores, result(60, **VOID, **of(2)))
    note(stores, DCM.RejectedForPatientSafetyReasons, instances(stores)["2.25.9001"])
    assert acts(passed(stores)) == {"to-dicom retracted": 1, "to-fhir noted": 1, "to-fhir retracted": 1}
    there = instances(stores).keys()
    put(stores, result(60, **of(2)))
    store(stores, "2.25.9002", "anew", "2.25.9001", **MOVED)
    done = passed(stores)
    assert (acts(done), json.loads(done.stdout)["outside"], open_points(done)) == ({}, 2, NOTHING_OPEN)
    assert instances(stores).keys() - there == {"2.25.9002"}
    assert [one["status"] for one in reports(stores)] == ["entered-in-error"]
    put(stores, result(60, **of(1)))
    assert acts(passed(stores)) == {"to-dicom updated": 1}
