"""Where a translation back differs: the place that a refused loss is named by, never a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from bridge.model.content import ContentItem
from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.group import Json, Resource, same
from bridge.translate.basis.node import element_id


def lost_of_document(before: Document, after: Document) -> str:
    """The first element of the header, or the first content item, that would not come back."""
    found = (*_elements(before.header, after.header), *_items(before.root, after.root, (0,)))
    return next(iter(found), "the order of its elements")


def _elements(before: DataSet, after: DataSet) -> Iterator[str]:
    have, got = ({element.tag: element for element in one} for one in (before, after))
    for tag in sorted(have.keys() | got.keys()):
        if have.get(tag) != got.get(tag):
            yield f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _items(before: ContentItem | None, after: ContentItem | None, path: tuple[int, ...]) -> Iterator[str]:
    if before is None or after is None:
        yield f"item {element_id(path)}"
        return
    for index, (one, other) in enumerate(zip_longest(before.children, after.children)):
        yield from _items(one, other, (*path, index))
    if before != after and before.children == after.children:
        yield f"item {element_id(path)}"


def lost_of_resources(before: list[Resource], after: list[Resource]) -> str:
    """The first element of the resources that would not come back, by its path. Both groups are in one order."""
    for one, other in zip_longest(before, after):
        if one is None or other is None or _called(one) != _called(other):
            return f"a whole {(one or other)['resourceType']}"
        if not same(one, other):
            return ".".join((one["resourceType"], *next(_paths(one, other), ("",))))
    return "the order of the resources"


def _called(resource: Resource) -> tuple[Json, Json]:
    return resource["resourceType"], resource.get("id")


def _paths(one: Json, other: Json) -> Iterator[tuple[str, ...]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*one, *(key for key in other if key not in one)):
            if key not in one or key not in other:
                yield (key,)
            elif not same(one[key], other[key]):
                yield from ((key, *rest) for rest in _paths(one[key], other[key]))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            if not same(mine, theirs):
                yield from ((str(index), *rest) for rest in _paths(mine, theirs))
    else:
        yield ()
