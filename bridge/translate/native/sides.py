"""Left or right in an extension of `bodySite`, as guides of HL7 have it -> Laterality of Finding Site (PS3.16 TID 300);
HL7's reference to a BodyStructure -> Finding Site, by its words."""

from __future__ import annotations

from bridge.model.content import Code, Coded
from bridge.model.group import drop_extensions
from bridge.model.names import EXTENSION_BASE
from bridge.translate.basis.node import Home, Node

LATERALITY = Code("272741003", "SCT", "Laterality")
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SCT = "http://snomed.info/sct"
_SIDES = {  # CID 244
    "7771000": Code("7771000", "SCT", "Left"),
    "24028007": Code("24028007", "SCT", "Right"),
    "51440002": Code("51440002", "SCT", "Right and left"),
}


def named_site(site: Home) -> Home:
    """With the words of the BodyStructure where it says no more than that."""
    if site.keys() & {"coding", "text"}:
        return site
    words = [one for one in map(_words, _extensions(site)) if one]
    return {**site, "text": words[0]} if len(words) == 1 else site


def add_side(finding_site: Node, site: Home) -> None:
    """Where all that say one agree."""
    if (side := _side_of(site)) is not None:
        finding_site.add(Coded(side), LATERALITY, None)


def is_unseen(site: Home) -> bool:
    """Whether an extension says of it what no item does."""
    named = named_site(site)
    is_side_told = _side_of(site) is not None and bool(named.keys() & {"coding", "text"})
    told = [is_side_told if _side(one) else bool(_words(one)) and named is not site for one in _extensions(site)]
    return not all(told)


def without_side(site: Home) -> None:
    """In place, where the document says another site or side since."""
    drop_extensions(site, lambda one: _side(one) is not None or one.get("url") == BODY_SITE)


def _side_of(site: Home) -> Code | None:
    """That of all extensions that say one; None where they do not agree."""
    sides = {side for one in _extensions(site) if (side := _side(one)) is not None}
    return sides.pop() if len(sides) == 1 else None


def _extensions(site: Home) -> list[Home]:
    """But ours, and why it is absent."""
    return [one for one in site.get("extension", ()) if not one.get("url", "").startswith((EXTENSION_BASE, _ABSENT))]


def _words(extension: Home) -> str:
    is_site = extension.get("url") == BODY_SITE
    return str(extension.get("valueReference", {}).get("display", "")).strip() if is_site else ""


def _side(extension: Home) -> Code | None:
    codings = extension.get("valueCodeableConcept", {}).get("coding", ())
    return next((_SIDES.get(one.get("code", "")) for one in codings if one.get("system") == _SCT), None)
