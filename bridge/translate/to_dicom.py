"""Group -> Document, without loss: native translation, the document's own remainder on it, and what FHIR had beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.errors import PermanentError
from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.completed import content_of, pointing
from bridge.translate.born_in_dicom.followed_context import repeating_again, with_context
from bridge.translate.born_in_dicom.followed_starts import with_followed
from bridge.translate.born_in_dicom.order import in_order
from bridge.translate.born_in_dicom.own_sites import inheriting_again, settled
from bridge.translate.born_in_dicom.places import of_their_own, placed
from bridge.translate.born_in_dicom.versions import of_version, still_named, version_alone
from bridge.translate.born_in_fhir.followed_ranges import followed, words_of_ranges
from bridge.translate.born_in_fhir.parts import marked, parts_of
from bridge.translate.born_in_fhir.pieces import beyond, copy_digest, edits, pieces_of, renames_of
from bridge.translate.born_in_fhir.sited import said_by_site
from bridge.translate.header.amend import amended
from bridge.translate.header.chain import version_of
from bridge.translate.header.header import born_uid
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.native.to_fhir import FhirImage, native_fhir
from bridge.translate.remainder.extension import attached
from bridge.translate.remainder.kept import as_kept, said_before
from bridge.translate.remainder.private import Piece, put_in, taken_out
from bridge.translate.report.leaves import outcomes
from bridge.translate.report.oddities import oddities_of_group
from bridge.translate.report.report import Detail, Report, Translated
from bridge.translate.report.rules import Rules

NEW_INSTANCE = "edited in FHIR since: a new instance, not verified, that names its predecessor"


def to_dicom(group: Group, mapping: Mapping, known: Known, *, counted: bool = True) -> Translated[Document]:
    """One SR. Raises UnicodeError where an edit does not fit the document's character set. Without `counted` the
    report says nothing of the elements."""
    report = Report()
    remainder = attached(group.root, "document")
    if "digest" in remainder and born_uid(group.root) is None:
        raise PermanentError(
            "DiagnosticReport.identifier: the SOP Instance UID that the document was born with is gone; put it back"
        )
    if "digest" in remainder:
        group = inheriting_again(in_order(group), remainder.get("sites", []))
        group = repeating_again(group, remainder.get("context", []))
        group, report.warnings = with_followed(group, remainder.get("starts", []))
    followed_starts = [*report.warnings]
    born = "digest" in remainder
    known = replace(
        known,
        zone=remainder.get("zone", known.zone),  # whatever the store's zone is now
        document=known.document or (remainder.get("first") if born else group.key),  # as all its versions have it
    )
    content = content_of(group, mapping, known, report)
    changed = born and document_digest(content.document) != remainder["digest"]
    if changed:
        content = pointing(group, mapping, known, report)
    document, homes = content.document, content.homes
    if born:
        group, homes = placed(group, homes, content.places)
        if odd := of_their_own(content.places):
            report.warnings.append(f"{odd} element ids were edited: they say the places of items, and are made anew")
    image = native_fhir(document, mapping, known)
    if born:
        of_sites, warnings = settled(
            group, homes, image, document.root, mapping, remainder.get("sites", []), content.moves
        )
        settled_group, more = with_context(of_sites, homes, image, remainder.get("context", []), content.moves)
        warnings += more
        if settled_group is not group:
            translated = to_dicom(settled_group, mapping, known, counted=counted)
            translated.report.warnings += [*followed_starts, *warnings]
            return translated
        report.warnings += warnings
    results = {path for path, home in homes.items() if "resourceType" in home}
    if not born:
        said_by_site(image, document.root, results, mapping)
    words: list[str] = []
    pieces = pieces_of(group, homes, image, document, known, words)
    if not born:
        pieces = _with_parts(pieces, group, homes, image, document, mapping, known)
    before_edit = {} if born else said_before(group)
    if before_edit and as_kept(group, document, pieces) is pieces:  # edited in FHIR, too: a new document, whose ranges
        # say their limits, while the one before keeps the words that it has
        root, stale = followed(document.root, words_of_ranges(before_edit, homes), mapping)
        if stale:
            document = replace(document, root=root)
            image = native_fhir(document, mapping, known)
            said_by_site(image, document.root, results, mapping)
            pieces = pieces_of(group, homes, image, document, known)
            pieces = _with_parts(pieces, group, homes, image, document, mapping, known)
    report.warnings += [f"{place}: taken away; its code says the words, and brings them back" for place in words]
    if born and (changed or beyond(pieces) != remainder.get("beyond")):  # in the items, or in what they do not say
        before, edited, said = version_of(document), pieces, beyond(pieces)
        known = replace(known, document=known.document or before.sop_instance)
        document, _ = taken_out(document)  # what was said of a former version is not true of this one
        document = amended(document, known.supersedes or (before,), _edited(group), known, said)
        report.warnings.append(NEW_INSTANCE)
        image = native_fhir(document, mapping, known)
        left = still_named(group, edited, image)
        pieces = pieces_of(left, homes, image, document, known) if said else {}
        pieces = of_version(pieces, edited, before.sop_instance, version_of(document).sop_instance)
        pieces = pieces if beyond(pieces) else version_alone(known.document or "")
    elif "version" in remainder:
        pieces = pieces or version_alone(remainder["version"])
    if born and "group" in pieces.get((), {}):
        pieces[()]["group"]["digest"] = document_digest(document)
    if born:
        report.warnings += [f"{place}: edited in FHIR since; a DICOM reader does not see it" for place in edits(pieces)]
        summaries = [one for one in group.members if is_summary(one)]
        if any(copy_digest(one) not in remainder.get("copies", ()) for one in summaries):
            report.warnings.append("the dose summary repeats items: it was edited, and is made anew; edit those")
    if counted:
        report.warnings += oddities_of_group(group)
        report.account = lambda: [*_outcomes(group, homes, image, mapping)]
    return Translated(put_in(document, as_kept(group, document, pieces)), report)


def _with_parts(
    pieces: dict[Path, Piece],
    group: Group,
    homes: dict[Path, Json],
    image: FhirImage,
    document: Document,
    mapping: Mapping,
    known: Known,
) -> dict[Path, Piece]:
    """The pieces, of components alone that are read as such."""
    parts = parts_of(group, homes, image)
    if not parts:
        return pieces
    image = native_fhir(document, mapping, known, parts)
    said_by_site(image, document.root, homes, mapping)
    return marked(pieces_of(group, homes, image, document, known), parts)


def _edited(group: Group) -> str | None:
    """Instant of the last edit, as the server of the resources says."""
    return max((one.get("meta", {}).get("lastUpdated", "") for one in group.resources()), default="") or None


def _outcomes(group: Group, homes: dict[Path, Json], image: FhirImage, mapping: Mapping) -> Iterator[Detail]:
    """A leaf is mapped where the SR alone, our private elements aside, gives the same leaf at the same place."""
    at = {id(home): path for path, home in homes.items()}
    renames = renames_of(group, homes, image)
    rules = Rules(mapping)
    natives = {(one["resourceType"], one.get("id")): one for one in image.group.resources()}
    for resource in group.resources():
        native = image.homes.get(at.get(id(resource), (-1,)))
        native = native or natives.get((resource["resourceType"], resource.get("id")), {})
        yield from outcomes(resource, native, renames, "carried", rules)
    if group.patient is not None:
        yield from outcomes(group.patient, image.group.patient or {}, {}, "withheld", rules)
