"""One instance as it arrives, and what it says, with the names that things have in the FHIR server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from bridge.codecs import fhir
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import OUTDATED, Link, lines_of
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.group import Resource, reference_to, renamed
from bridge.model.version import Version
from bridge.stores.store import Stored, Write
from bridge.sync.basis.begun import WRITING
from bridge.sync.basis.hands import holds, take
from bridge.sync.basis.route import Route
from bridge.sync.crossing.crossed import pointing
from bridge.sync.decision.content import resources_digest
from bridge.sync.decision.filter import carries_patient, has_crossed
from bridge.sync.imaging.studies_of_document import moved_along, referred, set_apart
from bridge.sync.imaging.void_study import there_again
from bridge.sync.patients.pseudonym import is_left_alone
from bridge.sync.patients.subject import PatientInFhir, patient_in_fhir
from bridge.translate.header.chain import version_of
from bridge.translate.to_fhir import to_fhir


class Arrival(NamedTuple):
    """One instance, as it is read."""

    document: Document
    instance: str  # its key in the PACS
    digest: str
    link: Link | None  # of the document that it is a version of
    moved: bool = False  # it is of another patient than it was
    copied: Link | None = None  # the document that it is a copy of, which is there, too

    @property
    def anew(self) -> bool:
        """Whether what was made of it is made again: of the same content, by another translation, or of another
        patient."""
        return self.moved or (self.link is not None and self.link.dicom_digest == OUTDATED)

    @property
    def version(self) -> Version:
        return version_of(self.document)


class Said(NamedTuple):
    """What it says, with the names that things have in the FHIR server."""

    root: str
    resources: dict[str, Resource]
    present: dict[str, Stored[Resource]]  # in their places, and in those of the version before
    studies: list[Write[Resource]]  # that are missing, or not as it says them
    patient: PatientInFhir
    reading: str  # digest of it, before
    warnings: str  # of its translation, as in the link
    stands: frozenset[str] = frozenset()  # results others changed since, and this version did not: left as they are
    alike: frozenset[str] = frozenset()  # results that others wrote since, and that say what they said before


def begins(arrival: Arrival, route: Route, ledger: Ledger) -> bool:
    """Whether the route may leave it: nothing of its document has crossed, nor was writing it begun and killed."""
    link, uid = arrival.link or arrival.copied, arrival.version.sop_instance
    if link is not None and link.head == uid:
        return False  # there again, or moved: whatever both sides say of it
    return not has_crossed(link) and ledger.intents.about(route.name, uid) != WRITING


def said_by(arrival: Arrival, route: Route, ledger: Ledger, mapping: Mapping) -> Said | None:
    """Reads what the instance says, and takes its resources in hand. None where the route does not carry its patient,
    or leaves alone whose identity was removed. Raises Busy, Held and PermanentError as `patient_in_fhir` and
    `is_left_alone` do."""
    link = arrival.link
    if link is None and is_left_alone(route, arrival.document.header):
        return None
    known = route.known(arrival.document.header, link.first if link else arrival.version.sop_instance)
    translated = to_fhir(arrival.document, mapping, known)
    group = translated.result
    if not carries_patient(route.only, group) and begins(arrival, route, ledger):
        return None
    resources, views = set_apart(route, pointing(route, ledger, group, group.resources()), known)
    for resource in (*resources, *([group.patient] if group.patient is not None else ())):
        fhir.validate(resource)
    root = reference_to(group.root)
    take(route, ledger, [root])
    patient = patient_in_fhir(route, ledger, group, corrected=arrival.moved and route.demographics == "from-dicom")
    mine = holds(route, ledger, views)
    there = _stored(route, [*map(reference_to, resources), *(link.versions if link else ()), *views])
    named, missing = referred(route, views, there, mine=mine)
    again = there_again(route, ledger, views, there, mine=mine)
    studies = {one.key: one for one in (*missing, *again)}
    if arrival.anew:
        now = there | {one.key: replace(there[one.key], item=one.item) for one in again}
        along = moved_along(route, ledger, views, now, patient.renames, arrival.version.study)
        studies |= {one.key: one for one in along}
    return Said(
        root=root,
        resources={reference_to(one): renamed(one, patient.renames | named) for one in resources},
        present={key: one for key, one in there.items() if key not in views},
        studies=[replace(one, item=renamed(one.item, patient.renames)) for one in studies.values()],
        patient=patient,
        reading=resources_digest(group.resources()),
        warnings=lines_of(translated.report.warnings),
    )


def _stored(route: Route, keys: Iterable[str]) -> dict[str, Stored[Resource]]:
    return {one.key: one for one in route.fhir.read(sorted(set(keys))) if one is not None}
