"""Whether what is in the PACS is what the bridge wrote there, even if the archive has filed it under another patient
since. If so, whatever FHIR says otherwise now is news of FHIR."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, merged
from bridge.model.document import Document
from bridge.model.identity import identity_in
from bridge.model.sr import read_document, write_document
from bridge.sync.basis.route import Route
from bridge.sync.documents.own import is_own
from bridge.sync.patients.made_of import MadeOf, made_of
from bridge.translate.header.refiled import as_named_in, identity_as, origin_of


def is_ours(route: Route, mapping: Mapping, document: Document) -> bool:
    """Whether the bridge wrote the document from resources of this FHIR server."""
    if is_own(document, route, mapping):
        return True
    head = write_document(document)
    was = made_of(route, head, "fhir")
    return was is not None and is_as_written(route, mapping, head, was)


def is_as_written(route: Route, mapping: Mapping, head: DataSet, was: MadeOf) -> bool:
    """Whether it would be exactly what the bridge wrote, if it named the patient that it was made for."""
    nobodys = merged(origin_of(head), (), without=[one.tag for one in identity_in(head)])
    his = merged(nobodys, identity_as(was.patient, as_named_in(head, route.known())))
    return is_own(read_document(his), route, mapping)
