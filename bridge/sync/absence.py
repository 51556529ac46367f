"""Whether what looks deleted was: a lost permission, an emptied or another server look the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.ledger.ledger import Ledger
from bridge.ledger.work import Work
from bridge.stores.store import Store
from bridge.sync.route import Route

FEW = 3
"""So many may go at once, however few documents there are; beyond them one in a hundred."""
_ANCHORS = 20


def doubtful(route: Route, ledger: Ledger, suspects: Sequence[Work]) -> str | None:
    """Why a person has to say whether these were deleted; None where there is no doubt."""
    linked = ledger.links.count(route.name)
    if too_many(len(suspects), linked):
        return _question(f"{len(suspects)} of {linked} documents are gone at once", route)
    places = ledger.links.places(route.name, len(suspects) + _ANCHORS)
    for number, store in enumerate[Store[Any]]((route.fhir, route.dicom)):
        keys = [work.key for work in suspects if work.store == store.name]
        others = [place[number] for place in places if place[number] not in keys][:_ANCHORS]
        if "unknown" in store.absent(keys) and all(one is None for one in store.read(others)):
            return _question(f"{store.name} knows none of the documents that were there", route)
    return None


def too_many(gone: int, linked: int) -> bool:
    return gone > max(FEW, linked // 100)


def _question(what: str, route: Route) -> str:
    return (
        f"{what}: is that the right server, with all permissions? If they were deleted, "
        f"`fhir-dicom resume {route.name} --deleted`; else mend it, then `fhir-dicom resume {route.name}`"
    )
