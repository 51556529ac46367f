"""Conclusion of a report made from resources: one TEXT, or as many as people have made of it in the PACS. An addendum
is the commonest edit of a radiologist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.model.content import Container, ContentItem, Plain
from bridge.translate.basis.node import Node
from bridge.translate.native.documents import CONCLUSIONS
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.native.spelled import printable

Part = tuple[int, bool]
"""How many lines an item has, and whether it stands in the section Conclusions of TID 2000 (CID 7001)."""


def add_conclusions(root: Node, conclusion: str, parts: Sequence[Part]) -> None:
    """Adds an item for each part, with as many lines as that had; the last one has all that are left. Fewer lines than
    the parts had are one item: nobody knows of which."""
    lines = conclusion.split("\n")
    if len(lines) < sum(many for many, _ in parts):
        parts = parts[:1]
    for index, (many, inside) in enumerate(parts):
        said = lines if index == len(parts) - 1 else lines[:many]
        lines = lines[many:]
        into = root.section(CONCLUSIONS) if inside else root
        into.add(Plain("TEXT", "\n".join(said)), CONCLUSION, None)


def parts_of(root: ContentItem, conclusion: str) -> list[Part]:
    """The parts of a conclusion that several items say; empty where one does, or where they say something else."""
    said = [*_said(root)]
    joined = printable("\n".join(text for text, _ in said)).strip()
    if len(said) < 2 or joined != printable(conclusion).strip():
        return []
    parts = [(text.count("\n") + 1, inside) for text, inside in said]
    return parts if sum(many for many, _ in parts) == joined.count("\n") + 1 else []


def _said(root: ContentItem) -> Iterator[tuple[str, bool]]:
    for item in root.children:
        inside = isinstance(item.value, Container) and CONCLUSIONS.same(item.concept)
        for one in item.children if inside else (item,):
            if CONCLUSION.same(one.concept) and isinstance(one.value, Plain) and one.value.text.strip():
                yield one.value.text, inside
