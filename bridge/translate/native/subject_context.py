"""Whom an item is about (PS3.16 TID 1006 to 1010): the patient of the document, or somebody or something else."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from bridge.mapping.people import spoken
from bridge.model.content import Code, Coded, Container, ContentItem, Num
from bridge.model.dataset import items, text_of
from bridge.model.document import Document
from bridge.model.names import EXTENSION_BASE
from bridge.model.tags import PATIENT_ID, PATIENT_NAME
from bridge.terminology.schemes import uri_of
from bridge.translate.basis.codeable import code_pairs
from bridge.translate.basis.node import Home
from bridge.translate.native.generic import text
from bridge.translate.native.named_concepts import (
    DEVICE_SUBJECT_NAME,
    FETUS_ID,
    MOTHER_OF_FETUS,
    PATIENT,
    SPECIMEN_ID,
    SUBJECT_CLASS,
    SUBJECT_ID,
    SUBJECT_NAME,
)

_FETUS_NUMBER = Code("121037", "DCM", "Fetus number")
_FETUSES = ("11878-6", "LN")  # Number of Fetuses by US, which TID 1008 says beside the id of one
_FETAL = frozenset(  # containers of TID 5000 that are each about one fetus
    {
        ("125001", "DCM"),  # Fetal Biometry Ratios
        ("125002", "DCM"),  # Fetal Biometry
        ("125003", "DCM"),  # Fetal Long Bones
        ("125004", "DCM"),  # Fetal Cranium
        ("125006", "DCM"),  # Biophysical Profile
        ("125008", "DCM"),  # Fetus Summary
        ("125009", "DCM"),  # Early Gestation
    }
)
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
_OF_THE_PATIENT = ("", PATIENT.meaning)
_OF_PATIENT = (SUBJECT_ID[:2], SUBJECT_NAME[:2])
_CALLED_OTHERWISE = {*_CALLED} - {*_OF_PATIENT}
_OF_SUBJECT = {SUBJECT_CLASS[:2], *_OF_FETUS, *_CALLED}
_CODED = {(uri_of(scheme, EXTENSION_BASE), value) for value, scheme in _OF_SUBJECT}


class Named(NamedTuple):
    """The patient of the document: what the header calls him, and has called him."""

    numbers: frozenset[str]
    names: tuple[str, ...]


def patient_in(document: Document) -> Named:
    """With other Patient IDs, and what was coerced (Original Attributes Sequence): nobody rewrites the content."""
    header, charset = document.header, document.charset
    former = [said for one in items(header, _ORIGINAL) for said in items(one, _MODIFIED)]
    numbers = (text_of(one, PATIENT_ID, charset) for one in (header, *items(header, _OTHERS), *former))
    names = (text_of(one, PATIENT_NAME, charset) for one in (header, *former))
    return Named(frozenset(_number(one) for one in numbers if one), tuple(filter(None, names)))


_ORIGINAL, _MODIFIED, _OTHERS = 0x04000561, 0x04000550, 0x00101002


class Subject(NamedTuple):
    """Whom an item is about: nobody else than the patient where it is empty."""

    kind: str = ""  # meaning of the Subject Class
    called: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.called}".strip()


THE_PATIENT = Subject()


def subject_of_item(item: ContentItem, around: Subject, patient: Named) -> Subject:
    """Subject Class (TID 1006) with what the subject is called. What an item says overrides what is said around it, and
    all else it inherits (PS3.3 C.17.5): a name or number alone is another one of the class around, or the patient's.
    Not his own, it is a fetus's in a container about one, or where how many there are is said with it (TID 1008)."""
    about = [one for one in item.children if one.concept is not None and one.concept[:2] in _OF_SUBJECT]
    if not about:
        return around
    said, called = _class_in(about), _called_in(about)
    is_patient, is_his = _is_patient(said), _is_his(item, about, patient)
    if said and not is_patient:
        return Subject(said, called)
    if around.kind not in _OF_THE_PATIENT and not is_patient:
        return around if is_his or not called else Subject(around.kind, called)
    is_fetus = any(_kind(one) in _OF_FETUS for one in about) or (bool(called) and not is_his and _is_fetal(item))
    if is_fetus and not is_patient:
        return Subject("Fetus", called)
    other = _another(item, patient)
    if other is not None:
        return Subject(PATIENT.meaning if is_patient else "", other)
    return THE_PATIENT if is_patient or is_his else around


def _is_fetal(item: ContentItem) -> bool:
    """Whether somebody whom it names, and who is not the patient, is a fetus, whatever else is said."""
    if isinstance(item.value, Container) and _kind(item) in _FETAL:
        return True
    return any(_kind(one) == _FETUSES and one.relationship == "HAS OBS CONTEXT" for one in item.children)


def _class_in(about: list[ContentItem]) -> str:
    """The last one that is said, by code or in words."""
    said = ""
    for one in about:
        if SUBJECT_CLASS.same(one.concept):
            code = one.value.code if isinstance(one.value, Coded) else None
            found = (code.meaning or code.value) if code is not None else text(one, "TEXT") or ""
            said = PATIENT.meaning if PATIENT.same(code) else found.strip() or said
    return said


def _is_patient(said: str) -> bool:
    return said.casefold() == PATIENT.meaning.casefold()


def _called_in(about: list[ContentItem]) -> str:
    """What people call it in front of what a machine does; of one kind the first."""
    names = {kind: name for one in reversed(about) if (kind := _kind(one)) in _CALLED and (name := _called(one))}
    return names[min(names, key=_CALLED.index)] if names else ""


def _is_his(item: ContentItem, about: list[ContentItem], patient: Named) -> bool:
    """Whether it is called as the header calls the patient, and in no other way: among fetuses that is their mother."""
    number, name = _number_in(item), _name_in(item)
    same = [_number(number) in patient.numbers] if number else []
    same += [any(_is_one(name, one) for one in patient.names)] if name else []
    return bool(same) and all(same) and {_kind(one) for one in about}.isdisjoint(_CALLED_OTHERWISE)


def _kind(item: ContentItem) -> tuple[str, str] | None:
    return item.concept[:2] if item.concept is not None else None


def names_another(item: ContentItem, subject: Subject, patient: Named) -> str | None:
    """What is to be said of the `subject` of an item where its number or name is not the patient's, and it is of no
    class but his."""
    if not any(child.concept is not None and child.concept[:2] in _OF_PATIENT for child in item.children):
        return None
    if subject.kind not in _OF_THE_PATIENT:
        return None
    match _differs(item, patient):
        case True, True:
            return "another patient than that of the header is named: `focus` says who"
        case False, False:
            return None
    return "the patient has another number or name than in the header: is it the same?"


def _another(item: ContentItem, patient: Named) -> str | None:
    """What a person is called who is not the patient of the document: of another number and another name. Who has a new
    number, or a new name, is the same."""
    if not all(_differs(item, patient)):
        return None
    return " ".join(filter(None, (_spoken(_name_in(item)), _number_in(item))))


_REFERENCE = re.compile(r"(https?://\S+/)?(Patient|RelatedPerson)[/#]\S+")
"""As resources are referred to (`subjects.py`): no Patient ID of a PACS is so called, and the patient has his."""


def is_reference(number: str) -> bool:
    return _REFERENCE.fullmatch(number) is not None


def _differs(item: ContentItem, patient: Named) -> tuple[bool, bool]:
    """Whether number and name are others than all of the patient's, as far as both are said."""
    number, name = _number_in(item), _name_in(item)
    if is_reference(number):
        return True, True
    is_number = number and patient.numbers and _number(number) not in patient.numbers
    is_name = name and patient.names and not any(_is_one(name, one) for one in patient.names)
    return bool(is_number), bool(is_name)


def _number_in(item: ContentItem) -> str:
    return next(filter(None, (_called(one) for one in item.children if SUBJECT_ID.same(one.concept))), "").strip()


def _name_in(item: ContentItem) -> str:
    return next((text(one, "PNAME") or "" for one in item.children if SUBJECT_NAME.same(one.concept)), "")


def _number(text: str) -> str:
    """As people write one: `0012345^^^HOSP`."""
    return text.partition("^")[0].strip().casefold().lstrip("0")


def _is_one(name: str, other: str) -> bool:
    """Whether one of the groups of a name has the words of one of the other's, however they are spelled."""
    mine, theirs = ([words for group in one.split("=") for words in _words(group)] for one in (name, other))
    return any(a <= b or b <= a for a in mine for b in theirs)


def _words(group: str) -> list[frozenset[str]]:
    """Without marks and umlauts, and with these written out; nothing of an empty group."""
    spelled = (group.casefold(), group.casefold().translate(_WRITTEN_OUT))
    plain = ("".join(c for c in unicodedata.normalize("NFKD", one) if not unicodedata.combining(c)) for one in spelled)
    return [frozenset(found) for one in plain if (found := re.findall(r"\w+", one))]


_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


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


def says_subject(component: Home) -> bool:
    """Whether a component is what such an item became."""
    return not _CODED.isdisjoint(code_pairs(component.get("code", {})))
