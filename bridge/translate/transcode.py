"""A document whose Specific Character Set cannot hold an edit: as a whole in ISO_IR 192, never with `?`."""

from __future__ import annotations

from bridge.model.content import ContentItem
from bridge.model.dataset import TEXT_VRS, UNICODE, Charset, DataSet, Element, decode_text, text_element
from bridge.model.tags import SPECIFIC_CHARACTER_SET

SAID = text_element(SPECIFIC_CHARACTER_SET, "CS", UNICODE[0])


def recoded(dataset: DataSet, old: Charset, new: Charset) -> DataSet:
    """Raises UnicodeError where bytes are not of the old character set, or text does not fit the new one."""
    return tuple([recoded_element(element, old, new) for element in dataset])


def in_unicode(item: ContentItem, old: Charset, done: set[int]) -> ContentItem:
    """Typed values are text already; only what an item keeps as bytes has a character set. `done` are the ids of items
    whose bytes are in UTF-8 as they are."""
    children = tuple([in_unicode(child, old, done) for child in item.children])
    rest = item.rest if id(item) in done else recoded(item.rest, old, UNICODE)
    return ContentItem(item.relationship, item.concept, item.value, children, rest)


def recoded_element(element: Element, old: Charset, new: Charset) -> Element:
    tag, vr, value = element
    if isinstance(value, tuple):
        return Element(tag, vr, tuple([recoded(item, old, new) for item in value]))
    if vr not in TEXT_VRS or (value.isascii() and b"\x1b" not in value):
        return element
    return text_element(tag, vr, decode_text(value, vr, old), new)
