"""The whole of both stores against the ledger: what a feed has missed is owed, what is not listed is suspect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bridge.ledger.database import batched
from bridge.ledger.ledger import Ledger
from bridge.stores.fhir import LISTED
from bridge.stores.store import Change, Page, Seen, Store
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import resource_news, suspect_instances, suspect_resources, take_page

PAGE = 500


def reconcile(route: Route, ledger: Ledger) -> None:
    """Compares what both stores list with the ledger. A listing that breaks off raises, and then nothing is suspect."""
    suspect_resources(route, ledger, _resources(route, ledger), LISTED)
    suspect_instances(route, ledger, _instances(route, ledger))


def _resources(route: Route, ledger: Ledger) -> Iterator[str]:
    for some in batched(route.fhir.listing(), PAGE):
        take_listed(route, ledger, some)
        ledger.leases.keep()
        yield from (one.key for one in some)


def take_listed(route: Route, ledger: Ledger, some: Sequence[Seen]) -> list[Seen]:
    """Takes in those of the listed resources that were not seen yet, and returns them."""
    fresh = unseen(route, route.fhir, ledger, some)
    stored = route.fhir.read([one.key for one in fresh])
    pairs = zip(fresh, stored, strict=True)
    changes = tuple(Change(one.key, one.version, there.item) for one, there in pairs if there is not None)
    ledger.feeds.take_in(route.name, route.fhir.name, list(resource_news(route, ledger, Page(changes, ""), set())))
    return fresh


def unseen(route: Route, store: Store[Any], ledger: Ledger, some: Sequence[Seen]) -> list[Seen]:
    fresh = dict(ledger.feeds.unseen(route.name, store.name, [(one.key, one.version) for one in some]))
    return [one for one in some if one.key in fresh]


def _instances(route: Route, ledger: Ledger) -> Iterator[str]:
    for some in batched(route.dicom.listing(), PAGE):
        take_page(route, ledger, Page(tuple(Change(one.key, one.version) for one in some), ""))
        yield from (one.key for one in some)
