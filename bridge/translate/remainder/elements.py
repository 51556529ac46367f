"""Guarded difference of two data sets: what the elements of an item, or of the header, have that its translation back
has not. Each element is guarded by a digest of the native value that it replaces: where that has changed since, the
native value wins and the element is dropped and reported, never re-aimed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from bridge.errors import DamagedRemainderError
from bridge.model.dataset import Charset, DataSet, Element
from bridge.model.group import Json
from bridge.model.tags import (
    CONCEPT,
    INSTANCE_NUMBER,
    OF_ORIGINAL,
    PARTICIPANTS,
    SERIES_NUMBER,
    SERIES_UID,
    SIGNATURES,
    SOP_INSTANCE_UID,
    VALUE_TAGS,
    VERIFICATION,
    VERIFYING_OBSERVERS,
)
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.remainder.element_json import element_json, element_of

Group = Callable[[int], str]
"""Tags whose elements stand and fall together."""
_OF_INSTANCE = frozenset(
    {
        SOP_INSTANCE_UID,
        *SIGNATURES,
        PARTICIPANTS,
        VERIFICATION,
        VERIFYING_OBSERVERS,
        0x00080012,  # Instance Creation Date
        0x00080013,
        0x00080014,  # Instance Creator UID
        SERIES_UID,
        SERIES_NUMBER,
        INSTANCE_NUMBER,
        0x00080021,  # Series Date
        0x00080031,  # Series Time
        0x0008103E,  # Series Description
        0x0008103F,  # Series Description Code Sequence
        0x00081111,  # Referenced Performed Procedure Step Sequence
        0x00181030,  # Protocol Name
        0x0040A078,  # Author Observer Sequence
        0x0040A492,  # Completion Flag Description
        *OF_ORIGINAL,
        0x0018A001,  # Contributing Equipment Sequence
        0x00080070,  # Manufacturer, and what else is of the equipment (PS3.3 C.7.5.1)
        *(0x00080080, 0x00080081, 0x00081010, 0x00081040, 0x00081041, 0x00081090),
        *(0x00181000, 0x00181002, 0x00181008, 0x0018100A, 0x00181020, 0x00181200, 0x00181201),
    }
)
"""Which instance it is, in whose series, and who has verified, attested or signed it: true of no other content. Content
Date is not among them: a later version must not seem to be the earlier one."""


@lru_cache(maxsize=4096)
def item_group(tag: int) -> str:
    return "c" if tag == CONCEPT else "v" if tag in VALUE_TAGS else f"{tag:08X}"


@lru_cache(maxsize=4096)
def header_group(tag: int) -> str:
    return f"{tag:08X}"


@lru_cache(maxsize=4096)
def made_header_group(tag: int) -> str:
    """Of a document that resources were made into, whose UID follows from what they say: once they are edited, it is
    another instance, which nobody has verified."""
    return header_group(SOP_INSTANCE_UID if tag in _OF_INSTANCE else tag)


def difference(native: DataSet, wanted: DataSet, group: Group, charset: Charset) -> dict[str, Json]:
    """What turns `native` into `wanted`: `{"e": {tag: element | null}, "g": {group: guard}}`; empty if equal."""
    if native == wanted:
        return {}
    have, want = ({element.tag: element for element in one} for one in (native, wanted))
    elements = {
        f"{tag:08X}": element_json(want[tag], charset) if tag in want else None
        for tag in sorted(have.keys() | want.keys())
        if have.get(tag) != want.get(tag)
    }
    guards = _Guards(native, group)
    said = {name: guard for tag in elements if (guard := guards.of(name := group(int(tag, 16))))}
    return {"e": elements} | ({"g": said} if said else {})


def patched(native: DataSet, patch: dict[str, Json], group: Group, charset: Charset) -> tuple[DataSet, list[str]]:
    """`native` with the patch; and the groups of it whose native value has changed, which stay native."""
    said, guards = patch.get("g", {}), _Guards(native, group)
    dropped: set[str] = set()
    found = {element.tag: element for element in native}
    for name, element in patch.get("e", {}).items():
        try:
            tag = int(name, 16)
        except ValueError as error:
            raise DamagedRemainderError from error
        belongs = group(tag)
        if guards.of(belongs) != said.get(belongs):
            dropped.add(belongs)
        elif element is None:
            found.pop(tag, None)
        else:
            found[tag] = element_of(tag, element, charset)
    return tuple(found[tag] for tag in sorted(found)), sorted(dropped)


class _Guards:
    """Digests of the native elements, by their group."""

    def __init__(self, native: DataSet, group: Group) -> None:
        self.groups: dict[str, list[Element]] = {}
        for element in native:
            self.groups.setdefault(group(element.tag), []).append(element)

    def of(self, name: str) -> str | None:
        return digest(repr(self.groups[name]), GUARD) if name in self.groups else None
