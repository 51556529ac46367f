"""A content item in the making: it remembers the FHIR element that it stems from, and its place among its siblings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from bridge.model.content import Code, Container, ContentItem, Path, Value, value_type
from bridge.model.dataset import DataSet
from bridge.model.group import Resource

Home = dict[str, Any]
"""A FHIR element: a resource, a component, a section, a reference."""

Find = Callable[[Home], Resource | None]
"""What a reference points to, within the group."""
Coding = Callable[[Code | None], Home]
"""The CodeableConcept of a code."""
Concept = Callable[[Home], Code | None]
"""The code of a CodeableConcept."""
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
    is_source: bool = False  # the item above is inferred from it

    def add(self, value: Value, concept: Code | None, home: Home | None, place: Home | None = None) -> Node:
        """A child, whose place is that of `place` (else of its home)."""
        place = home if place is None else place
        node = Node(value, concept, home, number_of(place or {}, len(self.children)), depth=self.depth + 1, place=place)
        self.children.append(node)
        return node

    def section(self, concept: Code) -> Node:
        """The child of that concept; a container that is added, where there is none."""
        found = next((one for one in self.children if concept.same(one.concept)), None)
        return found or self.add(Container("SEPARATE"), concept, None)

    def item(self) -> ContentItem:
        """As it is in the making."""
        children = tuple([child.item() for child in self.children])
        return ContentItem(None, self.concept, self.value, children, self.rest)

    def index(self, order: int, more: int) -> int:
        """Index of this child among the item's children in the document. `order`: its index in the native translation;
        `more`: how many children the document has beyond that, for primitives of the resource stand behind them."""
        if self.number[0] < LAST:
            return self.number[0] - 1
        return order + more if self.fold is not None and self.home is None else order

    def former(self, order: int, more: int) -> int | None:
        """Index that this child had before an edit; None where it was put in since."""
        new = self.place is not None and str(self.place.get("id", "")).endswith(BETWEEN)
        return None if new else self.index(order, more)

    def matches(self, children: Sequence[ContentItem]) -> tuple[dict[int, Node], list[int]]:
        """Children by index of the item that they correspond to; and the orders of the children with no such item."""
        if self.is_listed() and not self._are(children):
            return aligned(self.children, children)
        matched: dict[int, Node] = {}
        extra: list[int] = []
        more = len(children) - len(self.children)
        for order, child in enumerate(self.children):
            index = child.index(order, more)
            if 0 <= index < len(children) and index not in matched:
                matched[index] = child
            else:
                extra.append(order)
        return matched, extra

    def is_listed(self) -> bool:
        """Whether children stand in the order of FHIR lists, without element ids that say their place, as in a document
        made from resources: what is removed or put in between moves all that is behind it."""
        moves = False
        for child in self.children:
            if child.number[0] != LAST:
                return False
            moves = moves or child.home is not None or child.fold is None
        return moves

    def _are(self, children: Sequence[ContentItem]) -> bool:
        return len(children) == len(self.children) and all(map(_is, self.children, children))

    def homes(self, item: ContentItem) -> dict[Path, Home]:
        """The element of each item that this tree stands for."""
        found: dict[Path, Home] = {}
        self._collect_homes(item, (), found)
        return found

    def _collect_homes(self, item: ContentItem, path: Path, found: dict[Path, Home]) -> None:
        if self.home is not None:
            found[path] = self.home
        if not self.children:
            return
        matched = self.matches(item.children)[0]
        for index, child in sorted(matched.items()):
            child._collect_homes(item.children[index], (*path, index), found)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Each node in its order, with its place in a document made from resources."""
        yield path, self
        for index, child in enumerate(self.children):
            yield from child.walk((*path, index))

    def unnumber(self) -> None:
        """Lets children stand in the order of FHIR lists, whatever element ids say."""
        for child in self.children:
            child.number = (LAST, child.number[1])
            child.unnumber()

    def sort(self) -> None:
        if len(self.children) > 1:
            self.children.sort(key=_NUMBER)
        for child in self.children:
            child.sort()


def aligned(nodes: Sequence[Node], items: Sequence[ContentItem]) -> tuple[dict[int, Node], list[int]]:
    """Nodes by the item that they stand for: one that is the very same, else one of that concept and value type, else
    one of that concept or value at the same place. An edit that landed in another item would be worse than none."""
    matched: dict[int, Node] = {}
    left = dict(enumerate(nodes))
    for key in (_whole, _kind):
        free: dict[object, list[int]] = {}
        for index in range(len(items) - 1, -1, -1):
            if index not in matched:
                free.setdefault(key(items[index]), []).append(index)
        for order, node in [*left.items()]:
            if places := free.get(key(node)):
                matched[places.pop()] = left.pop(order)
    for order, node in [*left.items()]:
        if order < len(items) and order not in matched and _may_be(node, items[order]):
            matched[order] = left.pop(order)
    return matched, [*left]


def _whole(one: Node | ContentItem) -> object:
    return one.concept, one.value, one.rest


def _kind(one: Node | ContentItem) -> object:
    return (one.concept[:2] if one.concept is not None else None), value_type(one.value)


def _is(node: Node, item: ContentItem) -> bool:
    return _whole(node) == _whole(item)


def _may_be(node: Node, item: ContentItem) -> bool:
    return node.value == item.value or (node.concept is not None and node.concept.same(item.concept))


def names_of(nodes: Sequence[Node]) -> list[str]:
    """Names each node by its concept and how many of that stand before: that stays where a result is added or
    removed."""
    found, many = list[str](), Counter[str]()
    for node in nodes:
        code = " ".join(node.concept[:2]) if node.concept is not None else ""
        many[code] += node.home is None
        found.append(f"{code} {many[code]}")
    return found


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
    """Inserts `one` in front of the first element whose id says a place behind its own."""
    place, _ = number_of(one, 0)
    numbers = [number_of(other, 0)[0] for other in elements]
    behind = (index for index, number in enumerate(numbers) if place < number < LAST)
    elements.insert(next(behind, len(elements)), one)


@lru_cache(maxsize=16384)
def element_id(path: tuple[int, ...]) -> str:
    """`1.3.2`: the element id that says an item's place, counted from 1 as PS3.3 C.17.3.2.5 does."""
    return ".".join(str(step + 1) for step in path)
