"""The instances of a study -> one ImagingStudy (FHIR R4 ImagingStudy, its mapping to DICOM; PS3.3 C.7.2.1, C.7.3.1)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import spoken
from bridge.mapping.texts import fhir_string, uid_identifier
from bridge.model.content import ContentItem, Other
from bridge.model.dataset import DataSet, charset_of, text_of
from bridge.model.document import Document
from bridge.model.group import Resource, absent
from bridge.model.tags import (
    INSTANCE_NUMBER,
    SERIES_NUMBER,
    SERIES_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_UID,
)
from bridge.terminology.modality import modality_of
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home
from bridge.translate.basis.times import zone_of
from bridge.translate.header.study import SERIES_DESCRIPTION, described, modality_coding, number_of, sop_class_coding

MODALITY, REFERRING_PHYSICIAN, BODY_PART = 0x00080060, 0x00080090, 0x00180015
OURS = frozenset(
    "identifier status modality subject started referrer procedureCode description "
    "numberOfSeries numberOfInstances series".split()
)
"""Elements that the PACS says; whatever else there is, somebody else said."""
_UID = re.compile(r"(?=.{1,64}$)[0-9]+(\.[0-9]+)+")
_NO_CONTENT = ContentItem(None, None, Other(None), (), ())


def is_document(sop_class: str) -> bool:
    """A Structured Report or key object document, which is looked at for itself; so is what does not say its class."""
    return not sop_class or is_structured_report(sop_class)


def has_images(headers: Sequence[DataSet]) -> bool:
    """Whether anything in the study is no document: a study of documents alone is no imaging study."""
    return any(not is_document(text_of(header, SOP_CLASS_UID) or "") for header in headers)


def shared_id(uid: str, known: Known) -> str:
    """Of the one ImagingStudy of a study."""
    return known.id("ImagingStudy", uid)


def first_of(headers: Sequence[DataSet]) -> Document:
    """The instance that speaks for the study: of the images, the first by its UIDs. A report that is added to the study
    changes nothing that the images say."""
    return Document(min(headers, key=_rank), _NO_CONTENT)


def imaging_study(
    headers: Sequence[DataSet], subject: Home | None, zone: str, mapping: Mapping, known: Known
) -> Resource:
    """Of all instances of one study, in whatever order. Raises ValueError where the study has no valid UID."""
    uid = text_of(headers[0], STUDY_UID) or ""
    study: Resource = {
        "resourceType": "ImagingStudy",
        "id": shared_id(uid, known),
        "identifier": uid_identifier(uid),
        "status": "available",
        "subject": subject or absent(),
    }
    first = first_of(headers)
    described(study, first, zone_of(first.header, zone), mapping)
    if (name := _name(first, REFERRING_PHYSICIAN)) is not None:
        study["referrer"] = {"display": name}
    return study | _contents(headers)


def _name(document: Document, tag: int) -> str | None:
    """A person, as one writes the name."""
    try:
        return fhir_string(spoken(text_of(document.header, tag, document.charset) or ""))
    except ValueError:  # no name, or control characters in it
        return None


def _contents(headers: Sequence[DataSet]) -> Resource:
    found: dict[str, dict[str, DataSet]] = defaultdict(dict)
    for header in headers:
        uid, instance = text_of(header, SERIES_UID) or "", text_of(header, SOP_INSTANCE_UID) or ""
        if _UID.fullmatch(uid) and _UID.fullmatch(instance):  # what FHIR cannot name is not listed
            found[uid][instance] = header
    series = sorted((_series(uid, found[uid]) for uid in found), key=_place)
    codes = sorted({one["modality"]["code"] for one in series})
    contents: Resource = {"numberOfSeries": len(series), "numberOfInstances": sum(map(len, found.values()))}
    return contents | ({"modality": list(map(modality_coding, codes)), "series": series} if series else {})


def _series(uid: str, instances: dict[str, DataSet]) -> Home:
    """A series has one modality, number and description (PS3.3 C.7.3.1): the first instance says them."""
    listed = sorted((_instance(one, header) for one, header in instances.items()), key=_place)
    header = instances[min(instances)]
    sop_class = text_of(header, SOP_CLASS_UID) or ""
    series: Home = {"uid": uid}
    if (number := number_of(header, SERIES_NUMBER)) is not None:
        series["number"] = number
    series["modality"] = modality_coding(text_of(header, MODALITY) or modality_of(sop_class))
    if (description := _string(header, SERIES_DESCRIPTION)) is not None:
        series["description"] = description
    series["numberOfInstances"] = len(listed)
    if (body_part := _string(header, BODY_PART)) is not None:
        series["bodySite"] = {"display": body_part}
    return series | {"instance": listed}


def _instance(uid: str, header: DataSet) -> Home:
    instance: Home = {"uid": uid, "sopClass": sop_class_coding(text_of(header, SOP_CLASS_UID) or "")}
    if (number := number_of(header, INSTANCE_NUMBER)) is not None:
        instance["number"] = number
    return instance


def _string(header: DataSet, tag: int) -> str | None:
    text = text_of(header, tag, charset_of(header))
    try:
        return fhir_string(text) if text is not None else None
    except ValueError:  # control characters
        return None


def _place(one: Home) -> tuple[int, str]:
    return one.get("number", 1 << 31), one["uid"]


def _rank(header: DataSet) -> tuple[bool, str, str]:
    sop_class, series, instance = (text_of(header, tag) or "" for tag in (SOP_CLASS_UID, SERIES_UID, SOP_INSTANCE_UID))
    return is_document(sop_class), series, instance
