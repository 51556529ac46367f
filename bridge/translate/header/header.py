"""Header of an SR <-> Patient, ImagingStudy, Device and the report's status (PS3.3 A.35.3: modules of an SR IOD)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import is_cut, is_respelled
from bridge.mapping.texts import uid_in
from bridge.model.dataset import UNICODE, DataSet, Element, items, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.names import REMAINDER_URL
from bridge.model.tags import (
    COMPLETION,
    CONTENT_DATE,
    CONTENT_TIME,
    PREDECESSORS,
    PRELIMINARY,
    SERIES_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_UID,
    TIMEZONE_OFFSET,
    VERIFICATION,
)
from bridge.translate.basis import times
from bridge.translate.basis.digests import digest
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.basis.node import Find, Home
from bridge.translate.basis.shaped import shaped_to_dicom, shaped_to_fhir
from bridge.translate.header.chain import referring, superseded_by
from bridge.translate.header.encounter import encounter_elements
from bridge.translate.header.identity import (
    OTHER_IDS,
    Identity,
    contained_patient,
    identifiers_of,
    identity_elements,
    identity_of,
    oddities_of_identity,
    other_ids,
)
from bridge.translate.header.observers import EQUIPMENT
from bridge.translate.header.orders import ACCESSION, accession_elements
from bridge.translate.header.study import study_elements
from bridge.translate.header.verifiers import without_verifiers
from bridge.translate.header.whose import subject_of
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.json_patch import canonical_text

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
NO_DATE = "19000101"  # never the clock: the same input has the same output
_STATUS = {
    **dict.fromkeys([("PARTIAL", False), ("PARTIAL", True)], "partial"),
    ("COMPLETE", False): "final",
    ("COMPLETE", True): "amended",
}
_RESULTS = ("DiagnosticReport", "Observation")
UNFINISHED = ("partial", "preliminary", "registered")
"""Status of a report or result that is not final yet."""
_ALWAYS = {  # of a new SR, until something else is known
    one.tag: one
    for one in (
        text_element(SOP_CLASS_UID, "UI", COMPREHENSIVE_SR),
        text_element(0x00080060, "CS", "SR"),
        text_element(0x00200011, "IS", "1"),
        text_element(0x00200013, "IS", "1"),
        text_element(VERIFICATION, "CS", "UNVERIFIED"),  # final does not make a verifier
        # type 2: present, and empty where nothing is known
        Element(0x00080050, "SH", b""),
        Element(0x00080070, "LO", b""),
        Element(0x00080090, "PN", b""),
        Element(0x00100010, "PN", b""),
        Element(0x00100020, "LO", b""),
        Element(0x00100030, "DA", b""),
        Element(0x00100040, "CS", b""),
        Element(0x00200010, "SH", b""),
        Element(0x00081111, "SQ", ()),  # Referenced Performed Procedure Step
        Element(0x0040A372, "SQ", ()),  # Performed Procedure Code
    )
}


# -- to FHIR --------------------------------------------------------------------------------------------------------
def status_of(header: DataSet) -> str:
    """DiagnosticReport.status, whatever the verification (PS3.3 C.17.2; HL7 dicom-sr). A predecessor makes it amended,
    unless it is preliminary still: FHIR amends only what was final. Whether partial or not, preliminary says more."""
    if text_of(header, PRELIMINARY) == "PRELIMINARY":
        return "preliminary"
    return _STATUS.get((text_of(header, COMPLETION) or "COMPLETE", bool(items(header, PREDECESSORS))), "unknown")


def finished(header: DataSet, unfinished: str | None) -> DataSet:
    """Of what only completes the version `unfinished`, by its UID, the header without predecessors: FHIR R4 amends what
    was final, and a report becomes that first."""
    former = {one.sop_instance for one in superseded_by(header)}
    return tuple(one for one in header if one.tag != PREDECESSORS) if former == {unfinished} else header


def result_status(status: str) -> str:
    """Status of a result, of the report's: it cannot be partial."""
    return "preliminary" if status == "partial" else status


def composition_status(status: str) -> str:
    """Of the report's: a Composition can be neither partial nor unknown, and is not said to be final."""
    return "preliminary" if status in ("partial", "unknown") else status


def content_time(header: DataSet, zone: str) -> str | None:
    """Content Date and Time as FHIR dateTime."""
    return times.moment_of(header, CONTENT_DATE, CONTENT_TIME, zone)


def patient_of(document: Document, mapping: Mapping, known: Known) -> Resource | None:
    identifiers = identifiers_of(document.header, document.charset, known)
    if not identifiers:
        return None
    patient = {"resourceType": "Patient", "id": _id_of_patient(identifiers, known), "identifier": identifiers}
    return shaped_to_fhir(mapping.shapes["patient"], document, patient)


def named_at(document: Document, known: Known) -> str | None:
    """The id of the Patient whom the document would have at its source: a document that was made for another store."""
    identifiers = identifiers_of(document.header, document.charset, known)
    source = replace(known, system=known.source or known.system, ids={})
    return _id_of_patient(identifiers, source) if identifiers else None


def _id_of_patient(identifiers: list[Home], known: Known) -> str:
    return known.id("Patient", f"{identifiers[0]['system']}|{identifiers[0]['value']}")


def equipment_of(document: Document, key: str, mapping: Mapping, known: Known) -> Resource | None:
    device = {"resourceType": "Device", "id": known.id("Device", key)}
    shaped_to_fhir(mapping.shapes["equipment"], document, device)
    return device if len(device) > 2 else None


# -- to DICOM -------------------------------------------------------------------------------------------------------


def header_of(
    group: Group, composition: Resource | None, effective: str | None, find: Find, mapping: Mapping, known: Known
) -> tuple[DataSet, list[str]]:
    """Header of a new SR; and warnings of what has no place in it."""
    root, found, warnings = group.root, _Elements(_ALWAYS), list[str]()
    subject = subject_of(group)
    patient = group.patient or contained_patient(root, subject)
    identity = identity_of(patient, subject, known)
    warnings += _odd_patient(root, patient, subject, identity)
    date, time = _date_and_time(effective, known.zone)
    if not date:
        what = "a time that DICOM cannot say" if effective else "no time"
        warnings.append(f"{root['resourceType']} has {what}: Content Date is 1900-01-01")
    own = born_uid(root)
    warnings += [] if own else _definite(group, effective)
    content = "" if own else _content_digest(group, identity)
    scope = own or _scope(root, identity, effective, content)
    if own is None:  # what a document of others says of these, it says itself
        found.text(SPECIFIC_CHARACTER_SET, "CS", "ISO_IR 192")
        found.text(TIMEZONE_OFFSET, "SH", known.zone.replace(":", ""))
    former = tuple(version.sop_instance for version in known.supersedes)
    found.text(SOP_INSTANCE_UID, "UI", own or new_uid(known.system, group.key, *former, content))
    if known.supersedes and own is None:
        found[PREDECESSORS] = referring(PREDECESSORS, known.supersedes)
    found.text(0x00080020, "DA", "" if own else date)  # an edited report does not move its study
    found.text(CONTENT_DATE, "DA", date or NO_DATE)
    found.text(0x00080030, "TM", "" if own else time)
    found.text(CONTENT_TIME, "TM", time or "000000")
    nobodys = identity is None and known.supersedes  # what belongs to nobody stays beside what it supersedes
    found.text(STUDY_UID, "UI", known.supersedes[-1].study if nobodys else new_uid(known.system, "study", scope))
    found.text(COMPLETION, "CS", "PARTIAL" if _is_partial(group) else "COMPLETE")
    if root.get("status") == "preliminary":  # that of the report: results of a partial one are preliminary, too
        found.text(PRELIMINARY, "CS", "PRELIMINARY")
    if identity is not None:
        found.update({element.tag: element for element in identity_elements(identity, UNICODE)})
        if patient is not None and (others := other_ids(patient, identity, known)) is not None:
            found[OTHER_IDS] = others
    found.update({element.tag: element for element in encounter_elements(root.get("encounter", {}), UNICODE, known)})
    equipment: Home = next((one for one in (composition or {}).get("author", ()) if one.get("id") == EQUIPMENT), {})
    study = next((found_study for one in root.get("imagingStudy", ()) if (found_study := find(one))), None)
    for shape, resource in (("patient", patient), ("study", study), ("equipment", find(equipment))):
        for said in shaped_to_dicom(mapping.shapes[shape], resource or {}):
            if isinstance(said, str):
                warnings.append(said)
            else:
                found[said.tag] = said
    if own is None and root["resourceType"] == "DiagnosticReport":
        found.update({element.tag: element for element in accession_elements(root)})
    if study is not None:
        found.update({element.tag: element for element in study_elements(study, own, known.zone, mapping)})
    if SERIES_UID not in found:
        found.text(SERIES_UID, "UI", new_uid(known.system, "series", scope, repr(found[STUDY_UID].value)))
    return tuple(found[tag] for tag in sorted(found)), warnings


def _odd_patient(root: Resource, patient: Resource | None, subject: Home, identity: Identity | None) -> Iterator[str]:
    """What is odd, or not there, of whose document it is."""
    if identity is None:
        yield "no identifier of the patient: Patient ID is empty, the document belongs to nobody"
    elif "subject" not in root:
        yield f"{root['resourceType']}.subject is missing: the document is of whom all its results say"
    if identity is not None and patient is None:
        yield "subject is not here: Patient ID is taken from its reference, the Patient Module is empty"
    yield from oddities_of_identity(patient, subject)
    if patient is not None and is_cut(patient.get("name", [])):
        yield "Patient.name is longer than the 64 characters of Patient's Name: it is cut, shorten it"
    if patient is not None and is_respelled(patient.get("name", [])):
        yield "Patient.name has `^`, `=` or a backslash, which Patient's Name cannot hold: blanks stand for them"


def _definite(group: Group, effective: str | None) -> Iterator[str]:
    """What the header says for sure, and nobody else does: it has no words for less."""
    if effective is not None and len(effective) < len("2026-03-02"):
        yield "a time that is only a year, or a month, of one: Content Date is its first day"
    for one in group.spoken():
        if one["resourceType"] in _RESULTS and one.get("status") == "unknown":
            yield f"{one['resourceType']}.status is unknown: Completion Flag says as of any other"
            return


def _is_partial(group: Group) -> bool:
    """A result that is not final yet makes the document partial: its items have no status of their own."""
    return any(one.get("status") in UNFINISHED for one in group.spoken() if one["resourceType"] in _RESULTS)


def split_patient(header: DataSet) -> tuple[DataSet, DataSet]:
    """The Patient Module (PS3.3 C.7.1.1), which is all that group 0010 holds in an SR, and the rest of the header."""
    module = tuple(element for element in header if element.tag >> 16 == 0x0010)
    return module, tuple(element for element in header if element.tag >> 16 != 0x0010)


class _Elements(dict[int, Element]):
    def text(self, tag: int, vr: str, text: str) -> None:
        self[tag] = text_element(tag, vr, text, UNICODE)


def _scope(root: Resource, identity: Identity | None, effective: str | None, content: str) -> str:
    """What decides study and series, never the document: the patient's Encounter, else patient and day; and the order,
    for a study has one Accession Number."""
    if identity is None:
        return content  # nobody's documents join nothing
    encounter = root.get("encounter", {}).get("reference", "#")
    when = (effective or "")[:10] if encounter.startswith("#") else encounter
    orders = accession_elements(root) if root["resourceType"] == "DiagnosticReport" else ()
    order = "".join(f"|{one.value!r}" for one in orders if one.tag == ACCESSION)
    return f"{identity.system}|{identity.value}|{when}{order}"


def born_uid(root: Resource) -> str | None:
    """SOP Instance UID of a document that was born in DICOM; no change of a reference may touch its study."""
    return uid_in(root.get("identifier", [])) if root["resourceType"] == "DiagnosticReport" else None


def _content_digest(group: Group, identity: Identity | None) -> str:
    """Of the same resources of two patients, too: `Observation/1` occurs in every hospital."""
    said = map(_said_by, without_verifiers(group).resources())
    return digest(f"[{', '.join([repr(identity), *said])}]")


def _said_by(resource: Resource) -> str:
    """Without what another document said beyond it, whose UID proves nothing of this one."""
    text = canonical_text(resource)
    return canonical_text(stripped(resource)) if REMAINDER_URL in text else text


def _date_and_time(effective: str | None, zone: str) -> tuple[str, str]:
    try:
        return times.date_and_time(effective, zone) if effective else ("", "")
    except ValueError:  # the models let pass a time without seconds
        return "", ""
