"""Whom an item is about (PS3.16 TID 1006 to 1010): the patient of the document, or somebody or something else."""

from __future__ import annotations

from typing import NamedTuple

from bridge.mapping.people import spoken
from bridge.model.content import Code, Coded, ContentItem, Num
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.tags import PATIENT_ID, PATIENT_NAME
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

_FETUS_NUMBER = Code("121037", "DCM", "Fetus number")
_OF_FETUS = {one[:2] for one in (FETUS_ID, _FETUS_NUMBER, MOTHER_OF_FETUS)}
_CALLED = tuple(
    code[:2]
    for code in (  # TID 1007 to 1010, what people call it in front of what a machine does
        FETUS_ID,
        SUBJECT_ID,
        SUBJECT_NAME,
        _FETUS_NUMBER,
        SPECIMEN_ID,
        DEVICE_SUBJECT_NAME,
        Code("121028", "DCM", "Subject UID"),
        Code("121039", "DCM", "Specimen UID"),
        Code("121198", "DCM", "Device Subject UID"),
    )
)
_OF_PATIENT = (SUBJECT_ID[:2], SUBJECT_NAME[:2])
_OF_SUBJECT = {SUBJECT_CLASS[:2], *_OF_FETUS, *_CALLED}


class Named(NamedTuple):
    """The patient of the document, as its header says."""

    number: str
    name: str


def patient_in(document: Document) -> Named:
    said = (text_of(document.header, tag, document.charset) or "" for tag in (PATIENT_ID, PATIENT_NAME))
    return Named(*(one.strip() for one in said))


def subject_of(item: ContentItem, patient: Named) -> str | None:
    """Subject Class (TID 1006) with what the subject is called; empty of the patient, None where it says none: a name
    or number alone is the patient's, unless it is not his. What an inner item says overrides what an outer one does."""
    said, names, is_patient, is_named = None, dict[int, str](), False, False
    for child in item.children:
        kind = child.concept[:2] if child.concept is not None else None
        if kind not in _OF_SUBJECT:
            continue
        is_named = is_named or kind in _OF_PATIENT
        if SUBJECT_CLASS.same(child.concept) and isinstance(child.value, Coded) and child.value.code is not None:
            is_patient = PATIENT.same(child.value.code)
            said = child.value.code.meaning or child.value.code.value
        elif kind in _OF_FETUS:
            said = said or "Fetus"
        if kind in _CALLED and (name := _called(child)):
            names.setdefault(_CALLED.index(kind), name)
    if is_patient or said is None:
        other = _another(item, patient) if is_named else None
        if other is not None:
            return f"{PATIENT.meaning} {other}" if is_patient else other
        return "" if is_patient else None
    name = names[min(names)] if names else ""
    return f"{said} {name}".strip()


def names_another(item: ContentItem, patient: Named) -> bool:
    """Whether it says of its subject a number or name that is not the patient's, and no class but his."""
    if not any(child.concept is not None and child.concept[:2] in _OF_PATIENT for child in item.children):
        return False
    return (subject_of(item, patient) or "") != "" and _another(item, patient) is not None and not _is_of_a_class(item)


def _is_of_a_class(item: ContentItem) -> bool:
    codes = (one.value for one in item.children if SUBJECT_CLASS.same(one.concept))
    return any(isinstance(one, Coded) and one.code is not None and not PATIENT.same(one.code) for one in codes)


def _another(item: ContentItem, patient: Named) -> str | None:
    """What a person is called who is not the patient of the document: by the number, else by the name. Whoever writes a
    name in full where somebody else has not means the same."""
    number = next(filter(None, (_called(one) for one in item.children if SUBJECT_ID.same(one.concept))), "").strip()
    name = next((text(one, "PNAME") or "" for one in item.children if SUBJECT_NAME.same(one.concept)), "")
    if number and patient.number:
        is_another = number != patient.number
    else:
        is_another = bool(_parts(name) and _parts(patient.name)) and not _may_be(_parts(name), _parts(patient.name))
    return " ".join(filter(None, (_spoken(name), number))) if is_another else None


def _may_be(one: list[str], other: list[str]) -> bool:
    """As far as both say it: family name, then given name."""
    return all(a.startswith(b) or b.startswith(a) for a, b in zip(one[:2], other[:2], strict=False))


def _parts(name: str) -> list[str]:
    return [part.strip().casefold() for part in name.partition("=")[0].split("^") if part.strip()]


def is_of_subject(concept: Code | None) -> bool:
    """Whether it says whom an item is about."""
    return concept is not None and concept[:2] in _OF_SUBJECT


def _called(item: ContentItem) -> str:
    if isinstance(item.value, Num):
        return item.value.values[0] if len(item.value.values) == 1 else ""
    return text(item, "TEXT") or text(item, "UIDREF") or _spoken(text(item, "PNAME") or "")


def _spoken(name: str) -> str:
    try:
        return spoken(name)
    except ValueError:  # without any part
        return ""
