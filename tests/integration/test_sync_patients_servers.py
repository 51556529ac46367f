"""A patient who is corrected or moved, with a real HAPI and a real Orthanc that overwrites nothing."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pydicom
import pytest
import requests

from tests.corpus import FIXTURES
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.world import CONFIGURATION, World, started

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "corrected",
    "identifier": [{"system": "urn:oid:1.2.276.0.76.3.1", "value": "4711"}],
    "name": [{"family": "Beispiel", "given": ["Erika"]}],
    "birthDate": "1959-04-12",
}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "of-corrected",
    "status": "final",
    "code": {"text": "Pain"},
    "subject": {"reference": "Patient/corrected"},
    "valueInteger": 3,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    configured = CONFIGURATION.replace("[ehr, pacs]", "[ehr, pacs], demographics: propagate")
    with started(tmp_path_factory.mktemp("servers"), shared_hapi, configured) as made:
        yield made


def rests(world: World) -> None:
    world.once()
    before = world.written()
    assert world.once().faults == []
    assert world.written() == before


@pytest.mark.parametrize("name", ["intended", "applied", "agreed"])
def test_a_corrected_patient_goes_into_the_instance_that_is_there(world: World, name: str) -> None:
    put(world.hapi.base, PATIENT)
    put(world.hapi.base, OBSERVATION)
    world.once()
    world.once()
    (before,) = world.srs_of("Observation/of-corrected")
    put(world.hapi.base, PATIENT | {"name": [{"family": f"Groesser-{name}", "given": ["Erika"]}]})
    assert world.killed(f"{name}:1")
    if name == "intended":  # and the archive had already removed it
        (key,) = requests.post(f"{world.orthanc.base}/tools/lookup", data=before.SOPInstanceUID, timeout=60).json()
        requests.delete(f"{world.orthanc.base}/instances/{key['ID']}", timeout=60).raise_for_status()
    rests(world)
    (after,) = world.srs_of("Observation/of-corrected")
    assert (after.SOPInstanceUID, str(after.PatientName)) == (before.SOPInstanceUID, f"Groesser-{name}^Erika")


def sent(world: World, patient: str) -> str:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.PatientID, out = patient, BytesIO()
    dataset.save_as(out)
    key: str = requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60).json()["ID"]
    return key


def test_a_report_under_two_patients_waits_and_follows_the_one_that_stays(world: World) -> None:
    old = sent(world, "MR-0001")
    world.once()
    sent(world, "MR-0002")
    world.once()
    (report,) = world.search("DiagnosticReport")
    assert "MR-0001" in str(world.search(f"Patient?_id={report['subject']['reference'].partition('/')[2]}"))
    requests.delete(f"{world.orthanc.base}/instances/{old}", timeout=60).raise_for_status()
    world.later(600)
    world.once(reconciling=True)
    (report,) = world.search("DiagnosticReport")
    assert report["status"] == "final"
    assert "MR-0002" in str(world.search(f"Patient?_id={report['subject']['reference'].partition('/')[2]}"))
    rests(world)
