"""Limits of reference ranges (PS3.16 TID 312), which SR says one after the other: which of them are of one range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bridge.translate.basis.node import Home

_LIMITS, _TEXT = ("low", "high"), "text"


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    said: Home  # the limit; of a text its entry, which has the element id of the item


def group(entries: list[Home]) -> None:
    """In place. Limits side by side are one range, but for two of one limit in a row: whose other limit is whose,
    nobody has said, and each is alone. A text ends its range, as TID 312 has it last, or begins it where a text is
    first; where one is first and one last, nobody has said whose they are. Entries with other elements stay."""
    if any(set(one) - {*_LIMITS, _TEXT, "id"} for one in entries):
        return
    parts = sorted((part for one in entries for part in _parts(one)), key=lambda part: int(part.said["id"]))
    entries[:] = [_entry(one) for one in _ranges(parts)]


def _parts(entry: Home) -> Iterator[_Part]:
    yield from (_Part(end, entry[end]) for end in _LIMITS if end in entry)
    if _TEXT in entry:
        yield _Part(_TEXT, entry)


def _entry(parts: Sequence[_Part]) -> Home:
    """That of its text, where it has one: what is said of the item is said there."""
    entry = next((part.said for part in parts if part.name == _TEXT), {})
    own = {key: entry[key] for key in ("id", _TEXT) if key in entry}
    entry.clear()
    for part in parts:
        entry.update(own if part.name == _TEXT else {part.name: part.said})
    return entry


def _ranges(parts: list[_Part]) -> Iterator[list[_Part]]:
    if len({part.name for part in parts}) == len(parts):
        yield parts
        return
    first, last = (part.name == _TEXT for part in (parts[0], parts[-1]))
    several: list[_Part] = []
    for part in parts:
        if part.name != _TEXT:
            several.append(part)
        elif first and last:
            yield from (*_pairs(several), [part])
            several = []
        elif first:
            yield from _pairs(several)
            several = [part]
        else:
            yield from _pairs([*several, part])
            several = []
    yield from _pairs(several)


def _pairs(parts: list[_Part]) -> Iterator[list[_Part]]:
    """The text is of the range that it stands beside."""
    limits = [part for part in parts if part.name != _TEXT]
    if any(one.name == other.name for one, other in pairwise(limits)):
        yield from ([part] for part in parts)
        return
    pairs = [limits[at : at + 2] for at in range(0, len(limits), 2)] or [[]]
    if len(parts) > len(limits):
        if parts[0].name == _TEXT:
            pairs[0].insert(0, parts[0])
        else:
            pairs[-1].append(parts[-1])
    yield from filter(None, pairs)
