"""What the stores say has changed -> work that is owed. The position in a feed moves only after the last page, so that
what was begun and broken off is asked for again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bridge.errors import PermanentError, WithheldError
from bridge.ledger.database import batched
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.positions import OVERLAPPED
from bridge.model.edition import edition, time_of
from bridge.model.group import Resource, references_in
from bridge.model.references import local
from bridge.stores.store import Change, Instance, Page, ReplacedError, Stored
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.keys import is_forming, kind_of
from bridge.sync.basis.route import Route
from bridge.sync.listening.patient_news import identity, owe_studies_of_replaced, owed_by_patients, replacing
from bridge.sync.listening.studies import instance_news, owe_studies
from bridge.translate.gather import FORMING, SUPPORT, links

_OF_SOMEBODY = FORMING | {"ImagingStudy"}
KINDS = FORMING | SUPPORT | {"Patient"}
"""Types that a feed is read for; a server may hold many more resources of other types."""
_READS = 100  # resources at once
OVERLAP = timedelta(minutes=5)
"""Longer than any transaction of a server takes: a resource of one that commits late has the time at which it started.
Each time that it has passed, so much of a feed is read again, back from where it was last."""
BRIEF = timedelta(seconds=30)
"""So much is read again each time: longer than nearly any transaction takes."""


def take_resources(route: Route, ledger: Ledger) -> None:
    """Takes in the feed of the FHIR server. A history brings every version, newest first; of each resource only the
    newest is taken in."""
    store = route.fhir
    known, position = ledger.feeds.position(route.name, store.name), None
    now = datetime.fromtimestamp(ledger.now(), UTC)
    since, whole = overlapping(known, ledger.feeds.position(route.name, OVERLAPPED), now)
    taken: set[str] = set()
    for page in store.changes(since):
        position = position or page.position
        ledger.feeds.take_in(route.name, store.name, list(resource_news(route, ledger, page, taken, position)))
        ledger.leases.keep()
        failpoint("taken-in")
    if store.lists:
        suspect_resources(route, ledger, taken, ())
    if known and position and datetime.fromisoformat(position) < datetime.fromisoformat(known) - OVERLAP:
        ledger.feeds.begin_again(route.name, store.name)
        raise ReplacedError(
            f"{store.name}: its time is {position}, and {known} was read: its clock was set back, or it is another "
            "server; its whole history is read again"
        )
    if position:
        ledger.feeds.move(route.name, store.name, position)
        if whole:
            ledger.feeds.move(route.name, OVERLAPPED, position)


def overlapping(known: str | None, overlapped: str | None, now: datetime) -> tuple[str | None, bool]:
    """From when on a feed is read that was read up to `known`, and whether that is the whole overlap, as it was up to
    `overlapped`; both by the clock of the store. What commits within `OVERLAP` of its time is told by the first read of
    the whole overlap that follows, however long nobody read. `now`, by another clock, can only have it read sooner."""
    if not known:
        return None, True
    reached = datetime.fromisoformat(known)
    last = datetime.fromisoformat(overlapped) if overlapped else reached
    whole = not overlapped or last > reached or max(reached, now) >= last + OVERLAP  # or a clock that was set back
    since = min(last, reached) - OVERLAP if whole else reached - BRIEF
    return since.isoformat(timespec="milliseconds"), whole


def suspect_resources(route: Route, ledger: Ledger, listed: Iterable[str], kinds: Sequence[str]) -> None:
    """Makes owed what a full listing, of all kinds or of `kinds`, does not show: it is looked at, and not yet believed
    to be gone."""
    gone = ledger.feeds.unlisted(route.name, route.fhir.name, "fhir", listed, kinds)
    ledger.feeds.suspect(route.name, route.fhir.name, [key for key in gone if is_forming(key)])
    supporting = [key for key in gone if not is_forming(key)]
    for key, owes in _owed(route, ledger, dict.fromkeys(supporting, ())).items():
        ledger.feeds.forget(route.name, route.fhir.name, key, owes)


def forget_resource(route: Route, ledger: Ledger, key: str) -> None:
    """Forgets a resource that was asked for directly and is gone. What it referred to may be a document of its own now,
    and what was held because it was in the way is free."""
    owes = [one for one in _owed(route, ledger, {key: ()})[key] if one != key]
    ledger.feeds.forget(route.name, route.fhir.name, key, owes)
    ledger.waking.free(route.name, key)


def suspect_instances(route: Route, ledger: Ledger, listed: Iterable[str]) -> None:
    """Makes owed what a full listing of the PACS does not show, and the studies that it was in."""
    gone = ledger.feeds.unlisted(route.name, route.dicom.name, "dicom", listed)
    owe_studies(route, ledger, gone)
    ledger.feeds.suspect(route.name, route.dicom.name, gone)


def resource_news(route: Route, ledger: Ledger, page: Page[Resource], taken: set[str], now: str = "") -> Iterator[News]:
    """What a page of changes makes owed. `taken`: keys that earlier pages had, which are added to. `now`: by the clock
    of the store, if it tells; what is younger than `Route.settle` waits for the rest of that time."""
    ours = (one for one in reversed(page.changes) if kind_of(one.key) in KINDS)
    changes = {one.key: one for one in ours if one.key not in taken}
    taken.update(changes)  # `|=` with a view of keys would make another set
    fresh = dict(
        ledger.feeds.unseen(route.name, route.fhir.name, [(key, _version(one)) for key, one in changes.items()])
    )
    targets = {key: _targets(item) for key, item in _items(route, [changes[key] for key in fresh])}
    patients = {key: said for key, said in targets.items() if key.startswith("Patient/")}
    owed = _owed(route, ledger, {key: said for key, said in targets.items() if key not in patients})
    owed |= dict.fromkeys(patients, owed_by_patients(route, ledger, patients) if patients else ())
    owe_studies_of_replaced(route, ledger, targets)
    for key, version in fresh.items():
        yield News(key, version, owed[key], targets[key], _settling(route, changes[key].version, now))


def _settling(route: Route, version: str, now: str) -> float:
    """Seconds that it still has to wait. Both times are the store's, so it does not matter how our clock differs."""
    made = time_of(version) if route.settle and now else None
    if made is None:
        return 0
    return min(max(route.settle - (datetime.fromisoformat(now) - made).total_seconds(), 0), route.settle)


def take_created(route: Route, ledger: Ledger, written: Sequence[Stored[Resource]]) -> None:
    """Records what a worker has just created as seen: it is agreed on, so nobody has to look when the feed tells of it.
    Not where something else refers to it already, which may say more now; nor where the answer of the server does not
    say what its references have become, as the feed will."""
    made = {one.key: one.item for one in written if kind_of(one.key) in FORMING | SUPPORT}
    _, back = ledger.feeds.neighbours(route.name, route.fhir.name, made)
    resolved = not any(said.startswith("urn:uuid:") for item in made.values() for said in references_in(item))
    news = [News(key, edition(item), (), _targets(item)) for key, item in made.items() if edition(item)]
    if news and resolved and all(source in made for source, _ in back):
        ledger.feeds.take_created(route.name, route.fhir.name, news)


def _items(route: Route, changes: Iterable[Change[Resource]]) -> Iterator[tuple[str, Resource | None]]:
    """The resources of these changes; those that the feed did not bring are read, many at once."""
    for some in batched(changes, _READS):
        there = _read(route, [one.key for one in some if one.item is None and not one.deleted])
        for one in some:
            yield one.key, one.item or there.get(one.key)


def _targets(resource: Resource | None) -> tuple[str, ...]:
    if resource is None:
        return ()
    subject = references_in(resource.get("subject")) if resource["resourceType"] in _OF_SOMEBODY else ()
    return (*filter(None, map(local, (*links(resource), *subject, *replacing(resource)))), *identity(resource))


def _version(change: Change[Resource]) -> str:
    return f"{change.version} deleted" if change.deleted else change.version


def _read(route: Route, keys: Sequence[str]) -> dict[str, Resource]:
    """What cannot be read is left out: it is owed all the same, and becomes a dead letter by its name."""
    if not keys:
        return {}
    try:
        return {one.key: one.item for one in route.fhir.read(keys) if one is not None}
    except (PermanentError, WithheldError):
        if len(keys) == 1:
            return {}
        return {key: item for one in keys for key, item in _read(route, [one]).items()}


def _owed(route: Route, ledger: Ledger, targets: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """By resource, with what each refers to now. What forms a document owes itself, and what it referred to before;
    what only belongs to documents owes those that refer to it."""
    out, back = ledger.feeds.neighbours(route.name, route.fhir.name, targets)
    left, referring = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for source, target in out:
        if target not in targets[source] and is_forming(target):
            left[source].add(target)
    for source, target in back:
        if is_forming(source):
            referring[target].add(source)
    forming = {key for key in targets if is_forming(key)}
    return {key: (key, *sorted(left[key])) if key in forming else tuple(sorted(referring[key])) for key in targets}


def take_instances(route: Route, ledger: Ledger) -> None:
    """Takes in the feed of the PACS. Where its database is another, the route pauses until a person has said that it is
    the right one."""
    store = route.dicom
    listed: set[str] = set()
    try:
        for page in store.changes(ledger.feeds.position(route.name, store.name)):
            take_page(route, ledger, page)
            listed |= {one.key for one in page.changes} if store.lists else set()
            if page.position:
                ledger.feeds.move(route.name, store.name, page.position)
    except ReplacedError as error:
        resume = f"then `fhir-dicom resume {route.name}`: all of it is read again, and what it lacks is asked about"
        ledger.pauses.pause(route.name, f"{error}; see that it is the right server, {resume}")
        ledger.feeds.begin_again(route.name, store.name)
        raise
    if store.lists:
        suspect_instances(route, ledger, listed)


def take_page(route: Route, ledger: Ledger, page: Page[Instance]) -> None:
    """Takes in those instances of the page that were not seen yet."""
    newest = {one.key: one.version for one in page.changes}
    fresh = ledger.feeds.unseen(route.name, route.dicom.name, list(newest.items()))
    ledger.feeds.take_in(route.name, route.dicom.name, instance_news(route, ledger, fresh))
    ledger.leases.keep()
    failpoint("taken-in")
