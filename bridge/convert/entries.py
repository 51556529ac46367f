"""The resources of a Bundle that stand: not what a history has superseded, not what is deleted, and nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bridge.errors import InvalidFhirError
from bridge.model.group import Json, same
from bridge.translate.gather import Entry

SUPERSEDED, DELETED, REPEATED = "superseded: its history has a newer version", "deleted", "stands there already"
_NAMED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
Left = Counter[str]
"""How many resources do not stand, by type and reason."""


def entries_of(place: str, value: Json) -> tuple[list[Entry], Left]:
    """Of a Bundle, or the one resource that it is; raises InvalidFhirError for anything else."""
    if not isinstance(value, dict) or not _is_type(value.get("resourceType")):
        raise InvalidFhirError("no FHIR resource: an object with `resourceType` is wanted")
    if value["resourceType"] != "Bundle":
        return [Entry(value, place)], Counter()
    found = value.get("entry", [])
    if not isinstance(found, list):
        raise InvalidFhirError("Bundle.entry: a list is wanted")
    said = [*_said(place, found)]
    judged = [(one, reason) for (one, _), reason in zip(said, _reasons(value, said), strict=True) if one is not None]
    left = Counter(f"{one.resource['resourceType']}: {reason}" for one, reason in judged if reason is not None)
    return [one for one, reason in judged if reason is None], left


def _said(place: str, found: list[Json]) -> Iterator[tuple[Entry | None, dict[str, Any]]]:
    """Each entry, and the resource in it where there is one: a request may have no body."""
    for index, entry in enumerate(found):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if resource is None and isinstance(entry, dict):
            yield None, entry
            continue
        if not isinstance(resource, dict) or not _is_type(resource.get("resourceType")):
            raise InvalidFhirError(f"Bundle.entry[{index}].resource: no FHIR resource")
        url = entry.get("fullUrl", f"{place}#{index}")
        if not isinstance(url, str):
            raise InvalidFhirError(f"Bundle.entry[{index}].fullUrl: no URL")
        yield Entry(resource, url), entry


def _reasons(bundle: dict[str, Any], said: list[tuple[Entry | None, dict[str, Any]]]) -> list[str | None]:
    """Why an entry does not stand. In a history the oldest versions are last, deletions among them (FHIR R4
    http.html#history); raises InvalidFhirError where it says itself that they are not."""
    deleted = [_of(entry, "request").get("method") == "DELETE" for _, entry in said]
    if bundle.get("type") != "history":
        return [DELETED if gone else reason for gone, reason in zip(deleted, _repeated(said), strict=True)]
    if {"previous", "prev"} & _relations(bundle.get("link")):
        raise InvalidFhirError("Bundle.link: newer versions are on the page before; give the whole history")
    newest: dict[str, int] = {}
    reasons: list[str | None] = []
    for index, (_, entry) in enumerate(said):
        name = _name(entry)
        first = newest.setdefault(name, index) if name else index
        if _is_later(entry, said[first][1]):
            raise InvalidFhirError(
                f"Bundle.entry[{index}] is newer than Bundle.entry[{first}]: the oldest versions of a history are last"
            )
        gone = DELETED if deleted[first] else None
        reasons.append(gone or (SUPERSEDED if first != index else None))
    return reasons


def _repeated(said: list[tuple[Entry | None, dict[str, Any]]]) -> Iterator[str | None]:
    """What has the `fullUrl` of an entry before it (FHIR R4 bdl-7) and says the same; raises InvalidFhirError where
    it says something else: of two versions outside of a history nobody says which one stands."""
    first: dict[str, tuple[int, Json]] = {}
    for index, (one, _) in enumerate(said):
        if one is None:
            yield None
            continue
        before, stands = first.setdefault(one.url, (index, one.resource))
        if before == index:
            yield None
        elif same(one.resource, stands):
            yield REPEATED
        else:
            raise InvalidFhirError(
                f"Bundle.entry[{index}].fullUrl is that of Bundle.entry[{before}], which says something else: leave out"
                " the version that does not stand"
            )


def _name(entry: dict[str, Any]) -> str | None:
    """`Type/id`, whichever element says it: a history is of one server."""
    resource = _of(entry, "resource")
    named = f"{resource.get('resourceType')}/{resource.get('id')}" if "id" in resource else None
    for url in (entry.get("fullUrl"), named, _of(entry, "request").get("url")):
        if isinstance(url, str):
            match = _NAMED.fullmatch(url)
            return match[1] if match else url
    return None


def _is_later(entry: dict[str, Any], other: dict[str, Any]) -> bool:
    one, two = _instant(entry), _instant(other)
    return one is not None and two is not None and one > two


def _instant(entry: dict[str, Any]) -> datetime | None:
    said = _of(entry, "response").get("lastModified") or _of(_of(entry, "resource"), "meta").get("lastUpdated")
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _relations(links: Json) -> set[str]:
    found = [one.get("relation") for one in links if isinstance(one, dict)] if isinstance(links, list) else []
    return {one for one in found if isinstance(one, str)}


def _of(value: dict[str, Any], element: str) -> dict[str, Any]:
    found = value.get(element)
    return found if isinstance(found, dict) else {}


def _is_type(value: Json) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z][A-Za-z]{1,40}", value) is not None
