"""Links from what stands in the PACS: for a ledger that was lost, or is of yesterday."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import BridgeError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link, extended
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.sync.hands import document_of
from bridge.sync.held import Held
from bridge.sync.news import RETRACTED, UNKNOWN
from bridge.sync.route import Route
from bridge.translate.chain import superseded_by, version_of
from bridge.translate.header import born_uid
from bridge.translate.private import taken_out
from bridge.translate.refiled import origin_of
from bridge.translate.rejection import voided
from bridge.translate.remainder import stripped
from bridge.translate.restore import key_of
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir


def is_own(document: Document, route: Route, mapping: Mapping) -> bool:
    """Whether the bridge wrote it, of resources: its UID follows from what it says and from what it supersedes. Whoever
    edits it gives it another. What we have filed under another patient since says of whom it was made."""
    document = Document(origin_of(document.header), document.root)
    known = route.known(document.header)
    try:
        group = unsigned(to_fhir(document, mapping, known).result)
        named = key_of(taken_out(document)[1])
        if named is not None and named != f"{group.root['resourceType']}/{group.root.get('id')}":
            return False  # it does not give back what it was made of: of another patient, it may be
        again = to_dicom(group, mapping, replace(route.known(), supersedes=superseded_by(document.header))).result
    except (BridgeError, UnicodeError):
        return False
    return version_of(again) == version_of(document)


def unsigned(group: Group) -> Group:
    """Resources without what their document said beyond them: a UID that somebody gave it would come back, and prove
    nothing. What was born in DICOM says its UID itself."""
    root = group.root if born_uid(group.root) is not None else stripped(group.root)
    references = {name: root if one is group.root else one for name, one in (group.references or {}).items()}
    return replace(group, root=root, references=references if group.references is not None else None)


def rebuild(route: Route, ledger: Ledger, document: Document, instance: str, digest: str, root: str) -> None:
    """The link of a document that was born in FHIR, by one version more; versions come in their order. What FHIR says
    now is looked at against the newest."""
    version = version_of(document)
    link = ledger.links.of(route.name, root)
    ledger.work.owe(route.name, route.fhir.name, root)
    state = RETRACTED if voided(ledger.rejections.of(route.name, version.sop_instance)) else digest
    if link is not None and link.root != root and root in link.versions:
        raise Held(f"it is of {root}, which {link.root} has claimed in {link.head}: reject one of them, or remove it")
    if link is None or link.root != root:
        name = document_of(route, root, None)
        found = Link(name, route.name, "fhir", root, {}, UNKNOWN, instance, state, [list(version)])
        ledger.links.agree(found, [root, version.sop_instance])
    elif link.head in {one.sop_instance for one in superseded_by(document.header)}:
        chain = extended(link.chain, version)
        newer = replace(link, fhir_digest=UNKNOWN, instance=instance, dicom_digest=state, chain=chain)
        ledger.links.agree(newer, [version.sop_instance])
