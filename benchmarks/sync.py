"""A pass between a real HAPI and a real Orthanc, as a share of what a plain loader gets from the same servers.

The loader writes the very things that the pass wrote, one request each on one connection, and translates nothing.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pydicom
import requests

from bridge.codecs import json
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.stores.fhir import FhirStore
from bridge.stores.orthanc import OrthancStore
from bridge.sync.route import Route
from bridge.sync.run import once
from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc

ROOT = Path(__file__).parent.parent
ECG = ROOT / "fixtures" / "dicom" / "ecg-report.dcm"
OBSERVATIONS, REPORTS = 300, 60
WORKERS = 4
_JSON = {"Content-Type": "application/fhir+json"}


def observations() -> list[dict[str, object]]:
    value = {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]}
    return [
        {
            "resourceType": "Observation",
            "id": f"bench-{number}",
            "status": "final",
            "code": code,
            "effectiveDateTime": "2026-03-02T08:15:00Z",
            "valueQuantity": value,
        }
        for number in range(OBSERVATIONS)
    ]


def reports() -> list[bytes]:
    found = []
    for number in range(REPORTS):
        dataset = pydicom.dcmread(ECG)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.7{number:06}"
        out = pydicom.filebase.DicomBytesIO()
        dataset.save_as(out)
        found.append(bytes(out.getvalue()))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hapi, orthanc, other = Hapi(folder / "hapi"), Orthanc(folder / "orthanc"), Orthanc(folder / "other")
        try:
            for server in (orthanc, other, hapi):
                server.start()
            _measure(hapi, orthanc, other, folder)
        finally:
            for server in (hapi, orthanc, other):
                server.stop()


def _measure(hapi: Hapi, orthanc: Orthanc, other: Orthanc, folder: Path) -> None:
    fhir, session = FhirStore("ehr", hapi.base), requests.Session()
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"Observation/{one['id']}"}} for one in observations()
    ]
    warm = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    session.post(hapi.base, data=json.dumps(warm), headers=_JSON, timeout=300).raise_for_status()
    before = set(requests.get(f"{orthanc.base}/instances", timeout=60).json())
    for data in reports():
        session.post(f"{orthanc.base}/instances", data=data, timeout=60)
    stored = set(requests.get(f"{orthanc.base}/instances", timeout=60).json())
    route = Route("bench", fhir, OrthancStore("pacs", orthanc.base), "both", "urn:bench", None, "+00:00")
    ledger = Ledger(f"sqlite:///{folder}/bridge.db")
    start = time.monotonic()
    summary = once([route], ledger, load(), workers=WORKERS)
    spent = time.monotonic() - start
    ledger.close()
    documents = summary.acts["to-dicom created"] + summary.acts["to-fhir created"]
    made = set(requests.get(f"{orthanc.base}/instances", timeout=60).json()) - stored - before
    files = [requests.get(f"{orthanc.base}/instances/{one}/file", timeout=60).content for one in made]
    loaded = _load(session, hapi, other, files)
    print(f"{documents} documents ({OBSERVATIONS} to DICOM, {REPORTS} to FHIR), documents a second")
    print(f"{'plain loader':30}{documents / loaded:8.1f}{1:7.2f}")
    print(f"{'one pass, both directions':30}{documents / spent:8.1f}{loaded / spent:7.2f}")


def _load(session: requests.Session, hapi: Hapi, other: Orthanc, files: list[bytes]) -> float:
    """The same instances into an empty Orthanc; Bundles of the same size, under new ids, into the same HAPI."""
    from bridge.codecs.dicom import structured_report
    from bridge.convert.bundle import bundle
    from bridge.translate.ids import Known
    from bridge.translate.to_fhir import to_fhir

    bundles = [
        json.dumps(bundle(to_fhir(structured_report.read(data), load(), Known(system="urn:loader")).result))
        for data in reports()
    ]
    start = time.monotonic()
    for data in files:
        session.post(f"{other.base}/instances", data=data, timeout=60).raise_for_status()
    for data in bundles:
        session.post(hapi.base, data=data, headers=_JSON, timeout=60).raise_for_status()
    return time.monotonic() - start


if __name__ == "__main__":
    main()
