"""A document whose Specific Character Set cannot hold an edit: as a whole in ISO_IR 192, never with `?`."""

from __future__ import annotations

from bridge.model.content import ContentItem
from bridge.model.dataset import TEXT_VRS, UNICODE, Charset, DataSet, Element, decode_text, text_element
from bridge.model.tags import SPECIFIC_CHARACTER_SET

SAID = text_element(SPECIFIC_CHARACTER_SET, "CS", UNICODE[0])


def in_unicode(item: ContentItem, old: Charset, done: set[int], unread: set[int]) -> ContentItem:
    """Typed values are text already; only what an item keeps as bytes has a character set. `done` are the ids of items
    whose bytes are in UTF-8 as they are."""
    children = tuple([in_unicode(child, old, done, unread) for child in item.children])
    rest = item.rest if id(item) in done else recoded(item.rest, old, UNICODE, unread)
    return ContentItem(item.relationship, item.concept, item.value, children, rest)


def recoded(dataset: DataSet, old: Charset, new: Charset, unread: set[int]) -> DataSet:
    """Raises UnicodeError where text does not fit the new character set. What is not of the old one says nothing, to
    nobody: such bytes stay as they are, for which text they are would be a guess. Their tags go into `unread`."""
    return tuple([recoded_element(element, old, new, unread) for element in dataset])


def recoded_element(element: Element, old: Charset, new: Charset, unread: set[int]) -> Element:
    tag, vr, value = element
    if isinstance(value, tuple):
        return Element(tag, vr, tuple([recoded(item, old, new, unread) for item in value]))
    if vr not in TEXT_VRS or (value.isascii() and b"\x1b" not in value):
        return element
    try:
        text = decode_text(value, vr, old)
    except UnicodeError:
        unread.add(tag)
        return element
    return text_element(tag, vr, text, new)
