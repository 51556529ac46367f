"""ImagingStudies that only documents from the PACS stand for, no images: void with the last of these, there again with
the next."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.model.group import Resource
from bridge.stores.store import Stored, Write
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Busy
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.sync.documents.resources import of_others
from bridge.sync.imaging.studies_of_document import Views
from bridge.translate.header.imaging_study import shared_id

VOID_STUDY = "entered-in-error"


def void_with(route: Route, ledger: Ledger, link: Link) -> list[Write[Resource]]:
    """What enters in error those of the document's own studies that are void with it: neither images nor another
    document stand for them. Raises Busy where somebody else is about to refer to one."""
    if not route.imaging_studies:
        return []
    keys = sorted({f"ImagingStudy/{shared_id(one.study, route.known())}" for one in link.chain})
    take(route, ledger, keys)
    present = [one for one in route.fhir.read(keys) if one is not None and one.item.get("status") != VOID_STUDY]
    own = {link.root, *link.versions}
    left = [one for one in present if not _has_images(route, ledger, one.key)]
    return [_with_status(one, VOID_STUDY) for one in left if not _has_document(route, ledger, one.key, own)]


def there_again(
    route: Route, ledger: Ledger, views: Views, there: Mapping[str, Stored[Resource]], *, mine: bool
) -> list[Write[Resource]]:
    """What gives their status back to those that were void, and that a document stands for now. Raises Busy where they
    are not in this worker's hands."""
    void = [key for key in sorted(views.keys() & there.keys()) if there[key].item.get("status") == VOID_STUDY]
    void = [key for key in void if not _has_images(route, ledger, key)]
    if void and not mine:
        raise Busy
    return [_with_status(there[key], views[key]["status"]) for key in void]


def _has_images(route: Route, ledger: Ledger, key: str) -> bool:
    """In any archive of the FHIR store. Then whoever looks at the study says what becomes of it."""
    return any(ledger.studies.named(name, key) for name in (route.name, *(name for name, _ in route.beside)))


def _has_document(route: Route, ledger: Ledger, key: str, own: set[str]) -> bool:
    """That stands, and whose root is none of `own`."""
    _, back = ledger.feeds.neighbours(route.name, route.fhir.name, [key])
    return bool(of_others(route, ledger, own, sorted(one for one, _ in back if is_forming(one))))


def _with_status(study: Stored[Resource], status: str) -> Write[Resource]:
    return Write(study.key, as_content(study.item) | {"status": status}, study.version)
