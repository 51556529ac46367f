"""What is refused before it is translated: it would come out with another meaning, or under another person."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.errors import PermanentError
from bridge.model.group import Group, Resource
from bridge.translate.header.identity import contained_patient
from bridge.translate.header.whose import subject_key
from bridge.translate.remainder.json_patch import canonical_text


def refuse(group: Group) -> None:
    """Raises PermanentError for what would come out with another meaning, or under another person."""
    subjects = group.index()
    owners = {id(one.resource): one.owner for one in group.contained()}
    root = _person_of(group.root, group.root, subjects)
    for resource in group.spoken():
        if resource["resourceType"] not in ("Observation", "DiagnosticReport"):
            continue
        for element in _modifying(resource):
            raise PermanentError(f"{resource['resourceType']}.{element} changes the meaning, in a way not known here")
        if "dataAbsentReason" in resource and _has_value(resource):
            raise PermanentError(
                "Observation.dataAbsentReason says that there is no value, but there is one (FHIR R4 obs-6)"
            )
        own = _person_of(resource, owners.get(id(resource), resource), subjects)
        if own and root and own != root and (own[0] == "words") == (root[0] == "words"):
            raise PermanentError(f"{resource['resourceType']}.subject is another than that of the report")


def _modifying(resource: Resource) -> Iterator[str]:
    """Wherever FHIR R4 allows a modifierExtension: on the resource and its backbone elements; and rules that `must be
    understood when processing the content` (resource.html#Resource.implicitRules)."""
    if "implicitRules" in resource:
        yield "implicitRules"
    parts = [resource, *resource.get("component", ()), *resource.get("media", ())]
    ranges = [one for part in parts for one in part.get("referenceRange", ())]
    if any("modifierExtension" in one for one in (*parts, *ranges)):
        yield "modifierExtension"


def _has_value(observation: Resource) -> bool:
    """A unit alone is none."""
    return any(
        key.startswith("value") and not (key == "valueQuantity" and "value" not in one)
        for key, one in observation.items()
    )


def _person_of(resource: Resource, owner: Resource, subjects: dict[str, Resource]) -> tuple[object, ...]:
    """`#p` of two resources are two Patients, and one where both have the same identifiers."""
    subject = resource.get("subject", {})
    inner = contained_patient(owner, subject)
    if inner is None:
        return subject_key(subject, subjects)
    return ("contained", canonical_text(inner.get("identifier") or inner))
