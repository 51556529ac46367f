"""What DICOM inherits down the tree (PS3.3 C.17.5), and FHIR repeats: whom and when it is about, and who observed."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import spoken
from bridge.mapping.texts import uid_identifier
from bridge.model.content import Code, Coded, Container, ContentItem
from bridge.model.group import Resource
from bridge.translate.basis import times
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.header.device_observer import DEVICE_NAME, DEVICE_UID
from bridge.translate.header.observers import DEVICE, OBSERVER_TYPE
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.generic import text
from bridge.translate.native.qualifiers import reason_of
from bridge.translate.native.sites import coded_of, folded_as

STARTS: dict[Code, Code | None] = {  # the start, and of what alone it is the time
    Code("111526", "DCM", "DateTime Started"): None,  # TID 10003, 10013, 10042
    # TID 10022; an uptake is measured an hour after it
    Code("123003", "DCM", "Radiopharmaceutical Start DateTime"): Code(
        "113502", "DCM", "Radiopharmaceutical Administration"
    ),
}

_STARTS = frozenset(start[:2] for start in STARTS)


def started_of(item: ContentItem, zone: str) -> str | None:
    """Start of an event: when it was observed."""
    named = [child for child in item.children if child.concept is not None and child.concept[:2] in _STARTS]
    starts = [start for start, of in STARTS.items() if of is None or of.same(item.concept)] if named else ()
    said = (text(child, "DATETIME") for start in starts for child in named if start.same(child.concept))
    return times.moment(next(said, None), zone)


def method_of(item: ContentItem, around: Home | None, mapping: Mapping) -> Home | None:
    """Measurement Method of all numbers that a group contains (TID 1501); of two of them, nobody knows which is whose.
    What a number has been inferred from was measured by another."""
    if not isinstance(item.value, Container):
        return None
    said = methods_in(item, mapping)
    codes = {code[:2]: code for one in said if (code := _plain_code(one)) is not None and reason_of(code) is None}
    if not said:
        return around
    if len(codes) != 1 or any(_plain_code(one) is None for one in said):
        return None
    (code,) = codes.values()
    return {"id": INHERITED} | coded_of(code, mapping)


def methods_in(item: ContentItem, mapping: Mapping) -> list[ContentItem]:
    """What says by which method it, or what is in it, was measured: in a code, in words, or that nobody knows."""
    return [child for child in item.children if folded_as(child, mapping) == ("method",)]


def _plain_code(item: ContentItem) -> Code | None:
    """Without anything that modifies it."""
    return item.value.code if isinstance(item.value, Coded) and not item.children else None


def observers_of(item: ContentItem) -> Resource | None:
    """Who observed what is below, where the item says so anew (TID 1001), by name or UID: the items themselves say it
    in full. Without an Observer Type it is a person (TID 1002); the UID of a device may also be a participant's (TID
    1021). Types may stand in a row, before all that describes who they are of."""
    people, device, kinds, typed, said = list[Home](), Home(), list[Code | None](), False, False
    for child in item.children:
        concept = child.concept[:2] if child.concept is not None else None
        before, typed = typed, concept == _TYPE
        if typed:
            kind, said = (child.value.code if isinstance(child.value, Coded) else None), True
            kinds = [*kinds, kind] if before else [kind]
        elif concept == _NAME:
            said = True
            people += [{"id": INHERITED, "display": name}] if (name := _name(child)) else []
        elif kinds and any(map(DEVICE.same, kinds)):
            device |= _device(child)
    if not said:
        return None
    return ({"performer": people} if people else {}) | ({"device": device} if device else {})


_TYPE, _NAME = OBSERVER_TYPE[:2], PERSON_NAME[:2]


def _device(item: ContentItem) -> Home:
    """What a reference says of a device, as far as the item (TID 1004) says it."""
    if DEVICE_NAME.same(item.concept) and (name := text(item, "TEXT")):
        return {"display": name}
    try:
        return {"identifier": uid_identifier(text(item, "UIDREF") or "")[0]} if DEVICE_UID.same(item.concept) else {}
    except ValueError:  # no UID
        return {}


def _name(item: ContentItem) -> str:
    try:
        return spoken(text(item, "PNAME") or "")
    except ValueError:  # without any part
        return ""
