"""Language and observers (PS3.16 TID 1204, 1001) <-> `language`, Composition.author, Practitioner and Device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.model.content import Code, Coded, ContentItem
from bridge.model.extensions import values_of
from bridge.model.group import Resource, reference_to
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Coding, Concept, Find, Home, Node
from bridge.translate.header.device_observer import add_device, described_by
from bridge.translate.header.person_observer import (
    FUNCTION_URL,
    PERSON_NAME,
    PROCEDURE_ROLE,
    add_person,
    identified_by,
    named_by,
    placed_by,
)

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
DEVICE = Code("121007", "DCM", "Device")
EQUIPMENT = "equipment"
"""Element id of the author that stands for the equipment of the header, and for no content item."""
BY_NAME = "name"
"""Element id of the author whom a name alone says: without an Observer Type it is a person (TID 1002)."""
UNDETERMINED = "und"
"""Language that nobody says (ISO 639-2, as RFC 5646 has it)."""
_LANGUAGES = {  # CID 5000: meanings that readers expect
    "en": "English",
    "de": "German",
    "fr": "French",
    "en-US": "English (United States)",
    "en-GB": "English (United Kingdom)",
    "de-DE": "German (Germany)",
    UNDETERMINED: "Undetermined",
}


def language_code(language: str) -> Code:
    return Code(language, "RFC5646", _LANGUAGES.get(language) or language)


@dataclass(slots=True)
class _Observer:
    resource: Resource
    author: Home  # the reference to it, or to its place
    order: int  # among the authors
    place: Resource | None = None  # a person's, in an organization


@dataclass
class Context:
    """What the children of the root say of language and observers."""

    language: str | None = None
    authors: list[Home] = field(default_factory=list)  # references to `resources`
    performers: list[Home] = field(default_factory=list)  # authors of whom a role in the procedure is said
    procedures: list[Home] = field(default_factory=list)  # CodeableConcepts
    resources: list[Resource] = field(default_factory=list)
    homes: dict[int, Home] = field(default_factory=dict)  # index of the child -> the element that it became


def context_of(root: ContentItem, key: str, known: Known, coded: Coding) -> Context:
    """Children that are not in `homes` are content, or have no place outside of it; of one that has children itself,
    such as Procedure reported with its intent (TID 10001), the code is repeated there."""
    reading = _Reading(key, known, coded)
    for index, item in enumerate(root.children):
        home = reading.home_of(item, index + 1)
        if home is not None:
            reading.context.homes[index] = home
    return reading.context


class _Reading:
    """Item by item, for what describes an observer stands behind what begins one; its concept says of which kind."""

    def __init__(self, key: str, known: Known, coded: Coding) -> None:
        self._key, self._known, self._coded = key, known, coded
        self._row: list[_Observer] = []  # whose Observer Types stand in a row, and who has begun since
        self._typed = 0  # number of the last Observer Type
        self.context = Context()

    def home_of(self, item: ContentItem, number: int) -> Home | None:
        code = item.value.code if isinstance(item.value, Coded) else None
        if PROCEDURE_REPORTED.same(item.concept):
            return self._procedure(item, code, number)
        if item.children or item.concept is None:
            return None
        if LANGUAGE.same(item.concept):
            if code is None or code.scheme != "RFC5646" or number != 1:
                return None
            self.context.language = code.value
            return {}  # a code of the resource itself has no element id on HAPI: the first item, as in every template
        if OBSERVER_TYPE.same(item.concept):
            kind = "Practitioner" if PERSON.same(code) else "Device" if DEVICE.same(code) else None
            return self._typed_as(kind, number) if kind is not None else None
        if PERSON_NAME.same(item.concept):
            return self._name(item, number)
        device, person = self._last("Device"), self._last("Practitioner")
        home = described_by(item, number, device.resource, self._coded) if device is not None else None
        return home or (self._of_person(item, code, number, person) if person is not None else None)

    def _last(self, kind: str) -> _Observer | None:
        return next((one for one in reversed(self._row) if one.resource["resourceType"] == kind), None)

    def _procedure(self, item: ContentItem, code: Code | None, number: int) -> Home | None:
        if code is None:
            return None
        if item.children:
            self.context.procedures.append(self._coded(code))  # a copy: without an id it has no place
            return None
        self.context.procedures.append({"id": str(number), **self._coded(code)})
        return self.context.procedures[-1]

    def _typed_as(self, kind: str, number: int) -> Home:
        """Carestream writes all types first, and all that describes them behind."""
        if self._typed != number - 1:
            self._row = []
        self._typed = number
        return self._begin({"resourceType": kind}, str(number))

    def _begin(self, observer: Resource, place: str) -> Home:
        order = len(self.context.authors) + 1
        observer["id"] = self._known.id(observer["resourceType"], f"{self._key}|observer {order}")
        author = {"id": place, "reference": reference_to(observer)}
        self._row.append(_Observer(observer, author, order))
        self.context.resources.append(observer)
        self.context.authors.append(author)
        return author

    def _name(self, item: ContentItem, number: int) -> Home | None:
        """Of the first of the row who has none; what follows describes that person."""
        people = [one for one in self._row if one.resource["resourceType"] == "Practitioner"]
        nameless = next((one for one in people if "name" not in one.resource), None)
        if nameless is not None:
            self._row = [*(one for one in self._row if one is not nameless), nameless]
            return named_by(item, number, nameless.resource)
        person: Resource = {"resourceType": "Practitioner"}
        home = named_by(item, number, person)
        if home is not None:
            self._begin(person, BY_NAME)
        return home

    def _of_person(self, item: ContentItem, code: Code | None, number: int, person: _Observer) -> Home | None:
        if PROCEDURE_ROLE.same(item.concept):
            return self._function(code, number, person.author)
        identifier = identified_by(item, number, person.resource, self._coded)
        return identifier or self._in_organization(item, number, person)

    def _function(self, code: Code | None, number: int, author: Home) -> Home | None:
        """As a performer of the report, for FHIR has no such role of an author."""
        if code is None or any(one["reference"] == author["reference"] for one in self.context.performers):
            return None
        home = {"id": str(number), **self._coded(code)}
        extension = [{"url": FUNCTION_URL, "valueCodeableConcept": home}]
        self.context.performers.append({"extension": extension, "reference": author["reference"]})
        return home

    def _in_organization(self, item: ContentItem, number: int, observer: _Observer) -> Home | None:
        """Who has a place in an organization is the author in that place."""
        person = {"reference": reference_to(observer.resource)}
        place = observer.place or {"resourceType": "PractitionerRole", "id": "", "practitioner": person}
        home = placed_by(item, number, place, self._coded)
        if home is not None and observer.place is None:
            place["id"] = self._known.id("PractitionerRole", f"{self._key}|observer {observer.order}")
            observer.place = place
            self.context.resources.append(place)
            for one in (*self.context.authors, *self.context.performers):
                if one["reference"] == person["reference"]:
                    one["reference"] = reference_to(place)
        return home


def add_context(root: Node, report: Resource, composition: Resource, find: Find, concept: Concept) -> None:
    """Adds the items that `context_of` reads, each at the place that its element id says."""
    functions: dict[int, Home] = {}
    for performer in report.get("performer", ()):
        for function in sorted(_functions(performer), key=lambda one: "id" not in one):  # an item's, else the first
            functions.setdefault(id(find(performer)), function)
    if language := composition.get("language"):
        root.add(Coded(language_code(language)), LANGUAGE, None).number = (1, -1)
    for event in composition.get("event", ()):
        for coded in event.get("code", ()):
            procedure = concept(coded) if "id" in coded else None  # another event has no such place
            if procedure is not None:
                root.add(Coded(procedure), PROCEDURE_REPORTED, coded)
    for author in composition.get("author", ()):
        observer = find(author)
        if observer is None or author.get("id") == EQUIPMENT:
            continue
        if observer["resourceType"] == "Device":
            root.add(Coded(DEVICE), OBSERVER_TYPE, author)
            add_device(root, observer, concept)
        elif observer["resourceType"] in ("Practitioner", "PractitionerRole"):
            if author.get("id") != BY_NAME:
                root.add(Coded(PERSON), OBSERVER_TYPE, author)
            add_person(root, observer, find, concept)
            function = functions.get(id(observer), {})
            if function and (role := concept(function)) is not None:
                root.add(Coded(role), PROCEDURE_ROLE, function)


def authors_named(root: Node, composition: Resource, find: Find) -> Iterator[tuple[Node, Home]]:
    """The items of names below the root that are those of authors, each with the reference to whom it names."""
    for author in composition.get("author", ()):
        observer = find(author) or {}
        person = find(observer["practitioner"]) if "practitioner" in observer else observer
        names = set(map(id, (person or {}).get("name", ())))
        yield from ((one, author) for one in root.children if one.home is not None and id(one.home) in names)


def _functions(performer: Home) -> list[Home]:
    return values_of(performer, FUNCTION_URL, _CONCEPT)


_CONCEPT = "valueCodeableConcept"
