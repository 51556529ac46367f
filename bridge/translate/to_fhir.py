"""Document -> Group, without loss: native translation, translated back, and what differs kept as a remainder."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from bridge.errors import LossError
from bridge.mapping.former import OTHER_ROWS, rows_in
from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.element_ids import with_unique_ids
from bridge.translate.basis.ids import Known
from bridge.translate.basis.losses import lost_of_document
from bridge.translate.born_in_dicom.completed import content_of
from bridge.translate.born_in_fhir.duplicates import without_copied
from bridge.translate.born_in_fhir.restore import first_version, made_for, source_of
from bridge.translate.born_in_fhir.sections import may_hold_more
from bridge.translate.gather import in_order_of_reach
from bridge.translate.header.header import born_uid
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.remainder.kept import keep
from bridge.translate.remainder.private import Piece, manifest_of, taken_out
from bridge.translate.remainder.rows import Reading, readings
from bridge.translate.remaindered import remaindered
from bridge.translate.report.contradictions import contradictions
from bridge.translate.report.odd_items import oddities_of_document
from bridge.translate.report.report import Report, Translated
from bridge.translate.report.undescribed import undescribed_observers
from bridge.translate.report.unsaid_sides import unsaid_sides
from bridge.translate.report.unseen import unseen
from bridge.translate.restoring import as_first_made, restorations
from bridge.translate.sources import Source, named_in, sources_of
from bridge.translate.to_dicom import to_dicom

BY_EARLIER = "made from these resources by an earlier version: this one would write more of them into the document"
ANEW = "made from resources and edited since: it is translated anew, they are not restored"


def to_fhir(
    document: Document, mapping: Mapping, known: Known, *, check: bool = True, told: bool = True
) -> Translated[Group]:
    """DiagnosticReport, Composition, Observations and what they refer to; or the resources that the document was
    made from. What cannot be read natively is carried; with `check`, raises LossError where the document would not
    come back as it was. Without `told` references stay as they are said, as an earlier bridge left them.

    Resources are restored only if all that the document says comes back from them: what was edited in it since is then
    an edit of theirs; or if its UID proves that it was made of them. One that was edited beyond that is translated like
    any other document, and our private elements in it are carried like anybody's."""
    bare, said_before = taken_out(document)
    pieces = without_copied(said_before, bare.root)
    asked = known
    known = replace(known.of(made_for(pieces)), document=known.document or first_version(pieces, bare.header))
    alone = pieces.get((), {}).get("version")
    if alone is not None:
        document = bare
    uid = known.document or _uid(document)
    sources = list[Source]()
    if alone is None and pieces:
        ids = source_of(pieces, uid)  # None where it was born in DICOM: each who reads it gives its resources his own
        named = replace(known, document=ids or known.document, names=known.source if ids and told else None)
        sources = sources_of(bare, named, asked, told=told)
    by = _readings(mapping, pieces, bare)
    for reading, all_said, source, (added, exactly) in product(by, (True, False), sources, _ways(pieces, bare)):
        for found, report, led in restorations(bare, pieces, mapping, reading, source, added=added, all_said=all_said):
            if reading.unedited and report.warnings:
                continue
            if _comes_back(found, document, bare, said_before, mapping, source.back, exactly=exactly):
                report.warnings += led
                is_ours = born_uid(found.root) is None
                if is_ours:
                    report.warnings += unseen(report, found.root)
                if reading.rows and not reading.unedited:
                    report.warnings.append(OTHER_ROWS)
                report.warnings += [*oddities_of_document(bare, known), *contradictions(found)]
                return Translated(found if is_ours else with_unique_ids(found), report)
    for reading, source in product(by, sources):
        made_of = as_first_made(bare, pieces, mapping, reading, source)
        if made_of is not None and _uid(to_dicom(made_of.result, mapping, source.back).result) == _uid(document):
            made_of.report.warnings += [BY_EARLIER, *oddities_of_document(bare, known), *contradictions(made_of.result)]
            return made_of
    report = Report([ANEW] if sources else [], anew=bool(sources))
    said = {} if alone is None else {"version": alone} | named_in(known)
    group = remaindered(document, native_fhir(document, mapping, known).group, mapping, known, report, said)
    # equal content is read natively alike, so that nothing of FHIR is left for a private element
    if check and (back := content_of(group, mapping, known, Report()).document) != document:
        raise LossError(f"{lost_of_document(document, back)} would not come back; please report this file")
    report.warnings += [*oddities_of_document(document, known), *unsaid_sides(document, mapping)]
    report.warnings += [*undescribed_observers(group), *contradictions(group)]
    return Translated(with_unique_ids(group), report)


def _uid(document: Document) -> str | None:
    return text_of(document.header, SOP_INSTANCE_UID)


def _readings(mapping: Mapping, pieces: dict[Path, Piece], bare: Document) -> tuple[Reading, ...]:
    """What was born in DICOM says its codes itself, and is read by the rows in force."""
    manifest = manifest_of(pieces)
    return (Reading(mapping, {}),) if "born" in manifest else readings(mapping, rows_in(manifest), bare)


def _ways(pieces: dict[Path, Piece], bare: Document) -> list[tuple[bool, bool]]:
    """Ways to restore the resources, in the order in which they are tried: whether with results that were added since,
    and whether only as long as nobody has edited anything. What may have been added in a section is looked for before
    it is taken for something that only DICOM says."""
    without, with_added = (False, False), (True, False)
    return [(False, True), with_added, without] if may_hold_more(pieces, bare.root) else [without, with_added]


def _comes_back(
    group: Group,
    document: Document,
    bare: Document,
    pieces: dict[Path, Piece],
    mapping: Mapping,
    known: Known,
    *,
    exactly: bool,
) -> bool:
    """Whether the document comes back from the group to the last byte: a UID names one content. Where somebody has
    edited the items since, what was said privately before is kept for that, in place."""
    again = to_dicom(group, mapping, known, counted=False).result
    if again == document or exactly or manifest_of(pieces).get("digest") == document_digest(bare):
        return again == document
    unedited, made = taken_out(again)
    if unedited != bare or in_order_of_reach(group) is not group:
        return False
    keep(group, bare, made, pieces)
    return to_dicom(group, mapping, known, counted=False).result == document
