"""What to do about one document, as a literal table over the news of both sides. Pure; only one half is written, the
other is its mirror."""

from __future__ import annotations

from enum import Enum, auto
from typing import Literal, NamedTuple

from bridge.model.world import World
from bridge.sync.decision.news import News


class Act(Enum):
    NOTHING = auto()
    CREATE = auto()
    UPDATE = auto()
    RETRACT = auto()  # mark as wrong, keep: entered-in-error, a rejection note
    REMOVE = auto()
    AGREE = auto()  # both say that it is void: only the link changes
    FORGET = auto()  # gone on both sides: the link goes too
    CONFLICT = auto()  # a person decides


class Side(Enum):
    FHIR = auto()
    DICOM = auto()


class Decision(NamedTuple):
    act: Act
    on: Side | None = None  # whom the act changes; None where nobody's data change


class Policy(NamedTuple):
    """What a route wants where the table leaves a choice."""

    deleted: Literal["mark", "delete", "ignore"] = "mark"  # what was deleted on one side, on the other
    conflicts: Literal["hold"] | World = "hold"  # whose news hold where both have some
    superseded: Literal["keep", "delete"] = "keep"  # SR instances that have a successor of ours


_N = News
_TABLE: dict[tuple[News, News], Act] = {  # (this side, other side); the act changes the other side
    (_N.NEW, _N.ABSENT): Act.CREATE,
    (_N.CHANGED, _N.SAME): Act.UPDATE,
    (_N.RETRACTED, _N.SAME): Act.RETRACT,
    (_N.ABSENT, _N.ABSENT): Act.NOTHING,
    (_N.SAME, _N.SAME): Act.NOTHING,
    (_N.RETRACTED, _N.ABSENT): Act.NOTHING,
    (_N.RETRACTED, _N.RETRACTED): Act.AGREE,
    (_N.GONE, _N.RETRACTED): Act.AGREE,
    (_N.GONE, _N.GONE): Act.FORGET,
    (_N.CHANGED, _N.CHANGED): Act.CONFLICT,
    (_N.RETRACTED, _N.CHANGED): Act.CONFLICT,
    (_N.GONE, _N.CHANGED): Act.CONFLICT,
}
_WHEN_GONE = {"mark": Act.RETRACT, "delete": Act.REMOVE, "ignore": Act.NOTHING}
_CHANGING = (Act.CREATE, Act.UPDATE, Act.RETRACT, Act.REMOVE)


def decide(fhir: News, dicom: News, policy: Policy) -> Decision:
    """Raises ValueError for news that cannot occur together: one side linked, the other never; or both new, for what is
    at its place already is looked at by whoever writes there."""
    for this, other, on in ((fhir, dicom, Side.DICOM), (dicom, fhir, Side.FHIR)):
        act = _WHEN_GONE[policy.deleted] if (this, other) == (_N.GONE, _N.SAME) else _TABLE.get((this, other))
        if act is Act.CONFLICT and policy.conflicts != "hold":
            won, of = (fhir, Side.DICOM) if policy.conflicts == "fhir" else (dicom, Side.FHIR)
            return _over(won, of, policy)
        if act is not None:
            return Decision(act, on if act in _CHANGING else None)
    raise ValueError(f"news that cannot occur together: FHIR {fhir.name}, DICOM {dicom.name}")


def _over(won: News, on: Side, policy: Policy) -> Decision:
    """The news of the side that holds, as if the other had none."""
    act = _WHEN_GONE[policy.deleted] if won is _N.GONE else _TABLE[won, _N.SAME]
    return Decision(act, on if act in _CHANGING else None)
