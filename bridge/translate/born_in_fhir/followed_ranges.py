"""A range is TEXT that says both limits, and the limits below it. Who edits a limit in the PACS has edited the range:
the words that we have written follow, or the value of the resource would be the former one."""

from __future__ import annotations

from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path, Plain
from bridge.model.group import Json, Resource
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.ranges import of_range
from bridge.translate.born_in_fhir.as_made import name_of
from bridge.translate.native.folds import limits_of
from bridge.translate.remainder.private import Piece, members_of


def ranges_in(native: Resource) -> list[str]:
    """Digests of the words of its ranges; of a resource as it is read natively."""
    homes = (native, *native.get("component", ()))
    return [digest(of_range(home["valueRange"]), GUARD) for home in homes if "valueRange" in home]


def words_of_ranges(said: dict[Path, Piece], homes: dict[Path, Json]) -> dict[Path, Piece]:
    """What the pieces `said` hold of ranges, by where these are now: an edit may have moved them."""
    members = members_of(said)
    ranges = {members[one.get("is", 0)]: one["ranges"] for one in said.values() if one.get("ranges")}
    if not ranges:
        return {}
    named = {path: name_of(home, 0) for path, home in homes.items() if "resourceType" in home}
    return {path: {"ranges": ranges[name]} for path, name in named.items() if name in ranges}


def followed(root: ContentItem, pieces: dict[Path, Piece], mapping: Mapping) -> tuple[ContentItem, list[Path]]:
    """Makes the words of ranges say their limits; returns the tree, and which of its items said others. Words that
    somebody has written are not ours to change."""
    found: list[Path] = []
    for path, piece in pieces.items():
        words: list[str] = piece.get("ranges", [])
        item = _at(root, path) if words else None
        if item is not None:
            here = [path, *((*path, index) for index in range(len(item.children)))]
            found += [one for one in here if _is_stale(_at(root, one), words, mapping)]
    for path in found:
        root = _following(root, path, mapping)
    return root, found


def _at(item: ContentItem, path: Path) -> ContentItem | None:
    for step in path:
        if step >= len(item.children):  # it has been removed
            return None
        item = item.children[step]
    return item


def _is_stale(item: ContentItem | None, words: list[str], mapping: Mapping) -> bool:
    if item is None or not isinstance(item.value, Plain) or digest(item.value.text, GUARD) not in words:
        return False
    limits = limits_of(item, mapping)
    return bool(limits) and of_range(limits) != item.value.text


def _following(item: ContentItem, path: Path, mapping: Mapping) -> ContentItem:
    if not path:
        return replace(item, value=Plain("TEXT", of_range(limits_of(item, mapping))))
    index, *rest = path
    child = _following(item.children[index], tuple(rest), mapping)
    return replace(item, children=(*item.children[:index], child, *item.children[index + 1 :]))
