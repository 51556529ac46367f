"""Patients that are merged and taken apart again, with a real HAPI and a real Orthanc. The tests share one pair of
servers and one ledger."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from tests.corpus import FIXTURES
from tests.images import as_file, ct
from tests.judges import judge
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.world import CONFIGURATION, NO_CACHE, World, started

SYSTEM = "urn:oid:1.2.276.0.76.3.1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    configured = CONFIGURATION.replace("[ehr, pacs]", "[ehr, pacs], merges: follow")
    with started(tmp_path_factory.mktemp("servers"), shared_hapi, configured) as made:
        yield made


def patient(key: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": SYSTEM, "value": f"MR-{key}"}]
    return {"resourceType": "Patient", "id": key, "identifier": identifier, "name": [{"family": key}], **more}


def replaced(key: str, by: str) -> dict[str, Any]:
    return patient(key, active=False, link=[{"type": "replaced-by", "other": {"reference": f"Patient/{by}"}}])


def observation(key: str, of: str, value: int) -> dict[str, Any]:
    subject = {"reference": f"Patient/{of}"}
    code = {"text": "Pain"}
    return {
        "resourceType": "Observation", "id": key, "status": "final", "code": code, "subject": subject,
        "valueInteger": value,
    }  # fmt: skip


def of(world: World, key: str) -> dict[str, pydicom.Dataset]:
    """Instances of a patient, by their SOP Instance UID."""
    found = [pydicom.dcmread(BytesIO(data)) for data in world.instances()]
    return {str(one.SOPInstanceUID): one for one in found if one.PatientID == f"MR-{key}"}


def rests(world: World) -> None:
    world.once()
    before = world.written()
    for reconciling in (False, True):
        assert world.once(reconciling=reconciling).faults == []
    assert world.written() == before
    ledger = world.ledger()
    status = ledger.status()
    ledger.close()
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)


def two_patients(world: World, name: str) -> tuple[str, str]:
    one, other = f"{name}-a", f"{name}-b"
    put(world.hapi.base, patient(one))
    put(world.hapi.base, patient(other))
    put(world.hapi.base, observation(f"{name}-1", other, 3))
    world.once()
    put(world.hapi.base, observation(f"{name}-1", other, 4))
    world.once()
    assert len(of(world, other)) == 2
    return one, other


@pytest.mark.parametrize("repointed", [False, True])
def test_all_versions_are_the_survivors_and_come_back(world: World, repointed: bool, tmp_path: Path) -> None:
    one, other = two_patients(world, f"plain-{repointed}".lower())
    before = of(world, other)
    put(world.hapi.base, replaced(other, one))
    if repointed:
        put(world.hapi.base, observation(f"plain-{repointed}-1".lower(), one, 4))
    assert world.once().faults == []
    after = of(world, one)
    assert (after.keys(), of(world, other)) == (before.keys(), {})
    assert all(said.StudyInstanceUID == before[uid].StudyInstanceUID for uid, said in after.items())
    files = []
    for uid, said in after.items():
        said.save_as(tmp_path / f"{uid}.dcm")
        files.append(tmp_path / f"{uid}.dcm")
    assert {file.name: said for file, said in judge(files).items() if said} == {}
    rests(world)
    put(world.hapi.base, patient(other))
    if repointed:
        put(world.hapi.base, observation(f"plain-{repointed}-1".lower(), other, 4))
    assert world.once().faults == []
    assert (of(world, other), of(world, one)) == (before, {})
    rests(world)


@pytest.mark.parametrize("name", ["claimed", "intended", "filed", "applied", "agreed"])
def test_a_kill_at_any_step_is_completed_by_the_next_pass(world: World, name: str) -> None:
    one, other = two_patients(world, f"kill-{name}")
    before = of(world, other)
    for passage, (resource, to, left) in enumerate(
        [(replaced(other, one), one, other), (patient(other), other, one)], 1
    ):
        put(world.hapi.base, resource)
        assert world.killed(f"{name}:{passage if name in ('intended', 'filed', 'applied') else 1}")
        there = of(world, one).keys() | of(world, other).keys()
        assert there == before.keys()
        assert world.once().faults == []
        assert (of(world, to).keys(), of(world, left)) == (before.keys(), {})
        rests(world)
    assert of(world, other) == before


def test_what_the_server_merges_by_itself(world: World) -> None:
    one, other = two_patients(world, "hapi")
    before = of(world, other)
    merged_by_hapi(world, other, one)
    (moved,) = world.search("Observation?_id=hapi-1")
    assert moved["subject"]["reference"] == f"Patient/{one}"
    assert world.once().faults == []
    assert (of(world, one).keys(), of(world, other)) == (before.keys(), {})
    rests(world)


def test_the_server_merges_who_has_a_report_from_the_archive(world: World) -> None:
    """HAPI fails at a reference to the Patient in what is contained: the report's own view of its study."""
    found = {}
    for number in "12":
        dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
        dataset.PatientID, dataset.PatientName, dataset.StudyInstanceUID = f"R-{number}", number, f"2.25.9090{number}"
        dataset.PatientBirthDate = dataset.PatientSex = ""
        uid = dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.9091{number}"
        out = BytesIO()
        dataset.save_as(out, enforce_file_format=True)
        requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60).raise_for_status()
        assert world.once().acts["to-fhir created"] == 1
        found[number] = report_of(world, uid)["subject"]["reference"].partition("/")[2]
    merged_by_hapi(world, found["2"], found["1"])
    report = report_of(world, "2.25.90912")
    assert report["subject"]["reference"] == f"Patient/{found['1']}" and "contained" in report
    assert world.once().faults == []
    rests(world)


def report_of(world: World, uid: str) -> dict[str, Any]:
    (found,) = world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{uid}")
    return found


def merged_by_hapi(world: World, source: str, target: str) -> None:
    parameters = [
        {"name": name, "valueReference": {"reference": f"Patient/{key}"}}
        for name, key in (("source-patient", source), ("target-patient", target))
    ]
    body = {"resourceType": "Parameters", "parameter": parameters}
    done = requests.post(f"{world.hapi.base}/Patient/$merge", json=body, headers=NO_CACHE, timeout=60)
    assert done.status_code == 200, done.text


def moved_by_orthanc(world: World, other: str, to: str) -> None:
    (found,) = requests.post(f"{world.orthanc.base}/tools/lookup", data=f"MR-{other}", timeout=60).json()
    body = {
        "Replace": {"PatientID": f"MR-{to}", "PatientName": to},
        "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"],
        "Force": True,
        "KeepSource": False,
    }
    requests.post(f"{world.orthanc.base}/patients/{found['ID']}/modify", json=body, timeout=60).raise_for_status()


@pytest.mark.parametrize("first", ["pacs", "fhir", "both"])
def test_an_archive_that_merges_too(world: World, first: str) -> None:
    one, other = two_patients(world, f"too-{first}")
    uids = of(world, other).keys()
    if first == "fhir":
        put(world.hapi.base, replaced(other, one))
        world.once()
    else:
        moved_by_orthanc(world, other, one)
    if first == "pacs":
        world.once()
        world.once(reconciling=True)
        assert [one["status"] for one in world.search(f"Observation?_id=too-{first}-1")] == ["final"]
    put(world.hapi.base, replaced(other, one))
    world.once()
    assert (of(world, one).keys(), of(world, other)) == (uids, {})
    rests(world)


def sent(world: World, uid: str, number: str) -> None:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.PatientID, dataset.PatientName, out = number, number, BytesIO()
    dataset.save_as(out)
    requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60).raise_for_status()


def test_documents_and_studies_of_the_archive(world: World) -> None:
    sent(world, "2.25.9001", "MR-0007")
    study = ct(1, study="2.25.8801", series="2.25.88011", PatientID="MR-0007", PatientName="MR-0007")
    study.PatientBirthDate = study.PatientSex = ""
    requests.post(f"{world.orthanc.base}/instances", data=as_file(study), timeout=60).raise_for_status()
    assert world.once().faults == []
    (before,) = world.search("Patient?identifier=MR-0007")
    survivor = patient("archive-a") | {"identifier": [before["identifier"][0] | {"value": "MR-0008"}]}
    put(world.hapi.base, survivor)
    link = [{"type": "replaced-by", "other": {"reference": "Patient/archive-a"}}]
    put(world.hapi.base, before | {"active": False, "link": link})
    written = of_archive(world)
    assert world.once().faults == []
    assert subject(world, "ImagingStudy?identifier=urn:dicom:uid|urn:oid:2.25.8801") == "Patient/archive-a"
    assert reports(world) == {f"Patient/{before['id']}"}
    rests(world)
    sent(world, "2.25.9002", "MR-0007")
    assert world.once().faults == []
    assert reports(world) == {f"Patient/{before['id']}", "Patient/archive-a"}
    rests(world)
    put(world.hapi.base, before)
    assert world.once().faults == []
    assert subject(world, "ImagingStudy?identifier=urn:dicom:uid|urn:oid:2.25.8801") == f"Patient/{before['id']}"
    assert reports(world) == {f"Patient/{before['id']}"}
    rests(world)
    assert written <= of_archive(world)


def of_archive(world: World) -> set[bytes]:
    return {data for data in world.instances() if pydicom.dcmread(BytesIO(data)).PatientID == "MR-0007"}


def subject(world: World, query: str) -> str:
    (found,) = world.search(query)
    reference: str = found["subject"]["reference"]
    return reference


def reports(world: World) -> set[str]:
    """Whose the reports of those two instances are."""
    found = (world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.900{one}") for one in (1, 2))
    return {one["subject"]["reference"] for some in found for one in some}


@pytest.mark.parametrize("passage", [1, 2])
def test_a_kill_while_a_merge_is_undone_that_the_ledger_never_knew_of(world: World, passage: int) -> None:
    one, other = two_patients(world, f"lost-{passage}")
    before = of(world, other)
    put(world.hapi.base, replaced(other, one))
    assert world.once().faults == []
    for file in world.configuration.parent.glob("bridge.db*"):
        file.unlink()
    rests(world)
    put(world.hapi.base, patient(other))
    assert world.killed(f"filed:{passage}")
    assert world.once().faults == []
    assert (of(world, other), of(world, one)) == (before, {})
    rests(world)
