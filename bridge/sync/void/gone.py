"""The newest instance of a document was deleted: whether it is gone or somewhere else, and what follows from that."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, VOID, Link
from bridge.ledger.work_item import ASIDE
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, text_of
from bridge.model.tags import SOP_CLASS_UID
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.instances import read_instance
from bridge.sync.documents.replace import REPLACING
from bridge.sync.patients.refile import MERGE, UNMERGE
from bridge.sync.void.deleted import header_now, there_after_all
from bridge.sync.void.void import void
from bridge.sync.void.withdraw import unfinished
from bridge.terminology.structured_reports import is_structured_report


def gone(route: Route, ledger: Ledger, mapping: Mapping, link: Link) -> str:
    """Brings the FHIR server in step with a head that was deleted, of which the PACS was asked directly; returns the
    act."""
    begun = ledger.intents.of(link.document).kind
    link = unfinished(route, ledger, link)
    awaited = ledger.work.awaited(route.name, link.instance)
    if awaited:  # it is there under another patient
        ledger.waking.wake(route.name, link.instance)
        return "nothing"
    if begun in (REPLACING, MERGE, UNMERGE):  # it was missing only while it was replaced
        owe_dicom(route, ledger, link.instance)
        return "nothing"
    header = header_now(route, mapping, link)
    if header and (key := there_after_all(route, link, header)) is not None:
        ledger.links.agree(replace(link, instance=key))
        return "nothing"
    if link.dicom_digest not in VOID and _is_found_elsewhere(route, ledger, link):
        return "nothing"
    return void(route, ledger, mapping, link, GONE)


def _is_found_elsewhere(route: Route, ledger: Ledger, link: Link) -> bool:
    """Whether the same instance, unchanged, is in another place. Raises Waiting or Held where an instance of that UID,
    but with other content, is in another place: then it is not gone."""
    for key in route.dicom.named(link.head):
        there = _document_at(route, key) if key != link.instance else None
        if there is None:
            continue
        if dataset_digest(there) == link.dicom_digest:
            ledger.links.agree(replace(link, instance=key))
            return True
        store = route.dicom.name
        settled = ledger.feeds.is_settled(route.name, store, key)
        if settled or ledger.work.is_put_aside(route.name, store, key):
            raise Held(
                f"{route.dicom.name} has moved it, to another study it may be, and it is not what it was: "
                "move it back, or store it under a new UID, with its predecessor"
            )
        owe_dicom(route, ledger, key)
        raise Waiting("it is there in another place, which is looked at first", key)
    _check_copies(route, ledger, link)
    return False


def _check_copies(route: Route, ledger: Ledger, link: Link) -> None:
    """Raises Held where there is a copy of what is gone, and Waiting until all that may be a copy was looked at."""
    another = ledger.work.another_of(route.name, route.dicom.name, link.document)
    if another is None:
        return
    key, state = another
    if state not in ASIDE:
        raise Waiting("another instance of it is looked at first", key)
    raise Held(
        "it is gone, and a copy of it is there under another Patient ID: if the patients were merged, merge them "
        f"in {route.fhir.name}, too; else remove the copy, then `fhir-dicom retry`, and it is written again"
    )


def _document_at(route: Route, key: str) -> DataSet | None:
    """None where what is there is no document."""
    try:
        found = read_instance(route, key)
    except PermanentError:
        return None
    sop_class = text_of(found, SOP_CLASS_UID) if found is not None else None
    return found if is_structured_report(sop_class or "") else None
