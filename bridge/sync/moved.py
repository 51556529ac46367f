"""An instance that says what it said, of another patient: the PACS has corrected who it is of, or moved its study."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.sync.failpoint import failpoint
from bridge.sync.held import Waiting
from bridge.sync.made_of import made_of, says_the_same
from bridge.sync.news import RETRACTED
from bridge.sync.resources import read_groups
from bridge.sync.route import Route
from bridge.translate.header import split_patient
from bridge.translate.to_dicom import to_dicom


def of_another_patient(route: Route, ledger: Ledger, mapping: Mapping, link: Link, document: Document) -> bool:
    """Whether only the Patient Module (PS3.3 C.7.1.1) of a known instance is another; the resources, of which nobody
    has edited more than whose they are, say what it was."""
    if route.direction == "to-dicom" and link.born == "dicom":
        return False
    act, keys = ledger.links.intended(link.document) or ("", [])
    if act == "to-fhir" and link.head in keys:
        return True  # begun, and killed
    groups = read_groups(route, {link.root})
    present = next((one for one in groups if one.root == link.root), None)
    if present is None or (present.state == RETRACTED) != (link.fhir_digest == RETRACTED):
        return False
    if link.born == "fhir":
        head = write_document(document)
        was = made_of(route, head)
        return was is not None and says_the_same(route, mapping, present, head, was)
    before = to_dicom(present.group, mapping, route.known()).result
    return before.root == document.root and split_patient(before.header)[1] == split_patient(document.header)[1]


def take_place(route: Route, ledger: Ledger, link: Link, key: str, digest: str) -> str:
    """Of a document born in FHIR, which says whose it is: whether both say the same is looked at there."""
    ledger.links.agree(replace(link, instance=key, dicom_digest=digest), [link.head])
    ledger.work.owe(route.name, route.fhir.name, link.root)
    failpoint("agreed")
    return "moved"


def alone(route: Route, link: Link, key: str) -> None:
    """Raises Waiting as long as it is there under both patients: nobody can say whose it is."""
    if link.instance != key and route.dicom.read([link.instance])[0] is not None:
        raise Waiting("this SOP Instance is there under two Patient IDs: remove the wrong one", link.instance)
