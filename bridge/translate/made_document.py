"""Resources that were born in FHIR -> their document: native items, and pieces for what these do not say."""

from __future__ import annotations

from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.completed import content_of
from bridge.translate.born_in_dicom.versions import version_alone
from bridge.translate.born_in_fhir.followed_ranges import followed, words_of_ranges
from bridge.translate.born_in_fhir.former_equivalents import said_equivalents, without_former
from bridge.translate.born_in_fhir.parts import marked, parts_of
from bridge.translate.born_in_fhir.pieces import pieces_of
from bridge.translate.born_in_fhir.sited import said_by_site
from bridge.translate.made import Made, taken_away
from bridge.translate.native.to_fhir import FhirImage, native_fhir
from bridge.translate.remainder.kept import as_kept, said_before
from bridge.translate.remainder.private import Piece, manifest_of
from bridge.translate.remainder.rows import said_rows
from bridge.translate.report.report import Report

_Read = tuple[FhirImage, dict[Path, Piece], list[str]]


def made_document(group: Group, mapping: Mapping, known: Known, version: str | None) -> Made:
    """Makes the document. `version`: the document that the resources said to be a version of."""
    report = Report()
    content = content_of(group, mapping, known, report)
    document, homes = content.document, content.homes
    image, pieces, words = _read(document, group, homes, mapping, known)
    before_edit = said_before(group)
    if before_edit and as_kept(group, document, pieces) is pieces:  # edited in FHIR, too: a new document, whose ranges
        # say their limits and whose codes have no former equivalents, while the one before keeps what it has
        root, former = without_former(document.root, manifest_of(before_edit))
        root, stale = followed(root, words_of_ranges(before_edit, homes), mapping)
        if stale or former:
            document = replace(document, root=root)
            image, pieces, _ = _read(document, group, homes, mapping, known)
    report.warnings += taken_away(words)
    if version is not None:
        pieces = pieces or version_alone(version, known)
    return Made(group, document, homes, image, pieces, report)


def _read(document: Document, group: Group, homes: dict[Path, Json], mapping: Mapping, known: Known) -> _Read:
    """The document as it is read natively, what it does not say, and where words are missing that a code repeats."""
    results = {path for path, home in homes.items() if "resourceType" in home}
    image, words = native_fhir(document, mapping, known, ours=True), list[str]()
    said_by_site(image, document.root, results, mapping)
    pieces = pieces_of(group, homes, image, document, known, words)
    denied = {path for path in image.apart if path in homes and "resourceType" not in homes[path]}
    if parts := parts_of(group, homes, image) | denied:  # components alone that are read as such
        with_parts = native_fhir(document, mapping, known, parts, ours=True)
        said_by_site(with_parts, document.root, results, mapping)
        pieces = marked(pieces_of(group, homes, with_parts, document, known), parts)
    if pieces:
        pieces[()]["group"] |= said_rows(mapping, document.root, group.resources()) | said_equivalents(document.root)
    return image, pieces, words
