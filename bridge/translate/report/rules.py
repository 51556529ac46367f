"""Which rule took an element: the row that names it, by file and line; else one of three words."""

from __future__ import annotations

from functools import cache

from pydicom.datadict import keyword_for_tag

from bridge.mapping.mapping import RETIRED, Fold, Mapping, writing
from bridge.mapping.shapes import SHAPES
from bridge.model.content import Code, Coded
from bridge.model.group import Json
from bridge.translate.basis.node import Node
from bridge.translate.native.categories import CATEGORY

GENERIC = "generic"
"""No row: the generic rule of translation."""
REMAINDER, NONE = "remainder", "none"
"""Carried as it is; left where it was."""

Path = tuple[str, ...]


class Rules:
    """Of elements that are mapped."""

    def __init__(self, mapping: Mapping, *, born: bool) -> None:
        """`born`: in DICOM."""
        self.mapping, self._born = mapping, born
        shapes = mapping.shapes.items()
        self._attributes = {pair.tag: pair.place for _, pairs in shapes for pair in pairs}
        self._elements = {(SHAPES[shape][0], pair.element): pair.place for shape, pairs in shapes for pair in pairs}
        self._leaves: dict[tuple[str, Path], str] = {}

    def item(self, concept: Code | None, node: Node) -> str:
        """A content item: the row of the code that it is, or the fold that made it, else the row of its concept
        name."""
        if node.fold is not None:
            code = node.value.code if isinstance(node.value, Coded) else None
            return self._place(code) or self._read_by(concept, node) or node.fold
        return self._place(concept) or GENERIC

    def is_element(self, concept: Code | None, node: Node) -> bool:
        """Whether an item of that concept is the element that the node is, which another row writes now: in a document
        of ours an earlier bridge wrote it by the shipped row, or somebody in the PACS."""
        return not self._born and self._read_by(concept, node) is not None

    def _read_by(self, concept: Code | None, node: Node) -> str | None:
        """Place of the fold of that concept into the element that the node is."""
        if node.fold is None or concept is None or node.concept is None or RETIRED in (concept[1], node.concept[1]):
            return None
        for resource in self.mapping.elements:
            own, other = (self.mapping.folds.get((resource, one[1], one[0])) for one in (concept, node.concept))
            if own is not None and other is not None and own.element == other.element:
                return own.place
        return None

    def _place(self, code: Code | None) -> str | None:
        row = self.mapping.row(code)
        return row.place if row is not None and row.place else None

    def attribute(self, path: tuple[int, ...]) -> str:
        return self._attributes.get(path[0], GENERIC) if len(path) == 1 else GENERIC

    def leaf(self, kind: str, names: Path, concept: Code | None) -> str:
        """A primitive of a resource of that kind, by the names on its way: a pair, a fold, or the row of the code that
        it is part of."""
        if (names[1:2] or names if names[0] == "component" else names)[0] == "code":
            return self._place(concept) or GENERIC
        found = self._leaves.get((kind, names))
        if found is None:
            found = self._leaves[kind, names] = self._leaf(kind, names)
        return found

    def coded(self, kind: str, names: Path, value: Json) -> str | None:
        """The row of a CodeableConcept that stands there, where it is an element whose code has one."""
        fold = self._fold(kind, names)
        if fold is None or fold.value_type != "CODE" or fold.element == CATEGORY:
            return None
        return self._place(self.mapping.concept(value))

    def _leaf(self, kind: str, names: Path) -> str:
        fold = self._fold(kind, names)
        head = names[1] if names[0] == "component" and names[1:] else names[0]
        return fold.place if fold is not None else self._elements.get((kind, head), GENERIC)

    def _fold(self, kind: str, names: Path) -> Fold | None:
        """The row that writes the element."""
        head, *rest = names[1:] or names if names[0] == "component" else names
        for within, folds in self.mapping.elements.get(kind, {}).get(head, {}).items():
            if tuple(rest[: len(within)]) == within:
                return writing(folds, None, born=self._born)
        return None

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
