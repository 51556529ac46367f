"""Keys of resources, `Type/id`: by which references name them, and what they say of the kind."""

from __future__ import annotations

from bridge.translate.gather import FORMING


def kind_of(key: str) -> str:
    """`Type` of a key."""
    return key.partition("/")[0]


def is_forming(key: str) -> bool:
    """Whether resources of that type form documents; others only belong to them."""
    return kind_of(key) in FORMING
