"""Group -> Document, without loss: native translation, the document's own remainder on it, and what FHIR had beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.errors import PermanentError
from bridge.mapping.former import OTHER_ROWS, by_rows, rows_in, with_rows
from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.edition import without_notes
from bridge.model.group import Group, Json
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.element_ids import with_plain_ids
from bridge.translate.basis.ids import FILES, Known
from bridge.translate.born_in_dicom.respelled import as_spelled
from bridge.translate.born_in_fhir.pieces import renames_of
from bridge.translate.header.header import born_uid
from bridge.translate.header.shared_study import together
from bridge.translate.header.verifiers import without_verifiers
from bridge.translate.made import Made
from bridge.translate.made_document import made_document
from bridge.translate.native.odd_codes import as_read_now
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.extension import attached, is_told
from bridge.translate.remainder.kept import as_kept
from bridge.translate.remainder.private import put_in
from bridge.translate.remainder.relative import said_at
from bridge.translate.remainder.rows import are_resources_as_then
from bridge.translate.report.illegal import illegal_since
from bridge.translate.report.leaves import outcomes
from bridge.translate.report.odd_resources import oddities_of_group
from bridge.translate.report.report import Detail, Translated
from bridge.translate.report.rules import Rules
from bridge.translate.returned_document import returned_document


def to_dicom(group: Group, mapping: Mapping, known: Known, *, counted: bool = True) -> Translated[Document]:
    """Translates a group into one SR. Raises UnicodeError where an edit does not fit the document's character set.
    Without `counted` the report says nothing of the elements."""
    before = attached(group.root, "document").get("illegal")
    group, document, homes, image, pieces, report = _made(group, mapping, known)
    if counted:
        if before is not None and report.anew:
            report.warnings += illegal_since(document, before)
        report.warnings += oddities_of_group(group, mapping)
        report.account = lambda: [*_outcomes(group, homes, image, mapping)]
    return Translated(put_in(document, as_kept(group, document, pieces)), report)


_BARE = (
    "DiagnosticReport.identifier: a SOP Instance UID, but nothing is left of what the bridge knew of that document, "
    "and something else would stand under its UID; convert the SR once more, or take out the identifier: then the "
    "report is a document of its own"
)


def as_source(group: Group, known: Known) -> Group:
    """With references as the source says them that the document was made for."""
    remainder = attached(group.root, "document")
    if "source" not in remainder or not is_told(remainder):
        return group
    return said_at(group, remainder["source"], None if known.system == FILES else known.system)


def _made(group: Group, mapping: Mapping, known: Known) -> Made:
    """By where the document was born; its zone is what it was then, and its ids are those of its first version."""
    if born_uid(group.root) is not None:
        group = as_read_now(with_plain_ids(group))
    remainder = attached(group.root, "document")
    known = replace(known, zone=remainder.get("zone", known.zone))
    source = remainder.get("source")
    if "digest" not in remainder:
        if born_uid(group.root) is not None:
            raise PermanentError(_BARE)
        group, known = as_source(group, known), known.of(source)
        known = replace(known, document=known.document or group.key, names=known.source if is_told(remainder) else None)
        return _made_by_rows(without_verifiers(group), mapping, known, remainder)
    if born_uid(group.root) is None:
        raise PermanentError(
            "DiagnosticReport.identifier: the SOP Instance UID that the document was born with is gone; put it back"
        )
    known = replace(known, document=known.document or remainder.get("first"), edited=_edited(group))
    made = _returned_to(group, mapping, known, remainder)
    if made.report.anew and (spelled := as_spelled(group, remainder)) is not group:
        return _returned_to(spelled, mapping, known, remainder)
    return made


def _made_by_rows(group: Group, mapping: Mapping, known: Known, remainder: dict[str, Json]) -> Made:
    """By the rows that the document was made by, as long as it is that document: what is edited is made anew."""
    version = remainder.get("version")
    if "rows" in remainder:
        made = made_document(group, by_rows(mapping, rows_in(remainder)), known, version)
        if text_of(made.document.header, SOP_INSTANCE_UID) == remainder.get("instance"):
            return made
    return made_document(group, mapping, known, version)


def _returned_by_rows(group: Group, mapping: Mapping, known: Known, remainder: dict[str, Json], asking: str) -> Made:
    """By the rows that the document was read by: of one that nobody has edited, all is as it was; of an edited one,
    what still says a code of the document is that code."""
    then = rows_in(remainder)
    if are_resources_as_then(mapping, then, group.resources()):
        return _returned(group, mapping, known, remainder, asking)
    made = _returned(group, by_rows(mapping, then), known, remainder, asking)
    if not made.report.anew:
        return made
    made = _returned(group, with_rows(mapping, then), known, remainder, asking)
    if not then <= mapping.site:
        made.report.warnings.append(OTHER_ROWS)
    return made


def _returned_to(group: Group, mapping: Mapping, known: Known, remainder: dict[str, Json]) -> Made:
    """In the terms of the system that it was read for."""
    system, source = remainder.get("system", known.system), remainder.get("source")
    asking = system if known.system == FILES else known.system
    made = _returned_by_rows(group, mapping, replace(known, system=system).of(source), remainder, asking)
    if made.report.anew and (asking != system or source not in (None, asking)):
        # its ids, and what it refers to, are to be read again by whoever asks now
        return _returned_by_rows(group, mapping, replace(known, system=asking), remainder, asking)
    return made


def _returned(group: Group, mapping: Mapping, known: Known, remainder: dict[str, Json], asking: str) -> Made:
    """From what the server `asking` holds, which notes something on all of it and shares its ImagingStudies."""
    unnoted = group.with_resources({id(one): without_notes(one) for one in group.resources() if "meta" in one})
    whole = together(unnoted, known)
    if known.source is not None and is_told(remainder):
        whole = said_at(whole, known.source, asking)
    return returned_document(whole, mapping, known, remainder)


def _edited(group: Group) -> str | None:
    """Instant of the last edit, as the server of the resources says."""
    return max((one.get("meta", {}).get("lastUpdated", "") for one in group.resources()), default="") or None


def _outcomes(group: Group, homes: dict[Path, Json], image: FhirImage, mapping: Mapping) -> Iterator[Detail]:
    """A leaf is mapped where the SR alone, our private elements aside, gives the same leaf at the same place."""
    at = {id(home): path for path, home in homes.items()}
    renames = renames_of(group, homes, image)
    rules = Rules(mapping, born=born_uid(group.root) is not None)
    natives = {(one["resourceType"], one.get("id")): one for one in image.group.resources()}
    for resource in group.resources():
        native = image.homes.get(at.get(id(resource), (-1,)))
        native = native or natives.get((resource["resourceType"], resource.get("id")), {})
        yield from outcomes(resource, native, renames, "carried", rules)
    if group.patient is not None:
        yield from outcomes(group.patient, image.group.patient or {}, {}, "withheld", rules)
