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
    documents = {_document(route, ledger, work) for work in suspects}
    if too_many(len(documents), linked):
        return _question(f"{len(documents)} of {linked} documents are gone at once, or parts of them", route)
    places = ledger.links.places(route.name, len(suspects) + _ANCHORS)
    for number, store in enumerate[Store[Any]]((route.fhir, route.dicom)):
        keys = [work.key for work in suspects if work.store == store.name]
        others = [place[number] for place in places if place[number] not in keys][:_ANCHORS]
        if "unknown" in store.absent(keys) and not _knows_any(route, ledger, store, others, keys):
            return _question(f"{store.name} knows none of the documents that were there", route)
    return None


def _knows_any(route: Route, ledger: Ledger, store: Store[Any], others: list[str], suspects: list[str]) -> bool:
    """Whether anything else that should be there is there."""
    if any(one is not None for one in store.read(others)):
        return True
    studies = ledger.studies.some(route.name, len(suspects) + _ANCHORS) if store.name == route.dicom.name else []
    return None in store.absent([one.study for one in studies if one.study not in suspects][:_ANCHORS])


def _document(route: Route, ledger: Ledger, work: Work) -> str:
    of = ledger.links.of if work.store == route.fhir.name else ledger.links.headed_by
    link = of(route.name, work.key)
    return link.document if link is not None else work.key


def too_many(gone: int, linked: int) -> bool:
    return gone > max(FEW, linked // 100)


def _question(what: str, route: Route) -> str:
    return (
        f"{what}: is that the right server, with all permissions? If they were deleted, "
        f"`fhir-dicom resume {route.name} --deleted`; else mend it, then `fhir-dicom resume {route.name}`"
    )
