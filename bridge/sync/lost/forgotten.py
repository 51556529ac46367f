"""A version of the PACS, where no agreement is remembered: whether its FHIR side has had it already, or not yet."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import UNKNOWN, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource, reference_to
from bridge.model.tags import SERIES_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.stores.store import Stored
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import read_instance
from bridge.sync.documents.resources import Present, present_of
from bridge.sync.patients.merge import Merges
from bridge.translate.born_in_fhir.restore import first_version, names_in
from bridge.translate.header.amend import amendments
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import born_uid
from bridge.translate.remainder.extension import attached
from bridge.translate.remainder.private import taken_out
from bridge.translate.to_dicom import to_dicom


def is_from(root: Resource, version: str) -> bool:
    """Whether a report was written from that SOP Instance, as it says itself, whatever was edited in it since."""
    header = attached(root, "document").get("header", {}).get("e", {})
    return version in (born_uid(root), header.get(f"{SOP_INSTANCE_UID:08X}"))


def is_from_it(route: Route, mapping: Mapping, document: Document, root: Resource) -> bool:
    """Whether what stands in the place of the document came from it, or it from that: by an id that is derived from it,
    by what the resource says itself, or because it, or the version before, is what is made of that. Another server may
    have given another resource the same id."""
    _, pieces = taken_out(document)
    if reference_to(root) not in names_in(pieces):
        return True
    uids = {version_of(document).sop_instance, *(one.sop_instance for one in superseded_by(document.header))}
    first = first_version(pieces, document.header)
    if first is not None and first in (attached(root, "document").get("first"), born_uid(root)):
        return True
    if any(is_from(root, uid) for uid in uids):
        return True
    present = present_of(route, reference_to(root))
    return (
        present is not None and version_of(to_dicom(present.group, mapping, route.known()).result).sop_instance in uids
    )


def leave_strange(route: Route, ledger: Ledger, link: Link) -> str:
    """Forgets the link of a strange document: what stands in its place is a document of its own, if any."""
    ledger.links.forget(link.document)
    owe_fhir(route, ledger, link.root)
    return "forgotten"


def is_among_ours(route: Route, document: Document) -> bool:
    """Whether it is among the versions that we write of what is edited in FHIR, of a document that was born in DICOM.
    Somebody who edits one of these may leave it there: his UID tells, for ours are made of a hash (PS3.5 B.2, UUIDv5),
    and others draw or count theirs."""
    study, uid = text_of(document.header, STUDY_UID) or "", version_of(document).sop_instance.removeprefix("2.25.")
    of_hash = uid.isdecimal() and int(uid) < 1 << 128 and UUID(int=int(uid)).version == 5
    return of_hash and text_of(document.header, SERIES_UID) == amendments(route.known(), study)


def has_spoken(route: Route, ledger: Ledger, link: Link, present: dict[str, Stored[Resource]]) -> bool:
    """Whether FHIR has told of the resources since the link was agreed on, to say the same it may be. Else they are as
    we have written them, or as a backup of them was: what we find in the PACS and do not remember is later."""
    if link.fhir_digest == UNKNOWN:
        return True
    edited = any(present[key].version != version for key, version in link.versions.items() if key in present)
    return edited or ledger.work.is_owed(route.name, route.fhir.name, {link.root, *link.versions})


def remembered(route: Route, merges: Merges, link: Link, present: Present | None) -> Link:
    """The link, with what the resources say as agreed where that is what the head says."""
    if present is None:
        return replace(link, versions={})
    head = read_instance(route, link.instance)
    if head is not None:
        same = merges.says(present, link, head)
    else:  # its UID comes back as long as nobody edits
        again = to_dicom(present.group, merges.mapping, route.known()).result
        same = version_of(again).sop_instance == link.head
    return replace(link, versions=present.versions, fhir_digest=present.state if same else link.fhir_digest)
