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
    return hashlib.blake2b(_spelled(write_document(document)), digest_size=6).hexdigest()


def _spelled(dataset: DataSet) -> bytes:
    """Every element, nested ones too, so that two data sets never spell alike."""
    parts: list[bytes] = []
    for tag, vr, value in dataset:
        if isinstance(value, bytes):
            parts.append(b"%d%b%d:" % (tag, vr.encode(), len(value)))
            parts.append(value)
        else:
            spelled = _code(value) if tag in CODE_SEQUENCES else _items(value)
            parts.append(b"%d%b[%b]" % (tag, vr.encode(), spelled))
    return b"".join(parts)


def _items(items: tuple[DataSet, ...]) -> bytes:
    return b"".join([_spelled(item) + b";" for item in items])


_code = lru_cache(maxsize=16384)(_items)
