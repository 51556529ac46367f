"""One pass: take in what changed on both sides, then work until nothing is owed."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bridge.errors import BridgeError, PermanentError, TemporaryError
from bridge.ledger.ledger import Ledger, Work
from bridge.mapping.mapping import Mapping
from bridge.sync.failpoint import failpoint
from bridge.sync.feed import take_instances, take_resources
from bridge.sync.held import Held, Waiting
from bridge.sync.resources import Present, components, read_groups
from bridge.sync.route import Route
from bridge.sync.to_dicom import ToDicom
from bridge.sync.to_fhir import ToFhir

_BATCH = 100
_PATIENCE = 20  # passes over what is owed, after which something that is waited for is not coming
_LAST_WAIT = 300.0


@dataclass
class Summary:
    """What a pass did, by act and side; and why something is not done."""

    acts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str) -> None:
        if what not in self.faults:
            self.faults.append(what)


def once(routes: Sequence[Route], ledger: Ledger, mapping: Mapping) -> Summary:
    summary = Summary()
    for route in routes:
        _Pass(route, ledger, mapping, summary).run()
    return summary


class _Pass:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping, summary: Summary) -> None:
        self.route, self.ledger, self.summary = route, ledger, summary
        self.to_dicom = ToDicom(route, ledger, mapping)
        self.to_fhir = ToFhir(route, ledger, mapping)

    def run(self) -> None:
        for take in (take_resources, take_instances):
            try:
                take(self.route, self.ledger)
            except BridgeError as error:
                self.summary.fault(str(error))  # the other side, and what is owed already, go on
        progress = True
        while progress:
            progress = self._instances() | self._resources()

    def _instances(self) -> bool:
        works = self.ledger.claim(self.route.name, self.route.dicom.name, _BATCH)
        for work in works:
            failpoint("claimed")
            self._try([work], partial(self._instance, work.key, patient=work.attempts < _PATIENCE))
        return bool(works)

    def _resources(self) -> bool:
        """All that is claimed is read together; each component is settled, or put off, for itself."""
        works = self.ledger.claim(self.route.name, self.route.fhir.name, _BATCH)
        by_key = {work.key: work for work in works}
        wholes = components(self.route, self.ledger, by_key) if works else []
        read = self._read(wholes)
        for whole in wholes:
            failpoint("claimed")
            together = [by_key[key] for key in sorted(whole & by_key.keys())]
            self._try(together, partial(self._component, whole, read))
        return bool(works)

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
        roots = {f"{one.group.root['resourceType']}/{one.group.root['id']}" for one in groups}
        errors: list[Exception] = []
        for present in groups:
            try:
                self._count("to-dicom", self.to_dicom.settle(present))
            except BridgeError as error:
                errors.append(error)
        for key in sorted(keys - {name for one in groups for name in one.versions}):
            link = self.ledger.link_of(self.route.name, key)
            if link is not None and link.root == key and key not in roots:
                if self.route.dicom.read([link.instance]) == [None]:
                    self.ledger.forget(link.document)  # gone on both sides
                else:
                    errors.append(Held(f"{key} was deleted; delete its SR by hand, then retry"))
        if errors:
            raise errors[0]

    def _count(self, direction: str, act: str) -> None:
        self.summary.acts[f"{direction} {act}"] += 1

    def _instance(self, key: str, *, patient: bool) -> None:
        self._count("to-fhir", self.to_fhir.settle(key, patient=patient))

    def _try(self, works: Sequence[Work], task: Callable[[], None]) -> None:
        """Work that one task settles is done, or put off, together."""
        try:
            task()
        except Waiting as error:
            wait = 0.0 if works[0].attempts < _PATIENCE else _LAST_WAIT
            for work in works:
                self.ledger.put_off(work, "owed", str(error), wait)
        except Held as error:
            self._put_off(works, "held", error)
        except TemporaryError as error:
            self._put_off(works, "owed", error, min(_LAST_WAIT, 2.0 ** (works[0].attempts + 1)))
        except (PermanentError, UnicodeError) as error:
            self._put_off(works, "dead", error)
        except Exception as error:  # noqa: BLE001 - one poisonous document must not stop the others
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = PermanentError(f"{type(error).__name__} in {where.name} ({where.filename}:{where.lineno})")
            self._put_off(works, "dead", what)
        else:
            for work in works:
                self.ledger.done(work)

    def _put_off(self, works: Sequence[Work], state: str, error: Exception, wait: float = 0) -> None:
        for work in works:
            self.ledger.put_off(work, state, str(error), wait)
        self.summary.fault(f"{state}: {works[0].store}: {works[0].key}: {error}")
