"""Which items are read back just as they are, without writing them: nearly all. A text that ends with a blank loses it,
a code that no Code Sequence holds comes back as another."""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.model.codes import code_element, code_of
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, Value
from bridge.model.dataset import Charset
from bridge.model.sr import own_elements
from bridge.model.tags import CONCEPT

_WORD = re.compile(r"[!-\[\]-~]+")


def is_kept(item: ContentItem, charset: Charset) -> bool:
    """Whether what `sr` writes of the item is read as the very same. True is certain; False says that one has to see,
    as of what is rare."""
    return (
        not item.rest
        and _keeps_string(item.relationship)
        and _keeps_code(item.concept, charset)
        and _keeps_value(item.value, charset)
    )


def fits(item: ContentItem, charset: Charset) -> bool:
    """Whether the character set holds what the item says."""
    if is_kept(item, charset):
        return True
    try:
        own_elements(item, charset)
    except UnicodeError:
        return False
    return True


def _keeps_value(value: Value, charset: Charset) -> bool:
    if isinstance(value, Coded):
        return _keeps_code(value.code, charset)
    if isinstance(value, Plain):
        text = value.text
        return text.isascii() and not text.endswith((" ", "\0")) and "\\" not in text and "\x1b" not in text
    if isinstance(value, Num):
        number = value.values and all(map(_WORD.fullmatch, value.values)) and _keeps_float(value.floating)
        return bool(number) and _keeps_code(value.unit, charset) and _keeps_code(value.qualifier, charset)
    return isinstance(value, Container) and _keeps_string(value.continuity)


def _keeps_float(text: str | None) -> bool:
    return text is None or repr(float(text)) == text


@lru_cache(maxsize=4096)
def _keeps_string(text: str | None) -> bool:
    return text is None or _WORD.fullmatch(text.replace(" ", "_")) is not None and text.strip() == text


@lru_cache(maxsize=16384)
def _keeps_code(code: Code | None, charset: Charset) -> bool:
    try:
        return code is None or code_of(code_element(CONCEPT, code, charset), charset) == code
    except UnicodeError:  # a meaning that does not fit the character set
        return False
