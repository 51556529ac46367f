"""A person who observed (PS3.16 TID 1003) <-> Practitioner; with a place in an organization, a PractitionerRole."""

from __future__ import annotations

from bridge.mapping.people import names_to_dicom, names_to_fhir
from bridge.mapping.texts import fhir_string
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.group import Resource
from bridge.translate.basis.node import Coding, Concept, Find, Home, Node

PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
ORGANIZATION = Code("121009", "DCM", "Person Observer's Organization Name")
ORGANIZATION_ROLE = Code("121010", "DCM", "Person Observer's Role in the Organization")
PROCEDURE_ROLE = Code("121011", "DCM", "Person Observer's Role in this Procedure")
IDENTIFIERS = (  # the concept is the type of Practitioner.identifier
    Code("128774", "DCM", "Person Observer's Login Name"),
    Code("128775", "DCM", "Identifier within Person Observer's Role"),
)
FUNCTION_URL = "http://hl7.org/fhir/StructureDefinition/event-performerFunction"
"""On a reference to a performer: the role in the procedure."""


def named_by(item: ContentItem, number: int, person: Resource) -> Home | None:
    """The name that the item becomes; None where it is empty, or no name at all: the remainder carries the item."""
    try:
        first, *others = _names(item)
    except ValueError:
        return None
    home: Home = {"id": str(number), **first}
    person["name"] = [home, *others]
    return home


def _names(item: ContentItem) -> list[Home]:
    """TID 1003 wants a PNAME, which has parts. Where somebody has written a TEXT, that is how the person is called."""
    match item.value:
        case Plain("TEXT", text) if text.strip():
            return [{"text": fhir_string(text.strip())}]
        case Plain("PNAME", text) if text.strip():
            return names_to_fhir(text)
    raise ValueError("no PNAME")


def identified_by(item: ContentItem, number: int, person: Resource, coding: Coding) -> Home | None:
    """An identifier of the person, where that is what the item says, and the first of its kind to do so."""
    concept = next((one for one in IDENTIFIERS if one.same(item.concept)), None)
    if concept is None or not isinstance(item.value, Plain) or not item.value.text.strip():
        return None
    kind, said = coding(concept), person.get("identifier", [])
    if any(one["type"] == kind for one in said):
        return None
    home: Home = {"id": str(number), "type": kind, "value": item.value.text}
    person["identifier"] = [*said, home]
    return home


def placed_by(item: ContentItem, number: int, place: Resource, coding: Coding) -> Home | None:
    """What a PractitionerRole says of an organization and a role, where the item says that first."""
    match item.value:
        case Plain("TEXT", text) if ORGANIZATION.same(item.concept) and text.strip() and "organization" not in place:
            home: Home = {"id": str(number), "display": text}
            place["organization"] = home
            return home
        case Coded(code) if ORGANIZATION_ROLE.same(item.concept) and code is not None and "code" not in place:
            home = {"id": str(number), **coding(code)}
            place["code"] = [home]
            return home
    return None


def add_person(root: Node, observer: Resource, find: Find, concept: Concept) -> None:
    """Adds the items of a Practitioner or a PractitionerRole."""
    place = observer if observer["resourceType"] == "PractitionerRole" else {}
    person = (find(place.get("practitioner", {})) if place else observer) or {}
    _add_name(root, person)
    for identifier in person.get("identifier", ()):
        kind = concept(identifier.get("type", {}))
        said = next((one for one in IDENTIFIERS if one.same(kind)), None)
        if said is not None and (text := identifier.get("value")):
            root.add(Plain("TEXT", text), said, identifier)
    if text := place.get("organization", {}).get("display"):
        root.add(Plain("TEXT", text), ORGANIZATION, place["organization"])
    for coded in place.get("code", ())[:1]:
        if (code := concept(coded)) is not None:
            root.add(Coded(code), ORGANIZATION_ROLE, coded)


def _add_name(root: Node, person: Resource) -> None:
    names = person.get("name", ())
    home = next((one for one in names if "id" in one), names[0] if names else {})
    if home.keys() - {"extension"} == {"id", "text"}:
        root.add(Plain("TEXT", home["text"]), PERSON_NAME, home)
        return
    try:
        said = names_to_dicom(names)
    except ValueError:  # a name without any part, or none at all
        return
    root.add(Plain("PNAME", said), PERSON_NAME, home)
