"""Order of the elements of a document born in DICOM: their ids say the place of their items, unless a client has put
them in another order since, or elements without such an id between them."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from bridge.model.group import Group, Resource
from bridge.translate.basis.element_ids import SEVERAL
from bridge.translate.basis.node import BETWEEN, INHERITED, ITSELF
from bridge.translate.born_in_dicom.emptied import without_items

_LISTS = frozenset("component hasMember derivedFrom performer note interpretation section entry".split())
_ITEMS = _LISTS - {"performer"}
"""Each element is an item; a performer without id is nobody whom an item names."""

_PLACE = re.compile(r"\d{1,9}(\.\d{1,9})*")


def in_order(group: Group) -> Group:
    """The group, where each list with ids out of order has them exchanged: its first element has its lowest id. One
    without, in front of others, has that of its neighbour: places of one number are in the order of their list."""
    void = without_items(group)
    new = {id(one): _in_order(one, void) for one in group.resources()}
    if all(new[id(one)] is one for one in group.resources()):
        return group
    return group.with_resources(new)


def _in_order(resource: Resource, void: Collection[str]) -> Resource:
    if all(_is_in_order(name, found) for name, found in _placed(resource, void)):
        return resource
    resource = copy.deepcopy(resource)
    for name, found in _placed(resource, void):
        named = [one for one in found if _number(one) is not None]
        for one, number in zip(named, sorted((one["id"] for one in named), key=_key), strict=True):
            one["id"] = number
        for one, neighbour in _between(name, found):
            one["id"] = neighbour["id"] + BETWEEN * (2 if "id" in one else 1)
    return resource


def _between(name: str, found: list[Any]) -> list[tuple[Any, Any]]:
    """Elements that somebody has put in front of others, each with the one that it stands beside."""
    if name not in _ITEMS:
        return []
    places = [_number(one) for one in found]
    last = max((index for index, place in enumerate(places) if place is not None), default=0)
    pairs = []
    neighbour = next((one for one, place in zip(found, places, strict=True) if place is not None), None)
    for one, place in zip(found[:last], places, strict=False):
        if place is not None:
            neighbour = one
        elif one.get("id") not in (SEVERAL, ITSELF, INHERITED) and (name != "section" or "code" in one):
            pairs.append((one, neighbour))
    return pairs


def _placed(resource: Resource, void: Collection[str]) -> Iterator[tuple[str, list[Any]]]:
    """What refers to no item has no place, whatever its id says."""
    for name, found in _lists(resource):
        yield name, [one for one in found if not isinstance(one, dict) or one.get("reference") not in void]


def _lists(value: Any) -> Iterator[tuple[str, list[Any]]]:
    if value.get("resourceType") == "Composition":
        sections = value.get("section", [])
        yield "entry", [one for each in sections for one in ([each] if _is_item(each) else each.get("entry", ()))]
        for each in filter(_is_item, sections):
            yield from _lists(each)
        return
    for name, found in value.items():
        if name in _LISTS and isinstance(found, list):
            yield name, found
            if name in ("component", "section"):
                for one in found:
                    yield from _lists(one)


def _is_item(section: Any) -> bool:
    """Not one of those on top that only hold an entry."""
    return "id" in section or "code" in section


def _is_in_order(name: str, found: list[Any]) -> bool:
    if len(found) < 2:
        return True
    places = [_number(one) for one in found]
    numbers = [place for place in places if place is not None]
    return numbers == sorted(numbers) and (len(numbers) == len(places) or not _between(name, found))


def _number(one: Any) -> tuple[int, ...] | None:
    name = one.get("id") if isinstance(one, dict) else None
    return _key_in(name) if name else None


@lru_cache(maxsize=4096)
def _key_in(name: str) -> tuple[int, ...] | None:
    return _key(name) if _PLACE.fullmatch(name) else None


def _key(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
