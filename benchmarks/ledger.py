"""Whether a ledger of a million documents makes a pass slower, or larger in memory, than an empty one."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.sync import OBSERVATIONS
from benchmarks.workers import lay_out
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from tests.full_ledger import ROUTE, NewInstances, NewResources, fill

DOCUMENTS = 1_000_000


def measure(url: str, folder: Path, answer: Any, documents: int = OBSERVATIONS) -> None:
    """In a process of its own: documents a second, seconds of a pass with nothing to do, of `status`, and MiB."""
    lay_out(folder, documents)
    route = Route(
        ROUTE, NewResources(folder / "fhir"), NewInstances(folder / "dicom"), "both", "urn:bench", None, "+00:00"
    )
    ledger, mapping = Ledger(url), load()
    begun = time.monotonic()
    done = once([route], ledger, mapping).acts["to-dicom created"]
    created = time.monotonic()
    for _ in range(10):
        once([route], ledger, mapping)
    idle = time.monotonic()
    ledger.status()
    status = time.monotonic()
    ledger.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.put((done / (created - begun), (idle - created) / 10, status - idle, most))


def main() -> None:
    print(f"{'documents in the ledger':30}{'a second':>12}{'idle pass, s':>14}{'status, s':>12}{'MiB':>8}")
    spawning = multiprocessing.get_context("spawn")
    for documents in (0, DOCUMENTS):
        with tempfile.TemporaryDirectory() as name:
            url, answer = f"sqlite:///{name}/bridge.db", spawning.Queue()
            fill(url, documents)
            process = spawning.Process(target=measure, args=(url, Path(name), answer))
            process.start()
            rate, idle, status, most = answer.get()
            process.join()
        print(f"{documents:<30,}{rate:12.1f}{idle:14.3f}{status:12.3f}{most:8.0f}")


if __name__ == "__main__":
    main()
