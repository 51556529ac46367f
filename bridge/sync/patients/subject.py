"""The Patient of a document from the PACS, in the FHIR server: found by its identifier, never guessed or rewritten."""

from __future__ import annotations

from typing import NamedTuple

from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.model.group import Group, Resource
from bridge.model.references import local
from bridge.stores.store import Stored, Write
from bridge.sync.basis.hands import holds, take
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.sync.listening.patient_news import replacing
from bridge.sync.patients.merged import Survivor, hold, survivor
from bridge.translate.header.identity import system_of

_DEMOGRAPHICS = ("birthDate", "gender")
_CORRECTED = ("name", *_DEMOGRAPHICS)


class PatientInFhir(NamedTuple):
    items: list[Write[Resource]]  # to be written for it: a conditional create, or nothing
    renames: dict[str, str]  # what references to it become
    merged: Survivor | None = None  # by what merge it is another one than who has the identifier


def patient_in_fhir(route: Route, ledger: Ledger, group: Group, *, corrected: bool = False) -> PatientInFhir:
    """Whose the group is in the FHIR server: a Patient that is there, or is to be made. Raises PermanentError where
    several have the identifier, or the one that has it is somebody else; Held where that one was replaced, and a person
    decides. One who was `corrected` in the PACS, which is the source of that, is corrected here."""
    if group.patient is None:
        return PatientInFhir([], {})
    name = f"Patient/{group.patient['id']}"
    identifier = group.patient["identifier"][0]
    mine = holds(route, ledger, [f"{identifier['system']}|{identifier['value']}"])
    found = _identified(route, identifier)
    if not found:
        if not mine:
            raise Busy  # one of two makes who is new
        unless = (identifier["system"], identifier["value"])
        return PatientInFhir([Write(name, group.patient, unless=unless)], {name: f"urn:uuid:{group.patient['id']}"})
    last = survivor(route, found[0].item)
    merged = last if len(last.through) > 1 else None
    if merged is not None:
        hold(route, merged.through)
        take(route, ledger, merged.through)
    elif corrected:
        said = {one: group.patient[one] for one in _CORRECTED if one in group.patient}
        written = Write(found[0].key, as_content(found[0].item) | said, found[0].version)
        return PatientInFhir([written] if written.item != as_content(found[0].item) else [], {name: found[0].key})
    differ = [one for one in _DEMOGRAPHICS if _differ(group.patient.get(one), found[0].item.get(one))]
    if differ:
        raise PermanentError(
            f"the patient of the document and {found[0].key} have one identifier and differ in "
            f"{' and '.join(differ)}: two people? Give the issuer of Patient IDs, or correct one of them"
        )
    return PatientInFhir([], {name: last.key}, merged)


def _identified(route: Route, identifier: Resource) -> list[Stored[Resource]]:
    """Who has the identifier: who was replaced before those that replace him, and have it from him. Raises
    PermanentError where they are several people."""
    found = list(route.fhir.find("Patient", identifier["system"], identifier["value"]))
    if len(found) > 1:
        found = [one for one in found if not _is_old(one.item, identifier)] or found
    if len(found) > 1 and len({survivor(route, one.item).key for one in found}) > 1:
        raise PermanentError(
            f"{route.fhir.name}: {', '.join(one.key for one in found)} have the same identifier; merge them"
        )
    return sorted(found, key=lambda one: (not replacing(one.item), one.key))


def others_with(route: Route, patient: Resource, system: str, value: str) -> list[str]:
    """Keys of other people who have the identifier. One without system is, in the PACS, one of the archive's issuer."""
    systems = [system] if system or route.issuer is None else ["", system_of(route.issuer)]
    found: dict[str, Resource] = {}
    for each in systems:
        said = {"system": each, "value": value}
        found |= {one.key: one.item for one in route.fhir.find("Patient", each, value) if not _is_old(one.item, said)}
    own = survivor(route, patient).key
    return sorted(key for key, one in found.items() if key != own and survivor(route, one).key != own)


def _is_old(patient: Resource, identifier: Resource) -> bool:
    """It names him no longer (FHIR R4 Identifier.use)."""
    wanted = (identifier["system"], identifier["value"])
    uses = [one.get("use") for one in patient.get("identifier", ()) if (one.get("system"), one.get("value")) == wanted]
    return bool(uses) and all(use == "old" for use in uses)


def is_same_person(route: Route, before: object, now: object) -> bool:
    """Whether who was the subject of the resources was replaced by who is now."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return False
    was, key = (local(one.get("reference", "")) for one in (before, now))
    (stored,) = route.fhir.read([was]) if was and was.startswith("Patient/") else (None,)
    return stored is not None and survivor(route, stored.item).key == key


def subject_in(stored: Stored[Resource] | None) -> object:
    return stored.item.get("subject") if stored else None


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other
