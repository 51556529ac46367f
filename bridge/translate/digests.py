"""Digests that guard a remainder, and that tell an edited document from one that is as it was."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.tags import CODE_SEQUENCES

GUARD = 4  # bytes of a guard: one edit in four thousand million would be taken for none


def digest(text: str, size: int = 6) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def document_digest(document: Document) -> str:
    """Of what would be written."""
    parts: list[bytes] = []
    _spell(write_document(document), parts)
    return hashlib.blake2b(b"".join(parts), digest_size=6).hexdigest()


def _spell(dataset: DataSet, parts: list[bytes]) -> None:
    """Every element, nested ones too, so that two data sets never spell alike."""
    for tag, vr, value in dataset:
        if isinstance(value, bytes):
            parts += (b"%b%d:" % (_start(tag, vr), len(value)), value)
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


@lru_cache(maxsize=16384)
def _code(items: tuple[DataSet, ...]) -> bytes:
    parts: list[bytes] = []
    _spell_items(items, parts)
    return b"".join(parts)
