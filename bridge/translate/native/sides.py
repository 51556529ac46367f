"""Left or right in an extension of `bodySite`, as guides of HL7 have it, or in the BodyStructure that HL7's own refers
to -> Laterality of Finding Site (PS3.16 TID 300); and the site that only the BodyStructure says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.model.content import Code, Coded
from bridge.model.group import Group, Json, Resource, drop_extensions
from bridge.model.names import EXTENSION_BASE
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.whose import subject_key, subject_of

Structures = Mapping[str, Resource]
"""BodyStructures of the document's patient, by what refers to them."""
_BEYOND = {"morphology", "description", "image", "excludedStructure"}
LATERALITY = Code("272741003", "SCT", "Laterality")
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SCT = "http://snomed.info/sct"
_SIDES = {  # CID 244
    "7771000": Code("7771000", "SCT", "Left"),
    "24028007": Code("24028007", "SCT", "Right"),
    "51440002": Code("51440002", "SCT", "Right and left"),
}


def structures_of(group: Group) -> Structures:
    index = group.index()
    whose = subject_key(subject_of(group), index)
    structures = ((name, one) for name, one in index.items() if one["resourceType"] == "BodyStructure")
    return {name: one for name, one in structures if subject_key(one.get("patient", {}), index) == whose}


def named_site(site: Home, structures: Structures) -> Home:
    """With the location of the BodyStructure, or the words of the reference to it, where it says no more than that."""
    if site.keys() & {"coding", "text"}:
        return site
    found = [one for one in (_location(one, structures) for one in _extensions(site)) if one]
    return {**found[0], **site} if len(found) == 1 else site


def add_side(finding_site: Node, site: Home, structures: Structures) -> None:
    """Where all that say one agree."""
    if (side := _side_of(site, structures)) is not None:
        finding_site.add(Coded(side), LATERALITY, None)


def is_unseen(site: Home, structures: Structures) -> bool:
    """Whether an extension says of it what no item does."""
    named = named_site(site, structures)
    is_named, is_sided = bool(named.keys() & {"coding", "text"}), _side_of(site, structures) is not None

    def is_told(extension: Home) -> bool:
        words = _words(extension)
        if (structure := _structure(extension, structures)) is not None:
            location, qualifiers = _said_by(structure)
            is_whole = not structure.keys() & _BEYOND and len(qualifiers) < 2 and (is_sided or not qualifiers)
            plain = {*_displays(named), *_displays(location), ""}
            return is_named and is_whole and _is_at(structure, named) and {words, location.get("text", "")} <= plain
        if any(_side(extension, structures)):
            return is_named and is_sided
        return bool(words) and named is not site

    return not all(map(is_told, _extensions(site)))


def without_side(site: Home) -> None:
    """In place, where the document says another site or side since."""
    drop_extensions(site, lambda one: any(_side(one, {})) or one.get("url") == BODY_SITE)


def _side_of(site: Home, structures: Structures) -> Code | None:
    """That of all extensions that say one; None where they do not agree. A BodyStructure somewhere else says none."""
    named = named_site(site, structures)
    sides = set[Code]()
    for extension in _extensions(site):
        structure = _structure(extension, structures)
        if structure is None or _is_at(structure, named):
            sides.update(_side(extension, structures))
    return sides.pop() if len(sides) == 1 else None


def _extensions(site: Home) -> list[Home]:
    """But ours, and why it is absent."""
    return [one for one in site.get("extension", ()) if not one.get("url", "").startswith((EXTENSION_BASE, _ABSENT))]


def _structure(extension: Home, structures: Structures) -> Resource | None:
    if extension.get("url") != BODY_SITE:
        return None
    return structures.get(extension.get("valueReference", {}).get("reference", ""))


def _said_by(structure: Resource) -> tuple[Home, list[Home]]:
    """Location and qualifiers of R4; of R5, those of the one structure that it includes."""
    included = structure.get("includedStructure", [])
    if len(included) != 1:
        return structure.get("location", {}), [*structure.get("locationQualifier", ()), *({} for _ in included)]
    (said,) = included
    sides = [said["laterality"]] if "laterality" in said else []
    beyond = said.keys() - {"structure", "laterality", "qualifier", "id"}
    return said.get("structure", {}), [*sides, *said.get("qualifier", ()), *({} for _ in beyond)]


def _is_at(structure: Resource, site: Home) -> bool:
    """Whether it is where the site is, if it says so: by a code of both, or by its words."""
    location, _ = _said_by(structure)
    codes, there = _codes(location), _codes(site)
    return bool(codes & there) if codes and there else not location or location.get("text") == site.get("text")


def _displays(concept: Home) -> set[str]:
    return {one["display"] for one in concept.get("coding", ()) if "display" in one}


def _codes(concept: Json) -> set[tuple[str | None, str]]:
    return {(one.get("system"), one["code"]) for one in concept.get("coding", ()) if "code" in one}


def _location(extension: Home, structures: Structures) -> Home:
    structure = _structure(extension, structures)
    location = {} if structure is None else _said_by(structure)[0]
    said: Home = {key: location[key] for key in ("coding", "text") if key in location}
    if said:
        return said
    words = _words(extension)
    return {"text": words} if words else {}


def _words(extension: Home) -> str:
    is_site = extension.get("url") == BODY_SITE
    return str(extension.get("valueReference", {}).get("display", "")).strip() if is_site else ""


def _side(extension: Home, structures: Structures) -> Iterator[Code]:
    structure = _structure(extension, structures)
    said = [extension.get("valueCodeableConcept", {})] if structure is None else _said_by(structure)[1]
    for system, code in (one for concept in said for one in sorted(_codes(concept), key=repr)):
        if system == _SCT and code in _SIDES:
            yield _SIDES[code]
