"""A ledger that knows as many documents as asked for, and stores that say what is new: folders which, as servers do, do
not tell all that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Table, create_engine

from bridge.ledger.database import batched, put
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import ALIAS, AUDIT, EDGE, IMAGING_STUDY, LINK, MOVE, REJECTION, SEEN
from bridge.model.group import Resource
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.store import Change, Instance, Page, Seen

ROUTE = "full"
_EVENT = "x" * 900  # as long as an entry of the audit trail


class NewResources(ResourceFolder):
    lists = False

    def __init__(self, path: Path) -> None:
        super().__init__("ehr", path)
        self._told = dict[str, str]()

    def changes(self, since: str | None) -> Iterator[Page[Resource]]:
        yield Page(tuple(_news(self.listing(), self._told)), "")


class NewInstances(InstanceFolder):
    lists = False

    def __init__(self, path: Path) -> None:
        super().__init__("pacs", path)
        self._told = dict[str, str]()

    def changes(self, since: str | None) -> Iterator[Page[Instance]]:
        yield Page(tuple(_news(self.listing(), self._told)), "")


def _news(listed: Iterable[Seen], told: dict[str, str]) -> list[Change[Any]]:
    there = {one.key: one.version for one in listed}
    new: list[Change[Any]] = [Change(key, version) for key, version in there.items() if told.get(key) != version]
    gone: list[Change[Any]] = [
        Change(key, f"{version}.", deleted=True) for key, version in told.items() if key not in there
    ]
    told.clear()
    told.update(there)
    return new + gone


def fill(url: str, documents: int) -> None:
    Ledger(url).close()
    engine = create_engine(url)
    for some in batched(map(_rows, range(documents)), 10_000):
        with engine.begin() as connection:
            for table in some[0]:
                put(connection, table, *(row for rows in some for row in rows[table]))
    engine.dispose()


def _rows(number: int) -> dict[Table, list[dict[str, Any]]]:
    """Of one document; one in ten has images beside it, was moved with its Patient, and is rejected."""
    key, uid = f"Observation/old-{number}", f"2.25.4{number:012}"
    name, instance = f"{ROUTE}|{key}", f"2.25.1{number:012}/2.25.2{number:012}/{uid}"
    of_route = {"route": ROUTE}
    chain = [["2.25.1", "2.25.2", "1.2.840.10008.5.1.4.1.1.88.33", uid]]
    sides = {"fhir_digest": "f" * 64, "instance": instance, "dicom_digest": "d" * 64}
    seen = [("ehr", key, "1@2026-03-02T08:15:00Z"), ("pacs", instance, str(number))]
    study = of_route | {"study": f"study/{number}", "resource": f"ImagingStudy/{number}"}
    named = {"document": name, "born": "fhir", "root": key, "versions": {key: "1"}, "chain": chain}
    who = {"replaced": f"Patient/old-{number}", "survivor": f"Patient/old-{number + 1}"}
    move = of_route | who | {"instance": uid, "document": name, "before": "[]", "after": "[]", "moved": 1.0}
    tenth = number % 10 == 0
    return {
        LINK: [of_route | named | sides],
        ALIAS: [of_route | {"key": one, "document": name} for one in (key, uid, instance)],
        SEEN: [of_route | {"store": store, "key": one, "version": version} for store, one, version in seen],
        EDGE: [of_route | {"store": "ehr", "source": key, "target": f"Patient/old-{number % 100_000}"}],
        AUDIT: [{"number": number + 1, "event": _EVENT, "hash": "0" * 64, "document": name}],
        IMAGING_STUDY: [study] if tenth else [],
        MOVE: [move] if tenth else [],
        REJECTION: [of_route | {"instance": uid, "note": f"{uid}.1", "reason": "113001"}] if tenth else [],
    }
