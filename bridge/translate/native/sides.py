"""Left or right in an extension of `bodySite`, as guides of HL7 have it, or in the BodyStructure that HL7's own refers
to -> Laterality of Finding Site (PS3.16 TID 300); and the site that only the BodyStructure says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bridge.model.content import Code, Coded
from bridge.model.extensions import drop_extensions
from bridge.model.group import Group, Json, Resource
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.schemes import SCT
from bridge.translate.basis.codeable import displays_in
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.whose import subject_key, subject_of

_BEYOND = {"morphology", "description", "image", "excludedStructure"}
LATERALITY = Code("272741003", "SCT", "Laterality")
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SIDES = {  # CID 244
    "7771000": Code("7771000", "SCT", "Left"),
    "24028007": Code("24028007", "SCT", "Right"),
    "51440002": Code("51440002", "SCT", "Right and left"),
}
_KBV = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_SEITENLOKALISATION"
_CALLED = {
    (SCT, code): side for code, side in _SIDES.items()
} | {  # as German base profiles have it (seitenlokalisation)
    (_KBV, "L"): _SIDES["7771000"],
    (_KBV, "R"): _SIDES["24028007"],
    (_KBV, "B"): _SIDES["51440002"],
}


class Structure(NamedTuple):
    """What a BodyStructure says of where."""

    location: Home
    qualifiers: list[Home]
    is_all: bool  # that it says


Structures = Mapping[str, Structure]
"""BodyStructures of the document's patient, by what refers to them."""


def structures_of(group: Group) -> Structures:
    if not any(one["resourceType"] == "BodyStructure" for one in group.members):
        return {}
    index = group.index()
    whose = subject_key(subject_of(group), index)
    bodies = ((name, one) for name, one in index.items() if one["resourceType"] == "BodyStructure" and _stands(one))
    return {name: _said_by(one) for name, one in bodies if subject_key(one.get("patient", {}), index) == whose}


def _stands(body: Resource) -> bool:
    """Elements that change what the others mean (FHIR R4 `?!`): nothing is read of what they may deny."""
    return not body.keys() & {"modifierExtension", "implicitRules"} and body.get("active", True) is not False


def _said_by(body: Resource) -> Structure:
    """In R4 itself; in R5 the one structure that it includes. Of several nobody knows which one is meant."""
    is_all = not body.keys() & _BEYOND
    if not body.get("includedStructure"):
        return Structure(body.get("location", {}), body.get("locationQualifier", []), is_all)
    first, *others = body["includedStructure"]
    if others:
        return Structure({}, [], is_all=False)
    sides = [first["laterality"]] if "laterality" in first else []
    is_all = is_all and first.keys() <= {"structure", "laterality", "qualifier", "id"}
    return Structure(first.get("structure", {}), [*sides, *first.get("qualifier", ())], is_all)


def named_site(site: Home, structures: Structures) -> Home:
    """With the location of the BodyStructure, or the words of the reference to it, where it says no more than that."""
    if site.keys() & {"coding", "text"}:
        return site
    found = [one for one in (_location(one, structures) for one in _extensions(site)) if one]
    return {**found[0], **site} if len(found) == 1 else site


def add_side(finding_site: Node, site: Home, structures: Structures) -> None:
    """Where all that say one agree."""
    if (side := laterality_of(site, structures)) is not None:
        finding_site.add(Coded(side), LATERALITY, None)


def is_unseen(site: Home, structures: Structures) -> bool:
    """Whether an extension says of it what no item does."""
    extensions = _extensions(site)
    if not extensions:
        return False
    named = named_site(site, structures)
    is_named, is_sided = bool(named.keys() & {"coding", "text"}), laterality_of(site, structures) is not None

    def is_told(extension: Home) -> bool:
        words = _words(extension)
        if (structure := _structure(extension, structures)) is not None:
            qualifiers = structure.qualifiers
            is_whole = structure.is_all and len(qualifiers) < 2 and (is_sided or not qualifiers)
            plain = {*displays_in(named), *displays_in(structure.location), ""}
            is_plain = {words, structure.location.get("text", "")} <= plain
            return is_named and is_whole and is_plain and _is_at(structure, named)
        if _sides(extension, structures):
            return is_named and is_sided
        return bool(words) and named is not site

    return not all(map(is_told, extensions))


def without_side(site: Home, native: Home) -> None:
    """In place, where the document says another site or side since. A code that only the BodyStructure said, which is
    not referred to any more, is that of the `native` site."""
    drop_extensions(site, lambda one: bool(_sides(one, {})) or one.get("url") == BODY_SITE)
    if "coding" in native:
        site.setdefault("coding", native["coding"])


def laterality_of(site: Home, structures: Structures) -> Code | None:
    """That of all extensions that say one; None where they do not agree. A BodyStructure somewhere else says none."""
    named = named_site(site, structures)
    sides = set[Code]()
    for extension in _extensions(site):
        structure = _structure(extension, structures)
        if structure is None or _is_at(structure, named):
            sides |= _sides(extension, structures)
    return sides.pop() if len(sides) == 1 else None


def _extensions(site: Home) -> list[Home]:
    """But ours, and why it is absent."""
    return [one for one in site.get("extension", ()) if not one.get("url", "").startswith((EXTENSION_BASE, _ABSENT))]


def _structure(extension: Home, structures: Structures) -> Structure | None:
    if extension.get("url") != BODY_SITE:
        return None
    return structures.get(extension.get("valueReference", {}).get("reference", ""))


def _is_at(structure: Structure, site: Home) -> bool:
    """Whether it is where the site is, if it says so: by a code of both, or by its words."""
    location = structure.location
    codes, there = _codes(location), _codes(site)
    return bool(codes & there) if codes and there else not location or location.get("text") == site.get("text")


def _codes(concept: Json) -> set[tuple[str | None, str]]:
    return {(one.get("system"), one["code"]) for one in concept.get("coding", ()) if "code" in one}


def _location(extension: Home, structures: Structures) -> Home:
    structure = _structure(extension, structures)
    location = {} if structure is None else structure.location
    said: Home = {key: location[key] for key in ("coding", "text") if key in location}
    if said:
        return said
    words = _words(extension)
    return {"text": words} if words else {}


def _words(extension: Home) -> str:
    is_site = extension.get("url") == BODY_SITE
    return str(extension.get("valueReference", {}).get("display", "")).strip() if is_site else ""


def _sides(extension: Home, structures: Structures) -> set[Code]:
    structure = _structure(extension, structures)
    coded = {"coding": [extension["valueCoding"]]} if "valueCoding" in extension else {}
    said = [extension.get("valueCodeableConcept", coded)] if structure is None else structure.qualifiers
    codes = (one for concept in said for one in _codes(concept))
    return {_CALLED[one] for one in codes if one in _CALLED}
