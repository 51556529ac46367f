"""Items that the IOD of a document does not allow, and an edit in FHIR has put in: a note on a Key Object Selection, a
text where a CAD had a number. They are written, for what somebody has said is not lost; but a DICOM reader may refuse
the document, and whoever edits hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.model.content import ByReference, ContentItem, Path, value_type
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.tags import SOP_CLASS_UID
from bridge.translate.basis.node import element_id
from bridge.translate.report.legal import VALUE_TYPES, iod_of, is_legal
from bridge.translate.report.odd_items import line


def illegal_in(document: Document) -> dict[str, int]:
    """How many items of which kind the IOD does not allow: what foreign equipment wrote is no edit."""
    return {what: len(places) for what, places in sorted(_found(document).items())}


def illegal_since(document: Document, before: Mapping[str, int]) -> list[str]:
    """One line for each kind of which the document has more than `before`, with its first place."""
    table = iod_of(text_of(document.header, SOP_CLASS_UID)).table
    return [
        f"{line(f'edited in FHIR since: {what}, which PS3.3 table {table} does not allow', places)}; {_REFUSED}"
        for what, places in _found(document).items()
        if len(places) > before.get(what, 0)
    ]


_REFUSED = "a DICOM reader may refuse the document: undo the edit, or say it in a report of its own"


def _found(document: Document) -> dict[str, list[str]]:
    """Places of such items by `SOURCE RELATIONSHIP TARGET`, their value types."""
    found: dict[str, list[str]] = {}
    for what, path in _of_items(document.root, (0,), text_of(document.header, SOP_CLASS_UID)):
        found.setdefault(what, []).append(element_id(path))
    return found


def _of_items(item: ContentItem, path: Path, sop_class: str | None) -> Iterator[tuple[str, Path]]:
    source = value_type(item.value) or ""
    for index, child in enumerate(item.children):
        target = value_type(child.value) or ""
        is_known = source in VALUE_TYPES and target in VALUE_TYPES and not isinstance(child.value, ByReference)
        if is_known and child.relationship and not is_legal(source, child.relationship, target, sop_class):
            yield f"{source} {child.relationship} {target}", (*path, index)
        if child.children:
            yield from _of_items(child, (*path, index), sop_class)
