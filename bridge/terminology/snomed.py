"""SNOMED-RT style codes (designator SRT, retired) -> SNOMED CT: the mapping of PS3.16 annex O, as pydicom ships it."""

from __future__ import annotations

from functools import cache


@cache
def _table() -> dict[str, str]:
    """Imported on first use: most runs never meet one of its 8,000 codes."""
    from pydicom.sr._snomed_dict import mapping

    table: dict[str, str] = mapping["SRT"]
    return table


def sct_of(srt: str) -> str | None:
    """The SNOMED CT concept id of a SNOMED-RT style code, `T-A0100` -> `12738006`; None where none is known."""
    return _table().get(srt)
