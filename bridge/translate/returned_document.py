"""Resources that a document of the PACS became -> that document, as it was; or a new version of it, where somebody has
edited them since."""

from __future__ import annotations

from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.completed import Content, content_of, pointing
from bridge.translate.born_in_dicom.emptied import headings, without_places
from bridge.translate.born_in_dicom.followed_conclusion import with_conclusion
from bridge.translate.born_in_dicom.followed_context import repeating_again, told_otherwise, unmarked, with_context
from bridge.translate.born_in_dicom.followed_sources import with_sources
from bridge.translate.born_in_dicom.followed_starts import with_followed
from bridge.translate.born_in_dicom.order import in_order
from bridge.translate.born_in_dicom.own_sites import inheriting_again, settled
from bridge.translate.born_in_dicom.places import of_their_own, placed
from bridge.translate.born_in_dicom.versions import of_version, still_named, version_alone
from bridge.translate.born_in_fhir.pieces import beyond, edits, pieces_of
from bridge.translate.header.amend import amended
from bridge.translate.header.chain import version_of
from bridge.translate.made import Made, taken_away
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.native.ecg_report import unclaimed
from bridge.translate.native.observed import observed_at
from bridge.translate.native.reading import Read, read_in, said_of
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.native.to_fhir import FhirImage, native_fhir
from bridge.translate.remainder.json_patch import guard
from bridge.translate.remainder.private import Piece, manifest_of, taken_out
from bridge.translate.report.report import Report

NEW_INSTANCE = "edited in FHIR since: a new instance, not verified, that names its predecessor"
_SUMMARY = "the dose summary repeats items: it was edited, and is made anew; edit those"
_UNCLAIMED = "the new instance lacks what TID {} demands: it claims no template, and a reader may show it otherwise"
_Pieces = dict[Path, Piece]


def returned_document(
    group: Group, mapping: Mapping, known: Known, remainder: dict[str, Json], without: frozenset[Path] = frozenset()
) -> Made:
    """`remainder`: what the document holds beyond the resources; `without`: items of it that are not true any more."""
    report, asked = Report(), group
    group = inheriting_again(in_order(with_sources(group)), remainder.get("sites", []))
    # last: an id that was taken away would be given to a copy again, and so on
    group = without_places(repeating_again(group, remainder.get("context", [])), mapping)
    group, followed_starts = with_followed(group, remainder.get("starts", []))
    group, followed_conclusion = with_conclusion(group, remainder.get("conclusion"))
    report.warnings += [*followed_starts, *followed_conclusion]
    content = content_of(group, mapping, known, report, without or None)
    if changed := document_digest(content.document) != remainder["digest"]:
        content = pointing(group, mapping, known, report, without)
    document = content.document
    group, homes = placed(group, content.homes, content.places)
    if odd := of_their_own(content.places):
        report.warnings.append(f"{odd} element ids were edited: they say the places of items, and are made anew")
    read = read_in(remainder)
    image = native_fhir(document, mapping, known, results=headings(homes), read=read)
    if not without and (told := told_otherwise(homes, image, document.root)):
        tracked = content if changed else pointing(group, mapping, known, Report())
        if stale := _stale(told, tracked):
            return returned_document(asked, mapping, known, remainder, stale)
    followed, warnings = _followed(group, homes, image, content, mapping, remainder, edited=changed)
    if followed is not group:
        made = returned_document(followed, mapping, known, remainder, without)
        made.report.warnings += [*followed_starts, *followed_conclusion, *warnings]
        return made
    group, homes = unmarked(group, homes)
    words = list[str]()
    pieces = pieces_of(group, homes, image, document, known, words)
    report.warnings += [*warnings, *taken_away(words)]
    taken_back = known.head not in (None, version_of(document).sop_instance)  # edited, and that is in the PACS
    if taken_back or changed or beyond(pieces) != remainder.get("beyond"):  # in the items, or in what they do not say
        claimed = document.template
        document, image, pieces = _new_version(group, homes, document, pieces, mapping, known, read=read)
        report.anew = True
        report.warnings.append(NEW_INSTANCE)
        if document.template != claimed:
            report.warnings.append(_UNCLAIMED.format(claimed))
    elif "version" in remainder:
        pieces = pieces or version_alone(remainder["version"], known)
    if manifest := manifest_of(pieces):
        manifest["digest"] = document_digest(document)
        manifest |= said_of(read) if read > Read.HEADED else {}  # without, pieces are read as `HEADED`
    report.unseen += edits(pieces)
    report.warnings += [f"{place}: edited in FHIR since; a DICOM reader does not see it" for place in report.unseen]
    summaries = [one for one in group.members if is_summary(one)]
    if any(guard(one) not in remainder.get("copies", ()) for one in summaries):
        report.warnings.append(_SUMMARY)
    return Made(group, document, homes, image, pieces, report)


def _stale(told: frozenset[Path], content: Content) -> frozenset[Path]:
    """Items that we wrote below results to say whom they are about, of those that are `told` to be about another."""
    items = ((was, now) for was, now in content.carried.items() if now[:-1] in told)
    return frozenset(was for was, now in items if is_of_subject(content.document.root.at(now).concept))


def _followed(
    group: Group,
    homes: dict[Path, Json],
    image: FhirImage,
    content: Content,
    mapping: Mapping,
    remainder: dict[str, Json],
    *,
    edited: bool,
) -> tuple[Group, list[str]]:
    """With what repeats an item, and follows an edit of that; the very same where nothing does. And warnings."""
    sites = remainder.get("sites", [])
    sited, warnings = settled(group, homes, image, content.document.root, mapping, sites, content.moves)
    found, more = with_context(
        sited, homes, image, content.document.root, remainder.get("context"), content.moves, edited=edited
    )
    return found, [*warnings, *more]


def _new_version(
    group: Group,
    homes: dict[Path, Json],
    document: Document,
    edited: _Pieces,
    mapping: Mapping,
    known: Known,
    *,
    read: Read,
) -> tuple[Document, FhirImage, _Pieces]:
    before, said = version_of(document), beyond(edited)
    known = replace(known, document=known.document or before.sop_instance, source=None)
    document, _ = taken_out(document)  # what was said of a former version is not true of this one
    document = unclaimed(document)
    document = amended(document, known.supersedes or (before,), known, observed_at(group.root), said)
    image = native_fhir(document, mapping, known, results=headings(homes), read=read)
    left = still_named(group, edited, image)
    pieces = pieces_of(left, homes, image, document, known) if said else {}
    pieces = of_version(pieces, edited, before.sop_instance, version_of(document).sop_instance)
    return document, image, pieces if beyond(pieces) else version_alone(known.document or "", known)
