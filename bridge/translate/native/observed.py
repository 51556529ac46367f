"""When something was observed, as resources say it."""

from __future__ import annotations

from bridge.mapping.codings import coding
from bridge.model.group import Group, Resource
from bridge.translate.native.inherited import STARTS

_STARTS = {(coding(start)["system"], start.value): of.value if of is not None else None for start, of in STARTS.items()}


def observed_at(resource: Resource) -> str | None:
    """effective[x], which alone says when something was observed."""
    period = resource.get("effectivePeriod", {})
    found: str | None = (
        resource.get("effectiveDateTime")
        or resource.get("effectiveInstant")
        or period.get("start")
        or period.get("end")
        or min(resource.get("effectiveTiming", {}).get("event", ()), default=None)
    )
    return found


def started_in(resource: Resource) -> str | None:
    """The start among the components of an Observation: its time is a copy of that. None of any other resource, whose
    `code` may be no concept."""
    if resource.get("resourceType") != "Observation":
        return None
    event = {one.get("code") for one in resource.get("code", {}).get("coding", ())}
    for part in resource.get("component", ()):
        for one in part.get("code", {}).get("coding", ()):
            key = (one.get("system"), one.get("code"))
            if key in _STARTS and _STARTS[key] in (None, *event):
                return str(part.get("valueDateTime", ""))
    return None


def dated(group: Group) -> str | None:
    """Time of the document: effective, that of its results, issued, lastUpdated; never the clock."""
    root = group.root
    results = (one for one in group.spoken() if one is not root and one["resourceType"] == "Observation")
    of_results = map(observed_at, results)
    found: str | None = (
        observed_at(root)
        or min(filter(None, of_results), default=None)
        or root.get("issued")
        or root.get("meta", {}).get("lastUpdated")
    )
    return found
