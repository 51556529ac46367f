"""ImagingStudy <-> study and series of an SR, and the evidence that it names (PS3.3 C.7.2.1, C.7.3.1, C.17.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bridge.mapping.mapping import Mapping
from bridge.mapping.texts import one_value, uid_identifier, uid_in, uid_of
from bridge.model.codes import code_element, code_of
from bridge.model.dataset import UNICODE, DataSet, Element, items, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Resource, absent
from bridge.model.names import EXTENSION_BASE
from bridge.model.tags import (
    INSTANCE_NUMBER,
    REFERENCED_SERIES,
    REFERENCED_SOP,
    SERIES_NUMBER,
    SERIES_UID,
    SOP_CLASS,
    SOP_CLASS_UID,
    SOP_INSTANCE,
    SOP_INSTANCE_UID,
    STUDY_UID,
)
from bridge.terminology.modality import modality_of
from bridge.terminology.schemes import uri_of
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home
from bridge.translate.basis.shaped import shaped_to_fhir
from bridge.translate.header.orders import accession_elements, accession_in

CURRENT_EVIDENCE, OTHER_EVIDENCE = 0x0040A375, 0x0040A385  # Current Requested Procedure, Pertinent Other
STUDY_DATE, STUDY_TIME = 0x00080020, 0x00080030
PROCEDURES = 0x00081032  # Procedure Code Sequence
SERIES_DESCRIPTION = 0x0008103E


@dataclass
class Studies:
    """The study of a document, those of its evidence, and which instance is in which."""

    resources: list[Resource] = field(default_factory=list)  # the document's own first
    instances: dict[str, tuple[Resource, str]] = field(default_factory=dict)  # SOP Instance UID -> study, SOP class


# -- to FHIR --------------------------------------------------------------------------------------------------------
def studies_of(document: Document, subject: Home | None, zone: str, mapping: Mapping, known: Known) -> Studies:
    header = document.header
    uid, own = text_of(header, STUDY_UID), text_of(header, SOP_INSTANCE_UID) or ""
    studies = Studies()
    if uid is None:
        return studies
    named: dict[str, Resource] = {}

    def study(study_uid: str) -> Resource:
        if study_uid not in named:
            named[study_uid] = {
                "resourceType": "ImagingStudy",
                "id": view_id(known.document or own, study_uid, known),
                "identifier": _identifier(study_uid),
                "status": "available",
                "subject": subject or absent(),
            }
            studies.resources.append(named[study_uid])
        return named[study_uid]

    first = described(study(uid), document, zone, mapping)
    if series := _own_series(header, document):
        first["series"] = [series]
    for sequence in (CURRENT_EVIDENCE, OTHER_EVIDENCE):
        for evidence in items(header, sequence):
            if study_uid := text_of(evidence, STUDY_UID):
                for one in items(evidence, REFERENCED_SERIES):
                    _series(one, study(study_uid), studies)
    return studies


def view_id(document: str, uid: str, known: Known) -> str:
    """Of what one document, named by its first version, says of a study."""
    return known.id("ImagingStudy", f"{document}|{uid}")


def described(study: Resource, document: Document, zone: str, mapping: Mapping) -> Resource:
    """With what the General Study Module (PS3.3 C.7.2.1) of an instance says, as far as FHIR has a place for it."""
    shaped_to_fhir(mapping.shapes["study"], document, study)
    if accession := accession_in(document.header, document.charset):
        study["identifier"].append(accession)
    if started := times.moment_of(document.header, STUDY_DATE, STUDY_TIME, zone):
        study["started"] = started
    if procedures := _procedures(document.header, document, mapping):
        study["procedureCode"] = procedures
    return study


def _identifier(uid: str) -> list[Home]:
    try:
        return uid_identifier(uid)
    except ValueError:  # no UID: the header says what it is
        return [{"value": uid}]


def _procedures(header: DataSet, document: Document, mapping: Mapping) -> list[Home]:
    found = []
    for item in items(header, PROCEDURES):
        code = code_of(Element(PROCEDURES, "SQ", (item,)), document.charset)
        try:
            found.append(mapping.coded(code))
        except ValueError:  # a code that FHIR cannot spell
            return []
    return found


def _own_series(header: DataSet, document: Document) -> Home | None:
    """The series that the document itself is in."""
    uid, instance = text_of(header, SERIES_UID), text_of(header, SOP_INSTANCE_UID)
    sop_class = text_of(header, SOP_CLASS_UID)
    if uid is None or instance is None or sop_class is None:
        return None
    series: Home = {"uid": uid, "modality": _modality(sop_class)}
    if (number := number_of(header, SERIES_NUMBER)) is not None:
        series["number"] = number
    if description := text_of(header, SERIES_DESCRIPTION, document.charset):
        series["description"] = description
    own: Home = {"uid": instance, "sopClass": sop_class_coding(sop_class)}
    if (number := number_of(header, INSTANCE_NUMBER)) is not None:
        own["number"] = number
    return series | {"instance": [own]}


def number_of(header: DataSet, tag: int) -> int | None:
    """IS as FHIR unsignedInt."""
    text = text_of(header, tag) or ""
    return int(text) if text.isdecimal() and text.isascii() and int(text) < 1 << 31 else None


def _series(series: DataSet, study: Resource, studies: Studies) -> None:
    instances = []
    for instance in items(series, REFERENCED_SOP):
        uid, sop_class = text_of(instance, SOP_INSTANCE), text_of(instance, SOP_CLASS)
        if uid and sop_class and uid not in studies.instances:
            studies.instances[uid] = study, sop_class
            instances.append({"uid": uid, "sopClass": sop_class_coding(sop_class)})
    uid = text_of(series, SERIES_UID)
    if uid and instances:
        modality = _modality(studies.instances[str(instances[0]["uid"])][1])
        study.setdefault("series", []).append({"uid": uid, "modality": modality, "instance": instances})


def _modality(sop_class: str) -> Home:
    return modality_coding(modality_of(sop_class))


def modality_coding(modality: str) -> Home:
    return {"system": uri_of("DCM", EXTENSION_BASE), "code": modality}


def sop_class_coding(uid: str) -> Home:
    return {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{uid}"}


# -- to DICOM -------------------------------------------------------------------------------------------------------
def study_elements(study: Resource, own: str | None, zone: str, mapping: Mapping) -> Iterator[Element]:
    """Of the study, and of the series that the document `own` is in; each only where the resource says it."""
    with suppress(ValueError):  # a study that DICOM does not know
        yield text_element(STUDY_UID, "UI", uid_of(study.get("identifier", [])))
    started = study.get("started")
    try:
        date, time = times.date_and_time(started, zone) if started else ("", "")
    except ValueError:  # the models let pass a time without seconds
        date = ""
    if date:
        yield text_element(STUDY_DATE, "DA", date)
        yield text_element(STUDY_TIME, "TM", time)
    yield from accession_elements(study)
    codes = [code for coded in study.get("procedureCode", ()) if (code := mapping.concept(coded)) is not None]
    if codes:
        said = (code_element(PROCEDURES, code, UNICODE).value for code in codes)
        yield Element(PROCEDURES, "SQ", tuple(item for value in said if isinstance(value, tuple) for item in value))
    for series in study.get("series", ()):
        for instance in series.get("instance", ()):
            if own is not None and instance["uid"] == own:
                yield from _own_elements(series, instance)


def _own_elements(series: Home, instance: Home) -> Iterator[Element]:
    yield text_element(SERIES_UID, "UI", series["uid"])
    yield text_element(SOP_CLASS_UID, "UI", _sop_class(instance))
    if "description" in series:
        yield text_element(SERIES_DESCRIPTION, "LO", one_value(series["description"], 64), UNICODE)
    for tag, home in ((SERIES_NUMBER, series), (INSTANCE_NUMBER, instance)):
        if "number" in home:
            yield text_element(tag, "IS", str(home["number"]))


def evidence_elements(
    studies: Sequence[Resource], own: str | None, study_uid: str, wanted: set[str] | None
) -> Iterator[Element]:
    """Instances of the studies, the document itself aside; of those in `wanted`, where not all of them are evidence.
    Instances of the document's own study first, others as Pertinent Other Evidence."""
    current: list[DataSet] = []
    other: list[DataSet] = []
    for study in studies:
        uid = uid_in(study.get("identifier", []))
        if uid is None:  # such a study has no place in evidence
            continue
        series = [said for one in study.get("series", ()) if (said := _evidence_series(one, own, wanted))]
        if series:
            item: DataSet = (Element(REFERENCED_SERIES, "SQ", tuple(series)), text_element(STUDY_UID, "UI", uid))
            (current if uid == study_uid else other).append(item)
    for tag, found in ((CURRENT_EVIDENCE, current), (OTHER_EVIDENCE, other)):
        if found:
            yield Element(tag, "SQ", tuple(found))


def _evidence_series(series: Home, own: str | None, wanted: set[str] | None) -> DataSet | None:
    found = tuple(
        (text_element(SOP_CLASS, "UI", _sop_class(one)), text_element(SOP_INSTANCE, "UI", one["uid"]))
        for one in series.get("instance", ())
        if one["uid"] != own and (wanted is None or one["uid"] in wanted)
    )
    return (Element(REFERENCED_SOP, "SQ", found), text_element(SERIES_UID, "UI", series["uid"])) if found else None


def _sop_class(instance: Home) -> str:
    return str(instance["sopClass"].get("code", "")).removeprefix("urn:oid:")
