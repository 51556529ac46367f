"""What each side has to say since the two last agreed. Pure.

The state of a side is one text: the digest of its content, RETRACTED, or GONE. The link holds the two that were agreed.
"""

from __future__ import annotations

from enum import Enum, auto

RETRACTED = "retracted"
"""Entered in error, or rejected by a note (IHE RAD TF IOCM): whatever the content still says."""
GONE = "gone"
"""Deleted, asked directly and certain."""
UNKNOWN = "unknown"
"""No agreement is remembered: the link was built again from the instances (`rebuild`)."""
STRANGE = "strange"
"""Of the PACS side: nothing shows yet that what stands in the place that it names came from it, or it from that."""
OUTDATED = "of an earlier translation"
"""Of the PACS side: agreed on, and what was made of it then is not what would be made of it now."""


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
    if agreed == now or {agreed, now} <= {RETRACTED, GONE}:
        return News.SAME
    return {GONE: News.GONE, RETRACTED: News.RETRACTED}.get(now, News.CHANGED)
