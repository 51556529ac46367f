"""One pass: take in what changed on both sides, then work until nothing is owed."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bridge.errors import BridgeError, PermanentError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.ledger.work import Work
from bridge.mapping.mapping import Mapping
from bridge.stores.store import is_study
from bridge.sync.absence import doubtful
from bridge.sync.failpoint import failpoint
from bridge.sync.feed import FORMING, forget_resource, take_instances, take_resources
from bridge.sync.held import Absent, Held, Waiting
from bridge.sync.imaging_study import ImagingStudies
from bridge.sync.news import GONE, News, news
from bridge.sync.reconcile import reconcile
from bridge.sync.resources import Present, components, read_groups
from bridge.sync.route import Route
from bridge.sync.to_dicom import ToDicom
from bridge.sync.to_fhir import ToFhir

_BATCH = 100
_LAST_WAIT = 300.0  # seconds
_PATIENCE = 50  # times that an instance waits for another, before it does so for long
_ENOUGH = 5  # temporary errors in a row, after which a pass ends


@dataclass
class Summary:
    """What a pass did, by act and side; and why something is not done."""

    acts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str) -> None:
        if what not in self.faults:
            self.faults.append(what)


def once(routes: Sequence[Route], ledger: Ledger, mapping: Mapping, *, reconciling: bool = False) -> Summary:
    """`reconciling` compares the whole of both stores with the ledger, too."""
    summary = Summary()
    taking = (take_resources, take_instances, *([reconcile] if reconciling else []))
    for route in routes:
        _Pass(route, ledger, mapping, summary).run(taking)
    return summary


class _Pass:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping, summary: Summary) -> None:
        self.route, self.ledger, self.summary = route, ledger, summary
        self.failed = 0  # temporary errors in a row
        self.waiting: set[str] = set()  # instances that wait for others, until something is settled
        self.sure: set[str] = set()  # members of documents that are gone, asked twice
        self.to_dicom = ToDicom(route, ledger, mapping)
        self.to_fhir = ToFhir(route, ledger, mapping)
        self.studies = ImagingStudies(route, ledger, mapping)

    def run(self, taking: Sequence[Callable[[Route, Ledger], None]]) -> None:
        if (reason := self.ledger.pauses.reasons().get(self.route.name)) is not None:
            self.summary.fault(f"{self.route.name}: paused: {reason}")
            return
        self._verdicts()
        for take in taking:
            try:
                take(self.route, self.ledger)
            except BridgeError as error:
                self.summary.fault(str(error))  # the other side, and what is owed already, go on
        self._work()
        try:
            if self._absences():
                self._work()
        except BridgeError as error:
            self.summary.fault(str(error))  # they stay suspect
        self.ledger.links.sweep(self.route.name)

    def _work(self) -> None:
        progress = True
        while progress:
            while self._instances():  # a rejection, or a newer version, may be among them
                pass
            progress = self._resources()

    def _instances(self) -> bool:
        works = self._claimed(self.route.dicom.name)
        for work in works:
            if self.failed >= _ENOUGH:
                return False
            failpoint("claimed")
            self._try([work], partial(self._instance, work.key))
        return bool(works)

    def _resources(self) -> bool:
        """All that is claimed is read together; each component is settled, or put off, for itself."""
        works = self._claimed(self.route.fhir.name)
        by_key = {work.key: work for work in works}
        wholes = components(self.route, self.ledger, by_key) if works else []
        read = self._read(wholes)
        for whole in wholes:
            if self.failed >= _ENOUGH:
                return False
            failpoint("claimed")
            together = [by_key[key] for key in sorted(whole & by_key.keys())]
            self._try(together, partial(self._component, whole, read))
        return bool(works)

    def _claimed(self, store: str) -> list[Work]:
        """Nothing, once a server has failed so often in a row that it is down: all else waits for it."""
        return self.ledger.work.claim(self.route.name, store, _BATCH, self.waiting) if self.failed < _ENOUGH else []

    def _read(self, wholes: Sequence[set[str]]) -> list[Present] | None:
        """None where reading all at once fails: then each component is read alone, and the culprit is found."""
        try:
            return read_groups(self.route, set().union(*wholes)) if wholes else []
        except Exception:  # noqa: BLE001 - whatever it is, it comes again where the culprit is read alone
            return None

    def _component(self, keys: set[str], read: list[Present] | None) -> None:
        """Each group for itself: one that fails does not stop the others; the first reason is raised when all are
        done, and the work stays owed."""
        groups = read_groups(self.route, keys) if read is None else [one for one in read if keys & one.versions.keys()]
        roots = {one.root for one in groups}
        errors: list[Exception] = []
        gone, blocked = set[str](), set[str]()
        for present in groups:
            if missing := self._missing(present):
                gone |= missing
                blocked |= present.versions.keys()
                continue
            try:
                self._count("to-dicom", self.to_dicom.settle(present))
            except BridgeError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        there = roots.union(*(one.versions for one in groups))
        left = sorted(keys - there)
        stored = {one.key for one in self.route.fhir.read(left) if one is not None} if left else set()
        for key in (one for one in left if one not in stored):
            if self._stands(key):
                gone.add(key)
            elif key not in gone:
                forget_resource(self.route, self.ledger, key)
        if gone:
            raise Absent(gone, blocked)

    def _missing(self, present: Present) -> set[str]:
        """Members that were there and are not: a report that lost its results by accident says less, and is no news."""
        link = self.ledger.links.of(self.route.name, present.root)
        if link is None or link.root != present.root:
            return set()
        left = link.versions.keys() - present.versions.keys() - self.sure
        left = {key for key in left if key.partition("/")[0] in FORMING}
        there = self.route.fhir.read(sorted(left)) if left else []
        return left - {one.key for one in there if one is not None}

    def _stands(self, key: str) -> bool:
        """In a document that is not known to be void, as both sides agreed on it last."""
        link = self.ledger.links.of(self.route.name, key)
        if link is None or key in self.sure or news(link.fhir_digest, GONE) is News.SAME:
            return False
        return link.root == key or (key in link.versions and key.partition("/")[0] in FORMING)

    def _absences(self) -> bool:
        """What looks deleted, all together: many at once are no news, but a question. Whether anything came of it."""
        suspect = self.ledger.work.in_state(self.route.name, "absent")
        if suspect and (doubt := doubtful(self.route, self.ledger, suspect)) is not None:
            self.ledger.pauses.pause(self.route.name, doubt)
            self.summary.fault(f"{self.route.name}: paused: {doubt}")
            suspect = []
        for work in suspect:
            failpoint("claimed")
            self._try([work], partial(self._gone, work))
        return self._verdicts() or bool(suspect)

    def _verdicts(self) -> bool:
        """What a person said was deleted, before news of its other side have it suspected anew."""
        said = self.ledger.work.in_state(self.route.name, "deleted")
        for work in said:
            failpoint("claimed")
            self._try([work], partial(self._gone, work), again="deleted")
        return bool(said)

    def _gone(self, work: Work) -> None:
        """Asked for a second time, and directly."""
        of_fhir = work.store == self.route.fhir.name
        (absence,) = (self.route.fhir if of_fhir else self.route.dicom).absent([work.key])
        link = (self.ledger.links.of if of_fhir else self.ledger.links.headed_by)(self.route.name, work.key)
        if absence is None:
            self.ledger.work.owe(work.route, work.store, work.key)
        elif is_study(work.key):
            self._count("imaging-study", self.studies.gone(work.key))
        elif link is not None and not of_fhir:
            self._count("to-fhir", self.to_fhir.gone(link))
        elif link is not None and link.root == work.key:
            self._count("to-dicom", self.to_dicom.gone(link))
        if absence is not None and of_fhir:
            self.sure.add(work.key)
            forget_resource(self.route, self.ledger, work.key)
        elif absence is not None:
            self.ledger.feeds.forget(work.route, work.store, work.key)
        if link is not None and of_fhir:  # a member is no more, or is there again: its report says something else
            self.ledger.links.wake(work.route, link.instance)
            if link.root != work.key:
                self.ledger.work.owe(work.route, work.store, link.root)

    def _count(self, direction: str, act: str) -> None:
        self.summary.acts[f"{direction} {act}"] += 1

    def _instance(self, key: str) -> None:
        if is_study(key):
            self._count("imaging-study", self.studies.settle(key))
            return
        self._count("to-fhir", self.to_fhir.settle(key))
        self.ledger.links.wake(self.route.name, key)

    def _try(self, works: Sequence[Work], task: Callable[[], None], again: str = "owed") -> None:
        """Work that one task settles is done, or put off, together; what can be tried `again` stays in that state."""
        try:
            task()
        except Absent as error:
            self._absent(works, error)
        except Waiting as error:
            self.waiting |= {work.key for work in works}
            of_fhir = works[0].store == self.route.fhir.name  # what it waits for wakes it
            for work in works:
                wait = _LAST_WAIT if of_fhir or work.attempts >= _PATIENCE else 0
                state = "waiting" if of_fhir and again == "owed" else again
                self.ledger.work.put_off(work, state, str(error), wait)
        except Held as error:
            self._put_off(works, "held", error)
        except TemporaryError as error:
            self.failed += 1
            self._put_off(works, again, error, max(error.wait, _backoff(works[0].attempts)))
        except (PermanentError, UnicodeError) as error:
            self._put_off(works, "dead", error)
        except Exception as error:  # noqa: BLE001 - one poisonous document must not stop the others
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = PermanentError(f"{type(error).__name__} in {where.name} ({where.filename}:{where.lineno})")
            self._put_off(works, "dead", what)
        else:
            self.failed = 0
            self.waiting.clear()
            for work in works:
                self.ledger.work.done(work)

    def _absent(self, works: Sequence[Work], error: Absent) -> None:
        for work in works:
            if work.key in error.keys | error.waiting:
                state = "absent" if work.key in error.keys else "waiting"
                self.ledger.work.put_off(work, state, None, _LAST_WAIT)
            else:
                self.ledger.work.done(work)
        for key in error.keys - {work.key for work in works}:  # a neighbour showed it
            self.ledger.work.suspect(self.route.name, works[0].store, key)

    def _put_off(self, works: Sequence[Work], state: str, error: Exception, wait: float = 0) -> None:
        for work in works:
            self.ledger.work.put_off(work, state, str(error), wait)
        self.summary.fault(f"{state}: {works[0].store}: {works[0].key}: {error}")


def _backoff(attempts: int) -> float:
    """Seconds: twice as long each time, and not all at the same moment."""
    return min(_LAST_WAIT, 2.0 ** (attempts + 1)) * random.uniform(0.75, 1.25)
