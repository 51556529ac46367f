"""Which relationships and value types an SR may have: PS3.3 tables A.35.3-2 and A.35.13-2."""

from __future__ import annotations

from functools import lru_cache

_FACTS = "TEXT CODE NUM DATETIME DATE TIME UIDREF PNAME COMPOSITE"
VALUE_TYPES = frozenset(f"{_FACTS} CONTAINER IMAGE WAVEFORM SCOORD SCOORD3D TCOORD TABLE".split())
_ANY = "* "  # no value type is named so
# PS3.3 tables A.35.3-2 and A.35.13-2 (Comprehensive, Comprehensive 3D SR), the widest of the IODs with a table
_LEGAL: dict[str, tuple[tuple[str, str], ...]] = {
    "CONTAINS": (("CONTAINER", _ANY),),
    "HAS OBS CONTEXT": (("TEXT CODE NUM CONTAINER", _FACTS),),
    "HAS ACQ CONTEXT": (("CONTAINER IMAGE WAVEFORM COMPOSITE NUM", f"{_FACTS} CONTAINER"),),
    "HAS CONCEPT MOD": ((_ANY, "TEXT CODE"),),
    # the last one: A.35.16, Patient Radiation Dose SR (TID 10033)
    "HAS PROPERTIES": (
        ("TEXT CODE NUM", _ANY),
        ("COMPOSITE", "UIDREF"),
        ("PNAME", "TEXT CODE DATETIME DATE TIME UIDREF PNAME"),
    ),
    "INFERRED FROM": (("TEXT CODE NUM", _ANY),),
    "SELECTED FROM": (("SCOORD", "IMAGE"), ("TCOORD", "SCOORD SCOORD3D IMAGE WAVEFORM")),
}


@lru_cache(maxsize=4096)
def is_legal(source: str, relationship: str | None, target: str) -> bool:
    rows = _LEGAL.get(relationship or "", ())
    return any(_holds(sources, source) and _holds(targets, target) for sources, targets in rows)


def _holds(kinds: str, kind: str) -> bool:
    return kinds == _ANY or kind in kinds.split()
