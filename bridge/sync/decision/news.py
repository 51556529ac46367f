"""What each side has to say since the two last agreed. Pure.

The state of a side is one text: the digest of its content, or one of the names in `bridge.ledger.link`. The link holds
the two that were agreed.
"""

from __future__ import annotations

from enum import Enum, auto

from bridge.ledger.link import GONE, RETRACTED, VOID


class News(Enum):
    ABSENT = auto()  # never linked, not there
    NEW = auto()  # never linked, there
    SAME = auto()  # as at the last agreement
    CHANGED = auto()  # other content than at the last agreement
    RETRACTED = auto()
    GONE = auto()


def news(agreed: str | None, now: str) -> News:
    """From the state of the last agreement (None: never linked) and that of now. Whether what is void is marked or
    deleted is all the same once both sides know that it is."""
    if agreed is None:
        return {GONE: News.ABSENT, RETRACTED: News.RETRACTED}.get(now, News.NEW)
    if agreed == now or (agreed in VOID and now in VOID):
        return News.SAME
    return {GONE: News.GONE, RETRACTED: News.RETRACTED}.get(now, News.CHANGED)
