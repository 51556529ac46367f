"""Digests of canonical content: no version, no time of storage, nothing that a server adds by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bridge.model.dataset import DataSet
from bridge.model.group import Group, Json, Resource

_SERVER_META = ("versionId", "lastUpdated", "source")
_DATED = ("Observation", "DiagnosticReport")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")


def as_content(resource: Resource) -> Resource:
    """The resource without what its server adds. `lastUpdated` stays where it is the only time there is."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in _SERVER_META}
    timeless = resource["resourceType"] in _DATED and not any(key in resource for key in _TIMES)
    if timeless and "lastUpdated" in resource.get("meta", {}):
        meta["lastUpdated"] = resource["meta"]["lastUpdated"]
    return {key: value for key, value in resource.items() if key != "meta"} | ({"meta": meta} if meta else {})


def group_digest(group: Group) -> str:
    """Of root and members, whatever their order; the Patient is shared and no part of the document."""
    return resources_digest(group.resources())


def resources_digest(resources: Iterable[Resource]) -> str:
    texts = sorted(repr(_canonical(_without_time(as_content(one)))) for one in resources)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def dataset_digest(dataset: DataSet) -> str:
    return hashlib.sha256(repr(dataset).encode()).hexdigest()


def _without_time(resource: Resource) -> Resource:
    meta = {key: value for key, value in resource.get("meta", {}).items() if key != "lastUpdated"}
    return {key: value for key, value in resource.items() if key != "meta"} | ({"meta": meta} if meta else {})


def _canonical(value: Json) -> Json:
    if isinstance(value, dict):
        return [(key, _canonical(value[key])) for key in sorted(value)]
    return [_canonical(child) for child in value] if isinstance(value, list) else f"{type(value).__name__}:{value}"
