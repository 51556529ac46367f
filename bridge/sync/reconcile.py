"""The whole of both stores against the ledger: what a feed has missed is owed, what is not listed is suspect."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.ledger.database import batched
from bridge.ledger.ledger import Ledger
from bridge.stores.fhir import LISTED
from bridge.stores.store import Change, Page, Seen
from bridge.sync.feed import resource_news, suspect_instances, suspect_resources, take_page
from bridge.sync.route import Route

_PAGE = 500


def reconcile(route: Route, ledger: Ledger) -> None:
    """A listing that breaks off raises, and then nothing is suspect."""
    suspect_resources(route, ledger, _resources(route, ledger), LISTED)
    suspect_instances(route, ledger, _instances(route, ledger))


def _resources(route: Route, ledger: Ledger) -> Iterator[str]:
    taken: set[str] = set()
    for some in batched(route.fhir.listing(), _PAGE):
        fresh = _unseen(route, ledger, some)
        stored = route.fhir.read([one.key for one in fresh])
        pairs = zip(fresh, stored, strict=True)
        changes = tuple(Change(one.key, one.version, there.item) for one, there in pairs if there is not None)
        ledger.feeds.take_in(route.name, route.fhir.name, list(resource_news(route, ledger, Page(changes, ""), taken)))
        taken.clear()
        ledger.leases.keep()
        yield from (one.key for one in some)


def _unseen(route: Route, ledger: Ledger, some: list[Seen]) -> list[Seen]:
    fresh = dict(ledger.feeds.unseen(route.name, route.fhir.name, [(one.key, one.version) for one in some]))
    return [one for one in some if one.key in fresh]


def _instances(route: Route, ledger: Ledger) -> Iterator[str]:
    for some in batched(route.dicom.listing(), _PAGE):
        take_page(route, ledger, Page(tuple(Change(one.key, one.version) for one in some), ""))
        yield from (one.key for one in some)
