"""Digests of canonical content: no version, no time of storage, nothing that a server adds by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bridge.model.dataset import DataSet
from bridge.model.edition import NOTES, without_notes
from bridge.model.group import Resource
from bridge.translate.remainder.json_patch import canonical

VOID = ("entered-in-error", "cancelled")
_DATED = ("Observation", "DiagnosticReport")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")


def as_content(resource: Resource) -> Resource:
    """The resource without what its server adds. `lastUpdated` stays where it is the only time there is."""
    timeless = resource["resourceType"] in _DATED and not any(key in resource for key in _TIMES)
    return without_notes(resource, ("versionId", "source") if timeless else NOTES)


def resources_digest(resources: Iterable[Resource]) -> str:
    texts = sorted(repr(canonical(without_notes(one))) for one in resources)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def dataset_digest(dataset: DataSet) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()
