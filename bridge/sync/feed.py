"""What the stores say has changed -> work that is owed. The position moves only after the last page of a poll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.errors import PermanentError
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
    """The newest version of each resource, once: a history brings every version, newest first."""
    store = route.fhir
    position = None
    taken: set[str] = set()
    for page in store.changes(_overlapping(ledger.position(route.name, store.name))):
        position = position or page.position
        ledger.take_in(route.name, store.name, list(_resource_news(route, ledger, page, taken)))
        failpoint("taken-in")
    if position:
        ledger.move(route.name, store.name, position)


def _overlapping(position: str | None) -> str | None:
    if not position:
        return None
    return (datetime.fromisoformat(position) - OVERLAP).isoformat(timespec="milliseconds")


def _resource_news(route: Route, ledger: Ledger, page: Page[Resource], taken: set[str]) -> Iterator[News]:
    newest = {one.key: one for one in reversed(page.changes) if one.key not in taken}
    taken |= newest.keys()
    changes = {key: one for key, one in newest.items() if key.partition("/")[0] in FORMING | SUPPORT}
    fresh = dict(ledger.unseen(route.name, route.fhir.name, [(key, _version(one)) for key, one in changes.items()]))
    for key, version in fresh.items():
        resource = changes[key].item or (None if changes[key].deleted else _read(route, key))
        targets = tuple(filter(None, map(local, links(resource)))) if resource else ()
        yield News(key, version, _owed(route, ledger, changes[key]), targets)


def _version(change: Change[Resource]) -> str:
    return f"{change.version} deleted" if change.deleted else change.version


def _read(route: Route, key: str) -> Resource | None:
    """None where it cannot be read: it is owed all the same, and becomes a dead letter by its name."""
    try:
        (stored,) = route.fhir.read([key])
    except PermanentError:
        return None
    return stored.item if stored else None


def _owed(route: Route, ledger: Ledger, change: Change[Resource]) -> tuple[str, ...]:
    """What forms a document owes itself; what only belongs to documents owes those that refer to it."""
    if change.key.partition("/")[0] in FORMING:
        return (change.key,)
    _, back = ledger.neighbours(route.fhir.name, [change.key])
    return tuple(sorted({source for source, _ in back if source.partition("/")[0] in FORMING}))


def take_instances(route: Route, ledger: Ledger) -> None:
    store = route.dicom
    for page in store.changes(ledger.position(route.name, store.name)):
        newest = {one.key: one.version for one in page.changes}
        fresh = ledger.unseen(route.name, store.name, list(newest.items()))
        ledger.take_in(route.name, store.name, [News(key, version, (key,)) for key, version in fresh])
        failpoint("taken-in")
        if page.position:
            ledger.move(route.name, store.name, page.position)
