"""What is refused before it is translated: it would come out with another meaning, or under another person."""

from __future__ import annotations

from bridge.errors import PermanentError
from bridge.model.group import Group, Resource
from bridge.translate.basis.node import Home
from bridge.translate.header.identity import contained_patient
from bridge.translate.remainder.json_patch import canonical_text


def refuse(group: Group) -> None:
    """Raises PermanentError for what would come out with another meaning, or under another person."""
    subjects = group.index()
    owners = {id(one.resource): one.owner for one in group.contained()}
    root = _person_of(group.root, group.root, subjects)
    for resource in group.spoken():
        if resource["resourceType"] not in ("Observation", "DiagnosticReport"):
            continue
        if _is_modified(resource):
            raise PermanentError(
                f"{resource['resourceType']}.modifierExtension changes the meaning, in a way not known here"
            )
        own = _person_of(resource, owners.get(id(resource), resource), subjects)
        if own and root and own != root and (own[0] == "words") == (root[0] == "words"):
            raise PermanentError(f"{resource['resourceType']}.subject is another than that of the report")


def _is_modified(resource: Resource) -> bool:
    """Wherever FHIR R4 allows it: on the resource and its backbone elements."""
    parts = [resource, *resource.get("component", ()), *resource.get("media", ())]
    ranges = [one for part in parts for one in part.get("referenceRange", ())]
    return any("modifierExtension" in one for one in (*parts, *ranges))


def _person_of(resource: Resource, owner: Resource, subjects: dict[str, Resource]) -> tuple[object, ...]:
    """`#p` of two resources are two Patients, and one where both have the same identifiers."""
    subject = resource.get("subject", {})
    inner = contained_patient(owner, subject)
    if inner is None:
        return subject_key(subject, subjects)
    return ("contained", canonical_text(inner.get("identifier") or inner))


def subject_key(subject: Home, subjects: dict[str, Resource]) -> tuple[object, ...]:
    """Who is meant: the resource where it is here, else what the reference says."""
    reference = subject.get("reference")
    if reference is not None:
        target = subjects.get(reference)
        return ("resource", id(target)) if target is not None else ("reference", reference.partition("/_history/")[0])
    if "identifier" in subject:
        return ("identifier", subject["identifier"].get("system"), subject["identifier"].get("value"))
    return ("words", subject["display"].strip()) if "display" in subject else ()
