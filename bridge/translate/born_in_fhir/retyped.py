"""A value that was edited in DICOM, as the type of value[x] that the resource had: a code says valueBoolean, a number
without unit valueInteger (FHIR R4 Observation.value[x])."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.mapping.lens import LENSES
from bridge.model.group import Json, Resource
from bridge.translate.native.values import NO, YES
from bridge.translate.remainder.json_patch import Names, element_at, is_unchanged, together
from bridge.translate.remainder.lone_range import patched

Entries = list[list[Json]]


def retyped(resource: Resource, entries: Entries) -> tuple[Entries, list[str]]:
    """Sets such values in place, and what was said of a range; the entries that are left, and the paths of those that
    this was instead of, or that are stale."""
    entries, of_range = patched(resource, entries)
    left, instead = _retyped(resource, entries)
    return left, [*of_range, *instead]


def _retyped(resource: Resource, entries: Entries) -> tuple[Entries, list[str]]:
    names: Names = {}
    for path, guard, *value in entries:
        above, _, last = path.rpartition("/")
        if not value or last not in _TYPES or not is_unchanged(resource, path, guard, names):
            continue  # another element stands there now, if it is one of a list
        native, typed = _TYPES[last]
        edited = f"{above}/{native}" if above else native
        home: Json = element_at(resource, above)
        stale = any(one == edited and not is_unchanged(resource, one, said, names) for one, said, *_ in entries)
        if not stale or native not in home or (found := typed(home[native])) is None:
            continue
        del home[native]
        home[last] = found
        names = {}
        group = together(path)
        gone = [one[0].replace("/", ".") for one in entries if together(one[0]) == group]
        left, more = _retyped(resource, [one for one in entries if together(one[0]) != group])
        return left, [*gone, *more]
    return entries, []


def _boolean(concept: Any) -> bool | None:
    code = LENSES["concept"].to_dicom(concept)
    if code is None or not (YES.same(code) or NO.same(code)):
        return None
    return YES.same(code)


def _integer(quantity: Any) -> int | None:
    """Of 32 bits (FHIR R4 datatypes.html#integer)."""
    value = quantity.get("value")
    whole = quantity.get("code") == "1" and isinstance(value, int) and -(2**31) <= value < 2**31
    return value if whole else None


_TYPES: dict[str, tuple[str, Callable[[Any], Json]]] = {
    "valueBoolean": ("valueCodeableConcept", _boolean),
    "valueInteger": ("valueQuantity", _integer),
}
