"""Lists of references of a resource that was born in FHIR, of which items say some: a report has results that were
cancelled, that are elsewhere or another's, and a result was performed by an Organization, which is no item. Where
somebody edits the items, the references follow that they say; all others stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from bridge.model.group import Json, Resource, renamed, with_element
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.element_ids import is_inherited
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.json_patch import Names, canonical, guarded_by, is_unchanged

Entries = list[list[Json]]
Said: TypeAlias = dict[str, list[tuple[int, str]]]
"""By element, for each reference that the items say, in their order: which one it is, and how it is read."""
_LISTS = ("result", "hasMember", "derivedFrom", "performer")
_PERFORMER = "performer"


def without_observers(native: Resource, performers: Json) -> Resource:
    """Of a resource that says itself who performed it: less the observers of the document."""
    if not performers or _PERFORMER not in native:
        return native
    return with_element(native, _PERFORMER, _own(_PERFORMER, native[_PERFORMER]))


def nobody_said(entries: Entries) -> Json:
    """Who performed it, where no item said anybody."""
    return next((value[0] for place, guard, *value in entries if place == _PERFORMER and guard is None and value), None)


def in_whole(native: Resource, resource: Resource, entries: Entries) -> Entries:
    """Entries with one of all who performed it in the place of one for each: somebody may be put in before them, and
    how a person is read goes by his place."""
    left = [one for one in entries if not one[0].startswith(f"{_PERFORMER}/")]
    if len(left) == len(entries):
        return entries
    return [*left, *guarded_by(native, [[_PERFORMER, None, stripped(resource[_PERFORMER])]])]


def said_in(
    resource: Resource, native: Resource, entries: Entries, items: dict[int, int], renames: dict[str, str]
) -> Said:
    """Of a resource, and what its items say of it less the `entries`. `items`: by the identity of what is read of an
    item, that of the element that it stands for."""
    found: Said = {}
    for name in sorted(place for place, _, *value in entries if value and place in _LISTS):
        if pairs := _paired(name, resource[name], _own(name, native.get(name, [])), items, renames):
            found[name] = pairs
    return found


def _paired(
    name: str, wanted: list[Json], native: list[Json], items: dict[int, int], renames: dict[str, str]
) -> list[tuple[int, str]]:
    """Empty where an item says a reference that is none of those that are wanted."""
    left, pairs = [*range(len(wanted))], list[tuple[int, str]]()
    for one in native:
        read = renamed(one, renames)
        same = (at for at in left if id(wanted[at]) == items.get(id(one)) or _is_named(wanted[at], read))
        if (at := next(same, None)) is None:
            return []
        left.remove(at)
        pairs.append((at, _mark(name, read)))
    return pairs


def _is_named(wanted: Json, read: Json) -> bool:
    return "reference" in read and wanted.get("reference") == read["reference"]


def followed(native: Resource, made: Resource, entries: Entries, said: Said) -> tuple[Entries, list[str]]:
    """Lets the references of `made`, which is the `native` resource as its group had it, follow the items where these
    were edited, in place; returns the entries that are left, and which elements these are."""
    names: Names = {}
    stale = {
        place: value[0]
        for place, guard, *value in entries
        if value and place in _LISTS and isinstance(value[0], list) and not is_unchanged(made, place, guard, names)
        if place in said or guard is None  # no item said any
    }
    for name, wanted in stale.items():
        is_own = [_is_own(name, one) for one in native.get(name, ())]
        read = [one for one, own in zip(made.get(name, ()), is_own, strict=True) if own]
        made[name] = [*_followed(name, wanted, read, said.get(name, []))]
        if not made[name]:
            del made[name]
    return [one for one in entries if one[0] not in stale], [*stale]


def _followed(name: str, wanted: list[Json], read: list[Json], said: list[tuple[int, str]]) -> Iterator[Json]:
    """What is new stands behind that which it is read behind, else in the place of what is gone."""
    said = [one for one in said if 0 <= one[0] < len(wanted)]
    waiting = defaultdict[str, list[int]](list)
    for at, mark in reversed(said):
        waiting[mark].append(at)
    there, new = list[int](), defaultdict[int, list[Json]](list)  # by how many of the others stand before it
    for one in read:
        if same := waiting[_mark(name, one)]:
            there.append(same.pop())
        else:
            new[len(there)].append(one)
    had, places, order = {at for at, _ in said}, sorted(there), iter(there)
    gone = [at for at in sorted(had - {*there}) if not places or at < places[0]]
    first = gone[0] if gone else places[0] if places else len(wanted)
    for at, one in enumerate(wanted):
        yield from new[0] if at == first else ()
        if at in there:
            yield wanted[next(order)]
            yield from new[places.index(at) + 1]
        elif at not in had:
            yield one
    yield from new[0] if first == len(wanted) else ()


def _mark(name: str, one: Json) -> str:
    """Who performed it goes by his name: his reference is derived of his place among the others."""
    called = one.get("display") if name == _PERFORMER else None
    return digest(repr(canonical(called or one.get("reference"))), GUARD)


def _own(name: str, native: list[Json]) -> list[Json]:
    return [one for one in native if _is_own(name, one)]


def _is_own(name: str, one: Json) -> bool:
    """Less the observers of the document, or of what is around it: they say nothing of a result that has its own."""
    return name != _PERFORMER or ("id" in one and not is_inherited(one))
