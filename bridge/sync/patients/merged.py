"""Which Patient is to be used instead of one that was replaced (FHIR R4 Patient.link). Never guessed."""

from __future__ import annotations

from typing import NamedTuple

from bridge.model.group import Resource, reference_to
from bridge.model.references import local
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.sync.listening.patient_news import replacing
from bridge.translate.header.identity import identity_of


class Survivor(NamedTuple):
    patient: Resource
    through: tuple[str, ...]  # keys of those that were replaced, in their order, and at last his own

    @property
    def key(self) -> str:
        return self.through[-1]


def survivor(route: Route, patient: Resource) -> Survivor:
    """The Patient himself where nobody replaces him. Raises Held where the links do not lead to one active Patient who
    has an identifier of the same issuer."""
    found, through = patient, [reference_to(patient)]
    while links := replacing(found):
        if len(links) > 1:
            others = " and by ".join(local(one) or "?" for one in links)
            raise Held(f"{route.fhir.name}: {through[-1]} is replaced by {others}: by whom?")
        key = local(links[0]) or ""
        if not key.startswith("Patient/"):
            raise Held(f"{route.fhir.name}: {through[-1]} is replaced by what is no Patient of this server")
        if key in through:
            raise Held(f"{route.fhir.name}: {', '.join(through)} replace each other in a circle: who is left?")
        found, through = _read(route, key, through), [*through, key]
    if len(through) > 1:
        _living(route, patient, found, through)
    return Survivor(found, tuple(through))


def _read(route: Route, key: str, through: list[str]) -> Resource:
    (stored,) = route.fhir.read([key])
    if stored is None:
        raise Held(f"{route.fhir.name}: {through[-1]} is replaced by {key}, which is not there")
    return stored.item


def _living(route: Route, patient: Resource, found: Resource, through: list[str]) -> None:
    way = " -> ".join(through)
    if found.get("active") is False:
        raise Held(f"{route.fhir.name}: {way}: the last one is inactive, and nobody replaces it")
    one, other = (identity_of(each, {}, route.known()) for each in (patient, found))
    if one is None or other is None or one.system != other.system:
        raise Held(
            f"{route.fhir.name}: {way}: their identifiers are of different issuers, and the PACS knows one of them; "
            "give the last one an identifier of the issuer of the first"
        )


def hold(route: Route, through: tuple[str, ...]) -> None:
    """Raises Held where the route leaves merges to a person."""
    if route.merges == "follow":
        return
    if len(through) == 1:
        raise Held(
            f"{route.fhir.name}: {through[0]} is replaced no more; take them apart in {route.dicom.name}, too, or with "
            "`merges: follow`, where the archive lets us file anew, what was moved comes back"
        )
    raise Held(
        f"{route.fhir.name}: {' is replaced by '.join(through)}; merge them in {route.dicom.name}, too, or with "
        "`merges: follow`, where the archive lets us file anew, documents are the last one's"
    )
