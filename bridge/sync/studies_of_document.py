"""The ImagingStudies that a document from the PACS refers to: the one of each study, made where it is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bridge.ledger.ledger import Ledger
from bridge.mapping.texts import uid_of
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.stores.store import Write
from bridge.sync.hands import take
from bridge.sync.route import Route
from bridge.translate.ids import Known
from bridge.translate.shared_study import apart

Views = Mapping[str, Resource]
"""What a document says of each study, by the key of the ImagingStudy that is shared."""


def set_apart(route: Route, resources: list[Resource], known: Known) -> tuple[list[Resource], Views]:
    """As `apart`, where the route wants ImagingStudies; else each document keeps its own."""
    return apart(resources, known) if route.imaging_studies else (resources, {})


def referred(route: Route, ledger: Ledger, views: Views) -> tuple[dict[str, str], list[Write[Resource]]]:
    """What references to those that somebody else has made become; and those that are missing, to be written. They say
    what this document says: whoever looks at the study, which its images ask for, makes them say all."""
    names: dict[str, str] = {}
    missing: list[Write[Resource]] = []
    if not_there := _not_there(route, views):
        take(route, ledger, not_there)  # two who find it missing would each write their own view of it
        not_there = _not_there(route, not_there)
    for key in not_there:
        uid = uid_of(views[key]["identifier"])
        strangers = route.fhir.find("ImagingStudy", DICOM_UID_SYSTEM, f"urn:oid:{uid}")
        if strangers:
            names[key] = min(one.key for one in strangers)
        else:
            missing.append(Write(key, views[key] | {"id": key.partition("/")[2]}))
    return names, missing


def _not_there(route: Route, keys: Collection[str]) -> list[str]:
    there = {one.key for one in route.fhir.read(sorted(keys)) if one is not None} if keys else set()
    return sorted(set(keys) - there)
