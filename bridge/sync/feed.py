"""What the stores say has changed -> work that is owed. The position moves only after the last page of a poll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.ledger.ledger import Ledger, News
from bridge.model.group import Resource
from bridge.stores.store import Change, Page
from bridge.sync.failpoint import failpoint
from bridge.sync.route import Route
from bridge.translate.gather import SUPPORT, links

FORMING = frozenset({"DiagnosticReport", "Observation", "Composition"})
"""Whose references to each other decide what forms one document."""
OVERLAP = timedelta(minutes=5)
"""Longer than any transaction of a server: one that commits late carries the time of its start."""
_LOCAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")


def local(reference: str) -> str | None:
    """`Type/id` of a reference, whatever base it is written with; None of a `urn:` or contained one."""
    found = _LOCAL.fullmatch(reference)
    return found[1] if found else None


def take_resources(route: Route, ledger: Ledger) -> None:
    store = route.fhir
    position = None
    for page in store.changes(_overlapping(ledger.position(store.name))):
        position = position or page.position
        ledger.take_in(route.name, store.name, list(_resource_news(route, ledger, page)))
        failpoint("taken-in")
    if position:
        ledger.move(store.name, position)


def _overlapping(position: str | None) -> str | None:
    if not position:
        return None
    return (datetime.fromisoformat(position) - OVERLAP).isoformat(timespec="milliseconds")


def _resource_news(route: Route, ledger: Ledger, page: Page[Resource]) -> Iterator[News]:
    changes = [one for one in page.changes if one.key.partition("/")[0] in FORMING | SUPPORT]
    versions = [(one.key, f"{one.version} deleted" if one.deleted else one.version) for one in changes]
    fresh = set(ledger.unseen(route.fhir.name, versions))
    changes = [one for one, version in zip(changes, versions, strict=True) if version in fresh]
    without = [one.key for one in changes if one.item is None and not one.deleted]
    read = dict(zip(without, route.fhir.read(without), strict=True)) if without else {}
    for one in changes:
        stored = read.get(one.key)
        resource = one.item or (stored.item if stored else None)
        targets = tuple(filter(None, map(local, links(resource)))) if resource else ()
        version = f"{one.version} deleted" if one.deleted else one.version
        yield News(one.key, version, _owed(route, ledger, one), targets)


def _owed(route: Route, ledger: Ledger, change: Change[Resource]) -> tuple[str, ...]:
    """What forms a document owes itself; what only belongs to documents owes those that refer to it."""
    if change.key.partition("/")[0] in FORMING:
        return (change.key,)
    _, back = ledger.neighbours(route.fhir.name, [change.key])
    return tuple(sorted({source for source, _ in back if source.partition("/")[0] in FORMING}))


def take_instances(route: Route, ledger: Ledger) -> None:
    store = route.dicom
    for page in store.changes(ledger.position(store.name)):
        fresh = ledger.unseen(store.name, [(one.key, one.version) for one in page.changes])
        ledger.take_in(route.name, store.name, [News(key, version, (key,)) for key, version in fresh])
        failpoint("taken-in")
        if page.position:
            ledger.move(store.name, page.position)
