"""SNOMED-RT style codes (designator SRT, retired) -> SNOMED CT: PS3.16 annex O, and names, as pydicom ships them; and
whether a text is a SNOMED CT identifier, whose last digit proves the others."""

from __future__ import annotations

import re
from functools import cache

_D5 = (
    "0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210"
).split()
"""Multiplication in the dihedral group of a pentagon."""
_PLACES = "0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258".split()
"""What becomes of a digit at its place from the right."""

SLIPS = frozenset({"115347700"})
"""Codes that PS3.16 itself writes with a wrong digit, so that readers expect them (CID 12325)."""


def is_sct(code: str) -> bool:
    """SNOMED CT Release File Specifications, 5.5: check digit of Verhoeff. What has not the 6 to 18 digits of an
    identifier (an expression) is not looked at."""
    if code in SLIPS or re.fullmatch(r"[1-9]\d{5,17}", code, re.ASCII) is None:
        return True
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(_D5[check][int(_PLACES[place % 8][int(digit)])])
    return check == 0


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
