"""What the id of an item goes by, so that it stays where others are inserted or removed: a UID, else its name among its
siblings."""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.model.content import Code, Container, ContentItem
from bridge.model.dataset import text_of
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.native.generic import text

_UIDS = {("112040", "DCM"), ("113769", "DCM")}  # Tracking Unique Identifier, Irradiation Event UID


def anchor_of(item: ContentItem) -> str | None:
    """Observation UID, tracking UID, irradiation event UID."""
    if item.rest and (uid := text_of(item.rest, OBSERVATION_UID)):
        return uid
    if not isinstance(item.value, Container):
        return None
    named = [child for child in item.children if child.concept and child.concept[:2] in _UIDS]
    return next((found for child in named if (found := text(child, "UIDREF"))), None)


def names_of(siblings: tuple[ContentItem, ...]) -> list[str]:
    """Of each its concept, and how many of that concept stand before it."""
    many: dict[tuple[str, ...] | None, int] = {}
    found = []
    for one in siblings:
        key = one.concept[:2] if one.concept is not None else None
        number = many[key] = many.get(key, -1) + 1
        found.append(f"{_spelled(one.concept)}#{number}" if one.concept else f"#{number}")
    return found


@lru_cache(maxsize=16384)
def _spelled(concept: Code) -> str:
    return f"{_plain(concept.scheme)} {_plain(concept.value)}"


def _plain(text: str) -> str:
    """Quoted where it would not stay apart from what stands beside it."""
    return text if re.fullmatch(r"[\w.:-]*", text) else repr(text)
