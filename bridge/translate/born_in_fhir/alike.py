"""Whether a resource that was read natively says what the group has, remainders aside: it does of most, and is compared
without a copy."""

from __future__ import annotations

from itertools import repeat

from bridge.model.group import Json, Resource, with_element
from bridge.translate.remainder.extension import without_remainders


def alike(native: Json, wanted: Json, renames: dict[str, str]) -> bool:
    """Whether the native value, its references renamed, is the wanted one, remainders aside: `same` without copies."""
    if type(native) is not type(wanted):
        return False
    if isinstance(wanted, dict):
        return _alike_objects(native, wanted, renames)
    if isinstance(wanted, list):
        return len(native) == len(wanted) and all(map(alike, native, wanted, repeat(renames)))
    return bool(native == wanted)


def _alike_objects(native: Resource, wanted: Resource, renames: dict[str, str]) -> bool:
    if "extension" in wanted:
        wanted = _without_remainder(wanted)
    if len(native) != len(wanted):
        return False
    for key, child in wanted.items():
        other, kind = native.get(key, _ABSENT), type(child)
        if key == "reference" and isinstance(other, str):
            other = renames.get(other, other)
        if type(other) is not kind:
            return False
        if kind is str:
            if other != child:
                return False
        elif not (_alike_objects if kind is dict else alike)(other, child, renames):
            return False
    return True


_ABSENT = object()


def _without_remainder(value: Resource) -> Resource:
    kept = without_remainders(value["extension"])
    if kept is value["extension"]:
        return value
    return with_element(value, "extension", kept)
