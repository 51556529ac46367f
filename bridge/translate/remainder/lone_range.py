"""What a resource says of its reference range beyond the items, where these say one: bound to what stands at that place
in the range, and to no more. An entry below a list is bound to its whole element (`json_patch.py`), of which a limit is
a part: whoever edited one would have edited all. Ranges beside it, which no item says, nobody has edited: they stay."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from bridge.model.group import Json, Resource
from bridge.translate.basis.ranges import normal_ranges
from bridge.translate.remainder.json_patch import Names, is_unchanged, json_difference, json_patched

Entries = list[list[Json]]
_ELEMENT, _LIMITS = "referenceRange", ("low", "high")
_PLACE = f"{_ELEMENT}/*/"
"""Begins the path of an entry; `*` is the only range that items say."""
_OTHERS = f"{_ELEMENT}/+"
"""Path of the entry of the ranges beside it: all in order, with null in the place of that one."""
_UNIT = ("unit", "system", "code")
"""They stand and fall together: a code of another system is another unit."""


def differences(native: Resource, wanted: Resource, *, born: bool) -> Entries:
    """Entries that turn `native` into `wanted`. `born`: in DICOM."""
    said = normal_ranges(wanted, born=born) if _is_lone(native) and _ELEMENT in wanted else []
    if _is_lone(wanted):
        said = wanted[_ELEMENT]
    if not (_is_lone(native) and len(said) == 1):
        return [*json_difference(native, wanted)]
    others = [None if one is said[0] else one for one in wanted[_ELEMENT]]
    beside = [[_OTHERS, None, others]] if len(others) > 1 else []
    one, other = native[_ELEMENT][0], said[0]
    rest = json_difference(native | {_ELEMENT: []}, wanted | {_ELEMENT: []})
    return [*rest, *_within(one, other), *beside]


def _within(one: Json, other: Json) -> Iterator[list[Json]]:
    for path, *entry in json_difference(one, other):
        yield [_PLACE + path, *entry]


def patched(resource: Resource, entries: Entries) -> tuple[Entries, list[str]]:
    """Applies those of the range, in place; the entries that are left, and the paths of those that are stale."""
    mine = [[path.removeprefix(_PLACE), *entry] for path, *entry in entries if path.startswith(_PLACE)]
    others = next((value for path, _, *value in entries if path == _OTHERS), [])
    left = [one for one in entries if not one[0].startswith(_PLACE) and one[0] != _OTHERS]
    dropped = _patched(resource, mine) if mine else []
    if others:
        _put_beside(resource, others[0])
    return left, dropped


def _patched(resource: Resource, mine: Entries) -> list[str]:
    if not _is_lone(resource):  # it was removed, or another one put beside it
        return [f"{_ELEMENT}.0.{path.replace('/', '.')}" for path, *_ in mine]
    home: Resource = resource[_ELEMENT][0]
    names: Names = {}
    stale = {_together(path) for path, guard, *_ in mine if not is_unchanged(home, path, guard, names)}
    dropped = [path.replace("/", ".") for path, *_ in mine if _together(path) in stale]
    dropped += json_patched(home, [one for one in mine if _together(one[0]) not in stale])
    if not home:
        del resource[_ELEMENT]
    return [f"{_ELEMENT}.0.{one}" for one in dropped]


def _put_beside(resource: Resource, others: Json) -> None:
    said = resource.get(_ELEMENT, [])
    resource[_ELEMENT] = [one for place in deepcopy(others) for one in (said if place is None else [place])]


def _is_lone(resource: Resource) -> bool:
    return len(resource.get(_ELEMENT, ())) == 1


def _together(path: str) -> str:
    """A whole limit is one that the words say, for it has no unit."""
    limit, _, part = path.partition("/")
    if path in _LIMITS:
        return "text"
    return f"{limit}/unit" if limit in _LIMITS and part in _UNIT else path
