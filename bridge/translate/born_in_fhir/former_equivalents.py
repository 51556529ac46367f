"""Equivalent Code Sequence (PS3.3 table 8.8-1) of a code that somebody has edited in the PACS, where no viewer shows
it: *Right*, with the equivalent `left side`. What says the former code is not read, and is left out of what is made
anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import is_
from typing import Any

from bridge.model.content import Code, Coded, ContentItem, Path
from bridge.translate.basis.digests import GUARD, digest

_Said = dict[str, set[str]]  # digest of equivalents -> those of the codes that they were written beside


def said_equivalents(root: ContentItem) -> dict[str, list[str]]:
    """Which equivalents the document has, and of what."""
    found = {f"{_beside(code)} {_of(code)}" for code in _codes(root)}
    return {"equivalents": sorted(found)} if found else {}


def without_former(root: ContentItem, manifest: dict[str, Any]) -> tuple[ContentItem, list[Path]]:
    """The tree without the equivalents of codes that were others when it was made; and the items that had some."""
    said: _Said = {}
    for one in manifest.get("equivalents", ()):
        beside, _, of = one.partition(" ")
        said.setdefault(beside, set()).add(of)
    stale: list[Path] = []
    return (_without(root, (), said, stale) if said else root), stale


def _without(item: ContentItem, path: Path, said: _Said, stale: list[Path]) -> ContentItem:
    children = tuple(_without(one, (*path, index), said, stale) for index, one in enumerate(item.children))
    concept, value = item.concept, item.value
    if concept is not None and _is_former(concept, said):
        concept = concept._replace(equivalents=())
    if isinstance(value, Coded) and value.code is not None and _is_former(value.code, said):
        value = Coded(value.code._replace(equivalents=()))
    if concept is not item.concept or value is not item.value:
        stale.append(path)
    elif all(map(is_, children, item.children)):
        return item
    return replace(item, concept=concept, value=value, children=children)


def _is_former(code: Code, said: _Said) -> bool:
    """Equivalents that somebody has edited, too, or put in, are his."""
    return bool(code.equivalents) and _of(code) not in said.get(_beside(code), {_of(code)})


def _codes(item: ContentItem) -> Iterator[Code]:
    value = item.value.code if isinstance(item.value, Coded) else None
    yield from (one for one in (item.concept, value) if one is not None and one.equivalents)
    for child in item.children:
        yield from _codes(child)


def _beside(code: Code) -> str:
    return digest(repr([(one.value, one.scheme) for one in code.equivalents]), GUARD)


def _of(code: Code) -> str:
    return digest(repr((code.value, code.scheme)), GUARD)
