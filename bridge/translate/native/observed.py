"""When something was observed, as resources say it."""

from __future__ import annotations

from bridge.mapping.codings import coding
from bridge.model.group import Group, Resource
from bridge.translate.basis import times
from bridge.translate.basis.node import Home
from bridge.translate.native.inherited import STARTS

_STARTED = frozenset(start.value for start in STARTS)
_STARTS = {(coding(start)["system"], start.value): of.value if of is not None else None for start, of in STARTS.items()}


def observed_at(resource: Resource) -> str | None:
    """effective[x], which alone says when something was observed; of a Period or Timing when that began, else ended."""
    timing = resource.get("effectiveTiming", {})
    found: str | None = (
        resource.get("effectiveDateTime")
        or resource.get("effectiveInstant")
        or _began(resource.get("effectivePeriod", {}))
        or min(filter(None, timing.get("event", ())), key=_instant, default=None)
        or _began(timing.get("repeat", {}).get("boundsPeriod", {}))
    )
    return found


def _began(period: Home) -> str | None:
    found: str | None = period.get("start") or period.get("end")
    return found


def _instant(moment: str) -> str:
    """What it is ordered by among others, whatever the zones that they are said in."""
    try:
        return times.in_zone(moment, "+00:00")
    except ValueError:  # a day, or what is no time to anybody else
        return moment


def is_one_moment(timing: Home) -> bool:
    """Whether a Timing says no more than when something was observed once."""
    return {key for key in timing if key not in ("id", "extension")} == {"event"} and len(timing["event"]) == 1


def started_in(resource: Resource) -> str | None:
    """The start among the components of an Observation: its time is a copy of that. None of any other resource, whose
    `code` may be no concept."""
    if resource.get("resourceType") != "Observation":
        return None
    for part in resource.get("component", ()):
        for one in part.get("code", {}).get("coding", ()):
            if one.get("code") in _STARTED and _is_start(one, resource):
                return str(part.get("valueDateTime", ""))
    return None


def _is_start(coding: Home, event: Resource) -> bool:
    key = coding.get("system"), coding["code"]
    of = {one.get("code") for one in event.get("code", {}).get("coding", ())}
    return key in _STARTS and _STARTS[key] in (None, *of)


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
