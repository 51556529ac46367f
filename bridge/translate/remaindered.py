"""What a document holds beyond the resources that it became: kept on them, as its translation back shows it."""

from __future__ import annotations

from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import ByReference, ContentItem, Graphic, Path, Reference
from bridge.model.dataset import find, text_of
from bridge.model.document import Document, template_of
from bridge.model.group import Group, Json
from bridge.model.tags import OBSERVATION_DATETIME, SOP_INSTANCE_UID
from bridge.translate.basis import times
from bridge.translate.basis.canonical_units import spellings_of
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.comparison import Comparison
from bridge.translate.born_in_dicom.emptied import headings
from bridge.translate.born_in_dicom.followed_conclusion import conclusion_in
from bridge.translate.born_in_dicom.followed_context import repeated_in
from bridge.translate.born_in_dicom.followed_starts import starts_in
from bridge.translate.born_in_dicom.own_sites import sites_in
from bridge.translate.born_in_dicom.respelled import spelled_in
from bridge.translate.born_in_fhir.pieces import beyond, copies_of, pieces_of
from bridge.translate.header.header import born_uid, split_patient
from bridge.translate.header.orders import orders_of
from bridge.translate.native.conclusions import parts_of
from bridge.translate.native.documents import TEMPLATES
from bridge.translate.native.habits import Habits, habits_of
from bridge.translate.native.reading import Read, said_of
from bridge.translate.native.to_dicom import DicomImage, native_dicom
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.native.valued import repeats_concept
from bridge.translate.remainder.element_json import dataset_json
from bridge.translate.remainder.elements import difference, header_group, made_header_group
from bridge.translate.remainder.extension import attach
from bridge.translate.remainder.private import Piece
from bridge.translate.remainder.rows import said_rows
from bridge.translate.report.illegal import illegal_in
from bridge.translate.report.outcomes import outcomes_of_header, outcomes_of_items
from bridge.translate.report.report import Report
from bridge.translate.report.rules import Rules


def remaindered(
    document: Document,
    group: Group,
    mapping: Mapping,
    known: Known,
    report: Report,
    said: dict[str, Json],
    *,
    restored: bool = False,
    read: Read = Read.NOW,
) -> Group:
    """The group with what the document holds beyond it; and with a digest of what a restored group holds beyond the
    document, which is no edit. `said`: what a document of ours says of its source, and the caller does not
    know; `read`: by which rules it was read."""
    charset = document.charset
    back, habits = given_back(document, group, mapping, known, read)
    born = born_uid(group.root) is not None
    remainder = Comparison(mapping, born=born).compare(document.root, back.root, None, charset)
    if habits:
        remainder["habits"] = habits
    native_header, header, together = back.header, document.header, made_header_group
    if born:
        together = header_group
        # a shared Patient may spell its name otherwise: the document keeps the Patient Module that it was read with
        patient, header = split_patient(header)
        native_header = split_patient(native_header)[1]
        remainder["patient"] = dataset_json(patient, charset)
        if not (restored or orders_of(document) or _has_sources(document.root)):
            read = min(read, Read.NEARER)  # which reads it alike
        remainder |= _of_dicom(document, known, read) | said_rows(mapping, document.root, group.resources())
        remainder |= _repeated(document, group, back, mapping, known, read=read if restored else None)
        remainder |= spelled_in(group, remainder["zone"])
    remainder |= said
    if patch := difference(native_header, header, together, charset):
        remainder["header"] = patch
    if remainder:
        attach(group.root, "document", remainder)
    account(report, document, back, mapping, born=born)
    return group


def given_back(
    document: Document, group: Group, mapping: Mapping, known: Known, read: Read = Read.NOW
) -> tuple[DicomImage, Habits]:
    """The group, translated back natively, by the habits of the document."""
    zone = times.zone_of(document.header, known.zone)
    known = replace(known, zone=zone)
    habits = habits_of(document.root)
    template = mapping.template(document.template, document.root.concept)
    if born_uid(group.root) is not None:
        if spellings := spellings_of(document.root, mapping):  # resources that it was made from spell their own
            habits["units"] = spellings
        if find(document.root.rest, OBSERVATION_DATETIME) is not None:
            habits["dated"] = True
        if template.each != mapping.template(None, document.root.concept).each:
            habits["each"] = template.each
        if read >= Read.NEARER and _stand_apart(group):
            habits["apart"] = True
        return native_dicom(group, mapping, known, zone, habits), habits
    if parts := parts_of(document.root, group.root.get("conclusion", "")):
        habits["conclusions"] = parts
    back = native_dicom(group, mapping, known, None, habits)
    made_by = document.template or ""
    if made_by in TEMPLATES and made_by != (template_of(back.root.rest) or ""):
        habits["template"] = made_by  # an item that it demands was removed, or one added that it does not have
        back = native_dicom(group, mapping, known, None, habits)
    return back, habits


def _stand_apart(group: Group) -> bool:
    """Whether there are results that need no time or name of their own to be none of the one above."""
    index = group.index()
    panels = [one for one in group.members if "hasMember" in one]
    pairs = [(index.get(ref.get("reference", ""), {}), one) for one in panels for ref in one["hasMember"]]
    return any(repeats_concept(member, panel) for member, panel in pairs)


def _has_sources(item: ContentItem) -> bool:
    """Whether an item is inferred from another that stands below it."""
    return any(
        (child.relationship == "INFERRED FROM" and not isinstance(child.value, ByReference | Reference | Graphic))
        or (child.children and _has_sources(child))
        for child in item.children
    )


def _of_dicom(document: Document, known: Known, read: Read) -> dict[str, Json]:
    """What tells a document born in DICOM from an edited one, and its ids from those of its versions."""
    found: dict[str, Json] = {"system": known.system, "zone": times.zone_of(document.header, known.zone)}
    found["digest"] = document_digest(document)
    if known.document not in (None, text_of(document.header, SOP_INSTANCE_UID)):
        found["first"] = known.document  # version of the document: its ids go by that
    found |= said_of(read)
    found["illegal"] = illegal_in(document)  # none, too: a document that an earlier bridge read does not say it
    return found


def _repeated(
    document: Document, group: Group, back: DicomImage, mapping: Mapping, known: Known, *, read: Read | None
) -> dict[str, Json]:
    """Digests of what repeats items for readers of FHIR, and of what a restored group says beyond the document, as
    that is `read`."""
    pieces: dict[Path, Piece] = {}
    natives = homes = back.root.homes(document.root)
    if read is not None:
        image = native_fhir(document, mapping, known, results=headings(homes), read=read)
        natives = image.homes
        pieces = pieces_of(group, homes, image, document, known)
    found = {
        "sites": sites_in(homes, natives, pieces),
        "context": repeated_in(homes, natives),
        "starts": starts_in(homes, document.root),
        "conclusion": conclusion_in(group),
        "copies": copies_of(group, pieces),
        "beyond": beyond(pieces),
    }
    return {name: said for name, said in found.items() if said or name == "context"}  # none is said, too


def account(report: Report, document: Document, back: DicomImage, mapping: Mapping, *, born: bool) -> None:
    """What the resources say of the document, by what is given `back` of them."""
    rules = Rules(mapping, born=born)
    report.account = lambda: [*outcomes_of_items(document.root, back.root, rules)]
    report.account_of_header = lambda: [*outcomes_of_header(document.header, back.header, rules)]
