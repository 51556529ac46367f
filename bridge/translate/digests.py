"""Digests that guard a remainder, and that tell an edited document from one that is as it was."""

from __future__ import annotations

import hashlib

from bridge.model.document import Document
from bridge.model.sr import write_document

GUARD = 4  # bytes of a guard: one edit in four thousand million would be taken for none


def digest(text: str, size: int = 6) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def document_digest(document: Document) -> str:
    """Of what would be written."""
    return digest(repr(write_document(document)))
