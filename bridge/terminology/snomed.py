"""SNOMED-RT style codes (designator SRT, retired) -> SNOMED CT: PS3.16 annex O, and names, as pydicom ships them."""

from __future__ import annotations

from functools import cache


@cache
def _table() -> dict[str, str]:
    """Imported on first use: most runs never meet one of its 8,000 codes."""
    from pydicom.sr._snomed_dict import mapping

    table: dict[str, str] = mapping["SRT"]
    return table


@cache
def _names() -> dict[str, str]:
    """By concept id: what a context group of PS3.16 calls it, else its fully specified name."""
    from pydicom.sr._concepts_dict import concepts

    said = [(code, name, groups) for one in concepts["SCT"].values() for code, (name, groups) in one.items()]
    return {code: name for code, name, groups in sorted(said, key=lambda one: (bool(one[2]), one[1]))}


def name_of(sct: str) -> str | None:
    """What a SNOMED CT concept is called, whatever somebody calls a code that is mapped to it."""
    return _names().get(sct)


def sct_of(srt: str) -> str | None:
    """The SNOMED CT concept id of a SNOMED-RT style code, `T-A0100` -> `12738006`; None where none is known."""
    return _table().get(srt)
