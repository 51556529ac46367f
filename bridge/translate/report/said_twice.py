"""Items whose name, or value, has several items in its sequence: the first is read, and the report says so."""

from __future__ import annotations

from bridge.model.content import Coded, ContentItem, Num
from bridge.model.dataset import items
from bridge.model.tags import CONCEPT, CONCEPT_CODE, MEASURED

_SINGLE = {  # PS3.3 tables C.17-5, C.18.1-1 and C.18.2-1: of these a single item
    CONCEPT: "Concept Name Code Sequence",
    MEASURED: "Measured Value Sequence",
    CONCEPT_CODE: "Concept Code Sequence",
}


def said_twice(item: ContentItem) -> list[str]:
    """What was not read stands in `rest`."""
    found = list[str]()
    for tag, name in _SINGLE.items():
        read = item.concept is not None if tag == CONCEPT else isinstance(item.value, Num | Coded)
        if read and len(items(item.rest, tag)) > 1:
            found.append(f"several items in {name}, of which the first is read")
    return found
