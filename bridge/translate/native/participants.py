"""Persons who took part (PS3.16 TID 1020) <-> Practitioner; with their place in an organization, a PractitionerRole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.mapping.people import names_to_dicom, names_to_fhir, person_text
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.group import Resource, absent
from bridge.model.references import contained_in, type_of, without_version
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.person_observer import FUNCTION_URL, PERSON_NAME
from bridge.translate.native.named_concepts import (
    ORGANIZATION,
    ORGANIZATION_ROLE,
    PARTICIPANT_NAME,
    PERSON_ID,
    PERSON_ID_ISSUER,
    PERSON_ROLE,
)

PERSONS = ("Practitioner", "PractitionerRole")


def is_person(reference: Home, target: Resource | None, owner: Resource) -> bool:
    """Whether a reference is to a person: by what is there, else by what it says of its target; one that only names
    somebody names a person. Of a `urn:uuid:` that is not here nobody knows."""
    said = without_version(reference)
    kind = type_of(reference, target or contained_in(owner, said))
    return kind in (*PERSONS, "Patient", "RelatedPerson") if said or kind else True


@dataclass
class Participant:
    """Whom an item names: the resources, the reference to them, and the element of each child."""

    resources: list[Resource]
    reference: Home
    homes: dict[int, Home] = field(default_factory=dict)


def participant_of(
    item: ContentItem, identify: Callable[[str], str], coded: Callable[[Code | None], Home]
) -> Participant | None:
    """The participant whom an item names; None where it names none. `identify`: the id of a resource of that type."""
    if not isinstance(item.value, Plain):
        return None
    try:
        names = names_to_fhir(item.value.text)
    except ValueError:  # a name without any part
        names = [absent()]
    person: Resource = {"resourceType": "Practitioner", "id": identify("Practitioner"), "name": names}
    found = Participant([person], {"reference": f"Practitioner/{person['id']}"})
    place: Resource = {"resourceType": "PractitionerRole", "id": identify("PractitionerRole")}
    for index, child in enumerate(item.children):
        home = _part(child, str(index + 1), found.reference, person, place, coded)
        if home is not None:
            found.homes[index] = home
    if len(place) > 2:
        place["practitioner"] = {"reference": found.reference["reference"]}
        found.resources.append(place)
        found.reference["reference"] = f"PractitionerRole/{place['id']}"
    if text := person_text(names[0]):
        found.reference["display"] = text
    return found


def _part(
    child: ContentItem,
    number: str,
    reference: Home,
    person: Resource,
    place: Resource,
    coded: Callable[[Code | None], Home],
) -> Home | None:
    """The element that a child is; None where it has no value, or its element is taken."""
    code = child.value.code if isinstance(child.value, Coded) else None
    text = child.value.text if isinstance(child.value, Plain) and child.value.text.strip() else None
    if PERSON_ROLE.same(child.concept) and code is not None and "extension" not in reference:
        home = {"id": number, **coded(code)}
        reference["extension"] = [{"url": FUNCTION_URL, "valueCodeableConcept": home}]
    elif ORGANIZATION_ROLE.same(child.concept) and code is not None and "code" not in place:
        home = {"id": number, **coded(code)}
        place["code"] = [home]
    elif ORGANIZATION.same(child.concept) and text is not None and "organization" not in place:
        home = place["organization"] = {"id": number, "display": text}
    elif PERSON_ID.same(child.concept) and text is not None and "identifier" not in person:
        home = {"id": number, "value": text}
        person["identifier"] = [home]
    elif PERSON_ID_ISSUER.same(child.concept) and text is not None and "identifier" in person:
        if "assigner" in person["identifier"][0] or int(person["identifier"][0]["id"]) != int(number) - 1:
            return None  # of another id
        home = person["identifier"][0]["assigner"] = {"id": number, "display": text}
    else:
        return None
    return home


def add_participant(
    into: Node,
    target: Resource,
    reference: Home,
    find: Callable[[Home], Resource | None],
    concept: Callable[[Home], Code | None],
) -> None:
    """Adds the item of a Practitioner or a PractitionerRole."""
    place = target if target["resourceType"] == "PractitionerRole" else {}
    person = find(target.get("practitioner", {})) if place else target
    if person is None or person["resourceType"] != "Practitioner":
        return
    said = "id" in reference  # by an item: that of TID 1020 has a role, that of TID 1003 has none
    role = any(one.get("url") == FUNCTION_URL for one in reference.get("extension", ()))
    if names := person.get("name"):
        try:
            text = "" if names == [absent()] and said else names_to_dicom(names)
        except ValueError:  # a name without any part
            return
        node = into.add(Plain("PNAME", text), PARTICIPANT_NAME if said and role else PERSON_NAME, reference)
        _add_parts(node, person, place, reference, concept)


def _add_parts(
    node: Node, person: Resource, place: Resource, reference: Home, concept: Callable[[Home], Code | None]
) -> None:
    for extension in reference.get("extension", ()):
        function = extension.get("valueCodeableConcept", {}) if extension.get("url") == FUNCTION_URL else {}
        if (code := concept(function)) is not None:
            node.add(Coded(code), PERSON_ROLE, function)
    for identifier in (one for one in person.get("identifier", ()) if "id" in one and "id" in reference):
        node.add(Plain("TEXT", identifier.get("value", "")), PERSON_ID, identifier)
        if issuer := identifier.get("assigner", {}).get("display"):
            node.add(Plain("TEXT", issuer), PERSON_ID_ISSUER, identifier["assigner"])
    if organization := place.get("organization", {}).get("display"):
        node.add(Plain("TEXT", organization), ORGANIZATION, place["organization"])
    for coded in place.get("code", ())[:1]:
        if (code := concept(coded)) is not None:
            node.add(Coded(code), ORGANIZATION_ROLE, coded)
