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
    for resource in filter(None, (*group.spoken(), group.patient)):
        kind = resource["resourceType"]
        if kind in _READ and (element := _modifying(resource)) is not None:
            raise PermanentError(f"{kind}.{element} changes the meaning, in a way not known here")
        if kind not in ("Observation", "DiagnosticReport"):
            continue
        if "dataAbsentReason" in resource and _has_value(resource):
            raise PermanentError(
                "Observation.dataAbsentReason says that there is no value, but there is one (FHIR R4 obs-6)"
            )
        own = _person_of(resource, owners.get(id(resource), resource), subjects)
        if own and root and own != root and (own[0] == "words") == (root[0] == "words"):
            raise PermanentError(f"{kind}.subject is another than that of the report")


_READ = ("Observation", "DiagnosticReport", "Composition", "Patient")
"""What a document is made of; all else it only names."""

_BACKBONE = (
    *("component", "referenceRange", "media", "section", "event", "attester", "relatesTo"),
    *("contact", "communication", "link"),
)
"""Elements of those that may have a modifierExtension of their own."""


def _modifying(resource: Resource) -> str | None:
    """A modifierExtension, on the resource or a backbone element of it; or rules that `must be understood when
    processing the content` (FHIR R4 resource.html#Resource.implicitRules)."""
    if "implicitRules" in resource:
        return "implicitRules"
    return "modifierExtension" if any("modifierExtension" in part for part in _parts(resource)) else None


def _parts(home: Resource) -> Iterator[Resource]:
    yield home
    for element in _BACKBONE:
        said = home.get(element)
        for part in said if isinstance(said, list) else ():  # without validation anything may stand there
            if isinstance(part, dict):
                yield from _parts(part)


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
