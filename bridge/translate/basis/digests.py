"""Digests that guard a remainder, and that tell an edited document from one that is as it was."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from functools import lru_cache

from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, value_type
from bridge.model.dataset import Charset, DataSet, charset_of
from bridge.model.document import Document
from bridge.model.sr import is_of_content, name_elements, own_elements
from bridge.model.tags import CODE_SEQUENCES, CONTENT
from bridge.model.values import value_elements

GUARD = 4  # bytes of a guard: one edit in four thousand million would be taken for none


def digest(text: str, size: int = 6) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def document_digest(document: Document) -> str:
    """Digest of the document as it would be written."""
    parts: list[bytes] = []
    root, charset = document.root, document.charset
    whole = tuple(sorted((*document.header, *own_elements(root, charset))))
    before = bisect_left(whole, (CONTENT,))
    _spell(whole[:before], parts)
    if root.children:
        _spell_children(root, charset, parts)
    _spell(whole[before:], parts)
    return hashlib.blake2b(b"".join(parts), digest_size=6).hexdigest()


def item_digest(item: ContentItem) -> str:
    """Digest of the item and all below it, whatever character set it is written in."""
    parts: list[bytes] = []
    _spell_item(item, _UTF_8, parts)
    return hashlib.blake2b(b"".join(parts), digest_size=GUARD).hexdigest()


_UTF_8 = ("ISO_IR 192",)


def _spell_children(item: ContentItem, charset: Charset, parts: list[bytes]) -> None:
    parts += (_start(CONTENT, "SQ"), b"[")
    for child in item.children:
        _spell_item(child, charset, parts)
        parts.append(b";")
    parts.append(b"]")


def _spell_item(item: ContentItem, charset: Charset, parts: list[bytes]) -> None:
    """As `_spell` does with what `write_item` gives."""
    value, behind = item.value, b""
    if isinstance(value, Coded | Container) and is_of_content(item.rest):
        before, behind = _usual(item.relationship, item.concept, value, item.rest, charset)
        parts.append(before)
    elif not item.rest and isinstance(value, Num | Plain):
        parts.append(_name(item.relationship, value_type(value), item.concept, charset))
        _spell(value_elements(value, charset), parts)
    else:
        before, behind = _around(item, charset)
        parts.append(before)
    if item.children:
        _spell_children(item, charset_of(item.rest, charset), parts)
    parts.append(behind)


def _around(item: ContentItem, charset: Charset) -> tuple[bytes, bytes]:
    """What stands before the children of an item, and behind them."""
    own = own_elements(item, charset)
    at = bisect_left(own, (CONTENT,))
    return _spelled(own[:at]), _spelled(own[at:])


@lru_cache(maxsize=4096)
def _usual(
    relationship: str | None, concept: Code | None, value: Coded | Container, rest: DataSet, charset: Charset
) -> tuple[bytes, bytes]:
    """Headings and coded answers are the same all over a report, and its neighbours."""
    return _around(ContentItem(relationship, concept, value, (), rest), charset)


@lru_cache(maxsize=16384)
def _name(relationship: str | None, kind: str | None, concept: Code | None, charset: Charset) -> bytes:
    return _spelled(name_elements(relationship, kind, concept, charset))


def _spelled(dataset: DataSet) -> bytes:
    parts: list[bytes] = []
    _spell(dataset, parts)
    return b"".join(parts)


def _spell(dataset: DataSet, parts: list[bytes]) -> None:
    """Every element, nested ones too, so that two data sets never spell alike."""
    for tag, vr, value in dataset:
        if isinstance(value, bytes):
            parts += (_start_of(tag, vr, len(value)), value)
        elif tag in CODE_SEQUENCES:
            parts += (_start(tag, vr), b"[", _code(value), b"]")
        else:
            parts += (_start(tag, vr), b"[")
            _spell_items(value, parts)
            parts.append(b"]")


def _spell_items(items: tuple[DataSet, ...], parts: list[bytes]) -> None:
    for item in items:
        _spell(item, parts)
        parts.append(b";")


@lru_cache(maxsize=4096)
def _start(tag: int, vr: str) -> bytes:
    return b"%d%b" % (tag, vr.encode())


@lru_cache(maxsize=4096)
def _start_of(tag: int, vr: str, length: int) -> bytes:
    return b"%b%d:" % (_start(tag, vr), length)


@lru_cache(maxsize=16384)
def _code(items: tuple[DataSet, ...]) -> bytes:
    parts: list[bytes] = []
    _spell_items(items, parts)
    return b"".join(parts)
