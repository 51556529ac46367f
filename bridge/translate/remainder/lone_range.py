"""What a resource says of its reference range beyond the items, where it has one: bound to what stands at that place in
the range, and to no more. An entry below a list is bound to its whole element (`json_patch.py`), of which a limit is a
part: whoever edited one would have edited all."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.group import Json, Resource
from bridge.translate.remainder.json_patch import Names, is_unchanged, json_difference, json_patched

Entries = list[list[Json]]
_ELEMENT, _LIMITS = "referenceRange", ("low", "high")
_PLACE = f"{_ELEMENT}/*/"
"""Begins the path of an entry; `*` is its only range."""
_UNIT = ("unit", "system", "code")
"""They stand and fall together: a code of another system is another unit."""


def differences(native: Resource, wanted: Resource) -> Entries:
    """Entries that turn `native` into `wanted`."""
    if not (_is_lone(native) and _is_lone(wanted)):
        return [*json_difference(native, wanted)]
    one, other = native[_ELEMENT][0], wanted[_ELEMENT][0]
    return [*json_difference(native | {_ELEMENT: []}, wanted | {_ELEMENT: []}), *_within(one, other)]


def _within(one: Json, other: Json) -> Iterator[list[Json]]:
    for path, *entry in json_difference(one, other):
        yield [_PLACE + path, *entry]


def patched(resource: Resource, entries: Entries) -> tuple[Entries, list[str]]:
    """Applies those of the range, in place; the entries that are left, and the paths of those that are stale."""
    mine = [[path.removeprefix(_PLACE), *entry] for path, *entry in entries if path.startswith(_PLACE)]
    left = [one for one in entries if not one[0].startswith(_PLACE)]
    if not mine:
        return left, []
    if not _is_lone(resource):  # it was removed, or another one put beside it
        return left, [f"{_ELEMENT}.0.{path.replace('/', '.')}" for path, *_ in mine]
    home: Resource = resource[_ELEMENT][0]
    names: Names = {}
    stale = {_together(path) for path, guard, *_ in mine if not is_unchanged(home, path, guard, names)}
    dropped = [path.replace("/", ".") for path, *_ in mine if _together(path) in stale]
    dropped += json_patched(home, [one for one in mine if _together(one[0]) not in stale])
    if not home:
        del resource[_ELEMENT]
    return left, [f"{_ELEMENT}.0.{one}" for one in dropped]


def _is_lone(resource: Resource) -> bool:
    return len(resource.get(_ELEMENT, ())) == 1


def _together(path: str) -> str:
    """A whole limit is one that the words say, for it has no unit."""
    limit, _, part = path.partition("/")
    if path in _LIMITS:
        return "text"
    return f"{limit}/unit" if limit in _LIMITS and part in _UNIT else path
