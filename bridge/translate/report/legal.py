"""Which relationships and value types an SR may have: PS3.3 A.35, by SOP class."""

from __future__ import annotations

from functools import lru_cache

from bridge.translate.report.iods import ANY, IODS, OF_A_PERSON, Iod, Row

_FACTS = "TEXT CODE NUM DATETIME DATE TIME UIDREF PNAME COMPOSITE"
VALUE_TYPES = frozenset(f"{_FACTS} CONTAINER IMAGE WAVEFORM SCOORD SCOORD3D TCOORD TABLE".split())
# PS3.3 tables A.35.3-2 and A.35.13-2 (Comprehensive, Comprehensive 3D SR), the widest of the IODs with a table
_WIDEST: dict[str, tuple[Row, ...]] = {
    "CONTAINS": (("CONTAINER", ANY),),
    "HAS OBS CONTEXT": (("TEXT CODE NUM CONTAINER", _FACTS),),
    "HAS ACQ CONTEXT": (("CONTAINER IMAGE WAVEFORM COMPOSITE NUM", f"{_FACTS} CONTAINER"),),
    "HAS CONCEPT MOD": ((ANY, "TEXT CODE"),),
    # the last one: A.35.18, Patient Radiation Dose SR (TID 10033)
    "HAS PROPERTIES": (
        ("TEXT CODE NUM", ANY),
        ("COMPOSITE", "UIDREF"),
        OF_A_PERSON,
    ),
    "INFERRED FROM": (("TEXT CODE NUM", ANY),),
    "SELECTED FROM": (("SCOORD", "IMAGE"), ("TCOORD", "SCOORD SCOORD3D IMAGE WAVEFORM")),
}
_ANY_IOD = Iod("A.35.3-2", _WIDEST)


def iod_of(sop_class: str | None) -> Iod:
    """That of the SOP class; of one without a table here, the widest."""
    return IODS.get(sop_class or "", _ANY_IOD)


@lru_cache(maxsize=4096)
def is_legal(source: str, relationship: str | None, target: str, sop_class: str | None = None) -> bool:
    """In a document of the SOP class; without one, in any."""
    rows = iod_of(sop_class).rows.get(relationship or "", ())
    return any(_holds(sources, source) and _holds(targets, target) for sources, targets in rows)


def _holds(kinds: str, kind: str) -> bool:
    return kinds == ANY or kind in kinds.split()
