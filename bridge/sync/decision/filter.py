"""Which documents a route carries. Pure. A filter says what is begun: a document is asked where it was born, when that
side has news of it, as long as nothing of it has crossed. What has is followed wherever it goes, or what stands on the
other side would be wrong, and valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.ledger.link import VOID, Link
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.tags import MODALITY, SOP_CLASS_UID

Wanted = frozenset[str] | None
"""None: whatever it is."""


@dataclass(frozen=True, slots=True)
class Filter:
    categories: Wanted = None  # of documents born in FHIR: `code`, or `system|code`
    profiles: Wanted = None  # of those, canonical URLs
    sop_classes: Wanted = None  # of documents born in DICOM, UIDs
    modalities: Wanted = None  # of those, such as SR
    templates: Wanted = None  # of those, of the root, such as 1500
    patients: Wanted = None  # of all, `system|value` of an identifier


def has_crossed(link: Link | None) -> bool:
    """Whether the document is followed, in the filter or not. What is void on both sides is over: to say it again is to
    begin anew."""
    return link is not None and not {link.fhir_digest, link.dicom_digest} <= {*VOID}


def carries_group(wanted: Filter, group: Group) -> bool:
    """A document that was born in FHIR."""
    root_first = (group.root, *group.members)
    categories = next((found for one in root_first if (found := frozenset(_codes(one, "category")))), frozenset())
    profiles = {str(one).partition("|")[0] for one in group.root.get("meta", {}).get("profile", ())}
    return (
        _meets(wanted.categories, categories) and _meets(wanted.profiles, profiles) and carries_patient(wanted, group)
    )


def carries_document(wanted: Filter, document: Document) -> bool:
    """A document that was born in DICOM, as far as its header and its root say; `carries_patient` says the rest."""
    said = ((wanted.sop_classes, SOP_CLASS_UID), (wanted.modalities, MODALITY))
    of_header = all(_meets(some, {text_of(document.header, tag) or ""}) for some, tag in said)
    return of_header and _meets(wanted.templates, {document.template or ""})


def carries_patient(wanted: Filter, group: Group) -> bool:
    identifiers = group.patient.get("identifier", ()) if group.patient is not None else ()
    return _meets(wanted.patients, {f"{one.get('system', '')}|{one.get('value', '')}" for one in identifiers})


def _meets(wanted: Wanted, found: set[str] | frozenset[str]) -> bool:
    return wanted is None or not wanted.isdisjoint(found)


def _codes(resource: Resource, element: str) -> Iterator[str]:
    for concept in resource.get(element, ()):
        for coding in concept.get("coding", ()):
            yield str(coding.get("code", ""))
            yield f"{coding.get('system', '')}|{coding.get('code', '')}"
