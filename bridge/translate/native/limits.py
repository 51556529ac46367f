"""Limits of reference ranges (PS3.16 TID 312), which SR says one after the other: which of them are of one range."""

from __future__ import annotations

from itertools import pairwise

from bridge.translate.basis.node import Home

_LIMITS = ("low", "high")


def entry_for(entries: list[Home], part: str) -> Home:
    """Where the next `part`, a limit or a text, belongs; adds the entry that it begins. Two of one limit in a row are
    of ranges that nobody has paired: from then on each is said alone. Where several texts tell ranges apart, each ends
    one."""
    if unpaired := _in_a_row(entries, part):
        _part(entries)
    if not entries or part in entries[-1] or _is_words(entries[-1], part) or unpaired or _is_ended(entries):
        entries.append({})
    return entries[-1]


def _is_words(entry: Home, part: str) -> bool:
    """Whether it is a text already, which has the element id of its item."""
    return part == "text" and "id" in entry


def _in_a_row(entries: list[Home], part: str) -> bool:
    said = [one for entry in entries for one in entry if one in (*_LIMITS, "text")]
    return any(one == other and one in _LIMITS for one, other in pairwise([*said, part]))


def _is_ended(entries: list[Home]) -> bool:
    """Whether the last entry has the text of its limits."""
    several = sum("text" in one for one in entries) > 1
    return several and any(end in entries[-1] for end in _LIMITS) and list(entries[-1])[-1] == "text"


def _part(entries: list[Home]) -> None:
    """In place: limits that stand together, but for those that a text holds together."""
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if "text" not in entry and all(end in entry for end in _LIMITS):
            later = list(entry)[-1]
            entries.insert(index + 1, {later: entry.pop(later)})
