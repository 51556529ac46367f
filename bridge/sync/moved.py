"""An instance that says what it said, of another patient: the PACS has corrected who it is of, or moved its study."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.sync.held import Waiting
from bridge.sync.resources import read_groups
from bridge.sync.route import Route
from bridge.translate.header import split_patient
from bridge.translate.to_dicom import to_dicom


def of_another_patient(route: Route, ledger: Ledger, mapping: Mapping, link: Link, document: Document) -> bool:
    """Whether only the Patient Module (PS3.3 C.7.1.1) of a known instance is another; the resources, which nobody has
    edited, say what it was. What was born in FHIR has its patient from there."""
    if link.born != "dicom" or route.direction == "to-dicom":
        return False
    act, keys = ledger.links.intended(link.document) or ("", [])
    if act == "to-fhir" and link.head in keys:
        return True  # begun, and killed
    groups = read_groups(route, {link.root})
    present = next((one for one in groups if one.root == link.root and one.state == link.fhir_digest), None)
    if present is None:
        return False
    before = to_dicom(present.group, mapping, route.known()).result
    return before.root == document.root and split_patient(before.header)[1] == split_patient(document.header)[1]


def alone(route: Route, link: Link, key: str) -> None:
    """Raises Waiting as long as it is there under both patients: nobody can say whose it is."""
    if link.instance != key and route.dicom.read([link.instance])[0] is not None:
        raise Waiting("this SOP Instance is there under two Patient IDs: remove the wrong one")
