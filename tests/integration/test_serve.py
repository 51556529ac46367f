"""`fhir-dicom serve` over HTTP: translation, status, passes, and a graceful end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from fixtures.stores import lay_out
from tests.corpus import FIXTURES
from tests.servers.process import free_port

ECG = FIXTURES / "dicom" / "ecg-report.dcm"
FHIR = {"Content-Type": "application/fhir+json"}
DICOM = {"Content-Type": "application/dicom"}


@dataclass
class Service:
    base: str
    folder: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        return requests.get(f"{self.base}{path}", timeout=30).json()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        return requests.post(f"{self.base}{path}", data=body, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("serve")
    lay_out(folder / "data")
    (folder / "bridge.yaml").write_text("interval: 0.2\nissuer: MY-HOSPITAL\n")
    port = free_port()
    command = [sys.executable, "-m", "bridge", "serve", "--config", "bridge.yaml", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stderr=(folder / "log").open("wb"))
    made = Service(f"http://127.0.0.1:{port}", folder, process)
    try:
        _until(lambda: requests.get(f"{made.base}/health", timeout=5).status_code == 200)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


def _until(condition: Any) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if condition():
                return
        except requests.ConnectionError:
            pass  # not up yet
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")


def test_passes_bring_the_stores_in_step(service: Service) -> None:
    _until(lambda: service.get("/status")["linked"] == {"dicom": 1, "fhir": 5})
    _until(lambda: service.get("/health")["passes"]["made"] >= 2)
    assert service.get("/health")["passes"]["faults"] == 0
    new = {"resourceType": "Observation", "id": "later", "status": "final", "code": {"text": "Pain"}, "valueInteger": 3}
    (service.folder / "data" / "fhir" / "Observation" / "later.json").write_text(json.dumps(new))
    _until(lambda: service.get("/status")["linked"]["fhir"] == 6)


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


def test_a_bundle_with_one_bad_resource_is_refused_whole(service: Service) -> None:
    bundle = json.loads((FIXTURES / "fhir" / "vital-signs.json").read_bytes())
    del bundle["entry"][1]["resource"]["code"]
    answer = service.post("/translate/dicom", json.dumps(bundle).encode(), FHIR)
    assert answer.status_code == 422


def test_what_is_too_long_is_refused(service: Service) -> None:
    assert service.post("/translate/fhir", bytes(65 << 20), DICOM).status_code == 413


def test_openapi_describes_it(service: Service) -> None:
    paths = service.get("/openapi.json")["paths"]
    assert set(paths) == {"/health", "/status", "/translate/fhir", "/translate/dicom"}
    assert "application/dicom" in paths["/translate/fhir"]["post"]["requestBody"]["content"]


def test_a_second_one_on_the_same_ledger_is_refused(service: Service) -> None:
    command = [sys.executable, "-m", "bridge", "sync", "--once", "--config", "bridge.yaml"]
    done = subprocess.run(command, cwd=service.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "in use by another" in done.stderr
