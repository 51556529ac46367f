"""Content items -> Observations, and what they refer to: images, regions of them, persons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bridge.mapping.mapping import Fold, Mapping, Template
from bridge.mapping.texts import uid_identifier
from bridge.model.content import ByReference, Code, ContentItem, Graphic, Num, Other, Path, Reference, value_type
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.model.tags import OBSERVATION_DATETIME, OBSERVATION_UID
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import ITSELF, Home, put_in_place
from bridge.translate.header.header import result_status
from bridge.translate.header.study import Studies, sop_class_coding
from bridge.translate.native.anchors import anchor_of, names_of
from bridge.translate.native.asserted import qualify
from bridge.translate.native.categories import category_of
from bridge.translate.native.copies import several_values
from bridge.translate.native.flow import is_flow, narrative_of
from bridge.translate.native.folds import folded_into, folds_in
from bridge.translate.native.generic import Kind, kind
from bridge.translate.native.inherited import method_of, observers_of, started_of
from bridge.translate.native.participants import participant_of
from bridge.translate.native.selection import DERIVED_FROM, derive_from, select_from, selection_of, subset_extensions
from bridge.translate.native.shared_context import Shared, is_beside, share, shared_by
from bridge.translate.native.sites import Place, body_site, is_site, place_of
from bridge.translate.native.subject_context import Named, subject_of
from bridge.translate.native.valued import is_value
from bridge.translate.native.values import value_to_fhir

_NOTHING = ContentItem(None, None, Other(None), (), ())


@dataclass(slots=True)
class Context:
    """What DICOM inherits down the tree and FHIR repeats on every Observation."""

    key: str
    effective: str | None
    subject: str | None = None  # what it is about, where that is not the patient
    place: Place = Place()  # where it was found
    method: Home | None = None  # by which the numbers of a container were measured
    observers: Resource | None = None  # performer and device, where they are others than those of the document
    shared: Shared = ()  # context that all results in a container have


@dataclass
class Observations:
    """What a document says of itself is set before the first item is read (`native_fhir`)."""

    document: Document
    mapping: Mapping
    known: Known
    parts: frozenset[Path] = frozenset()  # items that are components, whatever their concept is of
    members: list[Resource] = field(default_factory=list)
    homes: dict[Path, Home] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)  # taken already: the second of that name goes by its path
    inferred: list[tuple[Resource, Path, Path]] = field(default_factory=list)  # Observation, item, the item it names
    selected: list[tuple[Resource, Path, Path]] = field(default_factory=list)  # selection, item, the item it names
    names: dict[Path, list[str]] = field(default_factory=dict)  # of the children of an item
    keys: dict[Path, str] = field(default_factory=dict)  # what the ids of an item and of its children go by

    zone: str = ""
    key: str = ""  # what ids are derived from
    template: Template = field(init=False)
    title: Code | None = None  # of the document
    status: str = "final"
    subject: Home | None = None
    named: Named = Named(frozenset(), ())
    studies: Studies = field(default_factory=Studies)
    encounter: Home | None = None
    targets: frozenset[Path] = frozenset()  # items that others refer to
    observers: Resource = field(default_factory=dict)  # performer and device of every Observation

    def _effective(self, item: ContentItem) -> str | None:
        found = text_of(item.rest, OBSERVATION_DATETIME) if item.rest else None
        try:
            return times.to_fhir(found, self.zone) if found else None
        except ValueError:  # not a date: the remainder carries it
            return None

    def _person(self, item: ContentItem, at: Path) -> Home | None:
        """Somebody whom the document names, in the role that the concept says."""
        found = participant_of(item, lambda kind: self.known.id(kind, self._key_of(at)), self._code)
        if found is None:
            return None
        self.members += found.resources
        self.homes |= {(*at, index): home for index, home in found.homes.items()}
        self.homes[at] = found.reference
        return found.reference

    def _key_of(self, at: Path) -> str:
        """What the id of a thing without UID goes by: it stays where a sibling is inserted or removed."""
        return f"{self.keys.get(at[:-1], self.key)}/{self._named(at)}"

    def _named(self, at: Path) -> str:
        """Concept, and how many siblings of that concept stand before."""
        names = self.names.get(at[:-1])
        if names is None:
            parent = self.document.root
            for step in at[:-1]:
                parent = parent.children[step]
            names = self.names[at[:-1]] = names_of(parent.children)
        return names[at[-1]]

    def _inner(self, item: ContentItem, at: Path, context: Context) -> Context:
        """Anchors keep ids when something is inserted before: Observation UID, tracking UID, irradiation event UID."""
        anchor = anchor_of(item)
        if anchor is None or anchor in self.anchors:
            anchor = f"{context.key}/{self._named(at)}"
        else:
            self.anchors.add(anchor)
            anchor = f"{self.key}|{anchor}"
        self.keys[at] = anchor
        if not item.children:
            effective = self._effective(item) or context.effective
            place, around = context.place, (context.method, context.observers, context.shared)
            return Context(anchor, effective, context.subject, place, *around)
        item = self._without_parts(item, at)
        subject, observers = subject_of(item, self.named), observers_of(item)
        return Context(
            anchor,
            self._effective(item) or started_of(item, self.zone) or context.effective,
            context.subject if subject is None else subject,
            place_of(item, context.place, self.mapping, self.template),
            method_of(item, context.method, self.mapping),
            context.observers if observers is None else observers,
            shared_by(item, context.shared, self.mapping, self.zone),
        )

    def _observation(self, item: ContentItem, at: Path, outer: Context) -> str:
        context = self._inner(item, at, outer)
        category = self.mapping.category(self.title, item.concept, self.template)
        observation: Resource = {
            "resourceType": "Observation",
            "id": self.known.id("Observation", context.key),
            "status": result_status(self.status),
            "category": [category_of(category)],
            "code": self._code(item.concept),
        }
        self.members.append(observation)
        self.homes[at] = observation
        if self.subject is not None:
            observation["subject"] = self.subject
        if self.encounter is not None:
            observation["encounter"] = self.encounter
        if context.subject:  # a fetus's heart rate is not its mother's
            observation["focus"] = [{"display": context.subject}]
        if context.effective:
            observation["effectiveDateTime"] = context.effective
        observers = self.observers if context.observers is None else context.observers
        if context.observers is not outer.observers:  # its own items name them, as references
            observers = {key: one for key, one in observers.items() if key != "performer"}
        observation |= {key: [*one] if isinstance(one, list) else one for key, one in observers.items()}
        if isinstance(item.value, Reference):
            observation["derivedFrom"] = [{"id": ITSELF, **self._reference(item, item.value, at)}]
        else:
            value_to_fhir(item.value, observation, self.mapping, self.zone)
        if is_flow(item) and (div := narrative_of(item, self.mapping, self.zone)) is not None:
            observation["text"] = {"status": "generated", "div": div}
        if isinstance(item.value, Num) and len(item.value.values) > 1:
            several_values(item.value, observation)
        if item.children:
            self._children(item, at, observation, context)
            qualify(observation)
        if outer.shared and not isinstance(item.value, Reference) and not is_beside(item):
            share(observation, outer.shared)
        if item.rest and (uid := text_of(item.rest, OBSERVATION_UID)):
            observation.setdefault("identifier", []).extend(_uid_identifier(uid))
        if isinstance(item.value, Num) and outer.method is not None and "method" not in observation:
            observation["method"] = dict(outer.method)
        if not isinstance(item.value, Reference) and not is_site(item, self.mapping):
            self._sited(observation, context.place if context.place.sites else outer.place)
        return str(observation["id"])

    def _without_parts(self, item: ContentItem, at: Path) -> ContentItem:
        """What is a component says nothing of what stands beside or below it; places stay."""
        if not self.parts:
            return item
        return replace(
            item,
            children=tuple(
                _NOTHING if (*at, index) in self.parts else child for index, child in enumerate(item.children)
            ),
        )

    def _sited(self, observation: Resource, place: Place) -> None:
        """Where it was found. A Finding Site of its own that is an element already has its side in words only."""
        site = body_site(place)
        if site is not None and "bodySite" not in observation:
            observation["bodySite"] = dict(site)
        elif site is not None and "text" in site and site.get("coding") == observation["bodySite"].get("coding"):
            observation["bodySite"]["text"] = site["text"]

    def _children(self, item: ContentItem, at: Path, observation: Resource, context: Context) -> None:
        folds = {index: fold for index, _, fold in folds_in(self._without_parts(item, at), "Observation", self.mapping)}
        each = self.template.each and not isinstance(item.value, Reference)  # what describes an image is no measurement
        for index, child in enumerate(item.children):
            if is_value(child, item) and (*at, index) not in self.targets:
                value_to_fhir(child.value, observation, self.mapping, self.zone)
                self.homes[*at, index] = {}  # a primitive
            else:
                self._child(child, (*at, index), observation, context, folds, each=each)

    def _folded(self, item: ContentItem, at: Path, component: Home) -> None:
        for index, child, fold in folds_in(item, "Observation", self.mapping):
            home = folded_into(component, child, fold, index + 1, self.mapping, self.zone)
            if home is not None:
                self.homes[*at, index] = home

    def _child(
        self,
        child: ContentItem,
        at: Path,
        observation: Resource,
        context: Context,
        folds: dict[int, Fold],
        *,
        each: bool,
    ) -> None:
        number = str(at[-1] + 1)
        place = kind(child, Kind.OBSERVATION, self.mapping, each=each)
        if at in self.targets and place in (Kind.COMPONENT, Kind.FOLD):
            place = Kind.OBSERVATION  # what others refer to is never folded
        if place is Kind.FOLD and at in self.parts:
            place = Kind.COMPONENT
        if place is Kind.FOLD:
            fold = folds.get(at[-1])
            home = folded_into(observation, child, fold, at[-1] + 1, self.mapping, self.zone) if fold else None
            if home is not None:
                self.homes[at] = home
                return
            place = Kind.COMPONENT if value_type(child.value) in self.mapping.values else Kind.CARRIED
        if place is Kind.COMPONENT:
            component: Home = {"id": number, "code": self._code(child.concept)}
            value_to_fhir(child.value, component, self.mapping, self.zone)
            observation.setdefault("component", []).append(component)
            self.homes[at] = component
            if child.children:
                self._folded(child, at, component)
        elif place is Kind.REFERENCE and isinstance(child.value, Reference):
            reference = {"id": number, **self._reference(child, child.value, at)}
            observation.setdefault("derivedFrom", []).append(reference)
            self.homes[at] = reference
        elif place is Kind.OBSERVATION:
            member = {"id": number} | named(f"Observation/{self._observation(child, at, context)}", child)
            observation.setdefault("hasMember", []).append(member)
        elif place is Kind.SELECTION and isinstance(child.value, Graphic):
            reference = {"id": number, "reference": f"Basic/{self._selection(child, child.value, at)}"}
            observation.setdefault("extension", []).append({"url": DERIVED_FROM, "valueReference": reference})
        elif place is Kind.PERSON and (person := self._person(child, at)) is not None:
            person["id"] = number
            observation.setdefault("performer", []).append(person)
        elif isinstance(child.value, ByReference) and self._is_source(child, child.value):
            self.inferred.append((observation, at, path_of(child.value)))

    def _is_source(self, item: ContentItem, value: ByReference) -> bool:
        """What an item was inferred from, or an instance: what was detected was detected on it."""
        target: ContentItem | None = self.document.root
        for step in path_of(value):
            target = target.children[step] if target is not None and step < len(target.children) else None
        return item.relationship == "INFERRED FROM" or (target is not None and isinstance(target.value, Reference))

    def _inferences(self) -> None:
        """By-reference relationships, once every item has its resource."""
        for selection, at, target in self.selected:
            home = self.homes.get(target, {})
            if home.get("resourceType") == "Observation":
                reference = {"id": str(at[-1] + 1), "reference": f"Observation/{home['id']}"}
                derive_from(selection, reference)
                self.homes[at] = reference
        for observation, at, target in self.inferred:
            home = self.homes.get(target, {})
            if home.get("resourceType") == "Observation":
                reference = {"id": str(at[-1] + 1), "reference": f"Observation/{home['id']}"}
                put_in_place(observation.setdefault("derivedFrom", []), reference)
                self.homes[at] = reference

    def _selection(self, item: ContentItem, value: Graphic, at: Path) -> str:
        self.keys[at] = self._key_of(at)
        identifier = self.known.id("Basic", self.keys[at])
        code = self._code(item.concept) if item.concept else None
        self.homes[at] = selection = selection_of(value, identifier, code, self.subject)
        self.members.append(selection)
        images = [
            (index, child, child.value)
            for index, child in enumerate(item.children)
            if isinstance(child.value, Reference) and not child.children
        ]
        if not images:  # the image may be one of the library
            self.selected += [
                (selection, (*at, index), path_of(child.value))
                for index, child in enumerate(item.children[:1])
                if isinstance(child.value, ByReference) and child.relationship == "SELECTED FROM"
            ]
        for index, child, image in images[:1]:
            self.homes[*at, index] = select_from(selection, index + 1, image)
            if child.concept is not None:
                derive_from(selection, self._reference(child, replace(image, subset=()), (*at, index)))
        return identifier

    def _code(self, concept: Code | None) -> Home:
        try:
            return self.mapping.coded(concept)
        except ValueError:  # a code that FHIR cannot spell
            return self.mapping.coded(None)

    def _reference(self, item: ContentItem, value: Reference, at: Path) -> Home:
        """To the ImagingStudy where evidence names the instance and there is no concept, else a DocumentReference."""
        study, sop_class = self.studies.instances.get(value.sop_instance, ({}, None))
        if item.concept is None and sop_class == value.sop_class:
            reference = {
                "reference": f"ImagingStudy/{study['id']}",
                "identifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"},
            }
            return _part_of(reference, value)
        document: Resource = {
            "resourceType": "DocumentReference",
            "id": self.known.id("DocumentReference", self._key_of(at)),
            "masterIdentifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"},
            "status": "current",
        }
        if item.concept is not None:
            document["type"] = self._code(item.concept)
        if self.subject is not None:
            document["subject"] = self.subject
        document["content"] = [
            {"attachment": {"contentType": "application/dicom"}, "format": sop_class_coding(value.sop_class)}
        ]
        self.members.append(document)
        return _part_of({"reference": f"DocumentReference/{document['id']}"}, value)


def path_of(value: ByReference) -> Path:
    """Referenced Content Item Identifier (PS3.3 C.17.3.2.5) counts from 1 and begins with the root."""
    return tuple(step - 1 for step in value.identifier[1:])


def _part_of(reference: Home, value: Reference) -> Home:
    return reference | ({"extension": subset_extensions(value)} if value.subset else {})


def named(reference: str, item: ContentItem) -> Home:
    """With what it is, for whom reads."""
    meaning = item.concept.meaning if item.concept else ""
    return {"reference": reference, "display": meaning} if meaning.strip() else {"reference": reference}


def _uid_identifier(uid: str) -> list[Home]:
    try:
        return uid_identifier(uid)
    except ValueError:
        return [{"system": DICOM_UID_SYSTEM, "value": uid}]
