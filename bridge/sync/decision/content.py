"""Digests of canonical content: no version, no time of storage, nothing that a server adds by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bridge.model.dataset import DataSet
from bridge.model.edition import NOTES, without_notes
from bridge.model.group import Resource, reference_to
from bridge.model.references import without_version
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.element_ids import ITEMS, plain
from bridge.translate.header.header import born_uid
from bridge.translate.remainder.json_patch import canonical

_SAYS = ("conclusion", "conclusionCode", "presentedForm", "media", "component", "note")
"""What a report or panel says beside its results."""
_DATED = ("Observation", "DiagnosticReport")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")


def is_void(root: Resource, resources: Iterable[Resource]) -> bool:
    """Whether nothing stands of what was born in FHIR: it is void itself, or each of its results is, and it says
    nothing else."""
    if root.get("status") in WITHDRAWN:
        return True
    results = [one for name in ("result", "hasMember") for one in root.get(name, ())]
    if not results or says_beside(root) or born_uid(root) is not None:
        return False
    void = {reference_to(one) for one in resources if one.get("status") in WITHDRAWN}
    return all(without_version(one) in void for one in results)


def says_beside(root: Resource) -> bool:
    """Whether it says anything beside its results."""
    return bool(root.keys() & _SAYS) or any(key.startswith("value") for key in root)


def as_content(resource: Resource) -> Resource:
    """The resource without what its server adds. `lastUpdated` stays where it is the only time there is."""
    timeless = resource["resourceType"] in _DATED and not any(key in resource for key in _TIMES)
    return without_notes(resource, ("versionId", "source") if timeless else NOTES)


def resources_digest(resources: Iterable[Resource]) -> str:
    return hashlib.sha256(resources_text(resources).encode("utf-8", "surrogatepass")).hexdigest()


def resources_text(resources: Iterable[Resource]) -> str:
    """What the digest is of: the same for the same content, in whatever order."""
    return "\n".join(sorted(repr(canonical(without_notes(one))) for one in resources))


def say_the_same(some: Iterable[Resource], others: Iterable[Resource]) -> bool:
    """Whether they have the same content, as this bridge writes element ids or an earlier one, which repeated them."""
    one, other = (resources_digest(with_plain_ids(each) for each in found) for found in (some, others))
    return one == other


def with_plain_ids(resource: Resource) -> Resource:
    return plain(resource, ITEMS)


def dataset_digest(dataset: DataSet) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()
