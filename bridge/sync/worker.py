"""One worker: claims what is owed of a route, takes it in hand, and settles it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bridge.errors import LedgerError, OutageError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, Link
from bridge.ledger.work_item import Turn, Work
from bridge.mapping.mapping import Mapping
from bridge.model.group import reference_to
from bridge.stores.store import is_study
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import is_nobodys, take
from bridge.sync.basis.held import Absent, Busy, Failure, Several
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.route import Route
from bridge.sync.crossing.to_dicom import ToDicom
from bridge.sync.crossing.to_fhir import ToFhir
from bridge.sync.decision.news import News, news
from bridge.sync.documents.malformed import fault_of
from bridge.sync.documents.resources import Present, components, read_groups
from bridge.sync.imaging.imaging_study import ImagingStudies
from bridge.sync.listening.feed import forget_resource
from bridge.sync.listening.studies import images_among
from bridge.sync.outcome import ENOUGH, Outcomes
from bridge.sync.summary import Summary

BATCH = 16  # claimed at once: read together, and few enough that each worker has a part in what is owed


class Worker:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping, stopped: Callable[[], bool]) -> None:
        self.route, self.ledger, self.mapping, self.stopped = route, ledger, mapping, stopped
        self.heard = False  # whether this pass asked both for their news, and has all of those of the PACS
        self.summary = Summary()
        self.outcomes = Outcomes(route, ledger, self.summary)
        self.to_dicom = ToDicom(route, ledger, mapping)
        self.to_fhir = ToFhir(route, ledger, mapping)
        self.studies = ImagingStudies(route, ledger, mapping)
        self._looked_at: dict[str, Turn] = {}  # by store: how far a dry run has come, for its work stays in the queue
        self._seen: set[tuple[str, str]] = set()  # store and key of what a dry run has looked at

    def work(self) -> bool:
        """Settles what is owed, until nothing of it is free. Returns False where something was left because other
        workers have it in hand."""
        self.outcomes.busy = False
        progress = True
        while progress:
            while self._instances():  # a rejection, or a newer version, may be among them
                pass
            progress = self._resources()
        return not self.outcomes.busy

    def _instances(self) -> bool:
        """Settles some instances. Whether there were any that no other worker has in hand."""
        progress = False
        works = self._claimed(self.route.dicom.name)
        images = images_among(self.route, self.ledger, [work.key for work in works])
        for work in works:
            if self._ends():
                return False
            failpoint("claimed")
            settle = self._image if work.key in images else self._instance
            progress |= self.outcomes.of([work], partial(settle, images.get(work.key, work.key)))
            self.ledger.leases.release()
        return progress

    def _resources(self) -> bool:
        """Settles some resources: all that is claimed is taken in hand and read together, then each component is
        settled, or put off, for itself. Whether there were any that no other worker has in hand."""
        if not self.heard:
            return False  # the next pass asks again
        if not self._instances_first():
            self.outcomes.busy = True
            return False
        by_key = {work.key: work for work in self._claimed(self.route.fhir.name)}
        wholes = components(self.route, self.ledger, by_key) if by_key else []
        by_key |= self._rest(wholes, by_key)
        mine = [whole for whole in wholes if self._taken(whole, _of(whole, by_key))]
        read = self._read(mine)
        progress = False
        for whole in mine:
            if self._ends():
                return False
            failpoint("claimed")
            progress |= self.outcomes.of(_of(whole, by_key), partial(self._component, whole, read))
        self.ledger.leases.release()
        return progress

    def _instances_first(self) -> bool:
        """Whether all news of the PACS are settled. Nothing is written there before that: where the ledger is new, or
        was lost, what a resource says may already be in the PACS without being linked."""
        ledger, name = self.ledger, self.route.name
        if not is_nobodys(self.route, ledger, "take_instances"):
            return False
        return not ledger.work.pending(name, self.route.dicom.name, self._looked_at.get(self.route.dicom.name))

    def _claimed(self, store: str) -> list[Work]:
        """Claims the next items of a store. None once a server of the route is down, or too much has failed in a row:
        then everything waits for the next pass."""
        while not self._ends():
            self.ledger.leases.appear()
            works = self.ledger.work.claim(self.route.name, store, BATCH, self._looked_at.get(store))
            if not (self.ledger.dry and works):
                return works
            self._looked_at[store] = works[-1].turn
            if fresh := self._unseen(works):
                return fresh
        return []

    def _unseen(self, works: Sequence[Work]) -> list[Work]:
        """What a dry run has not looked at yet. Some work makes itself owed again, to be looked at when more is known;
        a dry run agrees on nothing, so it would know no more the next time, and never end."""
        again = [work for work in works if (work.store, work.key) in self._seen]
        if again:
            self.ledger.work.give_back(*again)
        self._seen.update((work.store, work.key) for work in works)
        return [work for work in works if work not in again]

    def _ends(self) -> bool:
        """Whether this worker ends its pass. What it has claimed and not begun is free for others then."""
        if not self.outcomes.outage and self.outcomes.failed < ENOUGH and not self.stopped():
            return False
        self.ledger.leases.release()
        self.ledger.work.give_back()
        return True

    def _rest(self, wholes: Sequence[set[str]], claimed: dict[str, Work]) -> dict[str, Work]:
        """Claims what else is owed of these components, so that each is looked at once; and what of them is held or
        dead, for the reason may be gone now that something else of the component has changed. A dry run takes nothing
        out of its order."""
        keys = set[str]().union(*wholes) - claimed.keys()
        if self.ledger.dry or not keys:
            return {}
        crashes = max(work.crashes for work in claimed.values())  # what a worker did not survive is claimed alone
        works = self.ledger.work.claim_these(self.route.name, self.route.fhir.name, keys, crashes)
        return {work.key: work for work in works}

    def _taken(self, whole: set[str], works: Sequence[Work]) -> bool:
        try:
            take(self.route, self.ledger, whole)
        except Busy:
            self.outcomes.in_other_hands(works)
            return False
        return True

    def _read(self, wholes: Sequence[set[str]]) -> list[Present] | None:
        """Reads all components at once. None where that fails: each is then read alone, which shows the faulty one."""
        try:
            return read_groups(self.route, set().union(*wholes)) if wholes else []
        except LedgerError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it is raised again where the faulty one is read alone
            return None

    def _component(self, keys: set[str], read: list[Present] | None) -> None:
        """Settles each group of a component for itself: one that fails does not stop the others. Raises Several, after
        all were tried, where any failed, or anything looks deleted."""
        groups = self._groups(keys, read)
        failures: list[Failure] = []
        gone, blocked = set[str](), set[str]()
        for present in groups:
            if missing := self._missing(present):
                gone |= missing
                blocked |= present.versions.keys()
            elif (failure := self._failure(present)) is not None:
                failures.append(failure)
        grouped = {one.root for one in groups}.union(*(one.versions for one in groups))
        gone |= self._deleted(sorted(keys - grouped), gone)
        if gone or failures:
            raise Several(failures, Absent(gone, blocked) if gone else None)

    def _groups(self, keys: set[str], read: list[Present] | None) -> list[Present]:
        """The groups of the component, with all their resources in hand."""
        groups = self._alone(keys) if read is None else [one for one in read if keys & one.versions.keys()]
        taken = set(keys)
        while beyond := {key for one in groups for key in one.versions if is_forming(key)} - taken:
            take(self.route, self.ledger, beyond)  # edited since it was claimed: it refers to more
            taken |= beyond
            groups = read_groups(self.route, keys)
        return groups

    def _failure(self, present: Present) -> Failure | None:
        """Settles one group; None where that succeeds. Raises what concerns more than this group."""
        try:
            self.count("to-dicom", self.to_dicom.settle(present))
        except (LedgerError, OutageError):
            raise
        except Exception as error:  # noqa: BLE001 - recorded for what belongs to this group
            named = ((reference_to(one), one) for one in present.group.whole())
            return Failure(present.root, present.versions.keys(), fault_of(named, error))
        return None

    def _deleted(self, ungrouped: list[str], missing: set[str]) -> set[str]:
        """Those claimed keys of no group that look deleted: they are not in the store, and stand in a document. The
        others that are not in the store are forgotten, unless a group is `missing` them."""
        there = {one.key for one in self.route.fhir.read(ungrouped) if one is not None} if ungrouped else set()
        found = set[str]()
        for key in (one for one in ungrouped if one not in there):
            if self._stands(key):
                found.add(key)
            elif key not in missing:
                forget_resource(self.route, self.ledger, key)
        return found

    def _alone(self, keys: set[str]) -> list[Present]:
        """Reads one component alone. Raises PermanentError where one of its resources is not valid FHIR."""
        try:
            return read_groups(self.route, keys)
        except Exception as error:
            there = (one for one in self.route.fhir.read(sorted(keys)) if one is not None)
            raise fault_of(((one.key, one.item) for one in there), error) from error

    def _missing(self, present: Present) -> set[str]:
        """Members that were there and are not. A report that has lost results by accident says less than it did, and
        that is not taken for news."""
        link = self.ledger.links.of(self.route.name, present.root)
        if link is None or link.root != present.root:
            return set()
        left = link.versions.keys() - present.versions.keys()
        left = {key for key in left if is_forming(key)}
        left -= self._buried(left)
        there = self.route.fhir.read(sorted(left)) if left else []
        return left - {one.key for one in there if one is not None}

    def _stands(self, key: str) -> bool:
        """Whether the resource is part of a document that, as both sides agreed last, is not void."""
        link = self.ledger.links.of(self.route.name, key)
        if link is not None and link.root == key and self._is_to_be_told(link):
            return True  # the PACS, which was not told, still has it
        if link is None or news(link.fhir_digest, GONE) is News.SAME or self._buried([key]):
            return False
        return link.root == key or (key in link.versions and is_forming(key))

    def _is_to_be_told(self, link: Link) -> bool:
        """Whether it went in FHIR while the route wrote to FHIR only, so that the PACS has not been told."""
        return self.route.writes_dicom and self.ledger.links.untold(link.document, self.route.fhir.name)

    def _buried(self, keys: Iterable[str]) -> set[str]:
        return self.ledger.feeds.buried(self.route.name, self.route.fhir.name, keys)

    def count(self, direction: str, act: str) -> None:
        self.summary.acts[f"{direction} {act}"] += 1

    def _image(self, study: str) -> None:
        """An image is no document, and is not read; its study is looked at instead."""
        if self.route.imaging_studies:
            owe_dicom(self.route, self.ledger, study)
        self.count("to-fhir", "skipped")

    def _instance(self, key: str) -> None:
        take(self.route, self.ledger, [key])
        if is_study(key):
            self.count("imaging-study", self.studies.settle(key))
            return
        self.count("to-fhir", self.to_fhir.settle(key))
        self.ledger.waking.wake(self.route.name, key)


def _of(whole: set[str], by_key: dict[str, Work]) -> list[Work]:
    return [by_key[key] for key in sorted(whole & by_key.keys())]
