"""A document under another patient: the Patient Module (PS3.3 C.7.1.1) is another; all else, UIDs too, is as it was.
What it said before is in it, as Original Attributes (PS3.3 C.12.1.1.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.mapping.mapping import Mapping
from bridge.model.coercion import OF_ORDER, OF_STUDY, ORIGINAL
from bridge.model.dataset import UNICODE, DataSet, Element, charset_of, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.identity import identity_in
from bridge.translate.basis.ids import Known
from bridge.translate.header.demographics import with_demographics
from bridge.translate.header.header import split_patient
from bridge.translate.header.identity import identifiers_of, identity_elements, identity_of, is_unknown

_MODIFIED = 0x04000550  # Modified Attributes Sequence
_WHEN, _SYSTEM, _SOURCE, _REASON = 0x04000562, 0x04000563, 0x04000564, 0x04000565
_US = "FHIR-DICOM BRIDGE"


def identity_as(patient: Resource, known: Known) -> list[Element]:
    """How a document of that Patient names him; empty where nothing does."""
    identity = identity_of(patient, {}, known)
    return sorted(identity_elements(identity, UNICODE)) if identity is not None else []


def as_named_in(header: DataSet, known: Known) -> Known:
    """What to know so that a document names its patient as it does, whichever of his identifiers would be taken today:
    that was agreed on."""
    said = identifiers_of(header, charset_of(header), known)[:1]
    if not said:
        return known
    system, value = said[0]["system"], said[0]["value"]
    unissued = identifiers_of(header, charset_of(header), replace(known, issuer=None))[0]["system"]
    bare = [(None, value)] if is_unknown(unissued) else []
    return replace(known, issuer=system, named=((system, value), *bare))


def filed_under(dataset: DataSet, patient: Resource, mapping: Mapping, known: Known, when: str) -> DataSet:
    """An instance of ISO_IR 192, whose patient that is; back under whom it was made of, it is again what it was. `when`
    is a FHIR instant."""
    origin = origin_of(dataset)
    identity = identity_as(patient, known)
    if identity == identity_in(origin):
        return origin
    module, rest = split_patient(origin)
    said = with_demographics(merged(rest, identity), patient, mapping)
    return merged(said, [Element(ORIGINAL, "SQ", (*items(rest, ORIGINAL), _original(module, when)))])


def origin_of(dataset: DataSet) -> DataSet:
    """As it was made, before we filed it under another patient."""
    ours = next((one for one in items(dataset, ORIGINAL) if _is_ours(one)), None)
    if ours is None:
        return dataset
    left = tuple(one for one in items(dataset, ORIGINAL) if one is not ours)
    module = next(iter(items(ours, _MODIFIED)), ())
    rest = merged(split_patient(dataset)[1], module, without=[ORIGINAL])
    return merged(rest, [Element(ORIGINAL, "SQ", left)]) if left else rest


def is_refiled(dataset: DataSet) -> bool:
    return any(map(_is_ours, items(dataset, ORIGINAL)))


def without_patient(dataset: DataSet) -> DataSet:
    """What a correction of who the patient is leaves as it is, whoever makes it."""
    return merged(split_patient(dataset)[1], (), without=[ORIGINAL])


def without_corrections(dataset: DataSet) -> DataSet:
    """What a correction of patient, study or order in the archive leaves as it is: the document says what it said (IHE
    RAD TF-1, Patient Information Reconciliation)."""
    return tuple(one for one in without_patient(dataset) if one.tag not in OF_STUDY and one.tag >> 16 not in OF_ORDER)


def same_but_corrected(one: Document, other: Document) -> bool:
    """Whether two documents differ in nothing but what an archive may correct."""
    return one.root == other.root and without_corrections(one.header) == without_corrections(other.header)


def beside(note: DataSet, rejected: DataSet) -> DataSet:
    """A rejection note says of the patient what that which it rejects says."""
    said = [one for one in rejected if one.tag >> 16 == 0x0010 or one.tag == ORIGINAL]
    return merged(without_patient(note), said)


def _is_ours(original: DataSet) -> bool:
    return text_of(original, _SYSTEM) == _US


def _original(module: DataSet, when: str) -> DataSet:
    at = datetime.fromisoformat(when)
    return (
        Element(_MODIFIED, "SQ", (module,)),
        text_element(_WHEN, "DT", at.strftime("%Y%m%d%H%M%S") + (at.strftime("%z") or "+0000")),
        text_element(_SYSTEM, "LO", _US),
        Element(_SOURCE, "LO", b""),
        text_element(_REASON, "CS", "CORRECT"),
    )
