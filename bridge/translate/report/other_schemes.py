"""Private designators by which a document means something else than the rows of the mapping: these are not for it."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.translate.native.private_schemes import others


def other_schemes(document: Document, mapping: Mapping) -> list[str]:
    """One warning for each that has rows."""
    return [
        f"{name!r} is identified as {uri}: rows of {name!r} are not for it; if they are, say so in a row of `schemes`"
        for name, uri in others(document.header, mapping).items()
        if mapping.apart_from(frozenset((name,))) is not mapping
    ]
