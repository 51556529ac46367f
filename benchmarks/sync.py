"""A first pass between a real HAPI and a real Orthanc, each direction for itself, as a share of what a plain loader
gets from the same servers: it writes the very things that the pass wrote, translates nothing, and is measured at the
best of several sizes and connections. The servers are warm before anything is measured."""

from __future__ import annotations

import io
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import requests

from bridge.codecs import json
from bridge.codecs.dicom import structured_report
from bridge.convert.bundle import bundle
from bridge.ledger.database import batched
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.stores.fhir import FhirStore
from bridge.stores.orthanc import OrthancStore
from bridge.sync.basis.route import Direction, Route
from bridge.sync.run import once
from bridge.translate.basis.ids import Known
from bridge.translate.to_fhir import to_fhir
from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc

ROOT = Path(__file__).parent.parent
ECG = ROOT / "fixtures" / "dicom" / "ecg-report.dcm"
OBSERVATIONS, REPORTS = 400, 150
WORKERS = 4
SIZES, CONNECTIONS = (1, 10, 100), (1, 2, 4)  # of the loader
_JSON = {"Content-Type": "application/fhir+json"}
Load = Callable[[Sequence[bytes]], None]


def observations(prefix: str = "bench", number: int = OBSERVATIONS) -> list[dict[str, object]]:
    value = {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]}
    return [
        {
            "resourceType": "Observation",
            "id": f"{prefix}-{one}",
            "status": "final",
            "code": code,
            "effectiveDateTime": "2026-03-02T08:15:00Z",
            "valueQuantity": value,
        }
        for one in range(number)
    ]


def reports(root: int, number: int = REPORTS) -> list[bytes]:
    """ECG reports of 43 content items, each of a patient and a study of its own."""
    found = []
    for one in range(number):
        dataset = pydicom.dcmread(ECG)
        dataset.StudyInstanceUID, dataset.PatientID = f"2.25.1{root}{one:06}", f"BENCH-{root}-{one}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.{root}{one:06}"
        out = io.BytesIO()
        dataset.save_as(out)
        found.append(out.getvalue())
    return found


class Loader:
    """Into servers of its own: what is there already would be no work."""

    def __init__(self, hapi: Hapi, orthanc: Orthanc) -> None:
        self._hapi, self._orthanc, self._session = hapi.base, orthanc.base, requests.Session()

    def zipped(self, instances: Sequence[bytes]) -> None:
        data = instances[0]
        if len(instances) > 1:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for number, one in enumerate(instances):
                    archive.writestr(str(number), one)
            data = out.getvalue()
        self._session.post(f"{self._orthanc}/instances", data=data, timeout=300).raise_for_status()

    def transaction(self, bundles: Sequence[bytes]) -> None:
        entries = [entry for one in bundles for entry in json.loads(one)["entry"]]
        distinct = {str(entry.get("fullUrl") or entry["request"]["url"]): entry for entry in entries}
        data = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": list(distinct.values())})
        self._session.post(self._hapi, data=data, headers=_JSON, timeout=300).raise_for_status()

    def best(self, load: Load, made: Iterator[list[bytes]]) -> float:
        """Seconds for one of `made`; each is loaded in another of the ways."""
        return min(self._spent(load, next(made), size, many) for size in SIZES for many in CONNECTIONS)

    def _spent(self, load: Load, items: list[bytes], size: int, connections: int) -> float:
        begun = time.monotonic()
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(load, batched(items, size)))
        return time.monotonic() - begun


def instances_made() -> Iterator[list[bytes]]:
    """Such as the pass writes: its SRs are about as large."""
    root = 7000
    while True:
        yield reports(root, OBSERVATIONS)
        root += 1


def bundles_made() -> Iterator[list[bytes]]:
    """What an SR becomes, as the transaction that the pass would make of it."""
    root, mapping = 8000, load()
    while True:
        yield [
            json.dumps(bundle(to_fhir(structured_report.read(data), mapping, Known(system="urn:loader")).result))
            for data in reports(root)
        ]
        root += 1


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
    loader = Loader(hapi, other)
    print(f"documents a second, and as a share of the best plain loader; {WORKERS} workers on SQLite")
    for round_ in ("warm", "measured"):
        put = [
            {"resource": one, "request": {"method": "PUT", "url": f"Observation/{one['id']}"}}
            for one in observations(round_)
        ]
        data = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": put})
        requests.post(hapi.base, data=data, headers=_JSON, timeout=300).raise_for_status()
        to_dicom = _pass(hapi, orthanc, folder, "to-dicom")
    for root in (9000, 9001):
        for one in reports(root):
            requests.post(f"{orthanc.base}/instances", data=one, timeout=60).raise_for_status()
        to_fhir = _pass(hapi, orthanc, folder, "to-fhir")
    loaded = OBSERVATIONS / loader.best(loader.zipped, instances_made())
    print(f"{'to DICOM, loader':30}{loaded:8.1f}{1:7.2f}")
    print(f"{'to DICOM, pass':30}{to_dicom:8.1f}{to_dicom / loaded:7.2f}")
    loaded = REPORTS / loader.best(loader.transaction, bundles_made())
    print(f"{'to FHIR, loader':30}{loaded:8.1f}{1:7.2f}")
    print(f"{'to FHIR, pass':30}{to_fhir:8.1f}{to_fhir / loaded:7.2f}")


def _pass(hapi: Hapi, orthanc: Orthanc, folder: Path, direction: Direction) -> float:
    """Documents a second, from the first news on."""
    stores = FhirStore("ehr", hapi.base), OrthancStore("pacs", orthanc.base)
    route = Route("bench", *stores, direction, "urn:bench", None, "+00:00")
    ledger = Ledger(f"sqlite:///{folder}/{direction}.db")
    begun = time.monotonic()
    acts = once([route], ledger, load(), workers=WORKERS).acts
    spent = time.monotonic() - begun
    ledger.close()
    return acts[f"{direction} created"] / spent


if __name__ == "__main__":
    main()
