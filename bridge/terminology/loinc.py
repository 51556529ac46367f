"""Is a text a LOINC code? Its last digit proves the others."""

from __future__ import annotations

import re

_CODE = re.compile(r"([1-9]\d{0,6})-(\d)", re.ASCII)
_PART = re.compile(
    r"L[AGLP]\d{1,7}-\d", re.ASCII
)  # answers, groups, lists and parts: codes too, whose digit nobody documents
_SLIPS = frozenset({"11524-0"})
"""Codes that PS3.16 itself writes with a wrong digit, so that readers expect them (TID 3700; it means 11524-6)."""


def is_loinc(code: str, *, in_dicom: bool) -> bool:
    """LOINC Users' Guide, appendix C: mod 10. Every second digit, from the right, is doubled (and its digits added)."""
    found = _CODE.fullmatch(code)
    if found is None:
        return _PART.fullmatch(code) is not None
    doubled = "".join(str(int(digit) * (2 - place % 2)) for place, digit in enumerate(reversed(found[1])))
    return -sum(map(int, doubled)) % 10 == int(found[2]) or (in_dicom and code in _SLIPS)
