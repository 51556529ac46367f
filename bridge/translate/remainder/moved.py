"""Elements of lists that are at another place since: one before them was removed, or put in. An entry of a difference
is bound to what its element is (`json_patch.py`), so that it is found wherever that element stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from bridge.model.group import Json
from bridge.translate.remainder.json_patch import Names, element_at, found_at

Entries = list[list[Json]]


class Moved(NamedTuple):
    places: dict[str, str]  # where what has another place is now, by the path of its entries
    gone: frozenset[str]  # paths of entries in whose place another element of the difference is now

    def entries(self, entries: Iterable[list[Json]]) -> Entries:
        return [[self.places.get(path, path), *said] for path, *said in entries if path not in self.gone]

    def guards(self, guards: dict[str, str]) -> dict[str, str]:
        return {self.places.get(path, path): guard for path, guard in guards.items() if path not in self.gone}


class _Part(NamedTuple):
    """An entry of an element of a list."""

    path: str
    within: str  # the element
    guard: str | None


def moved(native: Json, entries: Iterable[list[Json]]) -> Moved:
    """What is where it was, or nowhere, or at more than one place, is left as it is."""
    lists: dict[str, dict[int, list[_Part]]] = defaultdict(lambda: defaultdict(list))
    for path, guard, *_ in entries:
        if (at := _list_in(native, path)) is not None:
            index, _, within = path[len(at) + 1 :].partition("/")
            lists[at][int(index)].append(_Part(path, within, guard))
    places, gone, names = dict[str, str](), set[str](), Names()
    for at, elements in lists.items():
        to = _moves(native, at, elements, names)
        for index, parts in elements.items():
            if index in to:
                places |= {one.path: "/".join(filter(None, (at, str(to[index]), one.within))) for one in parts}
            elif index in to.values():
                gone.update(one.path for one in parts)
    return Moved(places, frozenset(gone))


def _list_in(native: Json, path: str) -> str | None:
    """The outermost list that the path leads into."""
    steps = path.split("/")
    for depth, step in enumerate(steps):
        if isinstance(native, list):
            return "/".join(steps[:depth]) if step.isdecimal() else None
        native = native.get(step) if isinstance(native, dict) else None
    return None


def _moves(native: Json, at: str, elements: dict[int, list[_Part]], names: Names) -> dict[int, int]:
    """Where each element is now that is not where it was."""
    here = {
        index
        for index, parts in elements.items()
        if any(found_at(native, one.path, names) == one.guard for one in parts)
    }
    if len(here) == len(elements):
        return {}
    free = [index for index in range(len(element_at(native, at))) if index not in here]
    asked = {one.within for index, parts in elements.items() if index not in here for one in parts}
    fitting: dict[tuple[str, Json], list[int]] = defaultdict(list)
    for index in free:
        for within in asked:
            fitting[within, found_at(native, "/".join(filter(None, (at, str(index), within))), names)].append(index)
    found = {
        index: {place for one in parts for place in fitting.get((one.within, one.guard), ())}
        for index, parts in elements.items()
        if index not in here
    }
    single = {index: min(places) for index, places in found.items() if len(places) == 1}
    said = [*single.values()]
    return {index: place for index, place in single.items() if said.count(place) == 1}
