"""What each side has to say since the two last agreed. Pure."""

from __future__ import annotations

from enum import Enum, auto


class News(Enum):
    ABSENT = auto()  # never linked, not there
    NEW = auto()  # never linked, there
    SAME = auto()  # as at the last agreement
    CHANGED = auto()  # other content than at the last agreement
    RETRACTED = auto()  # entered-in-error, or rejected by a note (IHE IOCM)
    GONE = auto()  # deleted, asked directly and certain


def news(agreed: str | None, now: str | None, *, retracted: bool = False) -> News:
    """From the digest of the last agreement (None: never linked) and that of now (None: not there)."""
    if now is None:
        return News.ABSENT if agreed is None else News.GONE
    if retracted:
        return News.RETRACTED
    if agreed is None:
        return News.NEW
    return News.SAME if agreed == now else News.CHANGED
