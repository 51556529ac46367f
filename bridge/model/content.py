"""The content tree of a Structured Report (PS3.3 C.17.3): a class for each value type, one for each item."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from bridge.model.dataset import DataSet
from bridge.model.frozen import frozen


class Code(NamedTuple):
    """Code Sequence Macro, PS3.3 table 8.8-1. `value` is Code Value, Long Code Value or URN Code Value."""

    value: str
    scheme: str  # Coding Scheme Designator
    meaning: str
    version: str | None = None  # Coding Scheme Version
    equivalents: tuple[Code, ...] = ()  # Equivalent Code Sequence (0008,0121): the concept in other schemes

    def same(self, other: Code | None) -> bool:
        """Whether both name the same concept: meaning and version are wording."""
        return other is not None and self[0] == other[0] and self[1] == other[1]  # value and scheme


@frozen
class Container:
    continuity: str | None  # Continuity Of Content (0040,A050)


@frozen
class Num:
    values: tuple[str, ...]  # Numeric Value (0040,A30A), text as written; empty where the measured value is empty
    unit: Code | None
    qualifier: Code | None  # Numeric Value Qualifier (0040,A301): why there is no number
    floating: str | None = None  # Floating Point Value (0040,A161) by its shortest decimal


@frozen
class Coded:
    code: Code | None


@frozen
class Plain:
    """A value type whose value is one text: TEXT DATE TIME DATETIME UIDREF PNAME."""

    value_type: str
    text: str


@frozen
class Reference:
    """IMAGE, WAVEFORM or COMPOSITE (PS3.3 C.18.3 to C.18.5): the SOP Instance, or a part of it."""

    value_type: str
    sop_class: str
    sop_instance: str
    subset: tuple[int, ...] = ()  # frames, or segments of a segmentation, or channels; empty: all of the instance


@frozen
class Graphic:
    """SCOORD or SCOORD3D (PS3.3 C.18.6, C.18.9). Coordinates in pixels or in millimeters of the frame of reference."""

    value_type: str
    graphic_type: str
    data: tuple[float, ...]  # column and row, or x, y and z, point by point
    frame_of_reference: str | None = None
    negative_zeros: tuple[int, ...] = ()  # which coordinates are -0.0: it equals 0.0, and is another one in the file


@frozen
class ByReference:
    identifier: tuple[int, ...]  # Referenced Content Item Identifier (0040,DB73)


@frozen
class Other:
    """TCOORD, TABLE, and whatever else a file calls a value type; all of it is in `rest`."""

    value_type: str | None


Value: TypeAlias = Container | Num | Coded | Plain | Reference | Graphic | ByReference | Other


@frozen
class ContentItem:
    relationship: str | None
    concept: Code | None
    value: Value
    children: tuple[ContentItem, ...]
    rest: DataSet  # elements that the fields above do not reproduce byte for byte; they win when written

    def at(self, path: Path) -> ContentItem:
        """The item on that way from this one. Raises IndexError where there is none."""
        item = self
        for step in path:
            item = item.children[step]
        return item


Path: TypeAlias = tuple[int, ...]
"""Of an item: the index of each child on the way from the root."""


def value_type(value: Value) -> str | None:
    kind = _VALUE_TYPES.get(type(value), "")
    return value.value_type if kind == "" else kind  # type: ignore[union-attr]


_VALUE_TYPES: dict[type, str | None] = {Container: "CONTAINER", Num: "NUM", Coded: "CODE", ByReference: None}
"""Of those that do not say it."""
