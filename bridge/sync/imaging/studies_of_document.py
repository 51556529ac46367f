"""The ImagingStudies that a document from the PACS refers to: the one of each study, made where it is missing."""

from __future__ import annotations

from collections.abc import Container, Mapping

from bridge.ledger.ledger import Ledger
from bridge.mapping.texts import uid_of
from bridge.model.group import Resource, renamed
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.stores.store import Stored, Write
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.translate.basis.ids import Known
from bridge.translate.header.identity import is_of_type
from bridge.translate.header.shared_study import apart

Views = Mapping[str, Resource]
"""What a document says of each study, by the key of the ImagingStudy that is shared."""


def set_apart(route: Route, resources: list[Resource], known: Known) -> tuple[list[Resource], Views]:
    """As `apart`, where the route wants ImagingStudies; else each document keeps its own."""
    return apart(resources, known) if route.imaging_studies else (resources, {})


def referred(
    route: Route, views: Views, there: Container[str], *, mine: bool
) -> tuple[dict[str, str], list[Write[Resource]]]:
    """What references to those that somebody else has made become; and those that are not `there`, to be written. They
    say what this document says: whoever looks at the study, which its images ask for, makes them say all. Raises Busy
    where they are missing and not in this worker's hands: of two, each would write its own view."""
    names: dict[str, str] = {}
    missing: list[Write[Resource]] = []
    for key in sorted(one for one in views if one not in there):
        if not mine:
            raise Busy
        uid = uid_of(views[key]["identifier"])
        strangers = route.fhir.find("ImagingStudy", DICOM_UID_SYSTEM, f"urn:oid:{uid}")
        if strangers:
            names[key] = min(one.key for one in strangers)
        else:
            missing.append(Write(key, views[key] | {"id": key.partition("/")[2]}))
    return names, missing


def moved_along(
    route: Route, ledger: Ledger, views: Views, there: Mapping[str, Stored[Resource]], renames: dict[str, str], own: str
) -> list[Write[Resource]]:
    """Those of the patient that the document was of before, or that say something else of its `own` study (that UID)
    than it does now. Nobody looks at them: there are no images in the study."""
    found = []
    for key in sorted(views.keys() & there.keys()):
        view, before = renamed(views[key], renames), as_content(there[key].item)
        now = _with(before, view, ("subject",))
        if uid_of(view["identifier"]) == own:
            others = [one for one in before["identifier"] if not _is_of_pacs(one)]  # of others, who know it by that
            now = _with(now, view, _OF_STUDY) | {"identifier": [*view["identifier"], *others]}
        if now != before and not ledger.studies.named(route.name, key):
            found.append(Write(key, now, there[key].version))
    return found


def _with(before: Resource, view: Resource, elements: tuple[str, ...]) -> Resource:
    """With those elements as the document says them, or does not."""
    kept = {key: value for key, value in before.items() if key not in elements}
    return kept | {key: view[key] for key in elements if key in view}


_OF_STUDY = ("started", "description", "referrer", "procedureCode")


def _is_of_pacs(identifier: Resource) -> bool:
    return identifier.get("system") == DICOM_UID_SYSTEM or is_of_type(identifier, "ACSN")
