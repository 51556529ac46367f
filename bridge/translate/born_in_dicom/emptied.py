"""Panels of a DICOM-born document that were entered in error while results below them stand: their item is kept as a
bare heading (`native/items.py`). It is no section, and elements of it that have no item say no place."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.group import Group, Json, Resource
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.node import INHERITED, OWN, Find, Home
from bridge.translate.native.withdrawn import context_of, holds_results

_KEPT = ("hasMember", "bodySite", "method")


def without_places(group: Group, mapping: Mapping) -> Group:
    """Takes away element ids that say the place of an item which such a heading does not have. The very same group
    where there are no such headings."""
    emptied = [one for one in group.members if _is_emptied(one)]
    if not emptied:
        return group
    find = _finding(group)
    return group.with_resources({id(one): _without_places(one, context_of(one, find, mapping)) for one in emptied})


def without_items(group: Group) -> frozenset[str]:
    """References to Observations of which nothing is left: in error, like all that stands below them."""
    if not any(one.get("status") in WITHDRAWN for one in group.members):
        return frozenset()
    find = _finding(group)
    void = ((name, one) for name, one in group.index().items() if one["resourceType"] == "Observation")
    void = ((name, one) for name, one in void if one.get("status") in WITHDRAWN)
    return frozenset(name for name, one in void if not holds_results(one, find))


def _finding(group: Group) -> Find:
    index = group.index()
    return lambda reference: index.get(reference.get("reference", ""))


def headings(homes: dict[Path, Json]) -> frozenset[Path]:
    """Paths of the items that are such headings."""
    return frozenset(path for path, home in homes.items() if _is_emptied(home))


def _is_emptied(home: Resource) -> bool:
    is_void = home.get("resourceType") == "Observation" and home.get("status") in WITHDRAWN
    return is_void and "hasMember" in home


def _without_places(observation: Resource, context: list[Home]) -> Resource:
    kept = set(map(id, context))
    return {
        key: said if key in _KEPT or not isinstance(said, list) else [_placed(one, kept) for one in said]
        for key, said in observation.items()
    }


def _placed(element: Json, kept: set[int]) -> Json:
    """The very same where it is one of those `kept`, which have an item; or a copy, whose id says no place."""
    if not isinstance(element, dict) or id(element) in kept or element.get("id") in (INHERITED, OWN):
        return element
    return {name: said for name, said in element.items() if name != "id"}
