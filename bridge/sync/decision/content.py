"""Digests of canonical content: no version, no time of storage, nothing that a server adds by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bridge.model.dataset import DataSet
from bridge.model.edition import NOTES, without_notes
from bridge.model.group import Resource, reference_to, references_in
from bridge.translate.header.header import born_uid
from bridge.translate.remainder.json_patch import canonical

VOID = ("entered-in-error", "cancelled")
_SAYS = ("conclusion", "conclusionCode", "presentedForm", "media", "component", "note")
"""What a report or panel says beside its results."""
_DATED = ("Observation", "DiagnosticReport")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")


def is_void(root: Resource, resources: Iterable[Resource]) -> bool:
    """Whether nothing stands of what was born in FHIR: it is void itself, or each of its results is, and it says
    nothing else."""
    if root.get("status") in VOID:
        return True
    results = {reference for name in ("result", "hasMember") for reference in references_in(root.get(name))}
    says = root.keys() & _SAYS or any(key.startswith("value") for key in root)
    if not results or says or born_uid(root) is not None:
        return False
    return results <= {reference_to(one) for one in resources if one.get("status") in VOID}


def as_content(resource: Resource) -> Resource:
    """The resource without what its server adds. `lastUpdated` stays where it is the only time there is."""
    timeless = resource["resourceType"] in _DATED and not any(key in resource for key in _TIMES)
    return without_notes(resource, ("versionId", "source") if timeless else NOTES)


def resources_digest(resources: Iterable[Resource]) -> str:
    texts = sorted(repr(canonical(without_notes(one))) for one in resources)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def dataset_digest(dataset: DataSet) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()
