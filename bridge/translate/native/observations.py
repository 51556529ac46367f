"""Content items -> Observations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.mapping.mapping import Fold
from bridge.mapping.texts import uid_identifier
from bridge.model.content import (
    ByReference,
    Coded,
    Container,
    ContentItem,
    Graphic,
    Num,
    Other,
    Path,
    Plain,
    Reference,
    value_type,
)
from bridge.model.dataset import find, text_of
from bridge.model.group import Resource, absent
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis.node import INHERITED, ITSELF, Home
from bridge.translate.header.header import result_status
from bridge.translate.native.asserted import denials_in, is_of_relative, may_be_against, qualify
from bridge.translate.native.categories import category_of
from bridge.translate.native.copies import several_values
from bridge.translate.native.flow import is_flow, narrative_of
from bridge.translate.native.folded import folded_into
from bridge.translate.native.folds import folds_in
from bridge.translate.native.generic import Kind, kind
from bridge.translate.native.inherited import method_of, methods_in, observers_of, started_of
from bridge.translate.native.odd_codes import without_contradicted
from bridge.translate.native.reading import Read
from bridge.translate.native.references import References, named, path_of
from bridge.translate.native.selection import DERIVED_FROM
from bridge.translate.native.shared_context import Shared, is_beside, is_context, said_around, share, shared_by
from bridge.translate.native.sites import SIDE, Place, body_site, is_site, place_of, place_of_sources
from bridge.translate.native.subject_context import THE_PATIENT, Subject, subject_of_item
from bridge.translate.native.told_before import is_of_history, of_section
from bridge.translate.native.valued import has_comments_alone, is_value, repeats_concept
from bridge.translate.native.values import value_to_fhir

_SOURCE = "INFERRED FROM"
_NOTHING = ContentItem(None, None, Other(None), (), ())


@dataclass(slots=True)
class Context:
    """What DICOM inherits down the tree and FHIR repeats on every Observation."""

    key: str
    effective: str | None  # None, too, below a heading that says it was not today
    subject: Subject = THE_PATIENT
    place: Place = Place()  # where it was found
    method: Home | None = None  # by which the numbers of a container were measured
    observers: Resource | None = None  # performer and device, where they are others than those of the document
    shared: Shared = ()  # context that all results in a container have


class Observations(References):
    def _inner(self, item: ContentItem, at: Path, context: Context) -> Context:
        anchor = self._anchored(item, at, context.key)
        effective = self._effective(item)
        if not item.children:
            effective = effective or context.effective
            place, around = context.place, (context.method, context.observers, context.shared)
            return Context(anchor, effective, context.subject, place, *around)
        before = self.nearer and bool(of_section(item, self.mapping))
        item = self._said_around(item, at)
        subject, observers = subject_of_item(item, context.subject, self.named), observers_of(item)
        return Context(
            anchor,
            effective or started_of(item, self.zone) or (None if before else context.effective),
            subject,
            place_of(item, context.place, self.mapping, self.template),
            method_of(item, context.method, self.mapping),
            context.observers if observers is None else observers,
            shared_by(item, context.shared, self.mapping, self.zone, headed=self.read >= Read.HEADED, ours=self.ours),
        )

    def _observation(self, item: ContentItem, at: Path, outer: Context) -> str:
        context = self._inner(item, at, outer)
        observation = self._circumstances(item, context, outer)
        self.members.append(observation)
        self.homes[at] = observation
        if isinstance(item.value, Reference):
            observation["derivedFrom"] = [{"id": ITSELF, **self._reference(item, item.value, at)}]
        else:
            value_to_fhir(item.value, observation, self.mapping, self.zone)
        if is_flow(item) and (div := narrative_of(item, self.mapping, self.zone)) is not None:
            observation["text"] = {"status": "generated", "div": div}
        if not self.ours:
            observation["code"] = without_contradicted(observation)["code"]
        if isinstance(item.value, Num) and len(item.value.values) > 1:
            several_values(item.value, observation)
        if item.children:
            self._children(item, at, observation, context, self._of_sources(item, context, outer))
        if outer.shared and not isinstance(item.value, Reference) and not is_beside(item):
            share(observation, said_around(item, outer.shared, self.mapping))
        is_said = any("id" in one for one in observation["category"])
        if self.nearer and not is_said and ("focus" in observation or is_of_relative(observation)):
            # vital signs are the patient's
            observation["category"] = [category_of(self.mapping.category(self.title, None, self.template))]
        below = (self.homes.get((*at, index), {}) for index in range(len(item.children)))
        qualify(observation, denials_in(below) if "hasMember" in observation else {})
        if item.rest and (uid := text_of(item.rest, OBSERVATION_UID)):
            observation.setdefault("identifier", []).extend(_uid_identifier(uid))
        if isinstance(item.value, Num) and outer.method is not None and not methods_in(item, self.mapping):
            observation["method"] = dict(outer.method)
        if not isinstance(item.value, Reference) and not is_site(item, self.mapping):
            is_nearer = context.place.sites or SIDE in outer.place.where  # another side, where one is said around
            self._sited(observation, context.place if is_nearer else outer.place)
        return str(observation["id"])

    def _circumstances(self, item: ContentItem, context: Context, outer: Context) -> Resource:
        """Of what and whom it is, when, and who observed it: an Observation before anything is found."""
        category = self.mapping.category(self.title, item.concept, self.template)
        observation: Resource = {
            "resourceType": "Observation",
            "id": self.known.id("Observation", context.key),
            "status": result_status(self.status),
            "category": [category_of(category)],
            "code": self._code(item.concept),
        }
        if self.subject is not None:
            observation["subject"] = self.subject
        if self.encounter is not None:
            observation["encounter"] = self.encounter
        if subject := str(context.subject):  # a fetus's heart rate is not its mother's
            observation["focus"] = [{"display": subject}]
        if context.effective:
            observation["effectiveDateTime"] = context.effective
        elif self.nearer and self.dated:
            observation["_effectiveDateTime"] = absent()
        observers = self.observers if context.observers is None else context.observers
        if context.observers is not outer.observers:  # its own items name them, as references
            observers = {key: one for key, one in observers.items() if key != "performer"}
        return observation | {key: [*one] if isinstance(one, list) else one for key, one in observers.items()}

    def _of_sources(self, item: ContentItem, context: Context, outer: Context) -> Context:
        """Of what the item was inferred from: the observation context of the item (PS3.3 C.17.5), and not what modifies
        it, or how it was acquired."""
        if isinstance(item.value, Container):
            return context
        around = said_around(item, context.shared, self.mapping)
        shared = tuple(one for one in context.shared if one in around or may_be_against(one))  # a denial stays
        return replace(context, place=place_of_sources(item, outer.place, self.mapping), shared=shared)

    def _said_around(self, item: ContentItem, at: Path) -> ContentItem:
        """Without components and results of their own, which say nothing of what stands beside or below them; places
        stay."""
        alone = {index for index, child in enumerate(item.children) if self._is_alone(child, item)}
        if not (self.parts or alone):
            return item
        children = enumerate(item.children)
        said = [_NOTHING if index in alone or (*at, index) in self.parts else child for index, child in children]
        return replace(item, children=tuple(said))

    def _is_alone(self, item: ContentItem, parent: ContentItem) -> bool:
        """Whether an item is a result, which its place and its UID say, though its concept is one of context."""
        if item.relationship != "CONTAINS" or not item.rest or not isinstance(parent.value, Container):
            return False
        return find(item.rest, OBSERVATION_UID) is not None and is_context(item.concept, self.mapping)

    def _sited(self, observation: Resource, place: Place) -> None:
        """Where it was found. A Finding Site of its own that is an element already has its side in words only."""
        site = body_site(place)
        if site is not None and "bodySite" not in observation:
            observation["bodySite"] = dict(site)
        elif site is not None and "text" in site and site.get("coding") == observation["bodySite"].get("coding"):
            observation["bodySite"]["text"] = site["text"]

    def _children(
        self, item: ContentItem, at: Path, observation: Resource, context: Context, of_sources: Context
    ) -> None:
        said = self._said_around(item, at)
        folds = {index: fold for index, _, fold in folds_in(said, "Observation", self.mapping, ours=self.ours)}
        if self.nearer and has_comments_alone(item):  # they are what it says, and no note on anything
            folds = {index: fold for index, fold in folds.items() if fold.element[0] != "note"}
        each = self.template.each and not isinstance(item.value, Reference)  # what describes an image is no measurement
        heading = of_section(item, self.mapping)  # the code of the result itself says it of its components
        said_here = (one for one in context.shared if one not in heading and not is_of_history(one))
        against = any(map(may_be_against, said_here))
        denied = isinstance(item.value, Container) and against
        for index, child in enumerate(item.children):
            if is_value(child, item) and (*at, index) not in self.targets:
                value_to_fhir(child.value, observation, self.mapping, self.zone)
                self.homes[*at, index] = {}  # a primitive
            else:
                around = of_sources if child.relationship == _SOURCE else context
                # a component would not say what may be said against all in its group, and would be where its result is
                apart = denied and child.relationship == "CONTAINS"
                apart = apart or (around is not context and isinstance(child.value, Num))
                said_of = {"code": self._code(child.concept)}
                apart = apart or (self.nearer and repeats_concept(said_of, observation))
                self._child(child, (*at, index), observation, around, folds, each=each, apart=apart)

    def _folded(self, item: ContentItem, at: Path, component: Home) -> None:
        for index, child, fold in folds_in(item, "Observation", self.mapping):
            home = folded_into(component, child, fold, index + 1, self.mapping, self.zone)
            if home is not None:
                self.homes[*at, index] = home

    def _inferred(self, item: ContentItem, at: Path, observation: Resource) -> None:
        """A component is derived from nothing: its Observation is."""
        for index, child in enumerate(item.children):
            if isinstance(child.value, ByReference) and self._is_source(child, child.value):
                self.inferred.append((observation, (*at, index), path_of(child.value)))

    def _child(
        self,
        child: ContentItem,
        at: Path,
        observation: Resource,
        context: Context,
        folds: dict[int, Fold],
        *,
        each: bool,
        apart: bool,
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
        if place is Kind.OBSERVATION and at not in self.targets and _is_inferred(child):
            place = Kind.COMPONENT  # of a result that has no value, from which nothing is inferred: see `items.py`
            apart = True
        if place is Kind.COMPONENT and apart and at not in self.parts:
            self.apart.add(at)
            place = Kind.OBSERVATION
        if place is Kind.COMPONENT:
            component: Home = {"id": number, "code": self._code(child.concept)}
            value_to_fhir(child.value, component, self.mapping, self.zone)
            component = component if self.ours else without_contradicted(component)
            observation.setdefault("component", []).append(component)
            self.homes[at] = component
            if child.children:
                self._folded(child, at, component)
                self._inferred(child, at, observation)
        elif place is Kind.REFERENCE and isinstance(child.value, Reference):
            reference = {"id": number, **self._reference(child, child.value, at)}
            observation.setdefault("derivedFrom", []).append(reference)
            self.homes[at] = reference
        elif place is Kind.OBSERVATION:
            member = {"id": number} | named(f"Observation/{self._observation(child, at, context)}", child)
            is_source = child.relationship == _SOURCE
            if not (self.ours and is_source):
                observation.setdefault("hasMember", []).append(member)
            if is_source and (self.ours or self.read >= Read.NOW):
                source = member if self.ours else member | {"id": INHERITED}  # its place is among the members
                observation.setdefault("derivedFrom", []).append(source)
        elif place is Kind.SELECTION and isinstance(child.value, Graphic):
            reference = {"id": number, "reference": f"Basic/{self._selection(child, child.value, at)}"}
            observation.setdefault("extension", []).append({"url": DERIVED_FROM, "valueReference": reference})
        elif place is Kind.PERSON and (person := self._person(child, at)) is not None:
            person["id"] = number
            observation.setdefault("performer", []).append(person)
        elif isinstance(child.value, ByReference) and self._is_source(child, child.value):
            self.inferred.append((observation, at, path_of(child.value)))


def _is_inferred(item: ContentItem) -> bool:
    leaf = isinstance(item.value, Coded | Num | Plain)
    return leaf and any(isinstance(one.value, ByReference) for one in item.children)


def _uid_identifier(uid: str) -> list[Home]:
    try:
        return uid_identifier(uid)
    except ValueError:
        return [{"system": DICOM_UID_SYSTEM, "value": uid}]
