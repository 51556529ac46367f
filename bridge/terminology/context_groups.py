"""Context groups of PS3.16, as pydicom ships them."""

from __future__ import annotations

from functools import cache

from bridge.terminology.snomed import sct_of


def is_in(group: int, scheme: str, value: str) -> bool:
    """Whether a code is one of that context group: an SRT one by the SNOMED CT code that it is today."""
    today = sct_of(value) if scheme == "SRT" else None
    return (scheme, value) in _codes(group) or ("SCT", today) in _codes(group)


@cache
def _codes(group: int) -> frozenset[tuple[str, str]]:
    """Imported on first use: few documents ask."""
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    named = cid_concepts.get(group, {})
    return frozenset(
        (scheme, value)
        for scheme, names in named.items()
        for name in names
        for value, (_, groups) in concepts[scheme][name].items()
        if group in groups
    )
