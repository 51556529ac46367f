"""Which template of PS3.16 a group of FHIR resources follows, and the items that the template wants around them.

Imaging measurements are TID 1500, a narrative imaging report is TID 2000, an ECG with all global measurements TID 3700;
anything else is a Comprehensive SR without Template Identifier."""

from __future__ import annotations

from bridge.mapping.people import names_to_dicom
from bridge.mapping.texts import one_value
from bridge.model.content import Code, Coded, Container, Plain
from bridge.model.dataset import Element
from bridge.model.group import Group, Resource
from bridge.model.tags import TEMPLATE
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.basis.node import Concept, Find, Home, Node
from bridge.translate.header.device_observer import DEVICE_NAME, DEVICE_UID
from bridge.translate.header.observers import (
    DEVICE,
    LANGUAGE,
    OBSERVER_TYPE,
    PERSON,
    PROCEDURE_REPORTED,
    UNDETERMINED,
    language_code,
)
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.header.verifiers import is_verifier
from bridge.translate.native import ecg_report
from bridge.translate.native.participants import is_person
from bridge.translate.remainder.element_json import template_items

MEASUREMENTS, NARRATIVE = "1500", "2000"
TEMPLATES = frozenset({"", MEASUREMENTS, NARRATIVE, ecg_report.TEMPLATE})
"""By which resources become a document; empty: by none."""
TITLE = Code("126000", "DCM", "Imaging Measurement Report")  # CID 7021
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")  # where no study says which
_PROCEDURES = {  # Modality -> CID 100 Quantitative Diagnostic Imaging Procedure
    "CT": Code("25045-6", "LN", "CT unspecified body region"),
    "MR": Code("25056-3", "LN", "MRI unspecified body region"),
    "PT": Code("44136-0", "LN", "PET unspecified body region"),
    "NM": Code("49118-3", "LN", "NM unspecified body region"),
    "CR": Code("43468-8", "LN", "XR unspecified body region"),
    "DX": Code("43468-8", "LN", "XR unspecified body region"),
}
IMAGING_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
CONCLUSIONS = Code("121076", "DCM", "Conclusions")  # section of TID 2000 (CID 7001)
AROUND = frozenset(
    {one.value for one in (IMAGING_MEASUREMENTS, MEASUREMENT_GROUP, PROCEDURE_REPORTED, *ecg_report.CONTAINERS)}
)
"""Codes of what a template has around the results of a group."""
_BRIDGE = "FHIR-DICOM bridge"
_RADIOLOGY = frozenset({"RAD", "RUS", "NMR", "NMS", "CT", "CUS", "OUS", "VUS", "XRC", "RX", "IMG", "LP29684-5"})


def template_of(group: Group, find: Find, concept: Concept) -> str | None:
    """Template Identifier of a group born in FHIR."""
    root = group.root
    observations = [one for one in group.spoken() if one["resourceType"] == "Observation"]
    if ecg_report.is_ecg_report(group, [one for ref in root.get("result", ()) if (one := find(ref))], concept):
        return ecg_report.TEMPLATE
    if observations:
        imaging = bool(root.get("imagingStudy")) or any(_of_images(one) for one in observations)
        measured = any(one.keys() & {"valueQuantity", "valueCodeableConcept"} for one in observations)
        return MEASUREMENTS if imaging and measured and all(map(_is_measurement, observations)) else None
    categories = {one.get("code") for coded in root.get("category", ()) for one in coded.get("coding", ())}
    imaging = bool(root.get("imagingStudy")) or bool(categories & _RADIOLOGY)
    return NARRATIVE if imaging and root.get("conclusion", "").strip() else None


def _of_images(observation: Resource) -> bool:
    kinds = ("ImagingStudy/", "ImagingSelection/")
    return any(kind in one.get("reference", "") for one in observation.get("derivedFrom", ()) for kind in kinds)


def _is_measurement(observation: Resource) -> bool:
    """What TID 1501 has a row for, and no results within it: a number, a code (that there is no value, too), or a text,
    as what is said of a number that was only compared."""
    nested = observation.keys() & {"component", "hasMember"}
    return not nested and bool(observation.keys() & {"valueQuantity", "valueCodeableConcept", "dataAbsentReason"})


def begin(root: Node, template: str, group: Group, find: Find, known: Known, observer: str | None) -> None:
    """Template Identifier, language (TID 1204), observer (TID 1002) and the procedure reported; without the name of a
    person the device that writes this document observes."""
    root.rest = (Element(TEMPLATE, "SQ", template_items(template)),)
    # TID 2000 and 3700 demand a language, which nobody else knows than the report; of TID 1500 it is an option
    if language := group.root.get("language", UNDETERMINED if template != MEASUREMENTS else None):
        root.add(Coded(language_code(language)), LANGUAGE, None)
    if observer is not None:
        add_person(root, observer)
    else:
        _add_bridge(root, known)
    if template == ecg_report.TEMPLATE:
        ecg_report.begin(root, group, known.zone)
    else:
        root.add(Coded(_procedure(group, find)), PROCEDURE_REPORTED, None)


def observers_of(group: Group, find: Find) -> list[tuple[Home, str]]:
    """Who interpreted or performed it, where the report says persons: each reference, and the name. An organization is
    no observer (TID 1002: a person or a device), nor is what nobody says to be a person, nor who only verified the
    document."""
    report = group.root
    interpreters = (one for one in report.get("resultsInterpreter", ()) if not is_verifier(one))
    said = [*interpreters, *report.get("performer", ())]
    return [(one, found) for one in said if is_person(one, find(one), report) and (found := _name(one, find))]


def add_person(root: Node, name: str) -> None:
    """Adds a person observer (TID 1003)."""
    root.add(Coded(PERSON), OBSERVER_TYPE, None)
    root.add(Plain("PNAME", name), PERSON_NAME, None)


def is_observed_by_others(group: Group, find: Find) -> bool:
    """Whether a result has a person as its performer whom no item names: the observer of the document would stand in
    that place."""
    results = [one for one in group.spoken() if one["resourceType"] == "Observation"]
    people = ((one, said) for one in results for said in one.get("performer", ()))
    return any(is_person(said, find(said), one) and not _is_named(said, find) for one, said in people)


def _is_named(performer: Home, find: Find) -> bool:
    """Whether his item is there (`add_participant`): by his name, or by that of the reference where he is not here."""
    target = find(performer)
    return bool(performer.get("display", "").strip() if target is None else _own_name(target, find))


def _name(reference: Home, find: Find) -> str:
    """Of the Practitioner that is here; else what the reference is called."""
    target = find(reference) or {}
    called = one_value(reference.get("display") or target.get("practitioner", {}).get("display", ""), 64)
    if (own := _own_name(target, find)) or not called:
        return own
    try:
        return names_to_dicom([{"text": called}]).strip()
    except ValueError:  # delimiters alone
        return ""


def _own_name(target: Resource, find: Find) -> str:
    person = find(target["practitioner"]) if "practitioner" in target else target
    if person is None or person.get("resourceType") != "Practitioner":
        return ""
    try:
        return names_to_dicom(person.get("name", []))
    except ValueError:  # none, or one without any part
        return ""


def _add_bridge(root: Node, known: Known) -> None:
    """The device that writes this document (TID 1004)."""
    root.add(Coded(DEVICE), OBSERVER_TYPE, None)
    root.add(Plain("UIDREF", new_uid(known.naming, "device")), DEVICE_UID, None)
    root.add(Plain("TEXT", _BRIDGE), DEVICE_NAME, None)


def _procedure(group: Group, find: Find) -> Code:
    """The code of CID 100 that the modality of the study allows; Procedure Code Sequence says it in full."""
    for reference in group.root.get("imagingStudy", ()):
        for series in (find(reference) or {}).get("series", ()):
            if (code := _PROCEDURES.get(series["modality"].get("code", ""))) is not None:
                return code
    return IMAGING_PROCEDURE


def measurement_group(root: Node, name: str, uid: str) -> Node:
    """TID 1501, in the container of imaging measurements: one group for each Observation, tracked by its UID."""
    node = root.section(IMAGING_MEASUREMENTS).add(Container("SEPARATE"), MEASUREMENT_GROUP, None)
    node.add(Plain("TEXT", name), TRACKING_IDENTIFIER, None)
    node.add(Plain("UIDREF", uid), TRACKING_UID, None)
    return node
