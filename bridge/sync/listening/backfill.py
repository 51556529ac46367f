"""What was changed, or examined, in a time is looked at again, whatever was seen of it. Day by day: one that broke off
goes on with the day that was not finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from bridge.ledger.database import batched
from bridge.ledger.ledger import Ledger
from bridge.ledger.positions import backfill_of
from bridge.stores.store import Change, Page, Seen, Store
from bridge.sync.basis.owe import owe_dicom, owe_fhir
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import take_page
from bridge.sync.listening.reconcile import PAGE, take_listed, unseen
from bridge.sync.listening.studies import instance_news

_DAY = timedelta(days=1)


def backfill(route: Route, ledger: Ledger, store: Store[Any], first: date, last: date) -> Iterator[tuple[date, int]]:
    """Each day, and how much of it is owed; the positions of the feeds stay where they are."""
    take = _resources if store.holds == "fhir" else _instances
    mark = backfill_of(store.name, first, last)
    done = ledger.feeds.position(route.name, mark)
    day = date.fromisoformat(done) + _DAY if done else first
    while day <= last:
        number = 0
        for some in batched(store.dated(day), PAGE):
            take(route, ledger, some)
            number += len(some)
        ledger.feeds.move(route.name, mark, day.isoformat())
        yield day, number
        day += _DAY
    ledger.feeds.leave(route.name, mark)


def _resources(route: Route, ledger: Ledger, some: Sequence[Seen]) -> None:
    fresh = take_listed(route, ledger, some)
    owe_fhir(route, ledger, *(one.key for one in some if one not in fresh))


def _instances(route: Route, ledger: Ledger, some: Sequence[Seen]) -> None:
    fresh = unseen(route, route.dicom, ledger, some)
    take_page(route, ledger, Page(tuple(Change(one.key, one.version) for one in fresh), ""))
    known = instance_news(route, ledger, [(one.key, one.version) for one in some if one not in fresh])
    owe_dicom(route, ledger, *(key for one in known for key in one.owes))
