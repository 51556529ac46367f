"""Keys of resources, `Type/id`: by which references name them, and what they say of the kind."""

from __future__ import annotations

import re

from bridge.translate.gather import FORMING

_LOCAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")


def local(reference: str) -> str | None:
    """`Type/id` of a reference, whatever base it is written with; None of a `urn:` or contained one."""
    found = _LOCAL.fullmatch(reference)
    return found[1] if found else None


def kind_of(key: str) -> str:
    """`Type` of a key."""
    return key.partition("/")[0]


def is_forming(key: str) -> bool:
    """Whether resources of that type form documents; others only belong to them."""
    return kind_of(key) in FORMING
