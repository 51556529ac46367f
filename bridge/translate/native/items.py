"""Observations -> content items."""

from __future__ import annotations

from bridge.errors import PermanentError
from bridge.mapping.texts import uid_in
from bridge.model.content import ByReference, Code, Coded, Container, Num, Plain, Reference, Value
from bridge.model.dataset import DataSet, text_element
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.model.references import unversioned
from bridge.model.status import WITHDRAWN
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis import times
from bridge.translate.basis.canonical_units import as_the_device_wrote
from bridge.translate.basis.element_ids import SEVERAL, is_inherited
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.basis.node import ITSELF, Home, Node
from bridge.translate.native.copies import several_of
from bridge.translate.native.generic import Kind, is_unqualified, is_words, kind
from bridge.translate.native.named_concepts import UNNAMED, VALUE_UNKNOWN
from bridge.translate.native.observed import observed_at, started_in
from bridge.translate.native.participants import PERSONS, add_participant, is_person
from bridge.translate.native.qualifiers import absent_code
from bridge.translate.native.referred import Referred
from bridge.translate.native.selection import DERIVED_FROM
from bridge.translate.native.shared_context import is_shared
from bridge.translate.native.specimens import add_specimen
from bridge.translate.native.subjects import add_subject, is_its_own
from bridge.translate.native.valued import only_words, put_into_container, repeats_concept
from bridge.translate.native.values import empty_of, value_to_dicom
from bridge.translate.native.withdrawn import context_of, holds_results

_MAX_DEPTH = 60  # of panels and sections; an SR is read 64 deep
_NO_TEXT = Plain("TEXT", "")
_UNDERIVED = "derivedFrom of a result that has neither a value nor components: no item says it"
_ABSENT = "a result or member is not here: it is only referred to"


class Items(Referred):
    def _member(self, reference: Home, into: Node, effective: str | None, *, is_source: bool = False) -> None:
        target = self.find(reference)
        if target is None:
            self.warnings.append(_ABSENT)
            return
        if target["resourceType"] == "Observation":
            if id(target) not in self.done:
                before = len(into.children)
                self._observation(target, into, reference, effective)
                for one in into.children[before:]:
                    one.is_source = is_source
        elif target["resourceType"] in PERSONS:
            add_participant(into, target, reference, self.find, self.mapping.concept)
        elif target["resourceType"] == "Basic":
            self._selection(target, reference, into)
        elif target["resourceType"] == "ImagingStudy":
            self._image(target, reference, into)
        elif target["resourceType"] == "DocumentReference":
            self._document(target, reference, into)

    def _concept(self, home: Home) -> Code | None:
        """None only where the document had none: a reader refuses the whole of it for one item without."""
        return self.mapping.concept(home.get("code", {})) or (None if self.born else UNNAMED)

    def _value(self, home: Home, concept: Code | None, *, container: bool) -> Value:
        """An empty text, number or code only where the document had it: what we create says that it is unknown."""
        if self.born and (odd := empty_of(home)) is not None:
            return odd
        if self.born and "component" in home and any(one.get("id") == SEVERAL for one in home["component"]):
            return Container("SEPARATE")  # values that are one number no more stand below it
        value = value_to_dicom(home, self.zone, container=container)
        if not self.born and isinstance(value, Num) and not value.values and value.unit is not None:
            return Coded(absent_code(home))  # a unit without its number is no Measured Value (PS3.3 C.18.1)
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

    def _observation(self, observation: Resource, into: Node, reference: Home | None, outer: str | None) -> None:
        self.done.add(id(observation))
        depth = into.depth + 1
        if depth > _MAX_DEPTH:
            raise PermanentError(f"results nested deeper than {_MAX_DEPTH}; real reports have about ten levels")
        concept = self._concept(observation)
        if observation.get("status") in WITHDRAWN:
            if self.born and holds_results(observation, self.find, self.done):
                self._emptied(observation, concept, into, reference, outer)
                return
            self.warnings.append(f"an Observation is {observation['status']}: it has no content item")
            return
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
        if not self.born or is_its_own(observation):
            unsaid = add_subject(node, observation, self._by_reference, born=self.born)
            self.unsaid += [(node, unsaid)] if unsaid is not None else []
            self.warnings += add_specimen(node, observation, self._specimens)
        for performer in observation.get("performer", ()):
            self._performer(performer, node)
        for component in observation.get("component", ()):
            if not (component.get("id") == SEVERAL and several is not None):  # one of several values
                self._component(component, node)
        sources = observation.get("derivedFrom", ())
        inferred = {one.get("reference") for one in sources if self.born and is_inherited(one)}
        for member in observation.get("hasMember", ()):
            self._member(member, node, effective or outer, is_source=member.get("reference") in inferred)
        for source in sources:
            self._source(source, node, effective or outer)
        for extension in observation.get("extension", ()):
            if extension.get("url") == DERIVED_FROM:
                self._member(extension.get("valueReference", {}), node, effective or outer)
        self._folds(observation, node, primitives=True)
        if self.legal:
            put_into_container(node, self.habits.get("alone", ()))
        if self.born and into.depth and not node.rest and self._is_part(node, into):
            unknown = "_effectiveDateTime" in observation
            node.rest = self._named(observation) if unknown else times.observation_datetime(effective, self.zone)

    def _component(self, component: Home, node: Node) -> None:
        if self.born and is_shared(component):
            return  # the container says it
        concept = self._concept(component)
        part = node.add(self._value(component, concept, container=False), concept, component)
        self._folds(component, part, primitives=False)
        if self.legal:
            only_words(part)

    def _source(self, source: Home, node: Node, effective: str | None) -> None:
        """What the result is derived from: by reference where it has its place elsewhere, else below it."""
        if source.get("id") == ITSELF or (self.born and is_inherited(source)):
            return  # a member says it
        target = self.find(source)
        if target is not None and self._has_its_place(target) and not (self.born and self._is_container(node)):
            self._infer(node, source, target)
            return
        self._member(source, node, effective, is_source=True)

    def _has_its_place(self, target: Resource) -> bool:
        """Wherever it is found first: in the list of a report or panel, or below another that is derived from it."""
        return id(target) in self._owned or (not self.born and id(target) in self.done and _is_result(target))

    def _infer(self, node: Node, source: Home, target: Resource) -> None:
        """From a container nothing is inferred (PS3.3 table A.35.3-2): its components are, where it has any."""
        if not self._is_container(node):
            self.inferred.append((node.add(ByReference(()), None, source), target))
            return
        parts = [one for one in node.children if one.home is not None and "resourceType" not in one.home]
        parts = [one for one in parts if isinstance(one.value, Num) or is_words(one.value)]
        self.inferred += [(part.add(ByReference(()), None, None), target) for part in parts]
        if not parts:
            self.unsaid.append((node, _UNDERIVED))

    def _emptied(
        self, observation: Resource, concept: Code | None, into: Node, reference: Home | None, outer: str | None
    ) -> None:
        """What is in error says nothing itself any more. What stands below it stays about whom, where and when it is:
        elsewhere the weight of a fetus would be its mother's."""
        self.warnings.append(
            f"an Observation is {observation['status']}, and results below it stand: it is their heading"
        )
        node = into.add(Container("SEPARATE"), concept, observation, reference or {})
        for component in context_of(observation, self.find, self.mapping):
            about = self.mapping.concept(component.get("code", {}))
            part = node.add(self._value(component, about, container=False), about, component)
            self._folds(component, part, primitives=False)
        found_in = {key: one for key, one in observation.items() if key in ("resourceType", "bodySite", "method")}
        self._folds(found_in, node, primitives=False)
        for member in observation.get("hasMember", ()):
            self._member(member, node, observed_at(observation) or outer)

    def _is_container(self, node: Node) -> bool:
        """Or will be one: nothing was inferred from what can be inferred from nothing."""
        return isinstance(node.value, Container) or (self.legal and is_unqualified(node.value))

    def _is_part(self, node: Node, into: Node) -> bool:
        """Whether the item would be read as part of the one above, and no result of its own: a number that was edited
        to `<5` in a template that makes each number a result. A time of its own, the inherited one, says that it is."""
        if "apart" in self.habits and repeats_concept(node.home or {}, into.home or {}):
            return False
        each = bool(self.habits.get("each", self.mapping.template(None, self.title).each))
        return kind(node.item(), Kind.OBSERVATION, self.mapping, each=each) in (Kind.COMPONENT, Kind.FOLD)

    def _performer(self, performer: Home, node: Node) -> None:
        """A person by the name; of a document born in DICOM only whom the item itself names, for the observers of the
        document are inherited."""
        if is_inherited(performer):
            return
        target, own = self.find(performer), "id" in performer or not self.born
        if target is None and "display" in performer and is_person(performer, None, {}):
            target, own = {"resourceType": "Practitioner", "name": [{"text": performer["display"]}]}, True
        if target is not None and target["resourceType"] in PERSONS and own:
            add_participant(node, target, performer, self.find, self.mapping.concept)

    def _observation_uid(self, observation: Resource) -> str | None:
        """Its own, where it has one; a new one in a document of ours, so that it is found again."""
        said = [one for one in observation.get("identifier", ()) if one.get("system") == DICOM_UID_SYSTEM]
        if said or self.born:
            return uid_in(said)  # None, too, of an odd value of the document, which the remainder holds
        return made_uid(self.known, self._name(observation))

    def _named(self, observation: Resource) -> DataSet:
        """What stands by itself without a time, which nobody knows, does so by its name."""
        return (text_element(OBSERVATION_UID, "UI", made_uid(self.known, self._name(observation))),)

    def _name(self, observation: Resource) -> str:
        identifier = str(observation.get("id") or self._url_of(observation))
        owner = self._owners.get(id(observation))
        if owner is not None:  # the id of a contained one is its own only within that
            inside = "" if owner is self.group.root else f"#{owner.get('id', '')}"
            identifier = f"{self.group.key}{inside}#{identifier}"
        return identifier

    def _url_of(self, observation: Resource) -> str:
        """Of one without id: what refers to it in the group calls it by its URL, whichever version it says."""
        if observation is self.group.root:
            return self.group.key
        said = [unversioned(one) for one, to in self.group.index().items() if to is observation]
        return min(said, default=self.group.key)


def _is_result(resource: Resource) -> bool:
    return bool(resource["resourceType"] == "Observation")


def made_uid(known: Known, identifier: str) -> str:
    """Observation UID of an Observation that was born in FHIR, by its id."""
    return new_uid(known.naming, "observation", identifier)
