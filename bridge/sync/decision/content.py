"""Digests of canonical content: no version, no time of storage, nothing that a server adds by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from bridge.model.dataset import DataSet
from bridge.model.group import Resource
from bridge.translate.remainder.json_patch import canonical

VOID = ("entered-in-error", "cancelled")
_SERVER_META = ("versionId", "lastUpdated", "source")
_DATED = ("Observation", "DiagnosticReport")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")


def as_content(resource: Resource) -> Resource:
    """The resource without what its server adds. `lastUpdated` stays where it is the only time there is."""
    timeless = resource["resourceType"] in _DATED and not any(key in resource for key in _TIMES)
    return _without(resource, ("versionId", "source") if timeless else _SERVER_META)


def resources_digest(resources: Iterable[Resource]) -> str:
    texts = sorted(repr(canonical(_without(one, _SERVER_META))) for one in resources)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def dataset_digest(dataset: DataSet) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()


def _without(resource: Resource, server_meta: Sequence[str]) -> Resource:
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in server_meta}
    return {key: value for key, value in resource.items() if key != "meta"} | ({"meta": meta} if meta else {})
