"""A native item with the patch that its remainder says, as it will be read: bytes keep no trailing blank."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from bridge.model.content import Coded, Container, ContentItem
from bridge.model.dataset import Charset
from bridge.model.sr import is_of_content, item_of, own_elements
from bridge.translate.remainder.elements import item_group, patched

Patched: TypeAlias = tuple[ContentItem, Sequence[str]]
"""The item, and the groups of it whose native value has changed, which stay native."""


def patched_item(native: ContentItem, patch: dict[str, Any] | None, charset: Charset) -> Patched:
    if patch is None:
        return item_of(own_elements(native, charset), native.children, charset), ()
    alone = ContentItem(native.relationship, native.concept, native.value, (), native.rest)
    item, dropped = _patched_alone(alone, patch, charset)
    return ContentItem(item.relationship, item.concept, item.value, native.children, item.rest), dropped


def _patched_alone(native: ContentItem, patch: dict[str, Any], charset: Charset) -> Patched:
    said, guards = patch.get("e", {}), patch.get("g", {})
    usual = isinstance(native.value, Coded | Container) and is_of_content(native.rest)
    texts = [isinstance(guard, str) for guard in guards.values()]
    texts += [tag.startswith("0040") and isinstance(one, str | None) for tag, one in said.items()]
    if usual and all(texts):
        return _usual(native, tuple(said.items()), tuple(guards.items()), charset)
    return _patched(native, patch, charset)


@lru_cache(maxsize=4096)
def _usual(
    native: ContentItem, said: tuple[tuple[str, str | None], ...], guards: tuple[tuple[str, str], ...], charset: Charset
) -> Patched:
    """Headings and coded answers differ alike all over a report, and its neighbours."""
    return _patched(native, {"e": dict(said), "g": dict(guards)}, charset)


def _patched(native: ContentItem, patch: dict[str, Any], charset: Charset) -> Patched:
    own, dropped = patched(own_elements(native, charset), patch, item_group, charset)
    return item_of(own, (), charset), dropped
