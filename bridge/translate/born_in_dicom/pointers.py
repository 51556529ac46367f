"""By-reference relationships (PS3.3 C.17.3.2.5) of a document whose items have moved: an item points to the same one as
before, wherever that is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import is_not

from bridge.model.content import ByReference, ContentItem, Path
from bridge.model.document import Document
from bridge.translate.native.references import path_of, targets_in

Moves = Mapping[Path, Path]
"""Where each item was in the former version -> where it is."""


def astray(document: Document, moves: Moves, carried: Mapping[Path, Path]) -> list[Path]:
    """Carried items, by their former place, that would point to an item that is gone, themselves or below them."""
    return [
        former
        for former, at in carried.items()
        if any(_now(target, moves, carried) is None for target in targets_in(document.root.at(at)))
    ]


def repointed(document: Document, moves: Moves, carried: Moves, aims: Mapping[Path, Path]) -> Document:
    """Sets where items point to: `aims`, by what FHIR says; other items by their former identifier."""
    return replace(document, root=_repointed(document.root, (), moves, carried, aims))


def _repointed(item: ContentItem, path: Path, moves: Moves, carried: Moves, aims: Mapping[Path, Path]) -> ContentItem:
    if isinstance(item.value, ByReference):
        target = aims.get(path) or _now(path_of(item.value), moves, carried)
        return item if target is None else replace(item, value=ByReference((1, *(step + 1 for step in target))))
    children = tuple(
        [_repointed(child, (*path, index), moves, carried, aims) for index, child in enumerate(item.children)]
    )
    return replace(item, children=children) if any(map(is_not, children, item.children)) else item


def _now(former: Path, moves: Moves, carried: Moves) -> Path | None:
    """Below a carried item everything has its place still."""
    for length in range(len(former), -1, -1):
        head, tail = former[:length], former[length:]
        if head in moves and not tail:
            return moves[head]
        if head in carried:
            return (*carried[head], *tail)
    return None
