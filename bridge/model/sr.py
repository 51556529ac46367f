"""Content items <-> data sets (PS3.3 C.17.3, table C.17-6). Exact: what a typed field would not write back byte for
byte goes into `rest`, and wins."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter

from bridge.model.codes import code_of, optional_code
from bridge.model.content import Code, ContentItem, Other, value_type
from bridge.model.dataset import Charset, DataSet, Element, charset_of, merged
from bridge.model.document import Document
from bridge.model.names import PRIVATE_CREATOR_TAG
from bridge.model.tags import (
    CONCEPT,
    CONTENT,
    CONTINUITY,
    OBSERVATION_DATETIME,
    OBSERVATION_UID,
    RELATIONSHIP,
    TEMPLATE,
    VALUE_TYPE,
)
from bridge.model.values import code_string, code_string_of, value_elements, value_of

_OF_ROOT = frozenset(
    {
        VALUE_TYPE,
        CONCEPT,
        CONTINUITY,
        CONTENT,
        TEMPLATE,
        OBSERVATION_DATETIME,
        OBSERVATION_UID,
    }
)


def read_document(dataset: DataSet) -> Document:
    header = tuple(element for element in dataset if not _is_of_root(element.tag))
    root = tuple(element for element in dataset if _is_of_root(element.tag))
    document = Document(header, ContentItem(None, None, Other(None), (), ()))
    return Document(header, read_item(root, document.charset))


def _is_of_root(tag: int) -> bool:
    """The private group that our remainder may be in belongs to the content, whoever's block it is."""
    return tag in _OF_ROOT or tag >> 16 == PRIVATE_CREATOR_TAG >> 16


def write_document(document: Document) -> DataSet:
    root = write_item(document.root, document.charset)
    return tuple(sorted((*document.header, *root), key=itemgetter(0)))  # by tag


def read_item(dataset: DataSet, charset: Charset) -> ContentItem:
    """`charset`: that of the data set which holds the item, here as in all that follows."""
    inner = charset_of(dataset, charset)
    own: list[Element] = []
    children: tuple[ContentItem, ...] = ()
    for element in dataset:
        if element.tag == CONTENT and isinstance(element.value, tuple) and element.value and element.vr == "SQ":
            children = tuple([read_item(child, inner) for child in element.value])
        else:
            own.append(element)
    return item_of(tuple(own), children, charset)


def write_item(item: ContentItem, charset: Charset) -> DataSet:
    own = own_elements(item, charset)
    if not item.children:
        return own
    inner = charset_of(item.rest, charset)
    content = Element(CONTENT, "SQ", tuple([write_item(child, inner) for child in item.children]))
    return _joined(own, (content,))


def _joined(one: DataSet, other: DataSet) -> DataSet:
    """In ascending order, of data sets without a tag in common: mostly all of one stands before the other."""
    if not one or not other or one[-1].tag < other[0].tag:
        return one + other
    return tuple(sorted((*one, *other)))  # no tag twice: only tags are compared


def item_of(own: DataSet, children: tuple[ContentItem, ...], charset: Charset) -> ContentItem:
    """An item from its elements, its children aside."""
    item = _usual_item(own, charset) if _is_usual(own) else _item(own, charset)
    return ContentItem(item.relationship, item.concept, item.value, children, item.rest) if children else item


def _is_usual(own: DataSet) -> bool:
    """Headings and coded answers are the same all over a report, and its neighbours; numbers and texts are not, nor is
    what others have added."""
    for element in own:
        if element.tag >= VALUE_TYPE:
            return element.value in (b"CODE", b"CONTAINER ") and is_of_content(own)
    return False


def is_of_content(elements: DataSet) -> bool:
    """Whether all of them are of the group of structured reporting: of known purpose, and short."""
    return not elements or elements[0].tag >> 16 == 0x0040 == elements[-1].tag >> 16


def _item(own: DataSet, charset: Charset) -> ContentItem:
    charset = charset_of(own, charset)
    by_tag = {element.tag: element for element in own}
    relationship, kind, concept = _name_of(
        by_tag.get(RELATIONSHIP), by_tag.get(VALUE_TYPE), by_tag.get(CONCEPT), charset
    )
    item = ContentItem(relationship, concept, value_of(kind, by_tag, charset), (), ())
    try:
        typed = _typed_elements(item, charset)
    except UnicodeError:  # bytes that no text stands for: all of it stays as it is
        return ContentItem(None, None, Other(value_type(item.value)), (), own)
    if typed == own:
        return item
    written = {element.tag: element for element in typed}
    rest = tuple(element for element in own if written.get(element.tag) != element)
    return ContentItem(item.relationship, concept, item.value, (), rest) if rest else item


_usual_item = lru_cache(maxsize=4096)(_item)


@lru_cache(maxsize=16384)
def _name_of(
    relationship: Element | None, kind: Element | None, concept: Element | None, charset: Charset
) -> tuple[str | None, str | None, Code | None]:
    return code_string_of(relationship), code_string_of(kind), code_of(concept, charset) if concept else None


def own_elements(item: ContentItem, charset: Charset) -> DataSet:
    """The item's elements without its children."""
    typed = _typed_elements(item, charset_of(item.rest, charset))
    return merged(typed, item.rest) if item.rest else typed


def _typed_elements(item: ContentItem, charset: Charset) -> DataSet:
    named = name_elements(item.relationship, value_type(item.value), item.concept, charset)
    return _joined(named, value_elements(item.value, charset))


@lru_cache(maxsize=65536)
def name_elements(relationship: str | None, kind: str | None, concept: Code | None, charset: Charset) -> DataSet:
    """The same all over a document, and its neighbours."""
    elements: list[Element] = []
    if relationship is not None:
        elements.append(code_string(RELATIONSHIP, relationship))
    if kind is not None:
        elements.append(code_string(VALUE_TYPE, kind))
    if concept is not None:
        elements.append(optional_code(CONCEPT, concept, charset))
    return tuple(elements)
