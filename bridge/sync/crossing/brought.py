"""What another document has brought to a result that this one has, too, since both sides agreed about this one."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.edition import without_notes
from bridge.model.group import Resource, reference_to, renamed, same
from bridge.model.status import WITHDRAWN
from bridge.sync.basis.route import Route
from bridge.sync.crossing.arrival import Arrival, Said
from bridge.sync.crossing.crossed import pointing
from bridge.sync.decision.content import with_plain_ids
from bridge.sync.documents.issued import document_in
from bridge.sync.documents.resources import of_others
from bridge.translate.remainder.extension import stripped
from bridge.translate.to_fhir import to_fhir


def with_brought(route: Route, ledger: Ledger, mapping: Mapping, arrival: Arrival, said: Said) -> Said:
    """Marks results that another document has written since both sides agreed: they stand where this version says of
    them what the one before said, and are alike where they say that still. Nothing is marked where the version before
    is not there to compare."""
    link = arrival.link
    written = [
        key
        for key, version in (link.versions if link is not None else {}).items()
        if key in said.resources and key in said.present and said.present[key].version != version and key != said.root
    ]
    shared = of_others(route, ledger, {said.root}, written) if written else set()
    (former,) = route.dicom.read([link.instance]) if shared and link is not None else (None,)
    if former is None or link is None:
        return said
    before = _said_in(document_in(route, former.item.data), route, ledger, mapping, link, said)
    now = _said_in(arrival.document, route, ledger, mapping, link, said)
    known = [key for key in shared if key in before and key in now]
    return said._replace(
        stands=frozenset(key for key in known if same(before[key], now[key])),
        alike=frozenset(key for key in known if _is_alike(before[key], said.present[key].item)),
    )


def _said_in(
    document: Document, route: Route, ledger: Ledger, mapping: Mapping, link: Link, said: Said
) -> dict[str, Resource]:
    group = to_fhir(document, mapping, route.known(document.header, link.first)).result
    resources = pointing(route, ledger, group, group.resources())
    return {reference_to(one): _compared(renamed(one, said.patient.renames)) for one in resources}


def _is_alike(before: Resource, now: Resource) -> bool:
    """What is void says something else."""
    return now.get("status") not in WITHDRAWN and same(before, _compared(now))


def _compared(resource: Resource) -> Resource:
    """Without the status, which is that of the document: whether a version was amended says nothing of each result."""
    return {key: value for key, value in with_plain_ids(stripped(without_notes(resource))).items() if key != "status"}
