"""Whether a resource that was restored says of an item what anybody reads in it. What the native translation then
writes in other words (a code of another scheme, a time in another zone, a value that is not there) is the spelling of
the item, which its remainder keeps, and no edit that the resource contradicts."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.content import Coded, ContentItem, Num, Path, Plain, Value
from bridge.translate.basis.node import Node
from bridge.translate.native.named_concepts import VALUE_UNKNOWN


def natively_alike(item: ContentItem, restored: Node, read: Node, path: Path = ()) -> Iterator[Path]:
    """Items that `restored` resources give back as those do that are `read` without their pieces."""
    if restored.concept == read.concept and _said(restored.value) == _said(read.value):
        yield path
    ours, theirs = (one.matches(item.children)[0] for one in (restored, read))
    for index in sorted(ours.keys() & theirs.keys()):
        yield from natively_alike(item.children[index], ours[index], theirs[index], (*path, index))


def _said(value: Value) -> Value:
    """A document of ours has a code where there is no value (PS3.16 CID 42), one of others an item without it (PS3.3
    C.18.1: Measured Value Sequence may be empty)."""
    is_empty = value in (Num((), None, None), Coded(None)) or (isinstance(value, Plain) and not value.text.strip())
    return Coded(VALUE_UNKNOWN) if is_empty else value
