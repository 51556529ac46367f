"""A content item in the making: it remembers the FHIR element that it stems from, and its place among its siblings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from bridge.model.content import Code, ContentItem, Path, Value
from bridge.model.dataset import DataSet

Home = dict[str, Any]
"""A FHIR element: a resource, a component, a section, a reference."""

ITSELF = "itself"
"""Element id of the `derivedFrom` that is the item itself: an IMAGE with descriptors."""
INHERITED = "inherited"
"""Element id of the `bodySite` that an Observation has from the container that holds it, and not of its own."""
OWN = "own"
"""Element id, within a translation, of a `bodySite` that was inherited and has been edited: it gets its place then."""
BETWEEN = "+"
"""Behind the number of an element that somebody has put in beside the item of that number; twice where it has an id of
its own."""
_NUMBER, _PLACE = attrgetter("number"), re.compile(rf"(\d{{1,9}})(?:{re.escape(BETWEEN)}){{0,2}}")
LAST = 1 << 30
"""Place of an item whose element has no number: behind those that have one."""


@dataclass(slots=True)
class Node:
    value: Value
    concept: Code | None
    home: Home | None  # the FHIR element it stems from
    number: tuple[int, int] = (LAST, 0)  # place among its siblings: the number that the element id says, then order
    rest: DataSet = ()
    children: list[Node] = field(default_factory=list)
    depth: int = 0  # of the root
    fold: str | None = None  # place of the row that made it of an element
    place: Home | None = None  # the FHIR element whose id says the number

    def add(self, value: Value, concept: Code | None, home: Home | None, place: Home | None = None) -> Node:
        """A child, whose place is that of `place` (else of its home)."""
        place = home if place is None else place
        node = Node(value, concept, home, number_of(place or {}, len(self.children)), depth=self.depth + 1, place=place)
        self.children.append(node)
        return node

    def item(self) -> ContentItem:
        """As it is in the making."""
        children = tuple([child.item() for child in self.children])
        return ContentItem(None, self.concept, self.value, children, self.rest)

    def index(self, order: int, more: int) -> int:
        """Place among the children of the document, of the `order`-th child of the native translation. The document
        has `more` children than that: primitives of the resource stand behind them."""
        if self.number[0] < LAST:
            return self.number[0] - 1
        return order + more if self.fold is not None and self.home is None else order

    def former(self, order: int, more: int) -> int | None:
        """Place in the document before an edit; None of what was put in since."""
        new = self.place is not None and str(self.place.get("id", "")).endswith(BETWEEN)
        return None if new else self.index(order, more)

    def matches(self, many: int) -> tuple[dict[int, Node], list[int]]:
        """Children by the index of the child that they stand for, of an item that has so many; and the places of those
        that stand for none."""
        matched: dict[int, Node] = {}
        extra: list[int] = []
        more = many - len(self.children)
        for order, child in enumerate(self.children):
            index = child.index(order, more)
            if 0 <= index < many and index not in matched:
                matched[index] = child
            else:
                extra.append(order)
        return matched, extra

    def homes(self, item: ContentItem, path: Path = ()) -> Iterator[tuple[Path, Home]]:
        """The element of each item that this tree stands for."""
        if self.home is not None:
            yield path, self.home
        matched = self.matches(len(item.children))[0]
        for index, child in sorted(matched.items()):
            yield from child.homes(item.children[index], (*path, index))

    def unnumber(self) -> None:
        """Places are those of the lists, whatever ids the elements have."""
        for child in self.children:
            child.number = (LAST, child.number[1])
            child.unnumber()

    def sort(self) -> None:
        if len(self.children) > 1:
            self.children.sort(key=_NUMBER)
        for child in self.children:
            child.sort()


def number_of(place: Home, order: int) -> tuple[int, int]:
    """The last number of the element id, which survives insertions beside it; else behind all that have one."""
    if "id" not in place:
        return LAST, order
    last = str(place["id"]).rpartition(".")[2]
    if last.isdecimal() and len(last) < 10:
        return int(last), order
    found = _PLACE.fullmatch(last)
    return (int(found[1]), order) if found else (LAST, order)


def put_in_place(elements: list[Home], one: Home) -> None:
    """In front of the first whose element id says a place behind that of `one`."""
    place, _ = number_of(one, 0)
    numbers = [number_of(other, 0)[0] for other in elements]
    behind = (index for index, number in enumerate(numbers) if place < number < LAST)
    elements.insert(next(behind, len(elements)), one)


@lru_cache(maxsize=16384)
def element_id(path: tuple[int, ...]) -> str:
    """`1.3.2`: the element id that says an item's place, counted from 1 as PS3.3 C.17.3.2.5 does."""
    return ".".join(str(step + 1) for step in path)
