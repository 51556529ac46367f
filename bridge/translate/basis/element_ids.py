"""Element ids that say what an element is, or which item: one resource has each only once (FHIR R4 element.html#id).
Within a translation a mark may stand on several elements; what is handed out has it with a number, `inherited--2`."""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.model.group import Group, Json, Resource
from bridge.translate.basis.node import BETWEEN, INHERITED, Home

EMPTY = "empty"
"""Of the dataAbsentReason of a NUM that has neither number nor unit nor reason."""
PERSON = "person"
"""Of the coding that says what the string is: a PNAME. A primitive has none on HAPI."""
SEVERAL = "value"
"""Of a component that is one of several values of a number."""
WORDS = "words"
"""Of the first coding of a concept, where an item says its words."""
_AGAIN = "--"  # an id may be held to letters, digits, `-` and `.`; nobody writes two of these


def marks(*patterns: str) -> re.Pattern[str]:
    """Matches these, as they are or with a number; the first group is without."""
    return re.compile(rf"({'|'.join(patterns)})(?:{_AGAIN}[1-9]\d{{0,8}})?")


_PLACE = rf"\d{{1,9}}(?:\.\d{{1,9}})*(?:{re.escape(BETWEEN)}){{0,2}}"
ITEMS = marks(_PLACE, INHERITED, EMPTY, PERSON, SEVERAL, WORDS)


def is_inherited(element: Home) -> bool:
    """Whether it repeats what is said around the item."""
    return has_mark(element, INHERITED)


def has_mark(element: Home, mark: str) -> bool:
    name = element.get("id")
    return name == mark or (isinstance(name, str) and name.startswith(mark) and _plain_id(name, ITEMS) == mark)


def with_unique_ids(group: Group) -> Group:
    """As it is handed out; the very same where no id is there twice."""
    return _each({id(one): unique(one, ITEMS) for one in group.resources()}, group)


def with_plain_ids(group: Group) -> Group:
    """As it is translated, whether an earlier bridge has handed it out, with one id several times, or this one."""
    return _each({id(one): plain(one, ITEMS) for one in group.resources()}, group)


def _each(made: dict[int, Resource], group: Group) -> Group:
    return group if all(made[id(one)] is one for one in group.resources()) else group.with_resources(made)


def unique(resource: Resource, ours: re.Pattern[str]) -> Resource:
    """With a number behind each of `ours` that the resource has already, in whatever order its keys stand; ids that
    others gave stay."""
    said = _ids(resource)
    taken = set(said)
    if len(taken) == len(said):
        return resource
    met = set[str]()

    def name(one: str) -> str:
        found = ours.fullmatch(one) if one in met else None
        if found is None:
            met.add(one)
            return one
        number = 2
        while (another := f"{found[1]}{_AGAIN}{number}") in taken:
            number += 1
        taken.add(another)
        return another

    def made(value: Json) -> Json:
        if isinstance(value, list):
            return [made(child) for child in value]
        if not isinstance(value, dict):
            return value
        new = {key: name(value[key]) if _is_id(value, key) else made(value[key]) for key in sorted(value)}
        return {key: new[key] for key in value}

    found: Resource = made(resource)
    return found


def plain(resource: Resource, ours: re.Pattern[str]) -> Resource:
    """Without the numbers of `unique`; the very same where there are none."""
    if not any(_AGAIN in one for one in _ids(resource)):
        return resource

    def made(value: Json) -> Json:
        if isinstance(value, list):
            return [made(child) for child in value]
        if not isinstance(value, dict):
            return value
        return {key: _plain_id(said, ours) if _is_id(value, key) else made(said) for key, said in value.items()}

    found: Resource = made(resource)
    return found


@lru_cache(maxsize=4096)
def _plain_id(name: str, ours: re.Pattern[str]) -> str:
    found = ours.fullmatch(name)
    return found[1] if found else name


def _ids(resource: Resource) -> list[str]:
    found = list[str]()
    _collect(resource, found)
    return found


def _collect(home: Home, found: list[str]) -> None:
    """A document has hundreds of elements, and few of them have an id: texts are looked at where they stand."""
    for key, child in home.items():
        if isinstance(child, str):
            if key == "id" and "resourceType" not in home:
                found.append(child)
        elif isinstance(child, dict):
            _collect(child, found)
        elif isinstance(child, list):
            for one in child:
                if isinstance(one, dict):
                    _collect(one, found)


def _is_id(home: Home, key: str) -> bool:
    """Of an element: that of a resource, a contained one too, is its name."""
    return key == "id" and "resourceType" not in home and isinstance(home[key], str)
