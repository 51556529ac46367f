"""An instance that says what it said, of another patient or order: the PACS has corrected who it is of, moved its
study, or corrected what its study says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import merged, text_of
from bridge.model.document import Document
from bridge.model.group import Group, reference_to, references_in
from bridge.model.references import local
from bridge.model.sr import write_document
from bridge.model.tags import PATIENT_ID
from bridge.sync.basis.begun import WRITING
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.held import UNDER_TWO, Waiting
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import resources_digest, with_plain_ids
from bridge.sync.documents.resources import present_of
from bridge.sync.patients.as_written import is_as_written
from bridge.sync.patients.made_of import MadeOf, as_of, made_of, says_the_same
from bridge.translate.header.header import split_patient
from bridge.translate.header.refiled import same_but_corrected
from bridge.translate.remainder.element_json import dataset_of
from bridge.translate.remainder.extension import attached
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir


def corrected(route: Route, ledger: Ledger, mapping: Mapping, link: Link, document: Document) -> Link | None:
    """The link to go on with where the PACS has corrected the Patient Module (PS3.3 C.7.1.1) of a known instance, or
    what its study says, and nobody has edited more of the resources than whose they are: that is agreed on then.
    Else None."""
    if not route.writes_fhir and link.born == "dicom":
        return None
    intent = ledger.intents.of(link.document)
    if intent.kind == WRITING and link.head in intent.keys:
        return link  # begun, and killed
    present = present_of(route, link.root)
    if present is None or (present.state == RETRACTED) != (link.fhir_digest == RETRACTED):
        return None
    if link.born == "fhir":
        head = write_document(document)
        was = made_of(route, head, "fhir")
        nobodys = present.group.patient is None and text_of(head, PATIENT_ID) is None
        if (was is not None or nobodys) and says_the_same(route, mapping, present, head, was):
            return link
        return link if was is not None and is_as_written(route, mapping, head, was) else None
    if any(_is_said_by(group, mapping, route, document) for group in _as_it_was(present.group)):
        return replace(link, fhir_digest=present.state)
    return None


def _as_it_was(group: Group) -> Iterator[Group]:
    """Of whom it is, and of whomever its resources name still: a server that merges Patients does not look at what is
    contained."""
    yield group
    named = {local(one) or "" for resource in group.resources() for one in references_in(resource)}
    for key in sorted(one for one in named if one.startswith("Patient/")):
        if group.patient is not None and key != reference_to(group.patient):
            yield as_of(group, MadeOf(key, group.patient))


def _is_said_by(group: Group, mapping: Mapping, route: Route, document: Document) -> bool:
    return same_but_corrected(to_dicom(group, mapping, route.known()).result, document)


def only_moved(route: Route, mapping: Mapping, link: Link, document: Document) -> bool:
    """Whether an instance that is there again, under another patient, would be read as its head was if the Patient
    Module were what that said: the resources keep it."""
    (root,) = route.fhir.read([link.root])
    patient = attached(root.item, "document").get("patient") if root is not None else None
    if not isinstance(patient, dict):
        return False
    before = merged(split_patient(document.header)[1], dataset_of(patient, document.charset))
    known = route.known(before, link.first)
    said = to_fhir(Document(before, document.root), mapping, known).result
    readings = resources_digest(said.resources()), resources_digest(map(with_plain_ids, said.resources()))
    return link.reading in readings  # an earlier bridge wrote one element id several times


def take_place(route: Route, ledger: Ledger, link: Link, key: str, digest: str) -> str:
    """Records a refiled instance of a document born in FHIR as its head, and owes the FHIR side, where patient and
    content are compared."""
    ledger.links.agree(replace(link, instance=key, dicom_digest=digest), [link.head])
    owe_fhir(route, ledger, link.root)
    failpoint("agreed")
    return "moved"


def alone(route: Route, link: Link, key: str) -> None:
    """Raises Waiting as long as it is there under both patients: nobody can say whose it is."""
    if link.instance != key and route.dicom.read([link.instance])[0] is not None:
        raise Waiting(UNDER_TWO, link.instance)
