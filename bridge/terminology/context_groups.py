"""Context groups of PS3.16, as pydicom ships them."""

from __future__ import annotations

from functools import cache

from bridge.terminology.snomed import sct_of


def is_in(group: int, scheme: str, value: str) -> bool:
    """Whether a code is one of that context group: an SRT one by the SNOMED CT code that it is today."""
    today = sct_of(value) if scheme == "SRT" else None
    return (scheme, value) in _codes(group) or ("SCT", today) in _codes(group)


def is_group(group: int) -> bool:
    """Whether PS3.16 has it: of any other, no code is one."""
    return bool(_codes(group))


def share(group: int, other: int) -> bool:
    """Whether both have a code."""
    return not _codes(group).isdisjoint(_codes(other))


@cache
def _codes(group: int) -> frozenset[tuple[str, str]]:
    """Imported on first use: few documents ask."""
    from pydicom.sr.codedict import Collection

    try:
        concepts = Collection(f"CID{group}").concepts.values()
    except KeyError:  # a group that pydicom does not know
        return frozenset()
    return frozenset((one.scheme_designator, one.value) for one in concepts)
