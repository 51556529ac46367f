"""Document -> Group, without loss: native translation, translated back, and what differs kept as a remainder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from bridge.errors import LossError
from bridge.mapping.former import OTHER_ROWS, rows_in
from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Json, renamed
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis import times
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import FILES, Known
from bridge.translate.basis.losses import lost_of_document
from bridge.translate.basis.node import element_id
from bridge.translate.born_in_dicom.completed import content_of
from bridge.translate.born_in_fhir.duplicates import results_in, without_copied
from bridge.translate.born_in_fhir.followed_ranges import followed
from bridge.translate.born_in_fhir.named_anew import named_anew
from bridge.translate.born_in_fhir.parts import parts_in
from bridge.translate.born_in_fhir.restore import added_to, first_version, made_for, read_now, restored, source_of
from bridge.translate.born_in_fhir.sections import may_hold_more, sections_in
from bridge.translate.born_in_fhir.sited import said_by_site
from bridge.translate.gather import in_order_of_reach
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.header import born_uid
from bridge.translate.header.refiled import as_named_in
from bridge.translate.native.documents import TRACKING_IDENTIFIER
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.remainder.kept import keep
from bridge.translate.remainder.private import Piece, manifest_of, taken_out
from bridge.translate.remainder.relative import said_at
from bridge.translate.remainder.rows import Reading, readings
from bridge.translate.remaindered import given_back, remaindered
from bridge.translate.report.contradictions import contradictions
from bridge.translate.report.led_out import led_out
from bridge.translate.report.odd_items import oddities_of_document
from bridge.translate.report.other_schemes import other_schemes
from bridge.translate.report.outcomes import NO_ELEMENT, UNSAID
from bridge.translate.report.report import Report, Translated
from bridge.translate.report.unsaid_sides import unsaid_sides
from bridge.translate.report.unseen import unseen
from bridge.translate.to_dicom import to_dicom

ANEW = "made from resources and edited since: it is translated anew, they are not restored"


def to_fhir(
    document: Document, mapping: Mapping, known: Known, *, check: bool = True, told: bool = True
) -> Translated[Group]:
    """DiagnosticReport, Composition, Observations and what they refer to; or the resources that the document was
    made from. What cannot be read natively is carried; with `check`, raises LossError where the document would not
    come back as it was. Without `told` references stay as they are said, as an earlier bridge left them.

    Resources are restored only if all that the document says comes back from them: what was edited in it since is then
    an edit of theirs. One that was edited beyond that is translated like any other document, and our private elements
    in it are carried like anybody's."""
    bare, said_before = taken_out(document)
    pieces = without_copied(said_before, bare.root)
    asked = known
    known = replace(known.of(made_for(pieces)), document=known.document or first_version(pieces, bare.header))
    alone = pieces.get((), {}).get("version")
    if alone is not None:
        document = bare
    uid = known.document or text_of(document.header, SOP_INSTANCE_UID)
    sources = list[_Source]()
    if alone is None and pieces:
        ids = source_of(pieces, uid)  # None where it was born in DICOM: each who reads it gives its resources his own
        named = replace(known, document=ids or known.document, names=known.source if ids and told else None)
        sources = _sources(bare, named, asked, told=told)
    by = _readings(mapping, pieces, bare)
    for reading, all_said, source, (added, exactly) in product(by, (True, False), sources, _ways(pieces, bare)):
        for found, report, led in _restored(bare, pieces, mapping, reading, source, added=added, all_said=all_said):
            if reading.unedited and report.warnings:
                continue
            if _comes_back(found, document, bare, said_before, mapping, source.back, exactly=exactly):
                report.warnings += led
                if born_uid(found.root) is None:
                    report.warnings += unseen(report, found.root)
                if reading.rows and not reading.unedited:
                    report.warnings.append(OTHER_ROWS)
                report.warnings += [*oddities_of_document(bare, known), *contradictions(found)]
                return Translated(found, report)
    report = Report([ANEW] if sources else [])
    said = {} if alone is None else {"version": alone} | _named(known)
    group = remaindered(document, native_fhir(document, mapping, known).group, mapping, known, report, said)
    # equal content is read natively alike, so that nothing of FHIR is left for a private element
    if check and (back := content_of(group, mapping, known, Report()).document) != document:
        raise LossError(f"{lost_of_document(document, back)} would not come back; please report this file")
    report.warnings += [*oddities_of_document(document, known), *unsaid_sides(document, mapping)]
    report.warnings += other_schemes(document, mapping)
    report.warnings += contradictions(group)
    return Translated(group, report)


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


class _Source(NamedTuple):
    """Of the resources that a document was made from."""

    known: Known
    back: Known  # with what is known when they go back
    said: dict[str, Json]  # of that, what the caller does not know


def _sources(bare: Document, known: Known, asked: Known, *, told: bool) -> list[_Source]:
    """A store knows its documents. Who converts files knows the zone of none, unless the resources say it: that is
    tried first, for it needs no word."""
    if asked.system != FILES:
        named = _named(known)
        return [_Source(known, known_of(bare, known), named | {"told": True} if named and told else named)]
    said: dict[str, Json] = {} if known.system == FILES else {"source": known.system}
    zone = times.zone_of(bare.header, known.zone)
    there = [_Source(known, replace(known, zone=zone), said | {"zone": zone})] if zone != known.zone else []
    return [_Source(known, known, said), *there]


def _named(known: Known) -> dict[str, Json]:
    """The system that a document names, where it is not the one that is known."""
    return {} if known.source in (None, known.system) else {"source": known.source}


def known_of(document: Document, known: Known) -> Known:
    """Of a document born in FHIR: its predecessors are the bridge's own doing, its zone and its patient are said."""
    zone = times.zone_of(document.header, known.zone)
    return replace(as_named_in(document.header, known), supersedes=superseded_by(document.header), zone=zone)


def _restored(
    bare: Document,
    pieces: dict[Path, Piece],
    now: Mapping,
    reading: Reading,
    source: _Source,
    *,
    added: bool,
    all_said: bool,
) -> Iterator[tuple[Group, Report, list[str]]]:
    """The resources that the document was made from, in each order that they may have, as far as the items say them.
    With `added`, items that no piece knows are results that were added since; nothing where there are none.
    `all_said`: nothing where the resources say something else than an item does; without it, references name whom the
    items name now, and what else is said of the document itself (such as Procedure Reported) is carried."""
    mapping = reading.mapping
    root, following = followed(bare.root, pieces, mapping)
    sections = sections_in(pieces) if added else frozenset[Path]()  # what was added there makes none a result
    read = replace(bare, root=root)
    stands = (source.known, parts_in(pieces), sections, frozenset(results_in(pieces)))
    image = native_fhir(read, mapping, *stands)
    if reading.rows:
        read_now(image, pieces, native_fhir(read, now, *stands))
    said_by_site(image, root, pieces, mapping)
    new = added_to(image, pieces) if added else []
    if added and not new:
        return
    said = Report()
    group = restored(image, pieces, bare, source.known, said, new)
    if group is None:
        return
    is_ours = born_uid(group.root) is None
    if is_ours and (added or not all_said):
        back, _ = given_back(bare, group, mapping, source.back)
        group, warnings = named_anew(group, bare.root, back, image, source.known)
        said.warnings += warnings
    stale = {"1", *(element_id((0, *path)) for path in following)}
    for one in _orders(group):
        report = Report([*said.warnings])
        found = remaindered(bare, one, mapping, source.back, report, source.said | reading.rows, restored=True)
        # what resources were made into says them; an item that says something else was edited, and wins
        if added or not is_ours or not _is_contradicted(report, bare.root, stale, all_said=all_said):
            led = led_out(found, source.known, source.said)
            is_told = "told" in source.said
            yield said_at(found, source.known.system, source.known.source) if is_told else found, report, led


def _orders(group: Group) -> Iterator[Group]:
    """The group as it is, then as whoever gathers it again finds what was added or moved, where that is another order.
    Each may be written into: the first is a copy where there is a second."""
    reached = in_order_of_reach(group)
    if reached is not group:
        yield group.with_resources({id(one): renamed(one, {}) for one in group.whole()})
    yield reached


def _is_contradicted(report: Report, root: ContentItem, stale: set[str], *, all_said: bool) -> bool:
    """Whether an item says something else than the resources do; without `all_said`, one that is no context of the
    document itself."""
    return any(
        one.reason == UNSAID or (one.reason == NO_ELEMENT and (all_said or not _is_of_document(root, one.path)))
        for one in report.details
        if one.path not in stale
    )


def _is_of_document(root: ContentItem, path: str) -> bool:
    """Whether the item says who observed, what was reported, or what a group is called: it is nothing that was found.
    Another Tracking Unique Identifier is another thing."""
    _, *steps = (int(step) - 1 for step in path.split("."))
    item = root.at(tuple(steps))
    if TRACKING_IDENTIFIER.same(item.concept):
        return True
    return len(steps) == 1 and item.relationship in _ABOUT and not is_of_subject(item.concept)


_ABOUT = ("HAS OBS CONTEXT", "HAS CONCEPT MOD")
