"""Which resources form one document: a report owns what it reaches, a panel its members, the first owner by id owns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.model.group import Group, Json, Resource

SUPPORT = frozenset({"Practitioner", "Device", "ImagingStudy", "DocumentReference", "Composition", "Basic"})


@dataclass(frozen=True, slots=True)
class Entry:
    resource: Resource
    url: str  # fullUrl of the Bundle entry, else the source; resolves references


@dataclass(frozen=True, slots=True)
class Gathered:
    groups: tuple[Group, ...]
    others: tuple[Resource, ...]  # not for us, or Patients that no group refers to


def gather(entries: Sequence[Entry]) -> Gathered:
    """Reports first, then panels, then Observations that nobody owns; in the order of their names within each."""
    index: dict[str, Resource] = {}
    names: dict[int, str] = {}
    for entry in entries:
        kind = entry.resource["resourceType"]
        name = f"{kind}/{entry.resource['id']}" if "id" in entry.resource else entry.url
        names[id(entry.resource)] = name
        index[name] = entry.resource
        index.setdefault(entry.url, entry.resource)
    resources = [entry.resource for entry in entries]
    owned: set[int] = set()
    groups: list[Group] = []
    used: set[int] = set()
    claimed = {
        id(index[reference])
        for one in resources
        if one["resourceType"] == "Observation"
        for reference in _references(one, ("hasMember",))
        if reference in index
    }
    for root in _in_order(resources, names, claimed):
        if id(root) in owned:
            continue
        members = _reached(root, index, owned)
        subjects = (index.get(reference) for reference in _references(root, ("subject",)))
        patient = next((one for one in subjects if one is not None and one["resourceType"] == "Patient"), None)
        groups.append(Group(root, tuple(members), patient, names[id(root)]))
        used.update(map(id, (root, *members, *([patient] if patient else []))))
    return Gathered(tuple(groups), tuple(one for one in resources if id(one) not in used))


def _in_order(resources: list[Resource], names: dict[int, str], claimed: set[int]) -> list[Resource]:
    def rank(resource: Resource) -> tuple[int, str]:
        kind = resource["resourceType"]
        return (0 if kind == "DiagnosticReport" else 2 if id(resource) in claimed else 1, names[id(resource)])

    roots = [one for one in resources if one["resourceType"] in ("DiagnosticReport", "Observation")]
    return sorted(roots, key=rank)


def _reached(root: Resource, index: dict[str, Resource], owned: set[int]) -> list[Resource]:
    """What belongs to the root, in the order of reach; supporting resources may belong to several."""
    owned.add(id(root))
    found: list[Resource] = []
    seen = {id(root)}
    waiting = list(links(root))
    while waiting:
        target = index.get(waiting.pop(0))
        if target is None or id(target) in seen:
            continue
        kind = target["resourceType"]
        if kind == "Observation" and id(target) not in owned:
            owned.add(id(target))
        elif kind not in SUPPORT:
            continue
        seen.add(id(target))
        found.append(target)
        waiting += links(target)
    return found


def links(resource: Resource) -> Iterator[str]:
    """References by which a document reaches what belongs to it."""
    kind = resource["resourceType"]
    if kind == "DiagnosticReport":
        yield from _references(resource, ("extension",))
        yield from _references(resource, ("result", "imagingStudy", "resultsInterpreter"))
    elif kind == "Observation":
        yield from _references(resource, ("hasMember", "derivedFrom", "extension"))
    elif kind == "Composition":
        yield from _references(resource, ("author", "section"))


def _references(resource: Resource, elements: Sequence[str]) -> Iterator[str]:
    for element in elements:
        yield from _all(resource.get(element))


def _all(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        reference: Any = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for child in value.values():
            yield from _all(child)
    elif isinstance(value, list):
        for child in value:
            yield from _all(child)
