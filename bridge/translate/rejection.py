"""Rejection notes: Key Object Selection documents that declare instances void (IHE RAD TF-2 4.66, Imaging Object Change
Management; PS3.16 TID 2010, CID 7011)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from pydicom.uid import KeyObjectSelectionDocumentStorage

from bridge.model.content import Code, Container, ContentItem, Reference
from bridge.model.dataset import DataSet, Element, text_element, text_of
from bridge.model.document import Document
from bridge.model.tags import (
    CONTENT_DATE,
    CONTENT_TIME,
    INSTANCE_NUMBER,
    MAPPING_RESOURCE,
    SERIES_NUMBER,
    SERIES_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_UID,
    TEMPLATE,
    TEMPLATE_ID,
    TIMEZONE_OFFSET,
)
from bridge.model.version import Version
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.header.chain import referred, referring
from bridge.translate.native.generic import reference_type

QUALITY = Code("113001", "DCM", "Rejected for Quality Reasons")
PATIENT_SAFETY = Code("113037", "DCM", "Rejected for Patient Safety Reasons")
INCORRECT_WORKLIST = Code("113038", "DCM", "Incorrect Modality Worklist Entry")
RETENTION_EXPIRED = Code("113039", "DCM", "Data Retention Policy Expired")
_REASONS = (QUALITY, PATIENT_SAFETY, INCORRECT_WORKLIST, RETENTION_EXPIRED)

_EVIDENCE, _MODALITY, _MANUFACTURER = 0x0040A375, 0x00080060, 0x00080070
_PERFORMED_STEP = 0x00081111
_STUDY = {  # General Study Module (PS3.3 C.7.2.1): what a note shares with what it rejects, empty where it has none
    0x00080020: "DA",
    0x00080030: "TM",
    0x00080050: "SH",
    0x00080090: "PN",
    0x00200010: "SH",
}
_PATIENT = {0x00100010: "PN", 0x00100020: "LO", 0x00100030: "DA", 0x00100040: "CS"}


class Rejection(NamedTuple):
    reason: Code
    instances: tuple[str, ...]  # SOP Instance UIDs


def voided(reasons: Collection[str]) -> bool:
    """Whether any of these reasons (CID 7011) says that the content is wrong: that its retention has expired alone does
    not."""
    return not {RETENTION_EXPIRED.value}.issuperset(reasons)


def rejection_of(document: Document) -> Rejection | None:
    """What a document rejects; None where it is no rejection note."""
    if text_of(document.header, SOP_CLASS_UID) != KeyObjectSelectionDocumentStorage:
        return None
    reason = next((one for one in _REASONS if one.same(document.root.concept)), None)
    if reason is None:
        return None
    values = (item.value for item in document.root.children)
    return Rejection(reason, tuple(one.sop_instance for one in values if isinstance(one, Reference)))


def placed(rejection: Rejection, header: DataSet) -> list[Version]:
    """What it rejects, with study and series, as far as the header of the note says where that is."""
    return [one for one in referred(header, _EVIDENCE) if one.sop_instance in rejection.instances]


def note_uid(rejected: Sequence[str], reason: str, known: Known) -> str:
    """Of the note that the bridge writes of these SOP Instance UIDs, in the order of their versions."""
    return new_uid(known.system, "rejection", reason, *rejected)


def note_series(study: str, known: Known) -> str:
    return new_uid(known.system, "rejections", study)


def rejection_note(rejected: Sequence[Version], header: DataSet, reason: Code, when: str, known: Known) -> Document:
    """A note in the study of the instances that it rejects, which is one.

    `header` is that of one of them, `when` the FHIR instant of the rejection. Rejecting the same again is the same
    note, by its UID."""
    if len({one.study for one in rejected}) != 1:
        raise ValueError("a rejection note is of the instances of one study")
    study = rejected[0].study
    zone = times.zone_of(header, known.zone)
    date, time = times.date_and_time(times.in_zone(when, zone), zone)
    uid = note_uid([one.sop_instance for one in rejected], reason.value, known)
    shared = {one.tag: one for one in header if one.tag in _STUDY or one.tag >> 16 == 0x0010}
    found = [
        *(Element(tag, vr, b"") for tag, vr in (_STUDY | _PATIENT).items() if tag not in shared),
        *shared.values(),
        *(one for one in header if one.tag in (SPECIFIC_CHARACTER_SET, TIMEZONE_OFFSET)),
        text_element(SOP_CLASS_UID, "UI", KeyObjectSelectionDocumentStorage),
        text_element(SOP_INSTANCE_UID, "UI", uid),
        text_element(STUDY_UID, "UI", study),
        text_element(SERIES_UID, "UI", note_series(study, known)),
        text_element(_MODALITY, "CS", "KO"),
        text_element(_MANUFACTURER, "LO", "FHIR-DICOM bridge"),
        text_element(SERIES_NUMBER, "IS", "9002"),
        text_element(INSTANCE_NUMBER, "IS", "1"),
        text_element(CONTENT_DATE, "DA", date),
        text_element(CONTENT_TIME, "TM", time),
        Element(_PERFORMED_STEP, "SQ", ()),
        referring(_EVIDENCE, rejected),
    ]
    items = tuple(
        ContentItem("CONTAINS", None, Reference(reference_type(one.sop_class), one.sop_class, one.sop_instance), (), ())
        for one in rejected
    )
    template = (text_element(MAPPING_RESOURCE, "CS", "DCMR"), text_element(TEMPLATE_ID, "CS", "2010"))
    root = ContentItem(None, reason, Container("SEPARATE"), items, (Element(TEMPLATE, "SQ", (template,)),))
    return Document(tuple(sorted(found, key=lambda element: element.tag)), root)
