"""Observations, and what they refer to -> content items: images, regions of them, persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.errors import PermanentError
from bridge.mapping.mapping import Mapping
from bridge.mapping.texts import uid_of
from bridge.model.content import ByReference, Code, Coded, Container, Num, Plain, Reference, Value
from bridge.model.dataset import text_element
from bridge.model.group import Group, Json, Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis import times
from bridge.translate.basis.canonical_units import as_the_device_wrote
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.basis.node import INHERITED, ITSELF, Home, Node
from bridge.translate.basis.ranges import in_known_units
from bridge.translate.header import header
from bridge.translate.native import documents
from bridge.translate.native.categories import category_of, report_category, same_categories
from bridge.translate.native.copies import SEVERAL, several_of
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.native.folds import add_folds, whole_period
from bridge.translate.native.generic import VALUE_UNKNOWN, Kind, is_unqualified, kind, reference_type
from bridge.translate.native.habits import Habits
from bridge.translate.native.observed import dated, observed_at, started_in
from bridge.translate.native.participants import PERSONS, add_participant, is_person
from bridge.translate.native.selection import (
    DERIVED_FROM,
    concept_of,
    derived_from,
    graphic_of,
    selected_from,
    subset_of,
)
from bridge.translate.native.shared_context import is_shared
from bridge.translate.native.sides import add_side, named_site, structures_of
from bridge.translate.native.specimens import add_specimen
from bridge.translate.native.subjects import add_subject
from bridge.translate.native.valued import only_words, put_into_container
from bridge.translate.native.values import empty_of, qualifier_in, value_to_dicom

_MAX_DEPTH = 60  # of panels and sections; an SR is read 64 deep
_NO_TEXT = Plain("TEXT", "")
_ABSENT = "a result or member is not here: it is only referred to"
_RETRACTED = ("entered-in-error", "cancelled")


class Items:
    """What a group says of itself is set before the first item is made (`native_dicom`)."""

    def __init__(self, group: Group, mapping: Mapping, known: Known, zone: str | None, habits: Habits) -> None:
        self.group, self.mapping, self.habits = group, mapping, habits
        self.born = header.born_uid(group.root) is not None
        self.legal = "properties" not in habits  # of dates: a document that has them keeps them
        self.done = {id(one) for one in group.members if self.born and is_summary(one)}  # it repeats items
        self._by_reference, contained = group.index(), [*group.contained()]
        self._structures = structures_of(group)
        self._inner = {id(reference): one.resource for one in contained for reference in one.references}
        self._owners = {id(one.resource): one.owner for one in contained}
        self.warnings: list[str] = []
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

    def _member(self, reference: Home, into: Node, effective: str | None) -> None:
        target = self.find(reference)
        if target is None:
            self.warnings.append(_ABSENT)
            return
        if target["resourceType"] == "Observation":
            if id(target) not in self.done:
                self._observation(target, into, reference, effective)
        elif target["resourceType"] in PERSONS:
            add_participant(into, target, reference, self.find, self.mapping.concept)
        elif target["resourceType"] == "Basic":
            self._selection(target, reference, into)
        elif target["resourceType"] == "ImagingStudy":
            self._instance(_uid(reference.get("identifier", {})), _sop_class(target, reference), None, reference, into)
        elif target["resourceType"] == "DocumentReference":
            sop_class = next((one.get("format", {}).get("code") for one in target.get("content", ())), None)
            concept = self.mapping.concept(target["type"]) if "type" in target else None
            self._instance(_uid(target.get("masterIdentifier", {})), sop_class, concept, reference, into)

    def _value(self, home: Home, concept: Code | None, *, container: bool) -> Value:
        """An empty text, number or code only where the document had it: what we create says that it is unknown."""
        if self.born and (odd := empty_of(home)) is not None:
            return odd
        if self.born and "component" in home and any(one.get("id") == SEVERAL for one in home["component"]):
            return Container("SEPARATE")  # values that are one number no more stand below it
        value = value_to_dicom(home, self.zone, container=container)
        if self.born and isinstance(value, Num):
            return as_the_device_wrote(value, concept, self.mapping)
        return Coded(VALUE_UNKNOWN) if value == _NO_TEXT and not self.born else value

    def _several(self, observation: Resource, concept: Code | None) -> Num | None:
        """Of several values, which components say, the item; what was born in FHIR says each for itself."""
        found = several_of(observation) if self.born and "component" in observation else None
        return found and as_the_device_wrote(found, concept, self.mapping)

    def _itself(self, observation: Resource) -> Reference | None:
        """The instance that an Observation of descriptors describes."""
        for source in observation.get("derivedFrom", ()):
            if source.get("id") == ITSELF:
                into = Node(Container(None), None, None)
                self._member(source, into, None)
                return next((one.value for one in into.children if isinstance(one.value, Reference)), None)
        return None

    def _instance(self, uid: str, sop_class: str | None, concept: Code | None, reference: Home, into: Node) -> None:
        if not uid or not sop_class or not sop_class.startswith("urn:oid:"):
            return
        sop_class = sop_class.removeprefix("urn:oid:")
        into.add(Reference(reference_type(sop_class), sop_class, uid, subset_of(reference)), concept, reference)

    def _selection(self, selection: Resource, reference: Home, into: Node) -> None:
        graphic = graphic_of(selection)
        if graphic is None or id(selection) in self.done:  # it has its item
            return
        self.done.add(id(selection))
        code = concept_of(selection)
        node = into.add(graphic, self.mapping.concept(code) if code else None, selection, reference)
        source = derived_from(selection)
        library = self.find(source)
        if library is not None and id(library) in self._owned:
            self.inferred.append((node.add(ByReference(()), None, source), library))
        elif (found := selected_from(selection)) is not None:
            image = Reference(reference_type(found.sop_class), found.sop_class, found.sop_instance, found.subset)
            document = library or {}
            node.add(image, self.mapping.concept(document["type"]) if "type" in document else None, found.home)

    def _observation(self, observation: Resource, into: Node, reference: Home | None, outer: str | None) -> None:
        self.done.add(id(observation))
        depth = into.depth + 1
        if depth > _MAX_DEPTH:
            raise PermanentError(f"results nested deeper than {_MAX_DEPTH}; real reports have about ten levels")
        if observation.get("status") in _RETRACTED:
            self.warnings.append(f"an Observation is {observation['status']}: it has no content item")
            return
        concept = self.mapping.concept(observation.get("code", {}))
        several = self._several(observation, concept)
        value = self._itself(observation) or several or self._value(observation, concept, container=True)
        node = into.add(value, concept, observation, reference or {})
        effective = observed_at(observation)
        said = self.born and self.group.root is not observation and effective in (outer, started_in(observation))
        if not said:  # what FHIR is the source of says it everywhere: an amendment has a Content Date of its own
            node.rest = times.observation_datetime(effective, self.zone)
        if uid := self._observation_uid(observation):
            node.rest += (text_element(OBSERVATION_UID, "UI", uid),)
        self._folds(observation, node, primitives=False)
        if not self.born:
            unsaid = (add_subject(node, observation, self._by_reference), add_specimen(node, observation))
            self.warnings += [one for one in unsaid if one is not None]
        for performer in observation.get("performer", ()):
            self._performer(performer, node)
        for component in observation.get("component", ()):
            if component.get("id") == SEVERAL and several is not None:
                continue  # one of several values
            if self.born and is_shared(component):
                continue  # the container says it
            concept = self.mapping.concept(component.get("code", {}))
            part = node.add(self._value(component, concept, container=False), concept, component)
            self._folds(component, part, primitives=False)
            if self.legal:
                only_words(part)
        for member in observation.get("hasMember", ()):
            self._member(member, node, effective or outer)
        for source in observation.get("derivedFrom", ()):
            if source.get("id") == ITSELF:
                continue
            target = self.find(source)
            if target is not None and id(target) in self._owned and not self._is_container(node):
                self.inferred.append((node.add(ByReference(()), None, source), target))
            else:
                self._member(source, node, effective or outer)
        for extension in observation.get("extension", ()):
            if extension.get("url") == DERIVED_FROM:
                self._member(extension.get("valueReference", {}), node, effective or outer)
        self._folds(observation, node, primitives=True)
        if self.legal:
            put_into_container(node, self.habits.get("alone", ()))
        if self.born and into.depth and effective and not node.rest and self._is_part(node):
            node.rest = times.observation_datetime(effective, self.zone)

    def _is_container(self, node: Node) -> bool:
        """Or will be one: nothing was inferred from what can be inferred from nothing."""
        return isinstance(node.value, Container) or (self.legal and is_unqualified(node.value))

    def _is_part(self, node: Node) -> bool:
        """Whether the item would be read as part of the one above, and no result of its own: a number that was edited
        to `<5` in a template that makes each number a result. A time of its own, the inherited one, says that it is."""
        each = bool(self.habits.get("each", self.mapping.template(None, self.title).each))
        return kind(node.item(), Kind.OBSERVATION, self.mapping, each=each) in (Kind.COMPONENT, Kind.FOLD)

    def _performer(self, performer: Home, node: Node) -> None:
        """A person by the name; of a document born in DICOM only whom the item itself names, for the observers of the
        document are inherited."""
        if performer.get("id") == INHERITED:
            return
        target, own = self.find(performer), "id" in performer or not self.born
        if target is None and "display" in performer and is_person(performer, None, {}):
            target, own = {"resourceType": "Practitioner", "name": [{"text": performer["display"]}]}, True
        if target is not None and target["resourceType"] in PERSONS and own:
            add_participant(node, target, performer, self.find, self.mapping.concept)

    def _observation_uid(self, observation: Resource) -> str | None:
        """Its own, where it has one; a new one in a document of ours, so that it is found again."""
        said = [one for one in observation.get("identifier", ()) if one.get("system") == DICOM_UID_SYSTEM]
        if said:
            try:
                return str(uid_of(said))
            except ValueError:  # no UID: an odd value of the document, which the remainder holds
                return None
        if self.born:
            return None
        identifier = str(observation.get("id") or self.group.key)
        owner = self._owners.get(id(observation))
        if owner is not None:  # the id of a contained one is its own only within that
            inside = "" if owner is self.group.root else f"#{owner.get('id', '')}"
            identifier = f"{self.group.key}{inside}#{identifier}"
        return made_uid(self.known, identifier)

    def _folds(self, home: Home, node: Node, *, primitives: bool, resource: str = "Observation") -> None:
        """Items of the elements beside the value; those of primitives go last, in a second call."""
        rows = self.mapping.written[resource, primitives]
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
        if head == "category":
            return self._categories(home, node) or None
        if head == "interpretation" and isinstance(node.value, Num) and node.value.qualifier is not None:
            return [one for one in said if qualifier_in(one) != node.value.qualifier] or None  # the number says it
        if head in ("bodySite", "method") and said.get("id") == INHERITED:
            return None
        if head == "bodySite" and not self.born:
            return named_site(said, self._structures)
        if head == "referenceRange" and not self.born:
            return in_known_units(said, home)
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


def made_uid(known: Known, identifier: str) -> str:
    """Observation UID of an Observation that was born in FHIR, by its id."""
    return new_uid(known.system, "observation", identifier)


def _uid(identifier: Home) -> str:
    return str(identifier.get("value", "")).removeprefix("urn:oid:")


def _sop_class(study: Resource, reference: Home) -> str | None:
    uid = _uid(reference.get("identifier", {}))
    instances = (one for series in study.get("series", ()) for one in series.get("instance", ()))
    return next((one["sopClass"].get("code") for one in instances if one["uid"] == uid), None)
