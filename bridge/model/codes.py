"""Code <-> Code Sequence (PS3.3 table 8.8-1)."""

from __future__ import annotations

from functools import lru_cache

from bridge.model.content import Code
from bridge.model.dataset import Charset, DataSet, Element, charset_of, decode_text, text_element

_CODE_TAGS = {0x00080100: "SH", 0x00080119: "UC", 0x00080120: "UR"}
_MEANING, _EQUIVALENTS = 0x00080104, 0x00080121


@lru_cache(maxsize=65536)
def code_of(element: Element, charset: Charset) -> Code | None:
    """The first code of a Code Sequence; None where it has none that can be read. A meaning alone that is not of its
    character set is left out: the code means the same without."""
    if not isinstance(element.value, tuple) or not element.value:
        return None
    inner = element.value[0]
    charset = charset_of(inner, charset)
    equivalents: tuple[Code, ...] = ()
    texts: dict[int, str] = {}
    for part in inner:
        if isinstance(part.value, bytes):
            try:
                texts[part.tag] = decode_text(part.value, part.vr, charset).strip(" \0")
            except UnicodeError:
                if part.tag != _MEANING:
                    return None
        elif part.tag == _EQUIVALENTS:
            equivalents = _codes(part.value, charset)
    value = next((texts[tag] for tag in _CODE_TAGS if texts.get(tag)), None)
    if value is None:
        return None
    return Code(value, texts.get(0x00080102, ""), texts.get(_MEANING, ""), texts.get(0x00080103), equivalents)


def _codes(items: tuple[DataSet, ...], charset: Charset) -> tuple[Code, ...]:
    found = (code_of(Element(_EQUIVALENTS, "SQ", (item,)), charset) for item in items)
    return tuple(code for code in found if code is not None)


@lru_cache(maxsize=65536)
def code_element(tag: int, code: Code, charset: Charset) -> Element:
    """A Code Sequence. Code Value (SH) holds 16 characters: a longer one is a Long Code Value, a URN a URN Code Value.

    Raises UnicodeError where the meaning does not fit the character set.
    """
    value_tag = 0x00080100 if len(code.value) <= 16 else 0x00080120 if is_urn(code.value) else 0x00080119
    parts = [text_element(value_tag, _CODE_TAGS[value_tag], code.value, charset)]
    if code.scheme or value_tag != 0x00080120:
        parts.append(text_element(0x00080102, "SH", code.scheme, charset))
    if code.version is not None:
        parts.append(text_element(0x00080103, "SH", code.version, charset))
    parts.append(text_element(_MEANING, "LO", code.meaning, charset))
    if code.equivalents:
        said = (code_element(tag, one, charset).value for one in code.equivalents)
        parts.append(Element(_EQUIVALENTS, "SQ", tuple(item for items in said for item in items)))  # type: ignore[misc]
    return Element(tag, "SQ", (tuple(sorted(parts, key=lambda part: part.tag)),))


def is_urn(value: str) -> bool:
    """A URN Code Value, which alone needs no Coding Scheme Designator."""
    return len(value) > 16 and value.startswith(("urn:", "http:", "https:"))


def optional_code(tag: int, code: Code | None, charset: Charset) -> Element:
    if code is None:
        return Element(tag, "SQ", ())
    return code_element(tag, code, charset)
