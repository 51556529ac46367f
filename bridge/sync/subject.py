"""The Patient of a document from the PACS, in the FHIR server: found by its identifier, never guessed or rewritten."""

from __future__ import annotations

from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.model.group import Group, Resource
from bridge.stores.store import Stored, Write
from bridge.sync.content import as_content
from bridge.sync.hands import take
from bridge.sync.route import Route

_DEMOGRAPHICS = ("birthDate", "gender")
_CORRECTED = ("name", *_DEMOGRAPHICS)


def subject(
    route: Route, ledger: Ledger, group: Group, *, corrected: bool = False
) -> tuple[list[Write[Resource]], dict[str, str]]:
    """What is to be written for it, a conditional create or nothing, and what the references to it become. Raises
    PermanentError where several have the identifier, or the one that has it is somebody else; one who was `corrected`
    in the PACS, which is the source of that, is corrected here."""
    if group.patient is None:
        return [], {}
    name = f"Patient/{group.patient['id']}"
    identifier = group.patient["identifier"][0]
    found = route.fhir.find("Patient", identifier["system"], identifier["value"])
    if not found:  # one of two makes who is new
        take(route, ledger, [f"{identifier['system']}|{identifier['value']}"])
        found = route.fhir.find("Patient", identifier["system"], identifier["value"])
    if len(found) > 1:
        raise PermanentError(
            f"{route.fhir.name}: {', '.join(one.key for one in found)} have the same identifier; merge them"
        )
    if not found:
        unless = (identifier["system"], identifier["value"])
        return [Write(name, group.patient, unless=unless)], {name: f"urn:uuid:{group.patient['id']}"}
    if corrected:
        said = {one: group.patient[one] for one in _CORRECTED if one in group.patient}
        written = Write(found[0].key, as_content(found[0].item) | said, found[0].version)
        return [written] if written.item != as_content(found[0].item) else [], {name: found[0].key}
    differ = [one for one in _DEMOGRAPHICS if _differ(group.patient.get(one), found[0].item.get(one))]
    if differ:
        raise PermanentError(
            f"the patient of the document and {found[0].key} have one identifier and differ in "
            f"{' and '.join(differ)}: two people? Give the issuer of Patient IDs, or correct one of them"
        )
    return [], {name: found[0].key}


def subject_of(stored: Stored[Resource] | None) -> object:
    return stored.item.get("subject") if stored else None


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other
