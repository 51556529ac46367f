"""Text that is not of its Specific Character Set: its bytes are carried, and FHIR says nothing of them."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import dictionary_description

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import Charset, charset_of, unreadable
from bridge.model.document import Document


def unreadable_texts(document: Document) -> Iterator[tuple[str, Path | None]]:
    """A warning for each element, and the place of its item; None of the header."""
    for tag in sorted(unreadable(document.header, ())):
        yield _warning(tag), None
    yield from _of_items(document.root, (0,), document.charset)


def _of_items(item: ContentItem, path: Path, charset: Charset) -> Iterator[tuple[str, Path]]:
    """What could not be read stands in `rest`."""
    if item.rest:
        for tag in sorted(unreadable(item.rest, charset)):
            yield _warning(tag), path
        charset = charset_of(item.rest, charset)
    for index, child in enumerate(item.children):
        yield from _of_items(child, (*path, index), charset)


def _warning(tag: int) -> str:
    return f"{_name(tag)} that is not of its Specific Character Set: a FHIR client sees none; correct it at its source"


def _name(tag: int) -> str:
    number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    try:
        return f"{dictionary_description(tag)} {number}"
    except KeyError:  # private, or unknown to the dictionary
        return number
