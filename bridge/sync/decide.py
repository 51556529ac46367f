"""What to do about one document, as a literal table over the news of both sides. Pure; only one half is written, the
other is its mirror."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from bridge.sync.news import News


class Act(Enum):
    NOTHING = auto()
    CREATE = auto()
    UPDATE = auto()
    ADOPT = auto()  # both are there, unlinked: linked if equal, else held
    HOLD = auto()  # a person decides


class Side(Enum):
    FHIR = auto()
    DICOM = auto()


class Decision(NamedTuple):
    act: Act
    on: Side | None = None  # whom the act changes
    reason: str = ""


_CONFLICT = "both sides changed; decide which one holds, then make them equal"
_RETRACT = "retracting on the other side is not there yet; retract it there by hand"
_DELETED = "deleting on the other side is not there yet; delete it there by hand"
_N = News
_TABLE: dict[tuple[News, News], tuple[Act, str]] = {  # (this side, other side); the act changes the other side
    (_N.NEW, _N.ABSENT): (Act.CREATE, ""),
    (_N.CHANGED, _N.SAME): (Act.UPDATE, ""),
    (_N.ABSENT, _N.ABSENT): (Act.NOTHING, ""),
    (_N.SAME, _N.SAME): (Act.NOTHING, ""),
    (_N.RETRACTED, _N.ABSENT): (Act.NOTHING, ""),
    (_N.RETRACTED, _N.RETRACTED): (Act.NOTHING, ""),
    (_N.GONE, _N.GONE): (Act.NOTHING, ""),
    (_N.GONE, _N.RETRACTED): (Act.NOTHING, ""),
    (_N.NEW, _N.NEW): (Act.ADOPT, ""),
    (_N.RETRACTED, _N.NEW): (Act.HOLD, _RETRACT),
    (_N.RETRACTED, _N.SAME): (Act.HOLD, _RETRACT),
    (_N.GONE, _N.SAME): (Act.HOLD, _DELETED),
    (_N.CHANGED, _N.CHANGED): (Act.HOLD, _CONFLICT),
    (_N.RETRACTED, _N.CHANGED): (Act.HOLD, _CONFLICT),
    (_N.GONE, _N.CHANGED): (Act.HOLD, _CONFLICT),
}


def decide(fhir: News, dicom: News) -> Decision:
    """Raises ValueError for news that cannot occur together: one side linked, the other never."""
    for this, other, on in ((fhir, dicom, Side.DICOM), (dicom, fhir, Side.FHIR)):
        if (row := _TABLE.get((this, other))) is not None:
            act, reason = row
            return Decision(act, on if act in (Act.CREATE, Act.UPDATE) else None, reason)
    raise ValueError(f"news that cannot occur together: FHIR {fhir.name}, DICOM {dicom.name}")
