"""Whether the bridge wrote a document, of resources; what it says itself proves it, or nothing does."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import BridgeError
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.sync.basis.route import Route
from bridge.translate.born_in_fhir.restore import key_of
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import born_uid
from bridge.translate.header.refiled import as_named_in, origin_of
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir


def is_own(document: Document, route: Route, mapping: Mapping) -> bool:
    """Whether the bridge wrote it, of resources: its UID follows from what it says and from what it supersedes. Whoever
    edits it gives it another. What we have filed under another patient since says of whom it was made."""
    document = Document(origin_of(document.header), document.root)
    known = route.known(document.header)
    try:
        group = unsigned(to_fhir(document, mapping, known).result)
        root = key_of(taken_out(document)[1])
        if root is not None and root != f"{group.root['resourceType']}/{group.root.get('id')}":
            return False  # it does not give back what it was made of: of another patient, it may be
        named = replace(as_named_in(document.header, route.known()), supersedes=superseded_by(document.header))
        again = to_dicom(group, mapping, named).result
    except (BridgeError, UnicodeError):
        return False
    return version_of(again) == version_of(document)


def unsigned(group: Group) -> Group:
    """Resources without what their document said beyond them: a UID that somebody gave it would come back, and prove
    nothing. What was born in DICOM says its UID itself."""
    root = group.root if born_uid(group.root) is not None else stripped(group.root)
    return group.with_resources({id(group.root): root})
