"""What DICOM inherits down the tree (PS3.3 C.17.5), and FHIR repeats: whom, when and where an item is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import spoken
from bridge.mapping.texts import uid_identifier
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.group import Resource
from bridge.translate.basis import times
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.header.observers import DEVICE, DEVICE_NAME, DEVICE_UID, OBSERVER_TYPE, PERSON_NAME
from bridge.translate.native.generic import (
    DEVICE_SUBJECT_NAME,
    FETUS_ID,
    MOTHER_OF_FETUS,
    PATIENT,
    SPECIMEN_ID,
    SUBJECT_CLASS,
    SUBJECT_ID,
    SUBJECT_NAME,
    text,
)
from bridge.translate.native.values import reason_of

STARTS = (
    Code("111526", "DCM", "DateTime Started"),  # TID 10003, 10013, 10042
    Code("123003", "DCM", "Radiopharmaceutical Start DateTime"),  # TID 10022: when it was administered
)

Where = dict[str, list[str]]
"""Words by which of both they are, in the order in which they are said."""
SIDE, _PART = "Laterality", "Topographical modifier"  # TID 300
_WHERE = {
    ("272741003", "SCT"): SIDE,
    ("G-C171", "SRT"): SIDE,
    ("106233006", "SCT"): _PART,
    ("G-A1F8", "SRT"): _PART,
}
_IDS = (SUBJECT_ID, SPECIMEN_ID, DEVICE_SUBJECT_NAME)
_OF_SUBJECT = {one[:2] for one in (SUBJECT_CLASS, FETUS_ID, *_IDS, SUBJECT_NAME, MOTHER_OF_FETUS)}


def subject_of(item: ContentItem) -> str | None:
    """Subject Class (TID 1006) with ID or name of the subject (TID 1007 to 1010); empty of the patient, None where it
    says none: a name alone is the patient's. What an inner item says overrides what an outer one does."""
    said, name = None, ""
    for child in item.children:
        if not is_of_subject(child.concept):
            continue
        if SUBJECT_CLASS.same(child.concept) and isinstance(child.value, Coded) and child.value.code is not None:
            if PATIENT.same(child.value.code):
                return ""
            said = child.value.code.meaning or child.value.code.value
        elif FETUS_ID.same(child.concept):
            said, name = said or "Fetus", text(child, "TEXT") or ""
        elif any(one.same(child.concept) for one in _IDS):
            name = name or text(child, "TEXT") or ""
        elif SUBJECT_NAME.same(child.concept):
            name = name or _name(child)
        elif MOTHER_OF_FETUS.same(child.concept):
            said = said or "Fetus"
    return f"{said} {name}".strip() if said else None


def is_of_subject(concept: Code | None) -> bool:
    """Whether it says whom an item is about."""
    return concept is not None and concept[:2] in _OF_SUBJECT


def started_of(item: ContentItem, zone: str) -> str | None:
    """Start of an event: when it was observed."""
    said = (text(child, "DATETIME") for start in STARTS for child in item.children if start.same(child.concept))
    found = next(said, None)
    try:
        return times.to_fhir(found, zone) if found else None
    except ValueError:  # not a date: the remainder carries it
        return None


class Site(NamedTuple):
    """A Finding Site, and what stands below it."""

    coded: Home
    name: str
    where: Where


def sites_of(item: ContentItem, mapping: Mapping) -> tuple[Site, ...]:
    """Finding Sites of an item, each once. Why somebody did not say where is no place."""
    found: dict[str, Site] = {}
    for child in item.children:
        code = child.value.code if isinstance(child.value, Coded) else None
        if not is_site(child, mapping) or reason_of(code) is not None:
            continue
        where = where_of(child)
        if code is not None or where:
            found.setdefault(repr((code and code[:2], where)), Site(_coded(child, mapping), _meaning(code), where))
    return tuple(found.values())


def where_of(item: ContentItem) -> Where:
    """Laterality and Topographical Modifier of an item, by which of both it is: no method and no normality."""
    found: Where = {}
    for child in item.children:
        kind = _WHERE.get(child.concept[:2]) if child.concept is not None else None
        code = child.value.code if isinstance(child.value, Coded) else None
        if kind is not None and code is not None and reason_of(code) is None:
            below = [word for words in where_of(child).values() for word in words]
            found[kind] = [*found.get(kind, ()), *filter(None, (code.meaning, *below))]
    return found


def body_site(sites: Sequence[Site], where: Where) -> Home | None:
    """The site with its side: left and right are no different codes. What is said nearer holds: a side of a measurement
    is that of the site around it. Of several sites no code says what all of them say."""
    if not sites:
        return {"id": INHERITED, "text": _text("", where)} if SIDE in where else None
    said = [(_text(site.name, site.where | where), site.coded) for site in sites]
    words, coded = said[0]
    if any(one != said[0] for one in said):
        return {"id": INHERITED, "text": "; ".join(dict.fromkeys(text for text, _ in said))}
    return {"id": INHERITED, **coded} | ({"text": words} if sites[0].where | where else {})


def _text(name: str, where: Where) -> str:
    return ", ".join(filter(None, (name, *(word for words in where.values() for word in words))))


def _meaning(code: Code | None) -> str:
    return code.meaning if code is not None else ""


def observers_of(item: ContentItem) -> Resource | None:
    """Who observed what is below, where the item says so anew (TID 1001), by name or UID: the items themselves say it
    in full. Without an Observer Type it is a person (TID 1002); the UID of a device may also be a participant's (TID
    1021)."""
    people, device, kind, said = list[Home](), Home(), None, False
    for child in item.children:
        if OBSERVER_TYPE.same(child.concept):
            kind, said = (child.value.code if isinstance(child.value, Coded) else None), True
        elif PERSON_NAME.same(child.concept):
            said = True
            people += [{"id": INHERITED, "display": name}] if (name := _name(child)) else []
        elif DEVICE.same(kind):
            device |= _device(child)
    if not said:
        return None
    return ({"performer": people} if people else {}) | ({"device": device} if device else {})


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


def is_site(item: ContentItem, mapping: Mapping) -> bool:
    if item.concept is None:
        return False
    fold = mapping.folds.get(("Observation", item.concept.scheme, item.concept.value))
    return fold is not None and fold.element == ("bodySite",)


def _coded(item: ContentItem, mapping: Mapping) -> Home:
    try:
        return mapping.coded(item.value.code if isinstance(item.value, Coded) else None)
    except ValueError:  # a code that FHIR cannot spell
        return mapping.coded(None)
