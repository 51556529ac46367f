"""How much more several workers do: against stores that answer after 50 ms, each call, as servers over a network do.
The stores are folders in a temporary directory; ratios within one run."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sync import OBSERVATIONS, observations
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.model.group import Resource
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.store import Instance, Outcome, Stored, Write
from bridge.sync import worker
from bridge.sync.basis.route import Route
from bridge.sync.run import once

LATENCY = 0.05
WORKERS = (1, 2, 4, 8)
_BATCH = 10  # claimed at once: few enough that each has a part in 300


class SlowInstances(InstanceFolder):
    def read(self, keys: Sequence[str]) -> Sequence[Stored[Instance] | None]:
        time.sleep(LATENCY)
        return super().read(keys)

    def write(self, items: Sequence[Write[Instance]]) -> Sequence[Outcome[Instance]]:
        time.sleep(LATENCY)
        return super().write(items)


class SlowResources(ResourceFolder):
    def read(self, keys: Sequence[str]) -> Sequence[Stored[Resource] | None]:
        time.sleep(LATENCY)
        return super().read(keys)


def lay_out(folder: Path, documents: int = OBSERVATIONS) -> None:
    """Two folders, of Observations and of nothing yet: a folder that a store names has to be there."""
    (folder / "dicom").mkdir()
    for one in observations(number=documents):
        file = folder / "fhir" / "Observation" / f"{one['id']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(one))


def rate(workers: int, documents: int = OBSERVATIONS) -> float:
    """Documents a second, from the first news on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, documents)
        stores = SlowResources("ehr", folder / "fhir"), SlowInstances("pacs", folder / "dicom")
        route = Route("bench", *stores, "both", "urn:bench", None, "+00:00")
        ledger = Ledger(f"sqlite:///{folder}/bridge.db")
        begun = time.monotonic()
        done = once([route], ledger, load(), workers=workers).acts["to-dicom created"]
        spent = time.monotonic() - begun
        ledger.close()
        return done / spent


def main() -> None:
    worker.BATCH = _BATCH
    print(f"{LATENCY * 1000:.0f} ms a call: documents a second, and times as many as one worker")
    rate(8)  # the first documents of a process are slower
    alone = 0.0
    for number in WORKERS:
        found = rate(number)
        alone = alone or found
        print(f"{f'{number} workers':30}{found:8.1f}{found / alone:7.2f}")


if __name__ == "__main__":
    main()
