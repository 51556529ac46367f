"""Links from what stands in the PACS, and from what reports say: for a ledger that was lost, or is of yesterday."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, STRANGE, UNKNOWN, Link, extended
from bridge.model.document import Document
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.sync.basis.hands import document_of, take
from bridge.sync.basis.held import Held
from bridge.sync.basis.owe import owe_dicom, owe_fhir
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import key_of_version
from bridge.sync.lost.forgotten import is_from
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import born_uid
from bridge.translate.remainder.extension import attached


def rebuild(route: Route, ledger: Ledger, document: Document, instance: str, digest: str, root: str) -> None:
    """Makes the link of a document that was born in FHIR, or extends it by this version: they come in their order. What
    FHIR says now is looked at against the newest."""
    version = version_of(document)
    link = ledger.links.of(route.name, root)
    owe_fhir(route, ledger, root)
    state = RETRACTED if is_rejected(route, ledger, version) else digest
    if link is not None and link.root != root and root in link.versions:
        raise Held(f"it is of {root}, which {link.root} has claimed in {link.head}: reject one of them, or remove it")
    elsewhere = link is None or link.root != root
    if link is not None and link.dicom_digest == STRANGE and not _follows(route, ledger, document, link):
        ledger.links.forget(link.document)  # of an instance that names the same resource, and is none of its versions
        owe_dicom(route, ledger, link.instance)
        elsewhere = True
    if link is None or elsewhere:
        name = document_of(route, root, None)
        found = Link.unremembered(
            document=name, route=route.name, born="fhir", root=root, instance=instance, version=version
        )
        ledger.links.agree(replace(found, dicom_digest=state), [root, version.sop_instance])
    elif _follows(route, ledger, document, link):
        chain = extended(link.chain, version)
        newer = replace(link, born="fhir", fhir_digest=UNKNOWN, instance=instance, dicom_digest=state, chain=chain)
        ledger.links.agree(newer, [version.sop_instance])


def _follows(route: Route, ledger: Ledger, document: Document, link: Link) -> bool:
    """Whether it is a later version than the head: it names that, or versions between that are gone."""
    named = superseded_by(document.header)
    if not named or link.head in {one.sop_instance for one in named}:
        return bool(named)
    if any(ledger.links.of(route.name, one.sop_instance) is not None for one in named):
        return False
    return None not in route.dicom.absent([key_of_version(route, document.header, one) for one in named])


def rebuild_reported(route: Route, ledger: Ledger, document: Document) -> Link | None:
    """The link of the document that it is a version of, by a report that says that it was written from this one, or
    from the version that this one names, which is gone. None where no report does."""
    own, named = version_of(document), superseded_by(document.header)
    for uid in (own.sop_instance, *(one.sop_instance for one in named)) if named else ():
        for report in route.fhir.find("DiagnosticReport", DICOM_UID_SYSTEM, f"urn:oid:{uid}"):
            first = attached(report.item, "document").get("first") or born_uid(report.item)
            if first is None or first == own.sop_instance or not is_from(report.item, uid):
                continue
            take(route, ledger, [first, report.key])
            versions = (named[-1]._replace(sop_instance=first), *named)
            chain = tuple({one.sop_instance: one for one in versions}.values())
            name, instance = document_of(route, first, None), key_of_version(route, document.header, chain[-1])
            head = Link.unremembered(
                document=name, route=route.name, born="dicom", root=report.key, instance=instance, version=chain[-1]
            )
            link = replace(head, chain=chain)
            ledger.links.agree(link, [report.key, *(one.sop_instance for one in chain)])
            return link
    return None
