"""The resources of a Bundle that stand: not what a history has superseded, not what is deleted, and nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.codecs import json
from bridge.convert.links import leading
from bridge.convert.versions import DELETED, OLDER, REPEATED, SUPERSEDED, child, instant, newest, version_of
from bridge.errors import InvalidFhirError
from bridge.model.group import Json, Resource
from bridge.model.references import local, unversioned
from bridge.translate.gather import Entry

PART = "only a part of it (SUBSETTED): fetch it whole"
_ANSWERS, _ANSWER = ("batch-response", "transaction-response"), ("searchset", "history")
_OF_THEIR_OWN = ("document", "message")  # Bundles that say what was, whatever stands around them
Left = Counter[str]
"""How many resources do not stand, by type and reason."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What stands, and what does not; and the Bundles in it that are for themselves, by their path."""

    standing: list[Entry]
    left: Left
    inner: list[tuple[str, Json]]


def entries_of(place: str, value: Json) -> Entries:
    """Of a Bundle, or the one resource that it is; raises InvalidFhirError for anything else."""
    if not isinstance(value, dict) or not _is_type(value.get("resourceType")):
        raise InvalidFhirError("no FHIR resource: an object with `resourceType` is wanted")
    if value["resourceType"] != "Bundle":
        if _is_part(value):
            return Entries([], Counter([f"{value['resourceType']}: {PART}"]), [])
        return Entries([Entry(value, place)], Counter(), [])
    found = _Found()
    _collect(found, place, value, "Bundle")
    _refuse_parts(found)
    repeated = _repeated(found.standing)
    found.left.update(f"{one.entry.resource['resourceType']}: {reason}" for one, reason in repeated.items())
    return Entries([one.entry for one in found.standing if one not in repeated], found.left, found.inner)


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    entry: Entry
    path: str  # FHIRPath in the outermost Bundle, for errors


@dataclass(frozen=True, slots=True)
class _Found:
    standing: list[_Standing] = field(default_factory=list)
    left: Left = field(default_factory=Counter)
    inner: list[tuple[str, Json]] = field(default_factory=list)
    partial: list[_Standing] = field(default_factory=list)


def _collect(found: _Found, place: str, bundle: dict[str, Any], path: str) -> None:
    """Of a Bundle, and of the answers in it where it is one to a batch: these are of one server."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise InvalidFhirError(f"{path}.entry: a list is wanted")
    said = [*_said(place, entries, path)]
    for index, ((one, _), reason) in enumerate(zip(said, _reasons(bundle, said, path), strict=True)):
        if one is None:
            continue
        at, kind, of_type = f"{path}.entry[{index}]", one.resource["resourceType"], one.resource.get("type")
        if reason is not None or _is_part(one.resource):
            found.left[f"{kind}: {reason or PART}"] += 1
            found.partial.extend([] if reason else [_Standing(one, at)])
        elif kind == "Bundle" and bundle.get("type") in _ANSWERS and of_type in _ANSWER:
            _collect(found, f"{place}#{index}", one.resource, f"{at}.resource")
        elif kind == "Bundle" and of_type not in _OF_THEIR_OWN:
            found.inner.append((f"{at}.resource", one.resource))
        else:
            found.standing.append(_Standing(one, at))


def _refuse_parts(found: _Found) -> None:
    """A document without a result that is there, but only in part, would mislead: raises InvalidFhirError."""
    if not found.partial:
        return
    whole = {name for one in found.standing for name in _names(one.entry)}
    partial = {name: one for one in found.partial for name in _names(one.entry)}
    for one in found.standing:
        for name in map(unversioned, leading(one.entry.resource)):
            if name in partial and name not in whole:
                raise InvalidFhirError(f"{one.path} refers to {partial[name].path}, which is {PART}")


def _names(entry: Entry) -> Iterator[str]:
    yield entry.url
    yield f"{entry.resource['resourceType']}/{entry.resource.get('id', '')}"


def _is_part(resource: Resource) -> bool:
    """Tagged as incomplete by whoever was asked for some elements only (FHIR R4 search.html#elements)."""
    tags = child(resource, "meta").get("tag")
    return isinstance(tags, list) and any(isinstance(one, dict) and one.get("code") == "SUBSETTED" for one in tags)


def _said(place: str, found: list[Json], path: str) -> Iterator[tuple[Entry | None, dict[str, Any]]]:
    """Each entry, and the resource in it where there is one: a request may have no body."""
    for index, entry in enumerate(found):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if resource is None and isinstance(entry, dict):
            yield None, entry
            continue
        if not isinstance(resource, dict) or not _is_type(resource.get("resourceType")):
            raise InvalidFhirError(f"{path}.entry[{index}].resource: no FHIR resource")
        url = entry.get("fullUrl", f"{place}#{index}")
        if not isinstance(url, str):
            raise InvalidFhirError(f"{path}.entry[{index}].fullUrl: no URL")
        yield Entry(resource, url), entry


def _reasons(
    bundle: dict[str, Any], said: list[tuple[Entry | None, dict[str, Any]]], path: str
) -> Iterator[str | None]:
    """Why an entry does not stand. In a history the oldest versions are last, deletions among them (FHIR R4
    http.html#history); raises InvalidFhirError where it says itself that they are not."""
    deleted = [child(entry, "request").get("method") == "DELETE" for _, entry in said]
    if bundle.get("type") != "history":
        yield from (DELETED if gone else None for gone in deleted)
        return
    if {"previous", "prev"} & _relations(bundle.get("link")):
        raise InvalidFhirError(f"{path}.link: newer versions are on the page before; give the whole history")
    newest: dict[str, int] = {}
    for index, (_, entry) in enumerate(said):
        name = _name(entry)
        first = newest.setdefault(name, index) if name else index
        if _is_later(entry, said[first][1]):
            raise InvalidFhirError(
                f"{path}.entry[{index}] is newer than {path}.entry[{first}]: the oldest versions of a history are last"
            )
        gone = DELETED if deleted[first] else None
        yield gone or (SUPERSEDED if first != index else None)


def _repeated(standing: list[_Standing]) -> dict[_Standing, str]:
    """What has the `fullUrl` of another entry (FHIR R4 bdl-7), and why it does not stand: it says the same, or is an
    older version. Raises InvalidFhirError where nothing says which version stands, or that they are of one resource."""
    by_url: dict[str, list[_Standing]] = {}
    for one in standing:
        by_url.setdefault(one.entry.url, []).append(one)
    found: dict[_Standing, str] = {}
    for many in by_url.values():
        if len(many) == 1:
            continue
        distinct: dict[bytes, _Standing] = {}
        for one in many:
            if distinct.setdefault(json.canonical(one.entry.resource), one) is not one:
                found[one] = REPEATED
        if len(distinct) > 1:
            found |= dict.fromkeys(_older([*distinct.values()]), OLDER)
    return found


def _older(versions: list[_Standing]) -> list[_Standing]:
    """Versions are of one type and id (http.html#history): what another resource says is lost in none of them."""
    last = versions[-1]
    others = " and ".join(one.path for one in versions[:-1])
    if _identity(last) is None or len({*map(_identity, versions)}) > 1:
        raise InvalidFhirError(
            f"{last.path}.fullUrl is that of {others}, which says something else, and not both are of one type and"
            " id; give each resource its own fullUrl, or leave out the version that does not stand"
        )
    stands = newest([version_of(one.entry.resource) for one in versions])
    if stands is None:
        raise InvalidFhirError(
            f"{last.path}.fullUrl is that of {others}, which says something else, and not both say another"
            " meta.versionId and meta.lastUpdated; leave out the version that does not stand"
        )
    return versions[:stands] + versions[stands + 1 :]


def _identity(one: _Standing) -> tuple[str, str] | None:
    """Type and id; None where it has no id that would tell it from another."""
    kind, named = one.entry.resource["resourceType"], one.entry.resource.get("id")
    return (kind, named) if isinstance(named, str) else None


def _name(entry: dict[str, Any]) -> str | None:
    """`Type/id`, whichever element says it: a history is of one server."""
    resource = child(entry, "resource")
    named = f"{resource.get('resourceType')}/{resource.get('id')}" if "id" in resource else None
    for url in (entry.get("fullUrl"), named, child(entry, "request").get("url")):
        if isinstance(url, str):
            return local(url) or url
    return None


def _is_later(entry: dict[str, Any], other: dict[str, Any]) -> bool:
    one, two = _instant(entry), _instant(other)
    return one is not None and two is not None and one > two


def _instant(entry: dict[str, Any]) -> datetime | None:
    return instant(
        child(entry, "response").get("lastModified") or child(child(entry, "resource"), "meta").get("lastUpdated")
    )


def _relations(links: Json) -> set[str]:
    found = [one.get("relation") for one in links if isinstance(one, dict)] if isinstance(links, list) else []
    return {one for one in found if isinstance(one, str)}


def _is_type(value: Json) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z][A-Za-z]{1,40}", value) is not None
