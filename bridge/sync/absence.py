"""Whether what looks deleted was deleted: a lost permission, an emptied server and another server look the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from bridge.errors import BridgeError, WithheldError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.ledger.work_item import OPEN, State, Work
from bridge.stores.store import Store, is_study
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Busy
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import forget_resource
from bridge.sync.void.gone import gone
from bridge.sync.void.lost_note import settle_lost_note
from bridge.sync.worker import Worker

FEW = 3
"""So many documents may go at once, that is within a minute, however few there are; beyond that, one in a hundred."""
_ANCHORS = 20  # other documents that a store is asked for, to see whether it still knows any
_DELETED = ("retracted", "removed")


def carry_absences(worker: Worker, *, compared: bool) -> bool:
    """Settles what looks deleted, all of it together: many at once are not taken for news, but pause the route until a
    person has answered. Whether there was anything to settle. `compared`: this pass has listed both stores in full."""
    route, ledger = worker.route, worker.ledger
    try:
        suspect, doubt = _suspects(route, ledger)
        if compared and not suspect and not worker.summary.faults and _all_looked_at(route, ledger):
            ledger.feeds.trust(route.name)
        if suspect and doubt is None:
            doubt = doubtful(route, ledger, suspect)
        if doubt is not None:
            ledger.pauses.pause(route.name, doubt)
            worker.summary.fault(f"{route.name}: paused: {doubt}")
            suspect = []
    except BridgeError as error:
        worker.summary.fault(str(error))  # and what looks deleted is asked for again in the next pass
        suspect = []
    _carry(worker, suspect, "owed")
    return carry_verdicts(worker) or bool(suspect)


def _all_looked_at(route: Route, ledger: Ledger) -> bool:
    """Whether nothing is owed any more: what is put off, or in other hands, may be missing, too."""
    return not ledger.work.has_any(route.name, *OPEN)


def carry_verdicts(worker: Worker) -> bool:
    """Settles what a person has said was deleted, before news of its other side make it suspect again. Whether there
    was any."""
    if not worker.ledger.work.has_any(worker.route.name, "deleted"):
        return False
    _carry(worker, worker.ledger.work.in_state(worker.route.name, "deleted"), "deleted")
    return True


def _carry(worker: Worker, works: Iterable[Work], again: State) -> None:
    for work in works:
        worker.ledger.leases.appear()
        if not worker.ledger.work.take(work):
            continue  # another worker carries it, or it is there again
        failpoint("claimed")
        worker.outcomes.of([work], partial(_gone, worker, work, asked=again == "deleted"), again=again)
        worker.ledger.leases.release()


def _gone(worker: Worker, work: Work, *, asked: bool) -> None:
    """Asks for the item a second time, directly, and where it is gone has the other side follow. `asked`: a person has
    said that it was deleted."""
    route, ledger = worker.route, worker.ledger
    of_fhir = work.store == route.fhir.name
    find = ledger.links.of if of_fhir else ledger.links.headed_by
    seen = find(route.name, work.key)
    take(route, ledger, [work.key, *([seen.root, seen.head] if seen is not None else [])])
    link = find(route.name, work.key)
    if link != seen:
        raise Busy  # another worker has just been there
    (absence,) = (route.fhir if of_fhir else route.dicom).absent([work.key])
    if absence is not None and not of_fhir:  # first: a person may have to decide, and its return is news
        ledger.feeds.forget(work.route, work.store, work.key)
    if absence is None:
        ledger.work.owe(work.route, work.store, work.key)
    elif (done := _carried(worker, work, link)) is not None:
        worker.count(*done)
        if not asked and done[1] in _DELETED and (of_fhir or link is not None):  # not of a note of ours, written again
            ledger.deletions.note(route.name, link.document if link is not None else work.key)
    if absence is not None and of_fhir:
        _, back = ledger.feeds.neighbours(route.name, route.fhir.name, [work.key])
        sources = (source for source, _ in back if is_forming(source))
        owe_fhir(route, ledger, *sources)  # several documents may have it, and a link names one
        forget_resource(route, ledger, work.key)
        ledger.feeds.bury(route.name, route.fhir.name, work.key)
    if link is not None and of_fhir:  # a member is no more, or is there again: its report says something else
        ledger.waking.wake(work.route, link.instance)
        if link.root != work.key:
            ledger.work.owe(work.route, work.store, link.root)


def _carried(worker: Worker, work: Work, link: Link | None) -> tuple[str, str] | None:
    """The direction in which the deletion was carried, and the act; None where nothing follows from it."""
    if is_study(work.key):
        return "imaging-study", worker.studies.gone(work.key)
    if link is not None and work.store != worker.route.fhir.name:
        return "to-fhir", gone(worker.route, worker.ledger, worker.mapping, link)
    if link is not None and link.root == work.key:
        return "to-dicom", worker.to_dicom.gone(link)
    if work.store != worker.route.fhir.name and (act := settle_lost_note(worker.route, worker.ledger, work.key)):
        return "to-dicom", act
    return None


def _suspects(route: Route, ledger: Ledger) -> tuple[list[Work], str | None]:
    """What looks deleted; and, where that is too much at once, together with what was deleted a moment ago, why a
    person has to say whether it was. The list then ends where it is too much."""
    found: list[Work] = []
    documents = ledger.deletions.recent(route.name)
    recent = len(documents)  # which no link stands for any more
    linked: int | None = None
    for work in ledger.work.in_state(route.name, "absent"):
        linked = ledger.links.count(route.name) + recent if linked is None else linked
        found.append(work)
        if not _has_moved(route, ledger, work):
            documents.add(_document(route, ledger, work))
        if too_many(len(documents), linked):
            many = f"{len(documents)} or more of {linked} documents are gone at once, or parts of them"
            return found, _question(many, route)
    return found, None


def doubtful(route: Route, ledger: Ledger, suspects: Sequence[Work]) -> str | None:
    """Why a person has to say whether these few were deleted, though they are not too many; None where there is no
    doubt."""
    places = ledger.links.places(route.name, len(suspects) + _ANCHORS)
    for number, store in enumerate[Store[Any]]((route.fhir, route.dicom)):
        keys = [work.key for work in suspects if work.store == store.name]
        keys = [key for key in keys if ledger.rejections.note_at(route.name, key) is None]  # what one rejected is there
        others = sorted({place[number] for place in places}.difference(keys))[:_ANCHORS]
        if "unknown" not in store.absent(keys):
            continue
        if ledger.feeds.is_doubted(route.name):
            return _question(f"{store.name} is not what it was, and lacks {len(keys)} that were there", route)
        if not _knows_any(route, ledger, store, others, keys):
            return _question(f"{store.name} knows none of the documents that were there", route)
    return None


def _knows_any(route: Route, ledger: Ledger, store: Store[Any], others: list[str], suspects: list[str]) -> bool:
    """Whether anything else that should be there is there."""
    if _gives_any(store, others):
        return True
    studies = ledger.studies.some(route.name, len(suspects) + _ANCHORS) if store.name == route.dicom.name else []
    return None in store.absent([one.study for one in studies if one.study not in suspects][:_ANCHORS])


def _gives_any(store: Store[Any], keys: Sequence[str]) -> bool:
    """One that it does not let us read says nothing of the others."""
    try:
        return any(one is not None for one in store.read(keys))
    except WithheldError:
        return len(keys) > 1 and any(_gives_any(store, [key]) for key in keys)


def _document(route: Route, ledger: Ledger, work: Work) -> str:
    of = ledger.links.of if work.store == route.fhir.name else ledger.links.headed_by
    link = of(route.name, work.key)
    return link.document if link is not None else work.key


def _has_moved(route: Route, ledger: Ledger, work: Work) -> bool:
    """Whether it is the head of no document any more, or soon will not be, because the PACS has filed it under another
    patient."""
    if work.store == route.fhir.name or is_study(work.key):
        return False
    return ledger.links.headed_by(route.name, work.key) is None or ledger.work.awaited(route.name, work.key)


def too_many(gone: int, linked: int) -> bool:
    return gone > max(FEW, linked // 100)


def _question(what: str, route: Route) -> str:
    return (
        f"{what}: is that the right server, with all permissions? If they were deleted, "
        f"`fhir-dicom resume {route.name} --deleted` says what it is asked of; else mend it, then "
        f"`fhir-dicom resume {route.name}`"
    )
