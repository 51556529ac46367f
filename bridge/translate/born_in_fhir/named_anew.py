"""Somebody else is named in a document that was made from resources: a reference names him in the place of whom it
named. A Practitioner whom the items only name is another's resource, and stays what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from bridge.mapping.people import names_to_fhir, person_text
from bridge.model.content import ContentItem, Path, Plain
from bridge.model.group import Group, Resource, reference_to, references_in
from bridge.model.references import contained_in, let_go, without_version
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.named_concepts import PARTICIPANT_NAME
from bridge.translate.native.sections import authors_of_sections
from bridge.translate.native.to_dicom import DicomImage
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.report.outcomes import same_item

_WINS = "edited in DICOM since: it names who is named there now, and whom it named before stays what it was"


class Anew(NamedTuple):
    group: Group
    warnings: list[str]


def named_anew(group: Group, root: ContentItem, back: DicomImage, image: FhirImage, known: Known) -> Anew:
    """The group, whose references are changed in place. `back`: its items; `image`: the document, read natively."""
    natives = {reference_to(one): one for one in image.group.members if "id" in one}
    observers = {id(node): reference for node, reference in back.observers}
    here = {reference_to(one) for one in group.members if "id" in one}
    warnings, persons = list[str](), dict[str, Resource]()
    for path, item, node in _named_otherwise(root, back.root, ()):
        found: list[Resource] = []
        reference, said = observers.get(id(node)), Home()
        if reference is not None:
            said, found = _observer(item, known)
        elif node.home is not None and "reference" in image.homes.get(path, {}):  # the performer of a result
            reference, native = node.home, image.homes[path]
            said, found = {key: one for key, one in native.items() if key != "id"}, _persons(native, natives)
        if reference is None or not found:
            continue
        warnings += [f"{place}: {_WINS}" for place in _places(group, reference)]
        for one in (reference, *_of_sections(group, reference)):
            _replace(group, one, said)
        persons |= {name: one for one in found if (name := reference_to(one)) not in here}
    members = (*group.members, *persons.values())
    references = group.references if group.references is None else {**group.references, **persons}
    return Anew(replace(group, members=members, references=references) if persons else group, warnings)


def _named_otherwise(item: ContentItem, node: Node, path: Path) -> Iterator[tuple[Path, ContentItem, Node]]:
    for index, child in sorted(node.matches(item.children)[0].items()):
        said, at = item.children[index], (*path, index)
        if not any(one.same(child.concept) for one in (PERSON_NAME, PARTICIPANT_NAME)):
            yield from _named_otherwise(said, child, at)
        elif not _same(said, child):
            yield at, said, child


def _same(item: ContentItem, node: Node) -> bool:
    """What is said of the person's place, too."""
    inner = node.matches(item.children)[0].items()
    return same_item(item, node) and all(_same(item.children[index], child) for index, child in inner)


def _observer(item: ContentItem, known: Known) -> tuple[Home, list[Resource]]:
    """By his name: whoever is named next is another one."""
    try:
        names = names_to_fhir(item.value.text) if isinstance(item.value, Plain) else []
    except ValueError:  # a name without any part
        names = []
    if not names or not isinstance(item.value, Plain):
        return {}, []
    identifier = known.id("Practitioner", f"{known.document}|observing|{item.value.text.strip()}")
    person = {"resourceType": "Practitioner", "id": identifier, "name": names}
    return {"reference": reference_to(person), "display": person_text(names[0])}, [person]


def _persons(reference: Home, natives: dict[str, Resource]) -> list[Resource]:
    """With whom a PractitionerRole is of."""
    found: list[Resource] = []
    for name in references_in(reference):
        if (one := natives.get(name)) is not None:
            found += [one, *_persons(one, natives)]
    return found


def _of_sections(group: Group, reference: Home) -> list[Home]:
    """The same author of sections: what is in them inherits who observed the document (PS3.3 C.17.5)."""
    authors = (one for each in group.spoken() for those in authors_of_sections(each) for one in those)
    return [one for one in authors if without_version(one) == without_version(reference)]


def _replace(group: Group, reference: Home, said: Home) -> None:
    """And whom a resource contains, and refers to no more (FHIR R4 dom-3)."""
    former = reference.get("reference", "")
    reference.clear()
    reference.update(said)
    for owner in group.resources() if former.startswith("#") else ():
        gone = contained_in(owner, former)
        if gone is not None and gone["resourceType"].startswith("Practitioner"):
            let_go(owner, former)


def _places(group: Group, reference: Home) -> Iterator[str]:
    for one in group.spoken():
        for element in ("resultsInterpreter", "performer", "author"):
            numbers = (number for number, said in enumerate(one.get(element, ())) if said is reference)
            yield from (f"{one['resourceType']}.{element}.{number}" for number in numbers)
