"""Group -> Document, without loss: native translation, the document's own remainder on it, and what FHIR had beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Any

from bridge.errors import PermanentError
from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path, Value
from bridge.model.dataset import UNICODE, Charset, DataSet, charset_of, merged
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.model.sr import item_of, own_elements, read_item
from bridge.translate.amend import amended
from bridge.translate.chain import version_of
from bridge.translate.digests import document_digest
from bridge.translate.dose_summary import is_summary
from bridge.translate.element_json import dataset_of, element_of
from bridge.translate.generic import relationship
from bridge.translate.header import born_uid, split_patient
from bridge.translate.ids import Known
from bridge.translate.kept import as_kept
from bridge.translate.leaves import outcomes
from bridge.translate.native_dicom import native_dicom
from bridge.translate.native_fhir import FhirImage, native_fhir
from bridge.translate.node import Node, element_id
from bridge.translate.oddities import oddities_of_group
from bridge.translate.order import in_order
from bridge.translate.pieces import beyond, copy_digest, edits, pieces_of, renames_of
from bridge.translate.private import Piece, put_in, taken_out
from bridge.translate.remainder import attached, header_group, item_group, patched
from bridge.translate.report import Detail, Report, Translated
from bridge.translate.rules import Rules
from bridge.translate.transcode import SAID, in_unicode, recoded
from bridge.translate.versions import of_version, still_named, version_alone

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
    group = in_order(group) if "digest" in remainder else group
    known = replace(
        known,
        zone=remainder.get("zone", known.zone),  # whatever the store's zone is now
        document=known.document or remainder.get("first"),
    )
    document, homes = content_of(group, mapping, known, report)
    image = native_fhir(document, mapping, known)
    pieces = pieces_of(group, homes, image, document.header, known)
    born = "digest" in remainder
    if born and _is_edited(document, pieces, remainder):
        before, edited, said = version_of(document), pieces, beyond(pieces)
        known = replace(known, document=known.document or before.sop_instance)
        document, _ = taken_out(document)  # what was said of a former version is not true of this one
        document = amended(document, known.supersedes or (before,), _edited(group), known, said)
        report.warnings.append(NEW_INSTANCE)
        image = native_fhir(document, mapping, known)
        left = still_named(group, edited, image)
        pieces = pieces_of(left, homes, image, document.header, known) if said else {}
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


def content_of(group: Group, mapping: Mapping, known: Known, report: Report) -> tuple[Document, dict[Path, Json]]:
    """What the resources say natively, with the remainder of the document on it; and the element of each item."""
    remainder = attached(group.root, "document")
    native = native_dicom(group, mapping, known, remainder.get("zone"), remainder.get("habits"))
    report.warnings += native.warnings
    charset = _charset(remainder.get("header", {"e": {}}), native.header)
    header, fits = _header(native.header, remainder, charset, report)
    builder = _Builder(mapping, charset, report)
    root = builder.item(native.root, remainder, None, ())
    if not fits or builder.unicode:
        report.warnings.append("an edit does not fit the Specific Character Set: the document is in ISO_IR 192 now")
        header = merged(recoded(header, charset, UNICODE) if fits else header, [SAID])
        root = in_unicode(root, charset, set(map(id, builder.unicode)))
    return Document(header, root), builder.homes


def _header(native: DataSet, remainder: dict[str, Any], charset: Charset, report: Report) -> tuple[DataSet, bool]:
    """The header with its remainder, and whether the character set can hold it; else it comes in UTF-8, as what is
    native does."""
    header, dropped = native, list[str]()
    if "header" in remainder:
        header, dropped = patched(header, remainder["header"], header_group, charset)
    if "patient" in remainder:
        header = merged(split_patient(header)[1], dataset_of(remainder["patient"], charset))
    report.warnings += [f"header {tag}: changed in FHIR since; its value wins" for tag in dropped]
    ours = set(map(id, native))
    try:
        return tuple(recoded((one,), UNICODE, charset)[0] if id(one) in ours else one for one in header), True
    except UnicodeError:
        return tuple(one if id(one) in ours else recoded((one,), charset, UNICODE)[0] for one in header), False


def _is_edited(document: Document, pieces: dict[Path, Piece], remainder: dict[str, Any]) -> bool:
    """An edit shows in the items, or as what they do not say."""
    return document_digest(document) != remainder["digest"] or beyond(pieces) != remainder.get("beyond")


def _edited(group: Group) -> str | None:
    """Instant of the last edit, as the server of the resources says."""
    return max((one.get("meta", {}).get("lastUpdated", "") for one in group.resources()), default="") or None


def _charset(patch: dict[str, Any], native: DataSet) -> Charset:
    if "00080005" not in patch["e"]:
        return charset_of(native)
    return charset_of((element_of(0x00080005, patch["e"]["00080005"] or "", ()),))


class _Builder:
    def __init__(self, mapping: Mapping, charset: Charset, report: Report) -> None:
        self.mapping, self.charset, self.report = mapping, charset, report
        self.homes: dict[Path, Json] = {}
        self.unicode: list[ContentItem] = []  # whose text the character set cannot hold

    def item(self, node: Node, remainder: dict[str, Any], parent: Value | None, path: Path) -> ContentItem:
        """The node as FHIR says it, with what it had in DICOM beyond."""
        if node.home is not None:
            self.homes[path] = node.home
        relation = None if parent is None else relationship(parent, node.value, node.concept, self.mapping)
        children = self._children(node, remainder, path) if node.children or remainder else ()
        native, charset = ContentItem(relation, node.concept, node.value, (), node.rest), self.charset
        try:
            own = own_elements(native, charset)
        except UnicodeError:  # an edit: the whole document must change its character set
            charset = UNICODE
            own = own_elements(native, charset)
        if "p" in remainder:
            own, dropped = patched(own, remainder["p"], item_group, charset)
            for name in dropped:
                self.report.warnings.append(
                    f"item {element_id((0, *path))} ({name}): changed in FHIR since; its value wins"
                )
        item = item_of(own, children, charset)  # as it will be read: bytes keep no trailing blank
        if charset != self.charset:
            self.unicode.append(item)
        return item

    def _children(self, node: Node, remainder: dict[str, Any], path: Path) -> tuple[ContentItem, ...]:
        """Native ones, each with its own remainder, and those that were carried, at their places."""
        without = remainder.get("without", ())
        inner = remainder.get("inner", {})  # of items that no element stands for
        carries = remainder.get("carried", ())
        more = len(carries) - len(set(without))
        numbered: list[tuple[tuple[int, int], Node | ContentItem, dict[str, Any]]] = [
            (child.number, child, _remainder_of(child, inner, order, more))
            for order, child in enumerate(node.children)
            if order not in without
        ]
        for carried in carries:
            dataset = dataset_of(carried["e"], self.charset)
            numbered.append(((carried["n"], -1), read_item(dataset, self.charset), {}))
        numbered.sort(key=itemgetter(0))
        return tuple(
            [
                child if isinstance(child, ContentItem) else self.item(child, its_own, node.value, (*path, index))
                for index, (_, child, its_own) in enumerate(numbered)
            ]
        )


def _remainder_of(child: Node, inner: dict[str, Any], order: int, more: int) -> dict[str, Any]:
    found = attached(child.home, "item") if child.home and "extension" in child.home else {}
    return found or (inner.get(str(child.index(order, more)), {}) if inner else {})


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
