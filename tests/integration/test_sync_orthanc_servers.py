"""A real Orthanc beside a folder of resources: under which name it has an instance is said by itself, or computed as it
does. Blanks around a Patient ID are not significant (PS3.5 6.2), but Orthanc counts those before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from bridge.ledger.ledger import Ledger
from bridge.stores.folder import ResourceFolder
from bridge.stores.orthanc import OrthancStore
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from tests.folders import MAPPING, done
from tests.samples import ecg_report, measured
from tests.servers.orthanc import Orthanc

Pass = Callable[..., dict[str, int]]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def route(orthanc: Orthanc, tmp_path: Path) -> Iterator[Route]:
    (tmp_path / "ehr").mkdir()
    fhir, dicom = ResourceFolder("ehr", tmp_path / "ehr"), OrthancStore("pacs", orthanc.base)
    yield Route("ehr-pacs", fhir, dicom, "both", "urn:ehr", "HOSPITAL", "Europe/Berlin")
    for key in requests.get(f"{orthanc.base}/instances", timeout=60).json():
        requests.delete(f"{orthanc.base}/instances/{key}", timeout=60)


@pytest.fixture
def passes(route: Route, ledger: Ledger) -> Pass:
    """Two, of which the second one compares: what the first has written stands."""

    def two() -> dict[str, int]:
        first, second = (once([route], ledger, MAPPING, reconciling=reconciling) for reconciling in (False, True))
        assert (first.faults, second.faults, done(second)) == ([], [], {})
        return done(first)

    return two


def put(route: Route, resource: dict[str, Any]) -> None:
    folder = route.fhir._files.path / resource["resourceType"]  # type: ignore[attr-defined]
    folder.mkdir(exist_ok=True)
    (folder / f"{resource['id']}.json").write_text(json.dumps(resource))


def patient(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:1.2.3", "value": value}]}


def is_final(route: Route, key: str) -> bool:
    (stored,) = route.fhir.read([key])
    return stored is not None and stored.item["status"] in ("final", "amended")


@pytest.mark.parametrize("value", [" 5566", "5566 ", "  55 66"])
def test_a_document_whose_patient_id_begins_or_ends_with_a_blank_stays_and_is_edited(
    route: Route, passes: Pass, value: str
) -> None:
    put(route, patient(value))
    put(route, measured())
    assert passes() == {"to-dicom created": 1}
    assert is_final(route, "Observation/o")
    put(route, measured(valueQuantity={"value": 5}))
    assert passes() == {"to-dicom updated": 1}
    put(route, measured(valueQuantity={"value": 5}, status="entered-in-error"))
    assert passes() == {"to-dicom retracted": 1}


def test_an_edit_of_a_report_whose_patient_id_begins_with_a_blank_stays(
    route: Route, orthanc: Orthanc, passes: Pass
) -> None:
    dataset, data = ecg_report("1.2.99.1", PatientID=" 79"), BytesIO()
    dataset.save_as(data, enforce_file_format=True)
    requests.post(f"{orthanc.base}/instances", data=data.getvalue(), timeout=60).raise_for_status()
    assert passes() == {"to-fhir created": 1}
    (result,) = [one for one in _resources(route, "Observation") if "valueString" in one]
    put(route, result | {"valueString": "edited"})
    assert passes() == {"to-dicom updated": 1}
    (report,) = _resources(route, "DiagnosticReport")
    assert is_final(route, f"DiagnosticReport/{report['id']}")
    put(route, report | {"status": "entered-in-error"})
    assert passes() == {"to-dicom retracted": 1}
    notes = [pydicom.dcmread(BytesIO(data)) for data in _instances(orthanc)]
    assert [one.PatientID for one in notes if one.Modality == "KO"] == [" 79"]


def test_what_an_earlier_bridge_computed_otherwise_is_no_deletion(route: Route, passes: Pass, ledger: Ledger) -> None:
    put(route, patient(" 5566"))
    for number in range(2):
        put(route, measured(id=f"o{number}"))
    passes()
    link = ledger.links.of(route.name, "Observation/o0")
    assert link is not None
    ledger.links.agree(replace(link, instance="0" * 8))
    assert done(once([route], ledger, MAPPING, reconciling=True)) == {}
    assert ledger.links.of(route.name, "Observation/o0") == link
    assert is_final(route, "Observation/o0")


def _resources(route: Route, kind: str) -> list[dict[str, Any]]:
    keys = [one.key for one in route.fhir.listing() if one.key.startswith(f"{kind}/")]
    return [one.item for one in route.fhir.read(keys) if one is not None]


def _instances(orthanc: Orthanc) -> list[bytes]:
    keys = requests.get(f"{orthanc.base}/instances", timeout=60).json()
    return [requests.get(f"{orthanc.base}/instances/{key}/file", timeout=60).content for key in keys]
