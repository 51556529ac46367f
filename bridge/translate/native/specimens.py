"""In what a result was measured, `Observation.specimen` -> Specimen type (SCT 371439000): glucose of what, if its code
does not say. Where that was taken from, `Specimen.collection.bodySite` -> Specimen source topography (SCT 118169006),
and not Finding Site: potassium is of no arm. Which one of several alike -> Specimen Identifier (PS3.16 TID 1009)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.model.content import Code, Plain
from bridge.model.group import Group, Resource, with_element
from bridge.model.references import contained_in, let_go
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.codeable import displayed, displays_in
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.whose import subject_key
from bridge.translate.native.named_concepts import SPECIMEN_ID
from bridge.translate.native.sides import Structures, is_unseen, laterality_of, named_site, structures_of
from bridge.translate.native.spelled import printable
from bridge.translate.native.subjects import is_about_another, states_subject
from bridge.translate.remainder.json_patch import canonical_text

SPECIMEN_TYPE = Code("371439000", "SCT", "Specimen type")
SPECIMEN_SOURCE = Code("118169006", "SCT", "Specimen source topography")
_OF_SPECIMEN = {one.value for one in (SPECIMEN_TYPE, SPECIMEN_SOURCE)}
_LOINC = "http://loinc.org"
_ANY = re.compile(r"\b(?:in|of) (?:unspecified )?(?:specimen|XXX)\b", re.IGNORECASE)
"""In the name of a code of LOINC's System `XXX`: of whatever was taken."""
_UNSEEN_OF_REPORT = (
    "DiagnosticReport.specimen: a DICOM reader does not see it where a result names none, and no code says it; name it"
    " in Observation.specimen"
)
_UNSEEN = "Observation.specimen: a DICOM reader does not see it, and no LOINC code says in what it was measured"
_UNSEEN_SITE = "Specimen.collection.bodySite: a DICOM reader does not see all of it"
_UNSEEN_PARENT = "Specimen.parent: a DICOM reader does not see where that was taken from"
_ALIKE = "Observation.specimen: specimens of one type and site, and a DICOM reader does not see which one it is"


class Specimens(NamedTuple):
    """What a group says of its specimens."""

    there: dict[str, Resource]  # its resources, by what refers to them
    structures: Structures
    alike: set[int]  # ids of those that another one is of the same type and site as


def specimens_of(group: Group) -> Specimens:
    there, structures = group.index(), structures_of(group)
    found: dict[tuple[str, str], dict[str, list[int]]] = {}
    for one in group.spoken():
        if one["resourceType"] == "Observation" and (specimen := _referred(one, there)):
            alike = found.setdefault((_type_of(specimen), _source_of(specimen, structures)), {})
            alike.setdefault(_number_of(specimen) or canonical_text(specimen), []).append(id(specimen))
    several = (alike for alike in found.values() if len(alike) > 1)
    return Specimens(there, structures, {each for alike in several for ids in alike.values() for each in ids})


def add_specimen(node: Node, observation: Resource, specimens: Specimens) -> list[str]:
    """Adds the items, but those that a component is; returns warnings of what is not said here."""
    if "specimen" not in observation:
        return []
    found = _referred(observation, specimens.there)
    if not _stands(found, observation, specimens.there):
        return [_UNSEEN]
    kind = _type_of(found) or printable(observation["specimen"].get("display", "")).strip()
    source = _source_of(found, specimens.structures)
    _add(node, observation, SPECIMEN_TYPE, kind)
    _add(node, observation, SPECIMEN_SOURCE, source)
    is_told = bool(kind or source) or _is_in_code(observation) or _is_component(observation, SPECIMEN_TYPE)
    warnings = [] if is_told else [_UNSEEN]
    site = found.get("collection", {}).get("bodySite", {})
    if (site and not source) or is_unseen(site, specimens.structures):
        warnings.append(_UNSEEN_SITE)
    if "parent" in found and not site:
        warnings.append(_UNSEEN_PARENT)
    return [*warnings, *_add_number(node, observation, found)] if id(found) in specimens.alike else warnings


def unseen_of_report(report: Resource, results: Iterable[Resource]) -> str | None:
    """A warning of results that say no specimen of their own: of a calculated one nobody knows whether that of the
    report is its, and no item says so."""
    unsaid = (one for one in results if "specimen" not in one and one.get("status") not in WITHDRAWN)
    is_unsaid = any(
        not (_is_in_code(one) or _is_component(one, SPECIMEN_TYPE)) for one in unsaid if "hasMember" not in one
    )
    return _UNSEEN_OF_REPORT if report.get("specimen") and is_unsaid else None


def told_of_specimen(native: Resource) -> dict[str, str]:
    """What items below a result say in words of its specimen, by the value of their concept."""
    return {name: one["valueString"] for name, one in _told(native).items()}


def repeated_of_specimen(native: Resource, resource: Resource) -> dict[str, str]:
    """Of these, what was made of what `specimen` refers to."""
    told = told_of_specimen(native) if "specimen" in resource else {}
    own = {name for one in resource.get("component", ()) for name in _concepts_of(one)}
    return {name: words for name, words in told.items() if name not in own}


def without_specimen(native: Resource, names: Iterable[str]) -> Resource:
    """Drops the components that say in words what `specimen` does; of a resource as it is read natively. A second one
    of the same concept is somebody else's."""
    told = _told(native)
    dropped = {id(told[name]) for name in names if name in told}
    return with_element(native, "component", [one for one in native.get("component", ()) if id(one) not in dropped])


def told_since(observation: Resource, native: Resource, names: Iterable[str]) -> None:
    """In place: of what it was measured, as the document says since. The Specimen is another's resource, and stays what
    it is; one that is contained, and referred to no more, goes (FHIR R4 dom-3)."""
    former = observation.pop("specimen", {}).get("reference", "")
    told = {name: one for name, one in _told(native).items() if name in names}
    if (kind := told.pop(SPECIMEN_TYPE.value, None)) is not None:
        observation["specimen"] = {"display": kind["valueString"]}
    if told:
        observation["component"] = [*observation.get("component", ()), *told.values()]
    let_go(observation, former)


def _told(native: Resource) -> dict[str, Home]:
    """The first component in words of each concept, by its value."""
    told = dict[str, Home]()
    for one in native.get("component", ()):
        if "valueString" in one:
            told |= dict.fromkeys((_concepts_of(one) & _OF_SPECIMEN) - told.keys(), one)
    return told


def _add_number(node: Node, observation: Resource, specimen: Resource) -> Iterator[str]:
    """But of a panel, whose members say their own, and of what is about somebody else, whom it would name."""
    if "hasMember" in observation or is_about_another(observation) or states_subject(observation):
        return
    if number := _number_of(specimen):
        _add(node, observation, SPECIMEN_ID, number)
    else:
        yield _ALIKE


def _add(node: Node, observation: Resource, concept: Code, said: str) -> None:
    if said and not _is_component(observation, concept):
        node.add(Plain("TEXT", said), concept, None)


def _is_component(observation: Resource, concept: Code) -> bool:
    return any(concept.value in _concepts_of(one) for one in observation.get("component", ()))


def _concepts_of(component: Home) -> set[str]:
    return {one.get("code", "") for one in component.get("code", {}).get("coding", ())}


def _referred(observation: Resource, there: dict[str, Resource]) -> Resource:
    reference = observation.get("specimen", {}).get("reference", "")
    return contained_in(observation, reference) or there.get(reference, {})


def _stands(found: Resource, observation: Resource, there: dict[str, Resource]) -> bool:
    """Whether nothing there changes what it means, and it is neither void nor somebody else's."""
    if found.keys() & {"modifierExtension", "implicitRules"} or found.get("status") == "entered-in-error":
        return False
    whose = [subject_key(one["subject"], there) for one in (found, observation) if "subject" in one]
    return len(set(whose)) < 2


def _type_of(specimen: Resource) -> str:
    kind = specimen.get("type", {})
    return printable(kind.get("text") or displayed(kind) or "").strip()


def _source_of(specimen: Resource, structures: Structures) -> str:
    """All that people call it, for one may say a side that the other does not; with the side of an extension."""
    site = named_site(specimen.get("collection", {}).get("bodySite", {}), structures)
    said: list[str] = []
    for words in filter(None, (site.get("text"), *displays_in(site))):
        if not any(words.casefold() in one.casefold() for one in said):
            said.append(words)
    first, *others = said or [""]
    side = laterality_of(site, structures) if first else None
    beside = [*others, *([side.meaning] if side is not None else [])]
    return printable(f"{first} ({'; '.join(beside)})" if beside else first).strip()


def _number_of(specimen: Resource) -> str:
    """Its own, else that of the laboratory, which may be of all that came at once."""
    said = (one.get("value") for one in (*specimen.get("identifier", ()), specimen.get("accessionIdentifier", {})))
    return printable(next(filter(None, said), "")).strip()


def _is_in_code(observation: Resource) -> bool:
    """Whether a LOINC code says in what it was measured."""
    codings = observation.get("code", {}).get("coding", ())
    return any(one.get("system") == _LOINC and not _ANY.search(one.get("display", "")) for one in codings)
