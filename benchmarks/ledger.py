"""Whether a ledger of a million documents makes a pass slower, or larger in memory, than an empty one. Stores are
folders that tell what is new, as servers do, and not all that they hold."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Table, create_engine

from benchmarks.workers import lay_out
from bridge.ledger.database import batched, put
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import ALIAS, AUDIT, EDGE, IMAGING_STUDY, LINK, SEEN
from bridge.mapping.load import load
from bridge.model.group import Resource
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.store import Change, Instance, Page
from bridge.sync.route import Route
from bridge.sync.run import once

DOCUMENTS = 1_000_000
_EVENT = "x" * 900  # as long as an entry of the audit trail
_ROUTE = "bench"


class Resources(ResourceFolder):
    lists = False

    def __init__(self, path: Path) -> None:
        super().__init__("ehr", path)
        self._told = set[str]()

    def changes(self, since: str | None) -> Iterator[Page[Resource]]:
        unheard = [one for one in self.listing() if one.key not in self._told]
        new: list[Change[Resource]] = [Change(one.key, one.version) for one in unheard]
        self._told |= {one.key for one in new}
        yield Page(tuple(new), "")


class Instances(InstanceFolder):
    lists = False

    def __init__(self, path: Path) -> None:
        path.mkdir()
        super().__init__("pacs", path)

    def changes(self, since: str | None) -> Iterator[Page[Instance]]:
        yield Page((), "")


def fill(url: str, documents: int) -> None:
    Ledger(url).close()
    engine = create_engine(url)
    for some in batched(map(_rows, range(documents)), 10_000):
        with engine.begin() as connection:
            for table in some[0]:
                put(connection, table, *(row for rows in some for row in rows[table]))
    engine.dispose()


def _rows(number: int) -> dict[Table, list[dict[str, Any]]]:
    """Of one document; one in ten has images beside it."""
    key, uid = f"Observation/old-{number}", f"2.25.4{number:012}"
    name, instance = f"{_ROUTE}|{key}", f"2.25.1{number:012}/2.25.2{number:012}/{uid}"
    of_route = {"route": _ROUTE}
    chain = [["2.25.1", "2.25.2", "1.2.840.10008.5.1.4.1.1.88.33", uid]]
    sides = {"fhir_digest": "f" * 64, "instance": instance, "dicom_digest": "d" * 64}
    seen = [("ehr", key, "1@2026-03-02T08:15:00Z"), ("pacs", instance, str(number))]
    study = of_route | {"study": f"study/{number}", "resource": f"ImagingStudy/{number}"}
    named = {"document": name, "born": "fhir", "root": key, "versions": {key: "1"}, "chain": chain}
    return {
        LINK: [of_route | named | sides],
        ALIAS: [of_route | {"key": one, "document": name} for one in (key, uid, instance)],
        SEEN: [of_route | {"store": store, "key": one, "version": version} for store, one, version in seen],
        EDGE: [{"store": "ehr", "source": key, "target": f"Patient/old-{number % 100_000}"}],
        AUDIT: [{"number": number + 1, "event": _EVENT, "hash": "0" * 64, "document": name}],
        IMAGING_STUDY: [study] if number % 10 == 0 else [],
    }


def measure(url: str, folder: Path, answer: Any) -> None:
    """In a process of its own: documents a second, seconds of a pass with nothing to do, of `status`, and MiB."""
    lay_out(folder)
    route = Route(_ROUTE, Resources(folder / "fhir"), Instances(folder / "dicom"), "both", "urn:bench", None, "+00:00")
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
