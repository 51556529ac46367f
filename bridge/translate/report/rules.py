"""Which rule took an element: the row that names it, by file and line; else one of three words."""

from __future__ import annotations

from functools import cache

from pydicom.datadict import keyword_for_tag

from bridge.mapping.mapping import Mapping
from bridge.mapping.shapes import SHAPES
from bridge.model.content import Code
from bridge.model.group import Json
from bridge.translate.basis.node import Node

GENERIC = "generic"
"""No row: the generic rule of translation."""
REMAINDER, NONE = "remainder", "none"
"""Carried as it is; left where it was."""

Path = tuple[str, ...]


class Rules:
    """Of elements that are mapped."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        shapes = mapping.shapes.items()
        self._attributes = {pair.tag: pair.place for _, pairs in shapes for pair in pairs}
        self._elements = {(SHAPES[shape][0], pair.element): pair.place for shape, pairs in shapes for pair in pairs}
        self._leaves: dict[tuple[str, Path], str] = {}

    def item(self, concept: Code | None, node: Node) -> str:
        """A content item: the fold that made it, else the row of its concept name."""
        row = self.mapping.row(concept)
        return node.fold or (row.place if row else GENERIC)

    def attribute(self, path: tuple[int, ...]) -> str:
        return self._attributes.get(path[0], GENERIC) if len(path) == 1 else GENERIC

    def leaf(self, kind: str, names: Path, concept: Code | None) -> str:
        """A primitive of a resource of that kind, by the names on its way: a pair, a fold, or the row of the code that
        it is part of."""
        if (names[1:2] or names if names[0] == "component" else names)[0] == "code":
            row = self.mapping.row(concept)
            return row.place if row else GENERIC
        found = self._leaves.get((kind, names))
        if found is None:
            found = self._leaves[kind, names] = self._leaf(kind, names)
        return found

    def _leaf(self, kind: str, names: Path) -> str:
        head, *rest = names[1:] or names if names[0] == "component" else names
        for within, folds in self.mapping.elements.get(kind, {}).get(head, {}).items():
            if tuple(rest[: len(within)]) == within:
                return folds[0].place
        return self._elements.get((kind, head), GENERIC)

    def concept(self, owner: Json) -> Code | None:
        """What a resource, or a component of one, is about."""
        code = owner.get("code") if isinstance(owner, dict) else None
        return self.mapping.concept(code) if isinstance(code, dict) else None


def named(concept: Code | None) -> str | None:
    """Designator and code, never the meaning: that may be what somebody typed."""
    return f"{concept.scheme} {concept.value}" if concept else None


def attribute_path(path: tuple[int, ...]) -> str:
    """Tags, with the index of the item behind each sequence -> `ReferencedStudySequence.1.ReferencedSOPClassUID`."""
    return ".".join(str(step + 1) if number % 2 else _keyword(step) for number, step in enumerate(path))


@cache
def _keyword(tag: int) -> str:
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
