"""Document -> Group, without loss: native translation, translated back, and what differs kept as a remainder."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import LossError
from bridge.mapping.mapping import Mapping
from bridge.model.content import ByReference, Coded, ContentItem, Num, Other, Path, Plain, Value, value_type
from bridge.model.dataset import UNICODE, Charset, DataSet, Element, items, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.model.sr import own_elements, write_item
from bridge.model.tags import CONCEPT_CODE, SOP_INSTANCE_UID
from bridge.translate import times
from bridge.translate.chain import superseded_by
from bridge.translate.digests import document_digest
from bridge.translate.element_json import dataset_json
from bridge.translate.generic import relationship
from bridge.translate.habits import habits_of
from bridge.translate.header import born_uid, split_patient
from bridge.translate.ids import Known
from bridge.translate.kept import keep
from bridge.translate.losses import lost_of_document
from bridge.translate.native_dicom import native_dicom
from bridge.translate.native_fhir import native_fhir
from bridge.translate.node import Node
from bridge.translate.oddities import oddities_of_document
from bridge.translate.pieces import beyond, copies_of, pieces_of
from bridge.translate.private import Piece, taken_out
from bridge.translate.remainder import attach, difference, header_group, item_group
from bridge.translate.report import Detail, Report, Translated
from bridge.translate.restore import added_to, first_version, restored
from bridge.translate.rules import REMAINDER, Rules, attribute_path, named
from bridge.translate.to_dicom import content_of, to_dicom

UNSAID = "value or concept has no FHIR form"
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
    for added in (False, True) if alone is None and pieces else ():
        report = Report()
        group = _restored(bare, pieces, mapping, known, report, added=added)
        if group is not None and _comes_back(group, document, bare, pieces, mapping, known_of(bare, known)):
            report.warnings += oddities_of_document(bare, known.issuer)
            return Translated(group, report)
    if alone is None and pieces:
        report = Report()
        report.warnings.append(ANEW)
    group = _remaindered(document, native_fhir(document, mapping, known).group, mapping, known, report, version=alone)
    # equal content is read natively alike, so that nothing of FHIR is left for a private element
    if check and (back := content_of(group, mapping, known, Report())[0]) != document:
        raise LossError(f"{lost_of_document(document, back)} would not come back; please report this file")
    report.warnings += oddities_of_document(document, known.issuer)
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


def known_of(document: Document, known: Known) -> Known:
    """Of a document born in FHIR: its predecessors are the bridge's own doing, and its zone is said."""
    zone = times.zone_of(document.header, known.zone)
    return replace(known, supersedes=superseded_by(document.header), zone=zone)


def _restored(
    bare: Document, pieces: dict[Path, Piece], mapping: Mapping, known: Known, report: Report, *, added: bool
) -> Group | None:
    """With `added`, items that no piece knows are results that were added since; None where there are none."""
    image = native_fhir(bare, mapping, known)
    new = added_to(image, pieces) if added else []
    if added and not new:
        return None
    group = restored(image, pieces, bare.header, known, report, new)
    if group is None:
        return None
    group = _remaindered(bare, group, mapping, known_of(bare, known), report, restored=True)
    # what resources were made into says them; an item that they do not say (a person's name) was edited, and wins
    unsaid = any(one.reason == UNSAID and one.path != "1" for one in report.details)
    contradicted = unsaid and not added and born_uid(group.root) is None
    return None if contradicted else group


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
    back = native_dicom(group, mapping, replace(known, zone=zone), zone if born else None, habits)
    rules = Rules(mapping)
    comparison = _Comparison(report, mapping, charset, rules)
    remainder = comparison.compare(document.root, back.root, None, ())
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
        image = native_fhir(document, mapping, known) if restored else None
        pieces = pieces_of(group, comparison.homes, image, document.header, known) if image else {}
        if copies := copies_of(group, pieces):
            remainder["copies"] = copies
        if said := beyond(pieces):
            remainder["beyond"] = said
        native_header = split_patient(native_header)[1]
    if patch := difference(native_header, header, header_group, charset):
        remainder["header"] = patch
    if remainder:
        attach(group.root, "document", remainder)
    _count_header(document.header, back.header, report, rules)
    return group


class _Comparison:
    """Walks the tree as read and the tree as FHIR would give it back, and leaves what differs on the FHIR elements."""

    def __init__(self, report: Report, mapping: Mapping, charset: Charset, rules: Rules) -> None:
        self.report, self.mapping, self.charset, self.rules = report, mapping, charset, rules
        self.homes: dict[Path, Json] = {}

    def compare(self, item: ContentItem, node: Node, parent: Value | None, path: tuple[int, ...]) -> dict[str, object]:
        """The remainder of this item; those of its children are attached to their homes."""
        if node.home is not None:
            self.homes[path] = node.home
        relation = None if parent is None else relationship(parent, node.value, node.concept, self.mapping)
        native = ContentItem(relation, node.concept, node.value, (), node.rest)
        found: dict[str, object] = {}
        if not _equal(native, item) and (
            patch := difference(_own(native, self.charset), own_elements(item, self.charset), item_group, self.charset)
        ):
            found["p"] = patch
        self._outcome(item, node, path)
        matched, extra = matches(item, node)
        if extra:
            found["without"] = extra
        carried, homeless = [], dict[str, object]()
        for index, child in enumerate(item.children):
            at = (*path, index)
            if index not in matched:
                carried.append({"n": index + 1, "e": dataset_json(write_item(child, self.charset), self.charset)})
                self._carry(child, at)
                continue
            inner = self.compare(child, matched[index], node.value, at)
            home = matched[index].home
            if inner and home is not None:
                attach(home, "item", inner)
            elif inner:  # an item that no element stands for
                homeless[str(index)] = inner
        if homeless:
            found["inner"] = homeless
        if carried:
            found["carried"] = carried
        return found

    def _outcome(self, item: ContentItem, node: Node, path: tuple[int, ...]) -> None:
        same = _same_concept(item, node) and (same_value(item.value, node.value) or _is_empty(item, node.value))
        if same:
            self._detail(item, path, "mapped", self.rules.item(item.concept, node), None)
        else:
            self._detail(item, path, "carried", REMAINDER, UNSAID)

    def _carry(self, item: ContentItem, path: tuple[int, ...]) -> None:
        reason = (
            "by-reference relationship"
            if isinstance(item.value, ByReference)
            else f"value type {value_type(item.value)} has no native place here"
        )
        self._detail(item, path, "carried", REMAINDER, reason)
        for index, child in enumerate(item.children):
            self._carry(child, (*path, index))

    def _detail(self, item: ContentItem, path: tuple[int, ...], outcome: str, rule: str, reason: str | None) -> None:
        dotted = ".".join(str(step + 1) for step in (0, *path))
        self.report.details.append(Detail(dotted, named(item.concept), outcome, rule, reason))


def matches(item: ContentItem, node: Node) -> tuple[dict[int, Node], list[int]]:
    """Native children by the index of the child that they stand for; and the places of those that stand for none."""
    matched: dict[int, Node] = {}
    extra: list[int] = []
    more = len(item.children) - len(node.children)
    for order, child in enumerate(node.children):
        index = child.index(order, more)
        if 0 <= index < len(item.children) and index not in matched:
            matched[index] = child
        else:
            extra.append(order)
    return matched, extra


def _own(item: ContentItem, charset: Charset) -> DataSet:
    try:
        return own_elements(item, charset)
    except UnicodeError:  # text that only the native translation holds, such as a name of our own
        return own_elements(item, UNICODE)


def _equal(native: ContentItem, item: ContentItem) -> bool:
    return (
        native.relationship == item.relationship
        and native.concept == item.concept
        and native.value == item.value
        and native.rest == item.rest
    )


def _same_concept(item: ContentItem, node: Node) -> bool:
    return node.concept is None if item.concept is None else item.concept.same(node.concept)


def _is_empty(item: ContentItem, native: Value) -> bool:
    """Whether both have no code: with an empty sequence, or without any."""
    codeless = item.value == Coded(None) or item.value == Other("CODE") and not items(item.rest, CONCEPT_CODE)
    return codeless and native == Coded(None)


def same_value(one: Value, other: Value) -> bool:
    """Whether both mean the same: numbers as numbers, codes as codes; wording and continuity aside."""
    match one, other:
        case (Num(), Num()):
            return (
                len(one.values) == len(other.values)
                and all(map(_same_number, one.values, other.values))
                and (one.unit is None) == (other.unit is None)
                and (one.unit is None or one.unit.same(other.unit))
                and (one.qualifier is None) == (other.qualifier is None)
            )
        case (Coded(code), Coded(said)):
            return code is not None and code.same(said)
        case (Plain(), Plain()):
            return one.value_type == other.value_type and one.text.strip() == other.text.strip()
        case _:
            return value_type(one) == "CONTAINER" == value_type(other) or one == other


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _count_header(header: DataSet, native: DataSet, report: Report, rules: Rules) -> None:
    have = {leaf for leaf in _leaves(native, ())}
    for leaf in _leaves(header, ()):
        path = leaf[0]
        if leaf in have:
            report.header.append(Detail(attribute_path(path), None, "mapped", rules.attribute(path), None))
        else:
            reason = "no native place in the resources"
            report.header.append(Detail(attribute_path(path), None, "carried", REMAINDER, reason))


def _leaves(dataset: DataSet, path: tuple[int, ...]) -> list[tuple[tuple[int, ...], Element]]:
    found = []
    for element in dataset:
        if isinstance(element.value, tuple):
            for index, item in enumerate(element.value):
                found += _leaves(item, (*path, element.tag, index))
        else:
            found.append(((*path, element.tag), element))
    return found
