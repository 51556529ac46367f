"""The remainder on the DICOM side: one private element on the content item that it belongs to, JSON as OB."""

from __future__ import annotations

import json
from typing import Any

from bridge.mapping.former import are_rows
from bridge.model.content import ContentItem, Path
from bridge.model.dataset import DataSet, Element, find, merged
from bridge.model.document import Document
from bridge.model.group import boxed, unboxed
from bridge.model.names import PRIVATE_CREATOR, PRIVATE_CREATOR_TAG, REMAINDER_TAG
from bridge.translate.remainder.json_patch import are_entries

Piece = dict[str, Any]
_CREATOR = PRIVATE_CREATOR.encode("ascii") + b" " * (len(PRIVATE_CREATOR) % 2)


def taken_out(document: Document) -> tuple[Document, dict[Path, Piece]]:
    """The document without our private elements, and what they said by the path of their item."""
    pieces: dict[Path, Piece] = {}
    root = _without(document.root, (), pieces)
    return (Document(document.header, root), pieces) if pieces else (document, pieces)


def manifest_of(pieces: dict[Path, Piece]) -> Piece:
    """What the piece of the root says of the group that the document was made from; empty where it says none."""
    found: Piece = pieces.get((), {}).get("group", {})
    return found


def members_of(pieces: dict[Path, Piece]) -> list[Any]:
    """Of that group: for each resource `Type/id`, where an item is its place; else what the items do not say of it."""
    found: list[Any] = manifest_of(pieces).get("members", [])
    return found


def _without(item: ContentItem, path: Path, pieces: dict[Path, Piece]) -> ContentItem:
    rest = item.rest
    if not rest and not item.children:
        return item
    if (tags := _our_block(rest)) is not None:
        data = next(element.value for element in rest if element.tag == tags[1])
        if isinstance(data, bytes) and (piece := _loads(data)) is not None:
            pieces[path] = piece
            rest = merged(rest, (), without=tags)
    children = tuple([_without(child, (*path, index), pieces) for index, child in enumerate(item.children)])
    if rest is item.rest and all(map(lambda new, old: new is old, children, item.children)):
        return item
    return ContentItem(item.relationship, item.concept, item.value, children, rest)


def put_in(document: Document, pieces: dict[Path, Piece]) -> Document:
    def with_pieces(item: ContentItem, path: Path) -> ContentItem:
        children = tuple(with_pieces(child, (*path, index)) for index, child in enumerate(item.children))
        rest = item.rest
        if path in pieces:
            raw = _dumps(pieces[path])
            creator, data = _free_block(rest)
            piece = (Element(creator, "LO", _CREATOR), Element(data, "OB", raw + b" " * (len(raw) % 2)))
            rest = merged(rest, piece)
        return ContentItem(item.relationship, item.concept, item.value, children, rest)

    return Document(document.header, with_pieces(document.root, ())) if pieces else document


def _dumps(piece: Piece) -> bytes:
    """Numbers whose text matters are written as `{"#": text}`: this JSON is ours alone."""
    return json.dumps(boxed(piece), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _loads(raw: bytes) -> Piece | None:
    """None where it is not ours after all, or damaged: then it stays a private element like any other."""
    try:
        found = unboxed(json.loads(raw.decode("utf-8")))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_piece(found) else None


def _is_piece(found: Piece) -> bool:
    group = found.get("group")
    if group is not None and not (isinstance(group, dict) and _is_manifest(group)):
        return False
    if not (isinstance(found.get("version", ""), str) and isinstance(found.get("system", ""), str)):
        return False
    for guards in (found.get("words", {}), found.get("rendered", {})):
        if not (isinstance(guards, dict) and all(isinstance(one, str) for one in guards.values())):
            return False
    ranges = found.get("ranges", [])
    if not (isinstance(ranges, list) and all(isinstance(one, str) for one in ranges)):
        return False
    if not (isinstance(found.get("part", 0), int) and _is_referring(found.get("referring", {}))):
        return False
    return isinstance(found.get("is", 0), int) and are_entries(found.get("entries", []))


def _is_referring(said: Any) -> bool:
    """Lists of a number and a guard each."""
    return isinstance(said, dict) and all(
        isinstance(pairs, list) and all(isinstance(at, int) and isinstance(mark, str) for at, mark in map(_two, pairs))
        for pairs in said.values()
    )


def _two(pair: Any) -> tuple[Any, Any]:
    return (pair[0], pair[1]) if isinstance(pair, list) and len(pair) == 2 else (None, None)


def _is_manifest(group: Piece) -> bool:
    members, references = group.get("members"), group.get("references", {})
    equivalents = group.get("equivalents", [])
    return (
        isinstance(members, list)
        and all(isinstance(one, str) or (isinstance(one, dict) and _is_member(one)) for one in members)
        and isinstance(group.get("key", ""), str)
        and isinstance(group.get("patient", ""), str | None)
        and isinstance(group.get("subject"), str | None)
        and isinstance(group.get("born"), str | None)
        and isinstance(group.get("digest"), str | None)
        and isinstance(references, dict)
        and are_rows(group.get("rows", []))
        and isinstance(equivalents, list)
        and all(isinstance(one, str) for one in equivalents)
        and all(isinstance(at, int) and at >= 0 for at in references.values())
    )


def _is_member(member: Piece) -> bool:
    resource = member.get("json", {"resourceType": ""})
    if not are_entries(member.get("entries", [])):
        return False
    return isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)


def _our_block(rest: DataSet) -> tuple[int, int] | None:
    """Tags of our creator and our element; a block of another creator is not touched (PS3.5 7.8.1)."""
    for element in rest:
        if element.tag >> 8 == PRIVATE_CREATOR_TAG >> 8 and element.value == _CREATOR:
            data = REMAINDER_TAG & ~0xFF00 | (element.tag & 0xFF) << 8
            if find(rest, data) is not None:
                return element.tag, data
    return None


def _free_block(rest: DataSet) -> tuple[int, int]:
    taken = {element.tag for element in rest}
    block = next(number for number in range(0x10, 0x100) if PRIVATE_CREATOR_TAG & ~0xFF | number not in taken)
    return PRIVATE_CREATOR_TAG & ~0xFF | block, REMAINDER_TAG & ~0xFF00 | block << 8
