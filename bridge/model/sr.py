"""Content items <-> data sets (PS3.3 C.17.3, table C.17-6). Exact: what a typed field would not write back byte for
byte goes into `rest`, and wins."""

from __future__ import annotations

import struct
from functools import lru_cache

from bridge.model.content import (
    ByReference,
    Code,
    Coded,
    Container,
    ContentItem,
    Num,
    Other,
    Plain,
    Reference,
    Value,
    value_type,
)
from bridge.model.dataset import Charset, DataSet, Element, decode_text, encode_text, find
from bridge.model.document import Document

CONTENT, RELATIONSHIP, VALUE_TYPE, CONCEPT = 0x0040A730, 0x0040A010, 0x0040A040, 0x0040A043
CONTINUITY, MEASURED, QUALIFIER, CONCEPT_CODE = 0x0040A050, 0x0040A300, 0x0040A301, 0x0040A168
UNITS, NUMERIC, FLOATING = 0x004008EA, 0x0040A30A, 0x0040A161
REFERENCED_SOP, SOP_CLASS, SOP_INSTANCE, REFERENCED_ITEM = 0x00081199, 0x00081150, 0x00081155, 0x0040DB73
OBSERVATION_DATETIME, OBSERVATION_UID = 0x0040A032, 0x0040A171

PLAIN: dict[str, tuple[int, str]] = {  # value type -> its attribute and VR
    "TEXT": (0x0040A160, "UT"),
    "DATE": (0x0040A121, "DA"),
    "TIME": (0x0040A122, "TM"),
    "DATETIME": (0x0040A120, "DT"),
    "UIDREF": (0x0040A124, "UI"),
    "PNAME": (0x0040A123, "PN"),
}
REFERENCES = frozenset({"IMAGE", "WAVEFORM", "COMPOSITE"})

VALUE_TAGS = frozenset(
    {
        VALUE_TYPE,
        CONTINUITY,
        MEASURED,
        QUALIFIER,
        CONCEPT_CODE,
        REFERENCED_SOP,
        REFERENCED_ITEM,
        0x00700022,
        0x00700023,
        0x30060024,
        0x00480301,  # SCOORD, SCOORD3D: data, type, frame of reference, origin
        0x0040A130,
        0x0040A132,
        0x0040A138,
        0x0040A13A,  # TCOORD
        0x0040A801,
        *(tag for tag, _ in PLAIN.values()),  # Tabulated Values Sequence
    }
)
_ROOT_TAGS = frozenset({VALUE_TYPE, CONCEPT, CONTINUITY, CONTENT, 0x0040A504, OBSERVATION_DATETIME, OBSERVATION_UID})
_CODE_TAGS = {0x00080100: "SH", 0x00080119: "UC", 0x00080120: "UR"}


def read_document(dataset: DataSet) -> Document:
    """Raises RecursionError never: the codec bounds nesting."""
    from bridge.model.names import PRIVATE_CREATOR_TAG, REMAINDER_TAG

    of_root = _ROOT_TAGS | {PRIVATE_CREATOR_TAG, REMAINDER_TAG}
    header = tuple(element for element in dataset if element.tag not in of_root)
    root = tuple(element for element in dataset if element.tag in of_root)
    document = Document(header, ContentItem(None, None, Other(None), (), ()))
    return Document(header, read_item(root, document.charset))


def write_document(document: Document) -> DataSet:
    root = write_item(document.root, document.charset)
    return tuple(sorted((*document.header, *root), key=lambda element: element.tag))


def read_item(dataset: DataSet, charset: Charset) -> ContentItem:
    own: list[Element] = []
    children: tuple[ContentItem, ...] = ()
    for element in dataset:
        if element.tag == CONTENT and isinstance(element.value, tuple) and element.value and element.vr == "SQ":
            children = tuple([read_item(child, charset) for child in element.value])
        else:
            own.append(element)
    return item_of(tuple(own), children, charset)


def write_item(item: ContentItem, charset: Charset) -> DataSet:
    own = own_elements(item, charset)
    if not item.children:
        return own
    content = Element(CONTENT, "SQ", tuple([write_item(child, charset) for child in item.children]))
    return tuple(sorted((*own, content), key=lambda element: element.tag))


def item_of(own: DataSet, children: tuple[ContentItem, ...], charset: Charset) -> ContentItem:
    """An item from its elements, its children aside."""
    by_tag = {element.tag: element for element in own}
    concept_element = by_tag.get(CONCEPT)
    concept = _code(concept_element, charset) if concept_element else None
    item = ContentItem(_short(by_tag, RELATIONSHIP), concept, _value(by_tag, charset), children, ())
    written = {element.tag: element for element in _typed_elements(item, charset)}
    rest = tuple(element for element in own if written.get(element.tag) != element)
    return ContentItem(item.relationship, concept, item.value, children, rest) if rest else item


def own_elements(item: ContentItem, charset: Charset) -> DataSet:
    """The item's elements without its children."""
    typed = _typed_elements(item, charset)
    if not item.rest:
        return tuple(sorted(typed, key=lambda element: element.tag))
    by_tag = {element.tag: element for element in typed}
    by_tag.update({element.tag: element for element in item.rest})
    return tuple(by_tag[tag] for tag in sorted(by_tag))


def _short(by_tag: dict[int, Element], tag: int) -> str | None:
    element = by_tag.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return None
    return element.value.decode("ascii", "replace").strip(" \0") or None


def _value(by_tag: dict[int, Element], charset: Charset) -> Value:
    kind = _short(by_tag, VALUE_TYPE)
    if kind in PLAIN:
        element = by_tag.get(PLAIN[kind][0])
        if element is not None and isinstance(element.value, bytes):
            try:
                return Plain(kind, decode_text(element.value, element.vr, charset))
            except UnicodeError:
                return Other(kind)
        return Other(kind)
    if kind == "CONTAINER":
        return Container(_short(by_tag, CONTINUITY))
    if kind == "CODE":
        return Coded(_code(by_tag[CONCEPT_CODE], charset)) if CONCEPT_CODE in by_tag else Other(kind)
    if kind == "NUM":
        return _num(by_tag, charset)
    if kind in REFERENCES:
        return _reference(kind, by_tag)
    if kind is None and REFERENCED_ITEM in by_tag and isinstance(by_tag[REFERENCED_ITEM].value, bytes):
        raw = by_tag[REFERENCED_ITEM].value
        return ByReference(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))  # type: ignore[arg-type]
    return Other(kind)


def _num(by_tag: dict[int, Element], charset: Charset) -> Value:
    measured = by_tag.get(MEASURED)
    qualifier = _code(by_tag[QUALIFIER], charset) if QUALIFIER in by_tag else None
    if measured is None or not isinstance(measured.value, tuple):
        return Other("NUM")
    if not measured.value:
        return Num((), None, qualifier)
    inner = measured.value[0]
    numeric, units, floating = find(inner, NUMERIC), find(inner, UNITS), find(inner, FLOATING)
    text = numeric.value.decode("ascii", "replace").strip(" \0") if numeric and isinstance(numeric.value, bytes) else ""
    exact = None
    if floating is not None and isinstance(floating.value, bytes) and len(floating.value) == 8:
        exact = repr(struct.unpack("<d", floating.value)[0])
    values = tuple(part.strip() for part in text.split("\\")) if text else ()
    return Num(values, _code(units, charset) if units else None, qualifier, exact)


def _reference(kind: str, by_tag: dict[int, Element]) -> Value:
    element = by_tag.get(REFERENCED_SOP)
    if element is None or not isinstance(element.value, tuple) or len(element.value) != 1:
        return Other(kind)
    inner = {part.tag: part for part in element.value[0]}
    sop_class, instance = _short(inner, SOP_CLASS), _short(inner, SOP_INSTANCE)
    if sop_class is None or instance is None:
        return Other(kind)
    return Reference(kind, sop_class, instance, whole=len(inner) == 2)


@lru_cache(maxsize=65536)
def _code(element: Element, charset: Charset) -> Code | None:
    """The first code of a Code Sequence; None where it has none that can be read."""
    if not isinstance(element.value, tuple) or not element.value:
        return None
    inner = element.value[0]
    try:
        texts = {
            part.tag: decode_text(part.value, part.vr, charset).strip(" \0")
            for part in inner
            if isinstance(part.value, bytes)
        }
    except UnicodeError:
        return None
    value = next((texts[tag] for tag in _CODE_TAGS if texts.get(tag)), None)
    if value is None:
        return None
    return Code(value, texts.get(0x00080102, ""), texts.get(0x00080104, ""), texts.get(0x00080103))


@lru_cache(maxsize=65536)
def code_element(tag: int, code: Code, charset: Charset) -> Element:
    """A Code Sequence. Code Value (SH) holds 16 characters: a longer one is a Long Code Value, a URN a URN Code Value.

    Raises UnicodeError where the meaning does not fit the character set.
    """
    value_tag = 0x00080100 if len(code.value) <= 16 else 0x00080119
    if value_tag == 0x00080119 and code.value.startswith(("urn:", "http:", "https:")):
        value_tag = 0x00080120
    parts = [Element(value_tag, _CODE_TAGS[value_tag], encode_text(code.value, _CODE_TAGS[value_tag], charset))]
    if code.scheme or value_tag != 0x00080120:
        parts.append(Element(0x00080102, "SH", encode_text(code.scheme, "SH", charset)))
    if code.version is not None:
        parts.append(Element(0x00080103, "SH", encode_text(code.version, "SH", charset)))
    parts.append(Element(0x00080104, "LO", encode_text(code.meaning, "LO", charset)))
    return Element(tag, "SQ", (tuple(sorted(parts, key=lambda part: part.tag)),))


def _typed_elements(item: ContentItem, charset: Charset) -> list[Element]:
    elements: list[Element] = []
    if item.relationship is not None:
        elements.append(_cs(RELATIONSHIP, item.relationship))
    kind = value_type(item.value)
    if kind is not None:
        elements.append(_cs(VALUE_TYPE, kind))
    if item.concept is not None:
        elements.append(_code_or_empty(CONCEPT, item.concept, charset))
    match item.value:
        case Plain(kind, text):
            tag, vr = PLAIN[kind]
            elements.append(Element(tag, vr, encode_text(text, vr, charset)))
        case Coded(code):
            elements.append(_code_or_empty(CONCEPT_CODE, code, charset))
        case Num():
            elements += _num_elements(item.value, charset)
        case Container(continuity) if continuity is not None:
            elements.append(_cs(CONTINUITY, continuity))
        case Reference(_, sop_class, instance, _):
            inner = (
                Element(SOP_CLASS, "UI", encode_text(sop_class, "UI", ())),
                Element(SOP_INSTANCE, "UI", encode_text(instance, "UI", ())),
            )
            elements.append(Element(REFERENCED_SOP, "SQ", (inner,)))
        case ByReference(identifier):
            elements.append(Element(REFERENCED_ITEM, "UL", struct.pack(f"<{len(identifier)}I", *identifier)))
        case _:
            pass
    return elements


def _num_elements(num: Num, charset: Charset) -> list[Element]:
    inner: list[Element] = []
    if num.unit is not None:
        inner.append(_code_or_empty(UNITS, num.unit, charset))
    if num.values:
        inner.append(Element(NUMERIC, "DS", encode_text("\\".join(num.values), "DS", ())))
    if num.floating is not None:
        inner.insert(-1, Element(FLOATING, "FD", struct.pack("<d", float(num.floating))))
    measured = [Element(MEASURED, "SQ", (tuple(inner),) if inner else ())]
    return measured + ([_code_or_empty(QUALIFIER, num.qualifier, charset)] if num.qualifier is not None else [])


def _cs(tag: int, text: str) -> Element:
    raw = text.encode("ascii", "replace")
    return Element(tag, "CS", raw + b" " if len(raw) % 2 else raw)


def _code_or_empty(tag: int, code: Code | None, charset: Charset) -> Element:
    if code is None:
        return Element(tag, "SQ", ())
    return code_element(tag, code, charset)
