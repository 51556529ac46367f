"""Document -> Group, without loss: native translation, translated back, and what differs kept as a remainder."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import LossError
from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.dataset import text_of
from bridge.model.document import Document, template_of
from bridge.model.group import Group
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis import times
from bridge.translate.basis.canonical_units import spellings_of
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import Known
from bridge.translate.basis.losses import lost_of_document
from bridge.translate.basis.node import element_id
from bridge.translate.born_in_dicom.comparison import Comparison
from bridge.translate.born_in_dicom.completed import content_of
from bridge.translate.born_in_dicom.followed_context import repeated_in
from bridge.translate.born_in_dicom.followed_starts import starts_in
from bridge.translate.born_in_dicom.own_sites import sites_in
from bridge.translate.born_in_fhir.followed_ranges import followed
from bridge.translate.born_in_fhir.parts import parts_in
from bridge.translate.born_in_fhir.pieces import beyond, copies_of, pieces_of
from bridge.translate.born_in_fhir.restore import added_to, first_version, restored, source_of
from bridge.translate.born_in_fhir.sited import said_by_site
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.header import born_uid, split_patient
from bridge.translate.native.conclusions import parts_of
from bridge.translate.native.documents import TEMPLATES
from bridge.translate.native.habits import habits_of
from bridge.translate.native.to_dicom import DicomImage, native_dicom
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.remainder.element_json import dataset_json
from bridge.translate.remainder.elements import difference, header_group
from bridge.translate.remainder.extension import attach
from bridge.translate.remainder.kept import keep
from bridge.translate.remainder.private import Piece, taken_out
from bridge.translate.report.oddities import contradictions, oddities_of_document
from bridge.translate.report.outcomes import UNSAID, outcomes_of_header, outcomes_of_items
from bridge.translate.report.report import Report, Translated
from bridge.translate.report.rules import Rules
from bridge.translate.report.unsaid_sides import unsaid_sides
from bridge.translate.to_dicom import to_dicom

ANEW = "made from resources and edited since: it is translated anew, they are not restored"


def to_fhir(document: Document, mapping: Mapping, known: Known, *, check: bool = True) -> Translated[Group]:
    """DiagnosticReport, Composition, Observations and what they refer to; or the resources that the document was
    made from. What cannot be read natively is carried; with `check`, raises LossError where the document would not
    come back as it was.

    Resources are restored only if all that the document says comes back from them: what was edited in it since is then
    an edit of theirs. One that was edited beyond that is translated like any other document, and our private elements
    in it are carried like anybody's."""
    bare, pieces = taken_out(document)
    known = replace(known, document=known.document or first_version(pieces, bare.header))
    report, alone = Report(), pieces.get((), {}).get("version")
    if alone is not None:
        document = bare
    uid = known.document or text_of(document.header, SOP_INSTANCE_UID)
    of_source = replace(known, document=source_of(pieces, uid) or known.document)
    for added in (False, True) if alone is None and pieces else ():
        report = Report()
        group = _restored(bare, pieces, mapping, of_source, report, added=added)
        if group is not None and _comes_back(group, document, bare, pieces, mapping, known_of(bare, of_source)):
            if born_uid(group.root) is None and (unseen := _unseen(report)):
                report.warnings.append(
                    f"items {', '.join(unseen)} were added in DICOM: a FHIR client does not see them"
                )
            report.warnings += [*oddities_of_document(bare, known.issuer), *contradictions(group)]
            return Translated(group, report)
    if alone is None and pieces:
        report = Report()
        report.warnings.append(ANEW)
    group = _remaindered(document, native_fhir(document, mapping, known).group, mapping, known, report, version=alone)
    # equal content is read natively alike, so that nothing of FHIR is left for a private element
    if check and (back := content_of(group, mapping, known, Report()).document) != document:
        raise LossError(f"{lost_of_document(document, back)} would not come back; please report this file")
    report.warnings += [*oddities_of_document(document, known.issuer), *unsaid_sides(document, mapping)]
    report.warnings += contradictions(group)
    return Translated(group, report)


def _comes_back(
    group: Group, document: Document, bare: Document, pieces: dict[Path, Piece], mapping: Mapping, known: Known
) -> bool:
    """To the last byte: a UID names one content. Where somebody has edited the items since, what was said privately
    before is kept for that."""
    again = to_dicom(group, mapping, known, counted=False).result
    if again == document or pieces[()]["group"].get("digest") == document_digest(bare):
        return again == document
    unedited, made = taken_out(again)
    if unedited != bare:
        return False
    keep(group, bare, made, pieces)
    return to_dicom(group, mapping, known, counted=False).result == document


def _unseen(report: Report) -> list[str]:
    """Items of a document that resources were made into, which these do not say: what they were made into, they do."""
    return [one.path for one in report.details if one.outcome == "carried" and one.reason != UNSAID]


def known_of(document: Document, known: Known) -> Known:
    """Of a document born in FHIR: its predecessors are the bridge's own doing, and its zone is said."""
    zone = times.zone_of(document.header, known.zone)
    return replace(known, supersedes=superseded_by(document.header), zone=zone)


def _restored(
    bare: Document, pieces: dict[Path, Piece], mapping: Mapping, known: Known, report: Report, *, added: bool
) -> Group | None:
    """With `added`, items that no piece knows are results that were added since; None where there are none."""
    root, following = followed(bare.root, pieces, mapping)
    image = native_fhir(replace(bare, root=root), mapping, known, parts_in(pieces))
    said_by_site(image, root, pieces, mapping)
    new = added_to(image, pieces) if added else []
    if added and not new:
        return None
    group = restored(image, pieces, bare, known, report, new)
    if group is None:
        return None
    group = _remaindered(bare, group, mapping, known_of(bare, known), report, restored=True)
    # what resources were made into says them; an item that they do not say (a person's name) was edited, and wins
    may_contradict = not added and born_uid(group.root) is None
    stale = {"1", *(element_id((0, *path)) for path in following)}
    unsaid = may_contradict and any(one.reason == UNSAID and one.path not in stale for one in report.details)
    return None if unsaid else group


def _remaindered(
    document: Document,
    group: Group,
    mapping: Mapping,
    known: Known,
    report: Report,
    *,
    restored: bool = False,
    version: str | None = None,
) -> Group:
    """The group with what the document holds beyond it; and with a digest of what a restored group holds beyond the
    document, which is no edit. `version`: the document that it said to be a version of."""
    charset = document.charset
    born = born_uid(group.root) is not None
    zone = times.zone_of(document.header, known.zone)
    habits = habits_of(document.root)
    if born and (spellings := spellings_of(document.root, mapping)):  # resources that it was made from spell their own
        habits["units"] = spellings
    if not born and (parts := parts_of(document.root, group.root.get("conclusion", ""))):
        habits["conclusions"] = parts
    each = mapping.template(document.template, document.root.concept).each
    if born and each != mapping.template(None, document.root.concept).each:
        habits["each"] = each
    back = native_dicom(group, mapping, replace(known, zone=zone), zone if born else None, habits)
    made_by = document.template or ""
    if not born and made_by in TEMPLATES and made_by != (template_of(back.root.rest) or ""):
        habits["template"] = made_by  # an item that it demands was removed, or one added that it does not have
        back = native_dicom(group, mapping, replace(known, zone=zone), None, habits)
    remainder = Comparison(mapping).compare(document.root, back.root, None, charset)
    native_header, header = back.header, document.header
    if habits:
        remainder["habits"] = habits
    if born:
        # a shared Patient may spell its name otherwise: the document keeps the Patient Module that it was read with
        patient, header = split_patient(header)
        remainder["patient"] = dataset_json(patient, charset)
        remainder["zone"] = zone
        remainder["digest"] = document_digest(document)
        if known.document not in (None, text_of(document.header, SOP_INSTANCE_UID)):
            remainder["first"] = known.document  # version of the document: its ids go by that
        if version is not None:
            remainder["version"] = version
        pieces: dict[Path, Piece] = {}
        natives = homes = back.root.homes(document.root)
        if restored:
            image = native_fhir(document, mapping, known)
            natives = image.homes
            pieces = pieces_of(group, homes, image, document, known)
        if sites := sites_in(homes, natives, pieces):
            remainder["sites"] = sites
        if repeated := repeated_in(homes, natives):
            remainder["context"] = repeated
        if starts := starts_in(homes, document.root):
            remainder["starts"] = starts
        if copies := copies_of(group, pieces):
            remainder["copies"] = copies
        if said := beyond(pieces):
            remainder["beyond"] = said
        native_header = split_patient(native_header)[1]
    if patch := difference(native_header, header, header_group, charset):
        remainder["header"] = patch
    if remainder:
        attach(group.root, "document", remainder)
    _account(report, document, back, mapping)
    return group


def _account(report: Report, document: Document, back: DicomImage, mapping: Mapping) -> None:
    rules = Rules(mapping)
    report.account = lambda: [*outcomes_of_items(document.root, back.root, rules)]
    report.account_of_header = lambda: [*outcomes_of_header(document.header, back.header, rules)]
