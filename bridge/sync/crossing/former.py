"""Which document an instance is a new version of, or a copy of."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import STRANGE, UNKNOWN, VOID, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.tags import PATIENT_ID
from bridge.model.version import Version
from bridge.sync.basis.begun import is_version_begun
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import key_of_version
from bridge.sync.documents.resources import present_of
from bridge.sync.lost.rebuild import rebuild_reported
from bridge.sync.patients.as_written import is_ours
from bridge.sync.void.misfiled import note_copy
from bridge.translate.born_in_fhir.restore import made_for
from bridge.translate.header.chain import superseded_by
from bridge.translate.remainder.private import taken_out


def former_of(route: Route, ledger: Ledger, mapping: Mapping, document: Document, root: str | None) -> Link | None:
    """The document that this instance is a new version of. A predecessor that is not in the PACS is waited for by
    nobody, and one that is rejected and never crossed has nothing to amend."""
    named = superseded_by(document.header)
    links = [link for one in named if (link := ledger.links.of(route.name, one.sop_instance)) is not None]
    if root is not None and any(one.root != root for one in links) and is_ours(route, mapping, document):
        links = [one for one in links if one.root == root]  # the others are of results that it claimed
        if not links:
            return None
    if len({link.document for link in links}) > 1:
        raise Held("it supersedes several documents; joining them is not there yet")
    if links and not _names_newest(route, ledger, links[0], named) and is_there(route, links[0]):
        for one in named:
            if is_version_begun(ledger, links[0], one.sop_instance):
                key = key_of_version(route, document.header, one)
                raise Waiting("its predecessor comes first, which was begun", key)
        raise Held(f"it supersedes a version that is not the newest; store one that names {links[0].head}, which is")
    if not links and route.writes_fhir:
        for one in named:
            void = is_rejected(route, ledger, one)
            key = key_of_version(route, document.header, one)
            if void or ledger.feeds.is_settled(route.name, route.dicom.name, key):
                continue  # nothing will come of it: the route does not carry it, or a person dropped it
            if route.dicom.absent([key]) == [None]:  # there, if readable or not
                raise Waiting("its predecessor comes first, which is still owed, held or dead", key)
        return rebuild_reported(route, ledger, document)
    return links[0] if links else None


def _names_newest(route: Route, ledger: Ledger, link: Link, named: Sequence[Version]) -> bool:
    """Of those that stand: what was rejected is amended by nobody."""
    uids = {one.sop_instance for one in named}
    at = max((at for at, one in enumerate(link.chain) if one.sop_instance in uids), default=-1)
    later = link.chain[at + 1 :]
    return at >= 0 and all(is_rejected(route, ledger, one) for one in later)


def copied_of(route: Route, ledger: Ledger, document: Document, key: str, root: str) -> Link | None:
    """The document that this is a copy of, under other UIDs: one that we wrote for this FHIR server, and that it
    does not name as its predecessor. One of another Patient ID is a document of theirs; where what it is a copy of
    is not there any more, the archive has moved that, and it raises Held."""
    take(route, ledger, [root])
    link = ledger.links.of(route.name, root)
    if link is None or link.root != root or link.born != "fhir" or _is_void(link):
        return None
    if made_for(taken_out(document)[1]) != route.system:
        return None
    if is_of_patient(route, document, root):
        return link
    if is_there(route, link):
        return None
    note_copy(ledger, link, key)
    raise Held(
        f"a copy of what was written from {root}, under another Patient ID: if {route.dicom.name} has merged "
        f"these patients, merge them in {route.fhir.name}, too; else remove the copy, and it is written again"
    )


def is_of_patient(route: Route, document: Document, root: str) -> bool:
    """Whether it is of the patient of that resource, which is there, by the Patient ID alone."""
    present = present_of(route, root)
    patient = present.group.patient if present is not None else None
    values = {one.get("value") for one in (patient or {}).get("identifier", ())}
    return text_of(document.header, PATIENT_ID) in values


def _is_void(link: Link) -> bool:
    return bool({link.fhir_digest, link.dicom_digest} & {*VOID, UNKNOWN, STRANGE})


def is_there(route: Route, link: Link) -> bool:
    """Whether the newest version is; else the one before is amended again."""
    return route.dicom.read([link.instance])[0] is not None
