"""A document whose Specific Character Set cannot hold an edit: as a whole in ISO_IR 192, never with `?`. An item that
says its own character set (PS3.5 7.5.3) stays as it is, unless it is the one."""

from __future__ import annotations

from bridge.errors import PermanentError
from bridge.model.content import ContentItem
from bridge.model.dataset import (
    TEXT_VRS,
    UNICODE,
    Charset,
    DataSet,
    Element,
    charset_of,
    decode_text,
    find,
    is_known,
    text_element,
)
from bridge.model.sr import item_of, own_elements
from bridge.model.tags import SPECIFIC_CHARACTER_SET

_UNKNOWN = (
    "an edit does not fit the Specific Character Set, and {} is not known, so that the other texts cannot be read and "
    "written in ISO_IR 192; correct it at its source"
)
_A_GUESS = (
    "an edit does not fit the Specific Character Set, and bytes that are not of it would be text in ISO_IR 192, which "
    "nobody knows to be theirs; correct them at their source"
)
SAID = text_element(SPECIFIC_CHARACTER_SET, "CS", UNICODE[0])


def in_unicode(item: ContentItem, old: Charset, done: dict[int, Charset], unread: set[int]) -> ContentItem:
    """Typed values are text already; only what an item keeps as bytes has a character set. What was kept because it was
    spelled with other escapes than ours is as its typed value says then. `done` are the ids of items whose bytes are in
    UTF-8 as they are, with the character set that their children are still in. Raises PermanentError where bytes would
    become text of which nobody knows that it was meant."""
    if _says_its_own(item.rest) and not _holds(item, done):
        return item
    inner = done[id(item)] if id(item) in done else charset_of(item.rest, old)
    children = tuple([in_unicode(child, inner, done, unread) for child in item.children])
    if id(item) in done:
        return ContentItem(item.relationship, item.concept, item.value, children, item.rest)
    kept = set[int]()
    spelled = ContentItem(item.relationship, item.concept, item.value, (), recoded(item.rest, inner, UNICODE, kept))
    found = item_of(own_elements(spelled, UNICODE), (), UNICODE)
    if kept and found != spelled:
        raise PermanentError(_A_GUESS)
    unread |= kept
    return ContentItem(found.relationship, found.concept, found.value, children, found.rest)


def _says_its_own(dataset: DataSet) -> bool:
    return find(dataset, SPECIFIC_CHARACTER_SET) is not None


def _holds(item: ContentItem, done: dict[int, Charset]) -> bool:
    return id(item) in done or any(_holds(child, done) for child in item.children)


def recoded(dataset: DataSet, old: Charset, new: Charset, unread: set[int]) -> DataSet:
    """Raises UnicodeError where text does not fit the new character set. What is not of the old one says nothing, to
    nobody: such bytes stay as they are, for which text they are would be a guess. Their tags go into `unread`. Raises
    PermanentError where the old one is unknown: who knows it could read them."""
    return tuple(
        [recoded_element(element, old, new, unread) for element in dataset if element.tag != SPECIFIC_CHARACTER_SET]
    )


def recoded_element(element: Element, old: Charset, new: Charset, unread: set[int]) -> Element:
    tag, vr, value = element
    if isinstance(value, tuple):
        inner = [item if _says_its_own(item) else recoded(item, old, new, unread) for item in value]
        return Element(tag, vr, tuple(inner))
    if vr not in TEXT_VRS or (value.isascii() and b"\x1b" not in value):
        return element
    try:
        text = decode_text(value, vr, old)
    except UnicodeError as error:
        if not is_known(old):
            raise PermanentError(_UNKNOWN.format("\\".join(old))) from error
        unread.add(tag)
        return element
    return text_element(tag, vr, text, new)
