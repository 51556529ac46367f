"""Whether a concept measures a length, an area or a volume, by its code, and by what it is called; and a unit.

Codes and names: PS3.16 CID 7470, 7471 and 7472 (linear, area and volume measurements). Units: powers of a metre and
litres alone, whatever a document says; by dimension (`dimensions.py`) a volume index, in `mL/m2`, were a length."""

from __future__ import annotations

import re

from bridge.terminology.units import plain

_LENGTH, _AREA, _VOLUME = 1, 2, 3  # the power of a length
_CODES = {
    "410668003": _LENGTH,  # Length
    "103355008": _LENGTH,  # Width
    "131197000": _LENGTH,  # Depth
    "81827009": _LENGTH,  # Diameter
    "103339001": _LENGTH,  # Long axis
    "103340004": _LENGTH,  # Short axis
    "131187009": _LENGTH,  # Major Axis
    "131188004": _LENGTH,  # Minor Axis
    "131189007": _LENGTH,  # Perpendicular Axis
    "131190003": _LENGTH,  # Radius
    "131191004": _LENGTH,  # Perimeter
    "74551000": _LENGTH,  # Circumference
    "131192006": _LENGTH,  # Diameter of circumscribed circle
    "42798000": _AREA,  # Area
    "131184002": _AREA,  # Area of defined region
    "118565006": _VOLUME,  # Volume
}
_NAMES = dict.fromkeys("length width depth diameter radius perimeter circumference".split(), _LENGTH)
_NAMES |= {"area": _AREA, "volume": _VOLUME}
_METRE, _LITRE = re.compile(r"[YZEPTGMkhdcmunpfazy]?m([23]?)|dam([23]?)"), re.compile(r"(da|[YZEPTGMkhdcmunpfazy])?L")


def is_of_another_unit(sct: str, unit: str) -> bool:
    """Whether what the SNOMED CT concept measures is said in other units than this one of UCUM: a length in `mm2`."""
    measured, said = _CODES.get(sct), _power_of(unit)
    return None not in (measured, said) and measured != said


def is_called_another(sct: str, meaning: str) -> bool:
    """Whether the words are those of another dimension: a length that is called `AREA`."""
    measured, said = _CODES.get(sct), _NAMES.get(meaning.strip().lower())
    return None not in (measured, said) and measured != said


def _power_of(unit: str) -> int | None:
    """None of a unit that is neither."""
    bare = plain(unit)
    if _LITRE.fullmatch(bare):
        return _VOLUME
    found = _METRE.fullmatch(bare)
    return int(found[1] or found[2] or 1) if found else None
