"""A real HAPI and a real Orthanc with a route between them, and what tests ask of both."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import requests

from bridge.codecs import json
from bridge.codecs.dicom import structured_report
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.settings.settings import settings
from bridge.sync.basis.route import Route
from bridge.sync.documents.resources import Present, components, read_groups
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from bridge.sync.summary import Summary
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.to_fhir import to_fhir
from tests.forked import run
from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc
from tests.servers.proxy import Proxy

MAPPING = load()
NO_CACHE = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
CONFIGURATION = """
stores:
  ehr: {{kind: fhir, url: "{hapi}", system: "urn:test:ehr"}}
  pacs: {{kind: orthanc, url: "{orthanc}", issuer: TEST-HOSPITAL, timezone: Europe/Berlin}}
routes:
  - {{between: [ehr, pacs], identity_removed: carry}}  # the corpus is anonymised
ledger: sqlite:///{folder}/bridge.db
"""
ANY_ARCHIVE = CONFIGURATION.replace("kind: orthanc", "kind: dicomweb").replace("{orthanc}", "{orthanc}/dicom-web")
"""The Orthanc as an archive of which nothing is known but that it speaks DICOMweb."""


@dataclass
class World:
    hapi: Hapi
    orthanc: Orthanc
    configuration: Path
    to_hapi: Proxy
    to_orthanc: Proxy
    now: float = 4e9  # seconds since the epoch: everything is due
    first: Summary = field(default_factory=Summary)  # of the first pass

    def route(self) -> Route:
        (route,) = routes_of(settings(self.configuration))
        return route

    def ledger(self) -> Ledger:
        return Ledger(settings(self.configuration).ledger, lambda: self.now)

    def later(self, seconds: float) -> None:
        self.now += seconds

    def retry(self) -> None:
        """What is put off, dead and held is owed again."""
        self.later(7200)
        ledger = self.ledger()
        ledger.operations.retry("tests")
        ledger.close()

    def once(self, *, reconciling: bool = False) -> Summary:
        ledger = self.ledger()
        try:
            return once([self.route()], ledger, MAPPING, reconciling=reconciling)
        finally:
            ledger.close()

    def killed(self, failpoint: str) -> bool:
        """Whether a pass came to that point, and ended there by SIGKILL."""
        line = ["sync", "--once", "--config", str(self.configuration)]
        return run(line, self.configuration.parent, {"BRIDGE_FAILPOINT": failpoint}).returncode == -signal.SIGKILL

    def search(self, query: str) -> list[dict[str, Any]]:
        found = json.loads(requests.get(f"{self.hapi.base}/{query}", headers=NO_CACHE, timeout=60).content)
        return [entry["resource"] for entry in found.get("entry", [])]

    def groups(self) -> list[Present]:
        ledger, route = self.ledger(), self.route()
        try:
            keys = [seen.key for seen in route.fhir.listing()]
            return [one for whole in components(route, ledger, keys) for one in read_groups(route, whole)]
        finally:
            ledger.close()

    def srs_of(self, key: str) -> list[pydicom.Dataset]:
        """Whose SR was made of that resource."""
        found = []
        for data in self.documents():
            if to_fhir(structured_report.read(data), MAPPING, self.route().known()).result.key == key:
                found.append(pydicom.dcmread(BytesIO(data)))
        return found

    def documents(self) -> list[bytes]:
        """Instances that are Structured Reports."""
        return [data for data in self.instances() if _is_document(data)]

    def instances(self) -> list[bytes]:
        base = self.orthanc.base
        return [
            requests.get(f"{base}/instances/{one}/file", timeout=60).content
            for one in requests.get(f"{base}/instances", timeout=60).json()
        ]

    def written(self) -> tuple[Any, Any]:
        """What tells every write: HAPI's newest version, and Orthanc's changes of instances. Orthanc notes by itself
        when a series has not changed for a minute: that is no write."""
        history = requests.get(f"{self.hapi.base}/_history?_count=1", headers=NO_CACHE, timeout=60).json()
        first = history["entry"][0]["resource"]
        changes = requests.get(f"{self.orthanc.base}/changes?limit=100000", timeout=60).json()
        assert changes["Done"]
        writes = [one["Seq"] for one in changes["Changes"] if not one["ChangeType"].startswith("Stable")]
        return (first["resourceType"], first["id"], first["meta"]["versionId"]), writes


def _is_document(data: bytes) -> bool:
    return is_structured_report(pydicom.dcmread(BytesIO(data), stop_before_pixels=True, force=True).SOPClassUID)


@contextmanager
def started(folder: Path, hapi: Hapi, configured: str = CONFIGURATION) -> Iterator[World]:
    """Both servers are empty. The bridge reaches each through a proxy, tests reach it directly."""
    orthanc = Orthanc(folder / "orthanc")
    proxies: list[Proxy] = []
    hapi.empty()
    try:
        orthanc.start()
        proxies = [Proxy(hapi.base), Proxy(orthanc.base)]
        configuration = folder / "bridge.yaml"
        to_hapi, to_orthanc = proxies
        configuration.write_text(configured.format(hapi=to_hapi.base, orthanc=to_orthanc.base, folder=folder))
        yield World(hapi, orthanc, configuration, to_hapi, to_orthanc)
    finally:
        for proxy in proxies:
            proxy.stop()
        orthanc.stop()
