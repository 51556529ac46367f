"""What DICOM inherits down the tree (PS3.3 C.17.5), and FHIR repeats: whom, when and where an item is about."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import person_name, person_text
from bridge.mapping.texts import uid_identifier
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.group import Resource
from bridge.translate import times
from bridge.translate.generic import FETUS_ID, MOTHER_OF_FETUS, PATIENT, SUBJECT_CLASS, SUBJECT_ID, SUBJECT_NAME, text
from bridge.translate.node import INHERITED, Home
from bridge.translate.observers import DEVICE, DEVICE_NAME, DEVICE_UID, OBSERVER_TYPE, PERSON_NAME
from bridge.translate.values import reason_of

STARTED = Code("111526", "DCM", "DateTime Started")

_LATERALITY = {("272741003", "SCT"), ("G-C171", "SRT")}
_WHERE = _LATERALITY | {("106233006", "SCT"), ("G-A1F8", "SRT")}  # and Topographical modifier (TID 300)
_OF_SUBJECT = {one[:2] for one in (SUBJECT_CLASS, FETUS_ID, SUBJECT_ID, SUBJECT_NAME, MOTHER_OF_FETUS)}


def subject_of(item: ContentItem) -> str | None:
    """Subject Class (TID 1006) with ID or name of the subject (TID 1007, 1008); empty of the patient, None where it
    says none: a name alone is the patient's. What an inner item says overrides what an outer one does."""
    said, name = None, ""
    for child in item.children:
        if child.concept is None or child.concept[:2] not in _OF_SUBJECT:
            continue
        if SUBJECT_CLASS.same(child.concept) and isinstance(child.value, Coded) and child.value.code is not None:
            if PATIENT.same(child.value.code):
                return ""
            said = child.value.code.meaning or child.value.code.value
        elif FETUS_ID.same(child.concept):
            said, name = said or "Fetus", text(child, "TEXT") or ""
        elif SUBJECT_ID.same(child.concept):
            name = name or text(child, "TEXT") or ""
        elif SUBJECT_NAME.same(child.concept):
            name = name or _name(child)
        elif MOTHER_OF_FETUS.same(child.concept):
            said = said or "Fetus"
    return f"{said} {name}".strip() if said else None


def started_of(item: ContentItem, zone: str) -> str | None:
    """DateTime Started of an event: when it was observed."""
    found = next((text(child, "DATETIME") for child in item.children if STARTED.same(child.concept)), None)
    try:
        return times.to_fhir(found, zone) if found else None
    except ValueError:  # not a date: the remainder carries it
        return None


def site_of(item: ContentItem, mapping: Mapping) -> Home | None:
    """Finding Site of an item, with the laterality below it in words."""
    for child in item.children:
        if is_site(child, mapping) and (words := _words(child)):
            return {"id": INHERITED, **_coded(child, mapping)} | ({"text": ", ".join(words)} if len(words) > 1 else {})
    return None


def side_of(item: ContentItem) -> str | None:
    """Laterality beside the site, in words."""
    for child in item.children:
        if child.concept is not None and child.concept[:2] in _LATERALITY and (words := _words(child)):
            return ", ".join(words)
    return None


def sided(site: Home | None, side: str | None) -> Home | None:
    """The site with its side: left and right are no different codes."""
    if side is None:
        return site
    if site is None:
        return {"id": INHERITED, "text": side}
    words = site.get("text") or next((one["display"] for one in site.get("coding", ()) if "display" in one), "")
    return site | {"text": ", ".join(filter(None, (words, side)))}


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
        return person_text(person_name(text(item, "PNAME") or ""))
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


def _words(item: ContentItem) -> list[str]:
    """Its own, and of what stands below those that say where: a side, no method and no normality. Why somebody did not
    say where is no place."""
    below = (one for one in item.children if one.concept is not None and one.concept[:2] in _WHERE)
    codes = [one.value.code if isinstance(one.value, Coded) else None for one in (item, *below)]
    if reason_of(codes[0]) is not None:
        return []
    return [one.meaning for one in codes if one is not None and reason_of(one) is None]
