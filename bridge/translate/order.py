"""Order of the elements of a document born in DICOM: their ids say the place of their items, unless a client has put
them in another order since."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from bridge.model.group import Group, Resource

_LISTS = ("component", "hasMember", "derivedFrom", "performer", "note", "interpretation", "section", "entry")

_PLACE = re.compile(r"\d{1,9}(\.\d{1,9})*")


def in_order(group: Group) -> Group:
    """The group, where each list with ids out of order has them exchanged: its first element has its lowest id."""
    new = {id(one): _in_order(one) for one in group.resources()}
    if all(new[id(one)] is one for one in group.resources()):
        return group
    references = group.references
    if references is not None:
        references = {name: new.get(id(target), target) for name, target in references.items()}
    return Group(
        new[id(group.root)], tuple(new[id(one)] for one in group.members), group.patient, group.key, references
    )


def _in_order(resource: Resource) -> Resource:
    if all(map(_is_in_order, _lists(resource))):
        return resource
    resource = copy.deepcopy(resource)
    for found in _lists(resource):
        named = [one for one in found if _number(one) is not None]
        for one, name in zip(named, sorted((one["id"] for one in named), key=_key), strict=True):
            one["id"] = name
    return resource


def _lists(value: Any) -> Iterator[list[Any]]:
    for name in _LISTS:
        found = value.get(name)
        if isinstance(found, list):
            yield found
            if name in ("component", "section"):
                for one in found:
                    yield from _lists(one)


def _is_in_order(found: list[Any]) -> bool:
    if len(found) < 2:
        return True
    numbers = [number for one in found if (number := _number(one)) is not None]
    return numbers == sorted(numbers)


def _number(one: Any) -> tuple[int, ...] | None:
    name = one.get("id") if isinstance(one, dict) else None
    return _key(name) if name and _PLACE.fullmatch(name) else None


def _key(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
