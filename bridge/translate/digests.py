"""Digests that guard a remainder, and that tell an edited document from one that is as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
    hashed = hashlib.blake2b(digest_size=6)
    _spell(write_document(document), hashed.update)
    return hashed.hexdigest()


def _spell(dataset: DataSet, to: Callable[[bytes], None]) -> None:
    """Every element, nested ones too, so that two data sets never spell alike."""
    for tag, vr, value in dataset:
        if isinstance(value, bytes):
            to(b"%d%b%d:" % (tag, vr.encode(), len(value)))
            to(value)
        elif tag in CODE_SEQUENCES:
            to(b"%d%b[%b]" % (tag, vr.encode(), _code(value)))
        else:
            to(b"%d%b[" % (tag, vr.encode()))
            _spell_items(value, to)
            to(b"]")


def _spell_items(items: tuple[DataSet, ...], to: Callable[[bytes], None]) -> None:
    for item in items:
        _spell(item, to)
        to(b";")


@lru_cache(maxsize=16384)
def _code(items: tuple[DataSet, ...]) -> bytes:
    parts: list[bytes] = []
    _spell_items(items, parts.append)
    return b"".join(parts)
