"""What is made of a group while it is read: what it says of itself, and the items of elements beside a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import Num
from bridge.model.group import Group, Json, Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis import times
from bridge.translate.basis.element_ids import is_inherited
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home, Node
from bridge.translate.basis.ranges import in_known_units, normal_ranges
from bridge.translate.header import header
from bridge.translate.native import documents
from bridge.translate.native.categories import category_of, report_category, same_categories
from bridge.translate.native.coded_notes import with_questions
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.native.folds import whole_period
from bridge.translate.native.habits import Habits
from bridge.translate.native.observed import dated
from bridge.translate.native.qualifiers import qualifier_in, reason_in_words
from bridge.translate.native.sides import add_side, named_site
from bridge.translate.native.specimens import specimens_of
from bridge.translate.native.unfolded import add_folds


class Making:
    """What a group says of itself is set before the first item is made (`native_dicom`)."""

    def __init__(self, group: Group, mapping: Mapping, known: Known, zone: str | None, habits: Habits) -> None:
        self.group, self.mapping, self.habits = group, mapping, habits
        self.born = header.born_uid(group.root) is not None
        self.legal = "properties" not in habits  # of dates: a document that has them keeps them
        self.done = {id(one) for one in group.members if self.born and is_summary(one)}  # it repeats items
        self._by_reference, contained = group.index(), [*group.contained()]
        self._specimens = specimens_of(group)
        self._structures = self._specimens.structures
        self._inner = {id(reference): one.resource for one in contained for reference in one.references}
        self._owners = {id(one.resource): one.owner for one in contained}
        self.warnings: list[str] = []
        self.unsaid: list[tuple[Node, str]] = []  # what an item does not say of its result
        self.effective = dated(group)
        # the zone of the report is that of the document: its times stay the local times that people wrote
        day = (self.effective or "").replace("-", "")
        self.zone = zone or times.offset_of(self.effective) or times.offset_at(known.zone, day)
        self.known = replace(known, zone=self.zone)
        self.title = mapping.title(None)  # of the document
        self.template = None if self.born else self._template()
        self._owned = set(map(id, filter(None, map(self.find, self._owning()))))
        self.inferred: list[tuple[Node, Resource]] = []

    def _template(self) -> str | None:
        """Of a document that was edited in the PACS, the one that it was made by."""
        if "template" in self.habits:
            return self.habits["template"] or None
        return documents.template_of(self.group, self.find, self.mapping.concept)

    def find(self, reference: Home) -> Resource | None:
        return self._inner.get(id(reference)) or self._by_reference.get(reference.get("reference", ""))

    def _owning(self) -> Iterator[Home]:
        """References by which an item has its place in the tree; what is also derived from is only pointed to."""
        yield from self.group.root.get("result", ())
        for resource in self.group.spoken():
            if resource["resourceType"] == "Observation":
                yield from resource.get("hasMember", ())

    def _folds(self, home: Home, node: Node, *, primitives: bool, resource: str = "Observation") -> None:
        """Items of the elements beside the value; those of primitives go last, in a second call."""
        rows = self.mapping.written[resource, primitives]
        if "dataAbsentReason" in home and "valueCodeableConcept" in rows:  # it is the code of an item, too
            rows = rows | {"dataAbsentReason": rows["valueCodeableConcept"]}
        told = {head: said for head in home if head in rows and (said := self._told(head, home, node)) is not None}
        for head in rows if len(told) > 1 else told:  # in the order of the shape
            if head in told:
                many = len(node.children)
                add_folds(node, head, told[head], rows[head], self.mapping, self.zone, born=self.born)
                if head == "bodySite" and not self.born and len(node.children) > many:
                    add_side(node.children[-1], told[head], self._structures)

    def _told(self, head: str, home: Home, node: Node) -> Json:
        """What of an element items tell; None where they do not."""
        said = home[head]
        if head in ("code", "valueCodeableConcept"):
            # words repeat the Code Meaning, unless the element id says that an item was there
            return None if self.born and "id" not in said else said
        if head == "dataAbsentReason":
            words = said.get("text") if self.born else reason_in_words(said)
            return said | {"text": words} if words and (not self.born or "id" in said) else None
        if head == "category":
            return self._categories(home, node) or None
        if head == "interpretation" and isinstance(node.value, Num) and node.value.qualifier is not None:
            return [one for one in said if qualifier_in(one) != node.value.qualifier] or None  # the number says it
        if head in ("bodySite", "method") and is_inherited(said):
            return None
        if head == "bodySite" and not self.born:
            return named_site(said, self._structures)
        if head == "referenceRange":  # one that is not simply the normal range would be taken for that
            known = home if self.born else home | {head: in_known_units(said, home)}
            return normal_ranges(known, born=self.born) or None
        if head == "note":
            return with_questions(said)
        if head == "effectivePeriod":
            return said if whole_period(home) else None
        return self._identifiers(home) or None if head == "identifier" else said

    def _identifiers(self, home: Home) -> list[Home]:
        """Those that are no UID, which has its own attribute. In a document born in DICOM the element id says that an
        item was there."""
        named = [one for one in home["identifier"] if "value" in one and one.get("system") != DICOM_UID_SYSTEM]
        return [one for one in named if not self.born or "id" in one]

    def _categories(self, home: Home, node: Node) -> list[Home]:
        """Those that do not follow from title, concept and template. In a document born in DICOM the element id says
        that an item was there."""
        said: list[Home] = home["category"]
        if self.born:
            return [one for one in said if "id" in one]
        template = self.mapping.template(self.template, self.title)
        if home["resourceType"] == "DiagnosticReport":
            found = report_category(template.report, self.group.members)
            return [] if found is not None and same_categories(said, [found]) else said
        native = category_of(self.mapping.category(self.title, node.concept, template))
        return [] if same_categories(said, [native]) else said
