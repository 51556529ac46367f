"""Whose news passes could not take in, though it answers all else: a permission is missing, or one file is damaged.

Kept in memory, as outages are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bridge.sync.summary import News, Summary


class Unheard(NamedTuple):
    route: str
    stores: tuple[str, ...]  # both where they could not be compared
    why: str
    since: float  # seconds since the epoch: the first of the passes in a row that could not


def unheard_after(before: Mapping[News, Unheard], summary: Summary, now: float) -> dict[News, Unheard]:
    """Once a pass was made. What it did not try to take in is as it was; on a paused route nothing is tried, which is
    said of the route."""
    failed = {
        news: Unheard(*news, why, before[news].since if news in before else now)
        for news, why in summary.heard.items()
        if why is not None
    }
    untried = {news: one for news, one in before.items() if news not in summary.heard}
    return {news: one for news, one in (untried | failed).items() if one.route not in summary.paused}
