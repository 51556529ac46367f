"""How long a change takes to be on the other side, when nothing else happens: from the answer to whoever wrote it until
the other server has it. A real HAPI and a real Orthanc, and `serve` as it is by default; then with the hook of Orthanc,
which wakes it."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

import requests

from benchmarks.sync import observations, reports
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.orthanc import Orthanc, hooked
from tests.servers.process import free_port
from tests.servers.service import serving, until

CHANGES = 40
_REST = 3.0  # seconds at most between two changes, at random: not in step with the passes
_SECRET = "a-secret-of-the-archive"


def main() -> None:
    print(f"{'seconds to the other server, at rest':40}{'half':>8}{'95 %':>8}{'all':>8}")
    with _between(hook=False) as (hapi, orthanc):
        edits = [partial(put, hapi.base, one) for one in observations("delay", CHANGES)]
        _print("to DICOM, by polling", _delays(edits, partial(_instances, orthanc)))
        _print("to FHIR, by polling", _delays(_arrivals(orthanc), partial(_reports, hapi)))
    with _between(hook=True) as (hapi, orthanc):
        _print("to FHIR, with the hook of Orthanc", _delays(_arrivals(orthanc), partial(_reports, hapi)))


def _print(what: str, seconds: Sequence[float]) -> None:
    cuts = quantiles(seconds, n=20)
    print(f"{what:40}{cuts[9]:8.2f}{cuts[18]:8.2f}{max(seconds):8.2f}")


def _delays(changes: Iterable[Callable[[], object]], count: Callable[[], int]) -> list[float]:
    """Each change writes one to a server; `count`: how many the other one has."""
    found = []
    for change in changes:
        time.sleep(random.uniform(0, _REST))
        before = count()
        change()
        begun = time.monotonic()
        while count() == before:
            time.sleep(0.02)
        found.append(time.monotonic() - begun)
    return found


def _arrivals(orthanc: Orthanc) -> list[Callable[[], object]]:
    return [partial(_store, orthanc, data) for data in reports(6000, CHANGES)]


def _store(orthanc: Orthanc, data: bytes) -> None:
    requests.post(f"{orthanc.base}/instances", data=data, timeout=60).raise_for_status()


def _instances(orthanc: Orthanc) -> int:
    return int(requests.get(f"{orthanc.base}/statistics", timeout=60).json()["CountInstances"])


def _reports(hapi: Hapi) -> int:
    headers = {"Cache-Control": "no-cache"}
    found = requests.get(f"{hapi.base}/DiagnosticReport?_summary=count", headers=headers, timeout=60)
    return int(found.json()["total"])


@contextmanager
def _between(*, hook: bool) -> Iterator[tuple[Hapi, Orthanc]]:
    """Servers that are warm, and a `serve` that has come to rest."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        hapi = Hapi(folder / "hapi")
        hooks = f"http://127.0.0.1:{port}/hooks/pacs"
        orthanc = hooked(folder / "orthanc", hooks, _SECRET) if hook else Orthanc(folder / "orthanc")
        stores = {
            "ehr": {"kind": "fhir", "url": hapi.base, "system": "urn:bench:ehr"},
            "pacs": {"kind": "orthanc", "url": orthanc.base, "issuer": "BENCH"},
        }
        keys = {"stores": stores, "routes": [{"between": ["ehr", "pacs"]}], "ledger": f"sqlite:///{folder}/bridge.db"}
        serve = {"serve": {"hooks": {"pacs": {"env": "PACS_HOOK"}}}} if hook else {}
        try:
            orthanc.start()
            hapi.start()
            for data in reports(5000, 50):
                _store(orthanc, data)
            with serving(folder, keys | serve, port=port, environment={"PACS_HOOK": _SECRET}) as service:
                until(lambda: service.get("/status")["linked"].get("dicom") == 50, 300)
                yield hapi, orthanc
        finally:
            hapi.stop()
            orthanc.stop()


if __name__ == "__main__":
    main()
