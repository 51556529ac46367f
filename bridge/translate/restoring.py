"""The resources that a document was made from, as far as its items say them still."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path
from bridge.model.document import Document
from bridge.model.group import Group, renamed
from bridge.translate.basis.node import element_id
from bridge.translate.born_in_fhir.duplicates import results_in
from bridge.translate.born_in_fhir.followed_ranges import followed
from bridge.translate.born_in_fhir.former_equivalents import without_former
from bridge.translate.born_in_fhir.named_anew import named_anew
from bridge.translate.born_in_fhir.natively_alike import natively_alike
from bridge.translate.born_in_fhir.parts import parts_in
from bridge.translate.born_in_fhir.restore import added_to, read_now, restored
from bridge.translate.born_in_fhir.sections import sections_in
from bridge.translate.born_in_fhir.sited import said_by_site
from bridge.translate.gather import in_order_of_reach
from bridge.translate.header.header import born_uid, finished
from bridge.translate.native.documents import TRACKING_IDENTIFIER
from bridge.translate.native.reading import Read, read_in
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.native.to_fhir import FhirImage, native_fhir
from bridge.translate.remainder.extension import attach
from bridge.translate.remainder.private import Piece, manifest_of
from bridge.translate.remainder.relative import said_at
from bridge.translate.remainder.rows import Reading
from bridge.translate.remaindered import account, given_back, remaindered
from bridge.translate.report.led_out import led_out
from bridge.translate.report.outcomes import NO_ELEMENT, UNSAID
from bridge.translate.report.report import Report, Translated
from bridge.translate.sources import Source

FORMER_EQUIVALENTS = "its code was edited in DICOM since, and the equivalents beside it were not: they are left out"


def restorations(
    bare: Document,
    pieces: dict[Path, Piece],
    now: Mapping,
    reading: Reading,
    source: Source,
    *,
    added: bool,
    all_said: bool,
) -> Iterator[tuple[Group, Report, list[str]]]:
    """The resources that the document was made from, in each order that they may have, as far as the items say them.
    With `added`, items that no piece knows are results that were added since; nothing where there are none.
    `all_said`: nothing where the resources say something else than an item does; without it, references name whom the
    items name now, and what else is said of the document itself (such as Procedure Reported) is carried. With each its
    report, and warnings of references that lead out of it."""
    mapping = reading.mapping
    root, former = without_former(bare.root, manifest_of(pieces))
    root, following = followed(root, pieces, mapping)
    sections = sections_in(pieces) if added else frozenset[Path]()  # what was added there makes none a result
    header = finished(bare.header, manifest_of(pieces).get("unfinished"))
    read = Document(header, root)
    stands = (source.known, parts_in(pieces), sections, frozenset(results_in(pieces)))
    ours = "born" not in manifest_of(pieces)
    read_by = max(read_in(manifest_of(pieces)), Read.HEADED)

    def natively() -> FhirImage:
        image = native_fhir(read, mapping, *stands, ours=ours, read=read_by)
        if reading.rows:
            read_now(image, pieces, native_fhir(read, now, *stands, ours=ours, read=read_by))
        said_by_site(image, root, pieces, mapping)
        return image

    image = natively()
    new = added_to(image, pieces) if added else []
    if added and not new:
        return
    said = Report([f"item {element_id((0, *path))}: {FORMER_EQUIVALENTS}" for path in former])
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
        more = source.said | reading.rows
        found = remaindered(bare, one, mapping, source.back, report, more, restored=True, read=read_by)
        against = _contradicting(report, bare.root, stale, all_said=all_said) if is_ours and not added else set()
        if against:  # it was edited, and wins; but where the resources say what it says, it is only spelled otherwise
            ours_back, theirs = (given_back(bare, each, mapping, source.back)[0] for each in (one, natively().group))
            alike = natively_alike(bare.root, ours_back.root, theirs.root)
            against -= {element_id((0, *path)) for path in alike}
        if not against:
            led = led_out(found, source.known, source.said)
            is_told = "told" in source.said
            yield said_at(found, source.known.system, source.known.source) if is_told else found, report, led


def as_first_made(
    document: Document, pieces: dict[Path, Piece], now: Mapping, reading: Reading, source: Source
) -> Translated[Group] | None:
    """The resources of a document of ours that says nothing else than they do, but may say less: an earlier bridge did
    not write all that is written now. Whether it was made of these its UID tells, which is derived from them
    (`header_of`)."""
    manifest = manifest_of(pieces)
    if "born" in manifest:
        return None
    read = Document(finished(document.header, manifest.get("unfinished")), document.root)
    results = frozenset(results_in(pieces))
    image = native_fhir(read, reading.mapping, source.known, parts_in(pieces), results=results, ours=True)
    said_by_site(image, document.root, pieces, reading.mapping)
    report = Report()
    group = restored(image, pieces, document, source.known, report)
    if group is None:
        return None
    account(report, document, given_back(document, group, now, source.back)[0], now, born=False)
    if _contradicting(report, document.root, {"1"}, all_said=True):
        return None  # it was edited, and left its UID
    if said := source.said | reading.rows:
        attach(group.root, "document", said)
    report.warnings += led_out(group, source.known, source.said)
    told = said_at(group, source.known.system, source.known.source) if "told" in said else group
    return Translated(told, report)


def _orders(group: Group) -> Iterator[Group]:
    """The group as it is, then as whoever gathers it again finds what was added or moved, where that is another order.
    Each may be written into: the first is a copy where there is a second."""
    reached = in_order_of_reach(group)
    if reached is not group:
        yield group.with_resources({id(one): renamed(one, {}) for one in group.whole()})
    yield reached


def _contradicting(report: Report, root: ContentItem, stale: set[str], *, all_said: bool) -> set[str]:
    """Places of items that say something else than the resources give back; without `all_said`, that are no context of
    the document itself."""
    return {
        one.path
        for one in report.details
        if one.reason == UNSAID or (one.reason == NO_ELEMENT and (all_said or not _is_of_document(root, one.path)))
    } - stale


def _is_of_document(root: ContentItem, path: str) -> bool:
    """Whether the item says who observed, what was reported, or what a group is called: it is nothing that was found.
    Another Tracking Unique Identifier is another thing."""
    _, *steps = (int(step) - 1 for step in path.split("."))
    item = root.at(tuple(steps))
    if TRACKING_IDENTIFIER.same(item.concept):
        return True
    return len(steps) == 1 and item.relationship in _ABOUT and not is_of_subject(item.concept)


_ABOUT = ("HAS OBS CONTEXT", "HAS CONCEPT MOD")
