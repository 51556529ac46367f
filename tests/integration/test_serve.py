"""`fhir-dicom serve` over HTTP: translation, status, passes, and a graceful end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from fixtures.stores import lay_out
from tests.corpus import FIXTURES
from tests.servers.service import Service, serving, until

ECG = FIXTURES / "dicom" / "ecg-report.dcm"
FHIR = {"Content-Type": "application/fhir+json"}
DICOM = {"Content-Type": "application/dicom"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("serve")
    lay_out(folder / "data")
    with serving(folder, {"interval": 0.2, "issuer": "MY-HOSPITAL"}) as made:
        yield made


def test_passes_bring_the_stores_in_step(service: Service) -> None:
    until(lambda: service.get("/status")["linked"] == {"dicom": 1, "fhir": 5})
    until(lambda: service.get("/health")["passes"]["made"] >= 2)
    assert service.get("/health")["passes"]["faults"] == 0
    new = {"resourceType": "Observation", "id": "later", "status": "final", "code": {"text": "Pain"}, "valueInteger": 3}
    (service.folder / "data" / "fhir" / "Observation" / "later.json").write_text(json.dumps(new))
    until(lambda: service.get("/status")["linked"]["fhir"] == 6)


def test_an_sr_becomes_a_bundle_and_comes_back(service: Service) -> None:
    there = service.post("/translate/fhir", ECG.read_bytes(), DICOM)
    assert (there.status_code, there.headers["content-type"]) == (200, "application/fhir+json")
    assert there.json()["type"] == "transaction"
    back = service.post("/translate/dicom", there.content, FHIR)
    assert (back.status_code, back.headers["content-type"]) == (200, "application/dicom")
    assert pydicom.dcmread(pydicom.filebase.DicomBytesIO(back.content)) == pydicom.dcmread(ECG)


def test_several_documents_are_multipart(service: Service) -> None:
    answer = service.post("/translate/dicom", (FIXTURES / "fhir" / "vital-signs.json").read_bytes(), FHIR)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith('multipart/related; type="application/dicom"')
    boundary = answer.headers["content-type"].rpartition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n")[2][:-2] for part in answer.content.split(b"--" + boundary)[1:-1]]
    assert len({pydicom.dcmread(pydicom.filebase.DicomBytesIO(part)).SOPInstanceUID for part in parts}) == 2


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/translate/fhir", b"no DICOM", "DICM"),
        ("/translate/fhir", ECG.read_bytes()[:-9], "truncated"),
        ("/translate/dicom", b"{", "line 1"),
        ("/translate/dicom", b'{"resourceType": "Observation", "status": "final"}', "code"),
        ("/translate/dicom", b'{"resourceType": "Patient"}', "Patient"),
        ("/translate/dicom", b"", "line 1"),
    ],
)
def test_a_fault_is_an_operation_outcome(service: Service, path: str, body: bytes, says: str) -> None:
    answer = service.post(path, body, FHIR)
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert says in answer.json()["issue"][0]["diagnostics"]


def test_a_deflated_bomb_is_refused_by_name(service: Service) -> None:
    """200 kB that would be 160 MB."""
    dataset = pydicom.dcmread(ECG)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.EncapsulatedDocument = bytes(160_000_000)
    file = pydicom.filebase.DicomBytesIO()
    dataset.save_as(file, enforce_file_format=True)
    assert len(file.getvalue()) < 200_000
    answer = service.post("/translate/fhir", file.getvalue(), DICOM)
    assert answer.status_code == 422 and "grows beyond 67108864 bytes" in answer.text


def test_a_bundle_with_one_bad_resource_is_refused_whole(service: Service) -> None:
    bundle = json.loads((FIXTURES / "fhir" / "vital-signs.json").read_bytes())
    del bundle["entry"][1]["resource"]["code"]
    answer = service.post("/translate/dicom", json.dumps(bundle).encode(), FHIR)
    assert answer.status_code == 422


def test_openapi_describes_it(service: Service) -> None:
    paths = service.get("/openapi.json")["paths"]
    assert set(paths) == {
        "/health", "/ready", "/metrics", "/caller", "/status", "/documents", "/retry", "/resend", "/wake", "/pause",
        "/resume", "/conflicts", "/conflicts/{name}", "/audit", "/hooks/{store}", "/translate/fhir", "/translate/dicom",
    }  # fmt: skip
    assert "application/dicom" in paths["/translate/fhir"]["post"]["requestBody"]["content"]


def test_a_second_one_on_the_same_ledger_is_refused(service: Service) -> None:
    command = [sys.executable, "-m", "bridge", "sync", "--once", "--config", "bridge.yaml"]
    done = subprocess.run(command, cwd=service.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "in use by another" in done.stderr
