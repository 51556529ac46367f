"""A version of the PACS, where no agreement is remembered: whether its FHIR side has had it already, or not yet."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.link import Link
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.tags import SERIES_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import read_instance
from bridge.sync.documents.resources import Present
from bridge.sync.patients.merge import Merges
from bridge.translate.header.amend import amendments
from bridge.translate.header.chain import version_of
from bridge.translate.header.header import born_uid
from bridge.translate.remainder.extension import attached
from bridge.translate.to_dicom import to_dicom


def is_from(root: Resource, version: str) -> bool:
    """Whether a report was written from that SOP Instance, as it says itself, whatever was edited in it since."""
    header = attached(root, "document").get("header", {}).get("e", {})
    return version in (born_uid(root), header.get(f"{SOP_INSTANCE_UID:08X}"))


def is_among_ours(route: Route, document: Document) -> bool:
    """Whether it is among the versions that we write of what is edited in FHIR, of a document that was born in DICOM.
    Somebody who edits one of these may leave it there: nothing tells."""
    study = text_of(document.header, STUDY_UID) or ""
    return text_of(document.header, SERIES_UID) == amendments(route.known(), study)


def remembered(route: Route, merges: Merges, link: Link, present: Present | None) -> Link:
    """With what the resources say as agreed, where that is what the head says."""
    if present is None:
        return replace(link, versions={})
    head = read_instance(route, link.instance)
    if head is not None:
        same = merges.says(present, link, head)
    else:  # its UID comes back as long as nobody edits
        again = to_dicom(present.group, merges.mapping, route.known()).result
        same = version_of(again).sop_instance == link.head
    return replace(link, versions=present.versions, fhir_digest=present.state if same else link.fhir_digest)
