"""What is refused before it is translated: it would come out with another meaning, or under another person."""

from __future__ import annotations

from bridge.errors import PermanentError
from bridge.model.group import Group, Resource, reference_to, references_in
from bridge.model.references import is_id, without_version
from bridge.translate.header.header import born_uid
from bridge.translate.header.identity import contained_patient
from bridge.translate.header.whose import subject_key
from bridge.translate.remainder.json_patch import canonical_text

_ANOTHER = "subject is another than that of the report"


def refuse(group: Group) -> None:
    """Raises PermanentError for what would come out with another meaning, or under another person."""
    subjects = group.index()
    owners = {id(one.resource): one.owner for one in group.contained()}
    root = _person_of(group.root, group.root, subjects)
    of_report = _of_report(group, subjects)
    for resource in filter(None, (*group.spoken(), group.patient)):
        kind, owner = resource["resourceType"], owners.get(id(resource), resource)
        at = reference_to(owner) if is_id(owner.get("id")) else None
        if (kind in _READ or id(resource) in of_report) and (element := _modifying(resource)) is not None:
            raise PermanentError(f"{kind}.{element} changes the meaning, in a way not known here", at)
        if id(resource) in of_report and _is_of_another(resource, group):
            raise PermanentError(f"{kind}.{_ANOTHER}", at)
        if kind not in ("Observation", "DiagnosticReport"):
            continue
        if "dataAbsentReason" in resource and _has_value(resource):
            what = "Observation.dataAbsentReason says that there is no value, but there is one (FHIR R4 obs-6)"
            raise PermanentError(what, at)
        own = _person_of(resource, owner, subjects)
        if own and root and own != root and (own[0] == "words") == (root[0] == "words"):
            raise PermanentError(f"{kind}.{_ANOTHER}", at)


def _of_report(group: Group, named: dict[str, Resource]) -> set[int]:
    """Studies and Composition that a report from FHIR names; those of a document of the PACS are its own."""
    report = group.root
    if report["resourceType"] != "DiagnosticReport" or born_uid(report) is not None:
        return set()
    said = [*references_in(report.get("imagingStudy")), *references_in(report.get("extension"))]
    found = (named.get(one) for one in said)
    return {id(one) for one in found if one is not None and one["resourceType"] in ("Composition", "ImagingStudy")}


def _is_of_another(resource: Resource, group: Group) -> bool:
    """As far as both are said in one way: by a reference, or by a number of one system. Words are no number."""
    own, his = resource.get("subject", {}), group.root.get("subject", {})
    mine, theirs = (without_version(one) for one in (own, his))
    if mine and theirs:
        return not (mine == theirs or mine.endswith(f"/{theirs}") or theirs.endswith(f"/{mine}"))
    said = (group.patient or {}).get("identifier", []) + ([his["identifier"]] if "identifier" in his else [])
    number = own.get("identifier", {})
    values = {one.get("value") for one in said if one.get("system") == number.get("system")}
    return "value" in number and bool(values) and number["value"] not in values


_READ = ("Observation", "DiagnosticReport", "Composition", "Patient")
"""What a document is made of; all else it only names."""

_BACKBONE = frozenset(
    {
        *("component", "referenceRange", "media", "section", "event", "attester", "relatesTo"),
        *("contact", "communication", "link", "series", "instance"),
    }
)
"""Elements of those that may have a modifierExtension of their own."""


def _modifying(resource: Resource) -> str | None:
    """A modifierExtension, on the resource or a backbone element of it; or rules that `must be understood when
    processing the content` (FHIR R4 resource.html#Resource.implicitRules)."""
    if "implicitRules" in resource:
        return "implicitRules"
    return "modifierExtension" if _is_modified(resource) else None


def _is_modified(home: Resource) -> bool:
    if "modifierExtension" in home:
        return True
    for element in _BACKBONE & home.keys():
        said = home[element]
        for part in said if isinstance(said, list) else ():  # without validation anything may stand there
            if isinstance(part, dict) and _is_modified(part):
                return True
    return False


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
