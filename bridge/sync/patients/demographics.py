"""A Patient's name, birth date or sex was corrected in FHIR: the instances that we wrote say it too, where the route
wants that. Their UIDs stay, for what the document says is what it was."""

from __future__ import annotations

from bridge.codecs.dicom import writer
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import UNICODE, DataSet, charset_of
from bridge.model.identity import identity_in
from bridge.model.sr import read_document
from bridge.sync.basis.route import Route
from bridge.sync.documents.own import is_own
from bridge.sync.documents.replace import replace_head
from bridge.sync.documents.resources import Present
from bridge.translate.header.demographics import with_demographics
from bridge.translate.header.identity import identity_elements, identity_of
from bridge.translate.header.refiled import as_named_in
from bridge.translate.header.whose import subject_of


def propagate(
    route: Route, ledger: Ledger, mapping: Mapping, present: Present, link: Link | None, head: DataSet | None
) -> str | None:
    """Corrects the newest instance of a document on which both sides agree; returns the act. None where there is
    nothing to do. What others wrote is theirs to correct, and what is void says nothing."""
    patient = present.group.patient
    if route.demographics != "propagate" or not route.writes_dicom or link is None or head is None or not patient:
        return None
    if RETRACTED in (link.fhir_digest, link.dicom_digest, present.state):
        return None
    if link.born != "fhir" or charset_of(head) != UNICODE or not _of_same_patient(route, present, head):
        return None
    wanted = with_demographics(head, patient, mapping)
    if wanted == head or not is_own(read_document(head), route, mapping):
        return None
    return replace_head(route, ledger, link, writer.write(wanted))


def _of_same_patient(route: Route, present: Present, head: DataSet) -> bool:
    known = as_named_in(head, route.known(head))
    identity = identity_of(present.group.patient, subject_of(present.group), known)
    wanted = sorted(identity_elements(identity, UNICODE)) if identity is not None else []
    return wanted == identity_in(head)
