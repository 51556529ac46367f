"""Studies of a real Orthanc as ImagingStudies in a real HAPI. The tests share one pair of servers and one ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydicom
import pytest
import requests

from bridge.codecs.fhir import validate
from bridge.sync.summary import Summary
from tests.corpus import OTHER_FILES
from tests.images import as_file, ct
from tests.servers.hapi import Hapi
from tests.servers.load import load_instances, put
from tests.servers.world import World, started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("servers"), shared_hapi) as made:
        yield made


def study_of(world: World, uid: str) -> dict[str, Any]:
    (found,) = world.search(f"ImagingStudy?identifier=urn:dicom:uid|urn:oid:{uid}")
    return found


def send(world: World, *datasets: pydicom.FileDataset) -> list[str]:
    return [
        requests.post(f"{world.orthanc.base}/instances", data=as_file(one), timeout=60).json()["ID"] for one in datasets
    ]


def did(summary: Summary) -> dict[str, int]:
    return {
        act: number for act, number in summary.acts.items() if not act.endswith((" nothing", " skipped", " outside"))
    }


def test_a_study_comes_grows_shrinks_and_goes(world: World) -> None:
    uid = "2.25.8801"
    keys = send(world, *(ct(number, study=uid, series="2.25.88011") for number in range(1, 30)))
    assert did(world.once()) == {"imaging-study created": 1}
    study = study_of(world, uid)
    validate(study)
    assert (study["numberOfInstances"], study["started"]) == (29, "2026-03-02T08:15:00+01:00")
    assert study["subject"]["reference"] == f"Patient/{world.search('Patient?identifier=MR-0001')[0]['id']}"
    assert [one["id"] for one in world.search("ImagingStudy?modality=CT&bodysite:missing=false")] == []
    assert study["id"] in {one["id"] for one in world.search(f"ImagingStudy?patient={study['subject']['reference']}")}
    before = world.written()
    assert did(world.once()) == {}
    assert world.written() == before
    send(world, ct(1, study=uid, series="2.25.88012", SeriesNumber=1, Modality="MR"))
    assert did(world.once()) == {"imaging-study updated": 1}
    assert [one["code"] for one in study_of(world, uid)["modality"]] == ["CT", "MR"]
    requests.delete(f"{world.orthanc.base}/instances/{keys[0]}", timeout=60).raise_for_status()
    assert did(world.once(reconciling=True)) == {"imaging-study updated": 1}
    assert study_of(world, uid)["numberOfInstances"] == 29
    send(world, ct(1, study="2.25.8802", series="2.25.88021"))
    world.once()
    (of_orthanc,) = requests.post(f"{world.orthanc.base}/tools/lookup", data=uid, timeout=60).json()
    requests.delete(f"{world.orthanc.base}/studies/{of_orthanc['ID']}", timeout=60).raise_for_status()
    assert did(world.once(reconciling=True)) == {"imaging-study retracted": 1}
    assert study_of(world, uid)["status"] == "entered-in-error"
    assert did(world.once(reconciling=True)) == {}


def test_one_uid_of_two_patients_is_refused_and_a_moved_study_follows(world: World) -> None:
    uid = "2.25.8803"
    (old,) = send(world, ct(1, study=uid, series="2.25.88031"))
    world.once()
    send(world, ct(1, study=uid, series="2.25.88031", PatientID="MR-0003"))
    (fault,) = world.once().faults
    assert "two Patient IDs" in fault
    assert "MR-000" not in fault
    requests.delete(f"{world.orthanc.base}/instances/{old}", timeout=60).raise_for_status()
    world.once(reconciling=True)
    world.retry()
    assert world.once().faults == []
    patient = study_of(world, uid)["subject"]["reference"]
    assert [one["id"] for one in world.search("Patient?identifier=MR-0003")] == [patient.partition("/")[2]]


@pytest.mark.skipif(not OTHER_FILES, reason="the corpus is not here")
def test_images_of_a_patient_without_identity_are_held(world: World) -> None:
    """The Patient ID of a teaching file is a number of the hospital's, as far as the archive tells."""
    carrying = world.configuration.read_text()
    world.configuration.write_text(carrying.replace("identity_removed: carry", "identity_removed: hold"))
    uid, removed = "2.25.8805", {"PatientIdentityRemoved": "YES", "DeidentificationMethod": "by hand"}
    send(world, ct(1, study=uid, series="2.25.88051", IssuerOfPatientID="", **removed))
    summary = world.once()
    assert did(summary) == {}
    assert any("Patient Identity Removed (0012,0062) is YES" in one for one in summary.faults)
    world.configuration.write_text(carrying)
    world.retry()
    assert did(world.once()) == {"imaging-study created": 1}
    assert study_of(world, uid)["numberOfInstances"] == 1


def test_real_files_of_every_kind(world: World) -> None:
    load_instances(world.orthanc.base, OTHER_FILES)
    summary = world.once()
    assert summary.faults == []
    for uid in {str(pydicom.dcmread(file, force=True).StudyInstanceUID) for file in OTHER_FILES}:
        validate(study_of(world, uid))
    before = world.written()
    assert did(world.once()) == {}
    assert world.written() == before


def test_a_report_of_fhir_about_the_study_joins_it_and_both_come_to_rest(world: World) -> None:
    uid = "2.25.8804"
    send(world, ct(1, study=uid, series="2.25.88041"))
    world.once()
    study = study_of(world, uid)
    report = {
        "resourceType": "DiagnosticReport",
        "id": "of-study",
        "status": "final",
        "code": {"text": "CT report"},
        "subject": study["subject"],
        "imagingStudy": [{"reference": f"ImagingStudy/{study['id']}"}],
        "conclusion": "Kein Befund",
    }
    put(world.hapi.base, report)
    world.once()
    (sr,) = world.srs_of("DiagnosticReport/of-study")
    assert sr.StudyInstanceUID == uid
    before = world.written()
    world.once()
    assert did(world.once()) == {}
    assert len(world.srs_of("DiagnosticReport/of-study")) == 1
    assert [one["code"] for one in study_of(world, uid)["modality"]] == ["CT", "SR"]
    assert before == world.written()
