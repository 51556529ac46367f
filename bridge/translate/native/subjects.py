"""Whom a result is about, where that is not the patient: `focus` and HL7's extension `observation-focusCode` -> Subject
Context (PS3.16 TID 1006). FHIR inherits nothing: what a result says, its members do not."""

from __future__ import annotations

import re
from typing import NamedTuple

from bridge.mapping.people import names_to_dicom
from bridge.model.content import Code, Coded, Plain
from bridge.model.extensions import drop_extensions, values_of
from bridge.model.group import Resource, with_element
from bridge.model.references import contained_in, local, type_of, without_version
from bridge.terminology.schemes import DCM, SCT
from bridge.translate.basis.codeable import code_pairs, codes_in, displayed
from bridge.translate.basis.node import OWN, Home, Node
from bridge.translate.header.whose import subject_key
from bridge.translate.native.named_concepts import (
    DEVICE_SUBJECT,
    DEVICE_SUBJECT_NAME,
    FETUS,
    PATIENT,
    SPECIMEN,
    SPECIMEN_ID,
    SUBJECT_CLASS,
    SUBJECT_ID,
    SUBJECT_NAME,
)
from bridge.translate.native.spelled import printable
from bridge.translate.native.subject_context import is_reference

FOCUS_CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"
_CLASSES = {(DCM, one.value): one for one in (PATIENT, FETUS, SPECIMEN, DEVICE_SUBJECT)} | {  # CID 271
    (SCT, "116154003"): PATIENT,
    (SCT, "83418008"): FETUS,
    (SCT, "123038009"): SPECIMEN,
    (SCT, "49062001"): DEVICE_SUBJECT,
}
_OF_TYPE = {"Device": DEVICE_SUBJECT, "Specimen": SPECIMEN}
_PERSONS = ("Patient", "RelatedPerson", "Group", "")
_NAMES = {SPECIMEN: SPECIMEN_ID, DEVICE_SUBJECT: DEVICE_SUBJECT_NAME}  # TID 1009, 1010; of others Subject ID
_FETUS = re.compile(r"Fetus(?: (#?\d{1,2}|[A-Z]))?")
"""As a document born in DICOM calls one (`subject_context.subject_of_item`)."""
_UNKNOWN = "has no Subject Class (CID 271): a DICOM reader may take the value for the patient's"

_UNNAMED = "says a number and no name: a DICOM reader may take the value for the patient's; say the display"


class _Subject(NamedTuple):
    of_class: Code | None
    name: str
    number: str = ""  # of a person who is another one than the patient (TID 1007)


def is_its_own(observation: Resource) -> bool:
    """Of a document born in DICOM: whether it is about somebody else than what it stands below."""
    return any(one.get("id") == OWN for one in observation.get("focus", ()))


def add_subject(node: Node, observation: Resource, subjects: dict[str, Resource], *, born: bool) -> str | None:
    """Adds the items that say whom a result is about; returns a warning of somebody else whom they do not tell from the
    patient. `born`: in DICOM, where only what an item can say in the place of another one is said."""
    if states_subject(observation):
        return None
    codes = [_of_code(one) for one in _codes(observation)]
    said = observation.get("focus", ())
    patient = subject_key(observation.get("subject", {}), subjects)
    others = [one for one in said if one != {"id": OWN} and subject_key(one, subjects) != patient]
    foci = [_of_reference(one, subjects, observation) for one in others]
    if len(others) == 1 and foci[0].of_class is None and not born:
        foci = [_of_person(others[0], subjects, observation) or foci[0]]
    if not codes and not foci:
        if is_its_own(observation):  # among those of somebody else
            node.add(Coded(PATIENT), SUBJECT_CLASS, None)
        return None
    classes = {one.of_class for one in (*codes, *foci) if one.of_class is not None}
    known = classes.pop() if len(classes) == 1 else None
    if len(foci) > 1 and any(one.of_class is None for one in foci):
        known = None
    if known is not None:
        node.add(Coded(known), SUBJECT_CLASS, None)
    if foci and foci[0].number:
        node.add(Plain("TEXT", foci[0].number), SUBJECT_ID, None)
        if foci[0].name:
            node.add(Plain("PNAME", foci[0].name), SUBJECT_NAME, None)
        return None if foci[0].name or is_reference(foci[0].number) else f"Observation.focus {_UNNAMED}"
    names = [one.name for one in foci] or [one.name for one in codes if known is None]
    if name := "; ".join(dict.fromkeys(filter(None, names))):
        node.add(Plain("TEXT", printable(name)), _NAMES.get(known or PATIENT, SUBJECT_ID), None)
    return None if known is not None else f"Observation.{'focus' if foci else 'extension (focusCode)'} {_UNKNOWN}"


def _codes(observation: Resource) -> list[Home]:
    return values_of(observation, FOCUS_CODE, "valueCodeableConcept")


def _of_code(concept: Home) -> _Subject:
    classes = (_CLASSES.get((system, code)) for system, code in codes_in(concept))
    return _Subject(next(filter(None, classes), None), (concept.get("text") or displayed(concept) or "").strip())


def _of_reference(focus: Home, subjects: dict[str, Resource], owner: Resource) -> _Subject:
    """By the type of what is there, else of what the reference says. Another Observation, or a Condition, is no subject
    of TID 1006."""
    reference, name = without_version(focus), focus.get("display", "").strip()
    kind = type_of(focus, subjects.get(reference) or contained_in(owner, reference))
    if kind in _OF_TYPE:
        return _Subject(_OF_TYPE[kind], name)
    fetus = _FETUS.fullmatch(name)
    if fetus is not None and kind in _PERSONS:
        return _Subject(FETUS, fetus[1] or "")
    return _Subject(None, name if kind in _PERSONS else "")


def _of_person(focus: Home, subjects: dict[str, Resource], owner: Resource) -> _Subject | None:
    """Who is certainly not the patient, with the number that the result itself gives: of one who is elsewhere it may be
    another tomorrow."""
    reference = without_version(focus)
    inner = contained_in(owner, reference)
    kind = type_of(focus, subjects.get(reference) or inner)
    said = [focus["identifier"]] if "identifier" in focus else (inner or {}).get("identifier", [])
    if kind not in _PERSONS_ALONE or (kind == "Patient" and not _is_another(reference, said, owner, subjects)):
        return None
    own = next((one["value"] for one in said if one.get("value")), "")
    number = printable(own or (f"{kind}{reference}" if inner is not None else reference)).strip()
    return _Subject(PATIENT, _name(focus, inner), number) if number else None


_PERSONS_ALONE = ("Patient", "RelatedPerson")


def _is_another(reference: str, numbers: list[Home], owner: Resource, subjects: dict[str, Resource]) -> bool:
    """Whether it cannot be the patient: by another number of one system, or another id on the same server."""
    patient = owner.get("subject", {})
    his = [*subjects.get(patient.get("reference", ""), {}).get("identifier", ())]
    his += [patient["identifier"]] if "identifier" in patient else []
    if numbers:
        both = [(one.get("value"), other.get("value")) for one in numbers for other in his if _of_one(one, other)]
        return bool(both) and all(one != other for one, other in both)
    ids = local(reference), local(without_version(patient))
    return None not in ids and ids[0] != ids[1]


def _of_one(identifier: Home, other: Home) -> bool:
    return "system" in identifier and identifier["system"] == other.get("system")


def _name(focus: Home, inner: Resource | None) -> str:
    names = (inner or {}).get("name", [])
    try:
        return names_to_dicom(names if names else [{"text": focus.get("display", "")}])
    except ValueError:  # nobody says it
        return ""


def says_class(observation: Resource) -> bool:
    """Whether its `focus` says what an item would (CID 271), by itself."""
    foci = [_of_reference(one, {}, observation) for one in observation.get("focus", ()) if one != {"id": OWN}]
    return bool(foci) and all(one.of_class is not None for one in foci)


def is_about_another(observation: Resource) -> bool:
    """Whether a result is about somebody else, as far as one sees without the group."""
    return "focus" in observation or bool(_codes(observation))


def states_subject(observation: Resource) -> bool:
    """Whether a component says whom the result is about."""
    return any(_is_class(one) for one in observation.get("component", ()))


def without_subject(native: Resource) -> Resource:
    """Drops the components that repeat what `focus` says; of a resource as it is read natively."""
    if not states_subject(native):
        return native
    kept = [one for one in native["component"] if not _COMPONENTS & code_pairs(one.get("code", {}))]
    return with_element(native, "component", kept)


def without_focus_code(observation: Resource) -> None:
    """Takes the focus code away, in place, where the document says another subject since."""
    drop_extensions(observation, lambda one: one.get("url") == FOCUS_CODE)


def _is_class(component: Home) -> bool:
    return (DCM, SUBJECT_CLASS.value) in code_pairs(component.get("code", {}))


_COMPONENTS = {(DCM, one.value) for one in (SUBJECT_CLASS, SUBJECT_ID, SPECIMEN_ID, DEVICE_SUBJECT_NAME)}
