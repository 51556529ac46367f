"""Webhooks wake the passes: from a real Orthanc by our plugin, from a real HAPI by a FHIR Subscription."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from fixtures.stores import lay_out
from tests.corpus import FIXTURES, ROOT
from tests.servers.hapi import Hapi
from tests.servers.load import load_instances, put
from tests.servers.orthanc import Orthanc, hooked
from tests.servers.process import free_port
from tests.servers.service import Service, serving, until

SECRETS = {"EHR_HOOK": "secret-of-the-ehr", "PACS_HOOK": "secret-of-the-pacs"}
HOOKS = {"ehr": {"env": "EHR_HOOK"}, "pacs": {"env": "PACS_HOOK"}}
NEVER = 3600  # seconds from pass to pass, were it not for hooks
ECG = FIXTURES / "dicom" / "ecg-report.dcm"
PAIN = {"resourceType": "Observation", "id": "pain", "status": "final", "code": {"text": "Pain"}, "valueInteger": 3}


# -- coalescing -------------------------------------------------------------------------------------------------------
@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Service]:
    lay_out(tmp_path / "data")
    stores = {
        "ehr": {"kind": "folder", "path": "data/fhir", "holds": "fhir"},
        "pacs": {"kind": "folder", "path": "data/dicom", "holds": "dicom"},
    }
    keys = {"stores": stores, "routes": [{"between": ["ehr", "pacs"]}], "interval": NEVER}
    with serving(tmp_path, keys | {"serve": {"hooks": HOOKS, "rate": 1000}}, environment=SECRETS) as service:
        until(lambda: made(service) == 1)
        yield service


def made(service: Service) -> int:
    return int(service.get("/health")["passes"]["made"])


def new(service: Service, name: str) -> None:
    (service.folder / "data/fhir/Observation" / f"{name}.json").write_text(json.dumps(PAIN | {"id": name}))


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/hooks/ehr"), ("PUT", "/hooks/ehr/Observation/pain"), ("DELETE", "/hooks/ehr/Observation/pain"),
     ("POST", "/hooks/pacs")],
)  # fmt: skip
def test_a_hook_is_a_pass(folders: Service, method: str, path: str) -> None:
    new(folders, "pain")
    store = path.split("/")[2]
    answer = folders.request(method, path, SECRETS[f"{store.upper()}_HOOK"], data=b"not even JSON" * 1000)
    assert (answer.status_code, answer.content) == (204, b"")
    until(lambda: folders.get("/status")["linked"]["fhir"] == 6)


def test_a_burst_is_few_passes_and_its_last_news_count(folders: Service) -> None:
    """Duplicated and reordered, as it may be: a pass looks at the stores, not at the hook."""
    for number in range(4):
        new(folders, f"pain-{number}")
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: called(folders), range(50))) == {204}
    until(lambda: folders.get("/status")["linked"]["fhir"] == 9)
    assert made(folders) < 100


def called(service: Service) -> int:
    return service.request("POST", "/hooks/ehr", SECRETS["EHR_HOOK"]).status_code


def test_a_hook_that_is_not_ours_is_no_pass(folders: Service) -> None:
    for path, secret in [("/hooks/ehr", "wrong"), ("/hooks/pacs", SECRETS["EHR_HOOK"]), ("/hooks/ehr", None)]:
        assert folders.request("POST", path, secret).status_code == 401
    metrics = folders.request("GET", "/metrics").text
    assert made(folders) == 1 and "fhir_dicom_wakes_total{" not in metrics


# -- real servers -----------------------------------------------------------------------------------------------------
def test_orthanc_does_not_wait_for_a_bridge_that_hangs(tmp_path: Path) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(1)
        orthanc = hooked(tmp_path, f"http://127.0.0.1:{hole.getsockname()[1]}/hooks/pacs", SECRETS["PACS_HOOK"])
        orthanc.start()
        try:
            before = time.monotonic()
            load_instances(orthanc.base, sorted((FIXTURES / "dicom").glob("*.dcm")))
            assert time.monotonic() - before < 60, "each call that times out takes ten seconds"
        finally:
            orthanc.stop()


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Hapi, Orthanc]]:
    folder, port = tmp_path_factory.mktemp("between"), free_port()
    hapi = Hapi(folder / "hapi")
    orthanc = hooked(folder / "orthanc", f"http://127.0.0.1:{port}/hooks/pacs", SECRETS["PACS_HOOK"])
    stores = {
        "ehr": {"kind": "fhir", "url": hapi.base, "system": "urn:test:ehr"},
        "pacs": {"kind": "orthanc", "url": orthanc.base, "issuer": "TEST-HOSPITAL"},
    }
    keys: dict[str, Any] = {"stores": stores, "routes": [{"between": ["ehr", "pacs"]}], "interval": NEVER}
    try:
        orthanc.start()
        hapi.start()
        with serving(
            folder, keys | {"serve": {"hooks": HOOKS, "rate": 1000}}, port=port, environment=SECRETS
        ) as service:
            until(lambda: made(service) >= 1)
            yield service, hapi, orthanc
    finally:
        hapi.stop()
        orthanc.stop()


def test_news_of_orthanc_are_in_fhir_at_once(between: tuple[Service, Hapi, Orthanc]) -> None:
    service, hapi, orthanc = between
    before = time.monotonic()
    load_instances(orthanc.base, [ECG])
    until(lambda: total(f"{hapi.base}/DiagnosticReport?_summary=count") == 1)
    print(f"from Orthanc to FHIR: {time.monotonic() - before:.2f} s")
    until(lambda: service.get("/status")["linked"] == {"dicom": 1})


def total(url: str) -> int:
    return int(requests.get(url, headers={"Cache-Control": "no-cache"}, timeout=60).json()["total"])


def test_news_of_hapi_are_in_orthanc(between: tuple[Service, Hapi, Orthanc]) -> None:
    service, hapi, orthanc = between
    subscription = json.loads((ROOT / "deploy/fhir/subscription.json").read_bytes())
    channel = subscription["channel"]
    channel |= {"endpoint": f"{service.base}/hooks/ehr", "header": [f"Authorization: Bearer {SECRETS['EHR_HOOK']}"]}
    put(hapi.base, subscription | {"id": "bridge"})
    until(lambda: requests.get(f"{hapi.base}/Subscription/bridge", timeout=60).json()["status"] == "active")
    put(hapi.base, PAIN)
    until(lambda: service.get("/status")["linked"].get("fhir") == 1)
    until(lambda: 'fhir_dicom_wakes_total{store="ehr"}' in service.request("GET", "/metrics").text)
