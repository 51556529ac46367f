"""What a result was measured in, `Observation.specimen` -> Specimen type (SCT 371439000): glucose of what, if its code
does not say."""

from __future__ import annotations

import re

from bridge.model.content import Code, Plain
from bridge.model.group import Resource
from bridge.model.references import contained_in
from bridge.translate.basis.codeable import displayed
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.whose import subject_key
from bridge.translate.native.spelled import printable

SPECIMEN_TYPE = Code("371439000", "SCT", "Specimen type")
_LOINC = "http://loinc.org"
_ANY = re.compile(r"\b(?:in|of) (?:unspecified )?(?:specimen|XXX)\b", re.IGNORECASE)
"""In the name of a code of LOINC's System `XXX`: of whatever was taken."""
_UNSEEN = "Observation.specimen: a DICOM reader does not see it, and no LOINC code says in what it was measured"


def add_specimen(node: Node, observation: Resource, subjects: dict[str, Resource]) -> str | None:
    """Adds the item; returns a warning of a specimen of which nothing is said here. `subjects`: the resources of the
    group, by what refers to them."""
    specimen = observation.get("specimen")
    if specimen is None or any(_is_type(one) for one in observation.get("component", ())):
        return None
    words = _words(specimen, observation, subjects)
    if words is None:
        return _UNSEEN
    if words:
        node.add(Plain("TEXT", words), SPECIMEN_TYPE, None)
        return None
    codings = observation.get("code", {}).get("coding", ())
    said = (one for one in codings if one.get("system") == _LOINC and not _ANY.search(one.get("display", "")))
    return None if any(said) else _UNSEEN


def _words(specimen: Home, observation: Resource, subjects: dict[str, Resource]) -> str | None:
    """Of the Specimen, else of the reference; None where something there changes what it means, or it is void, or
    somebody else's."""
    reference = specimen.get("reference", "")
    found = contained_in(observation, reference) or subjects.get(reference, {})
    if found.keys() & {"modifierExtension", "implicitRules"} or found.get("status") == "entered-in-error":
        return None
    whose = [subject_key(one["subject"], subjects) for one in (found, observation) if "subject" in one]
    if len(set(whose)) > 1:
        return None
    kind = found.get("type", {})
    said = kind.get("text") or displayed(kind) or specimen.get("display", "")
    return printable(said).strip()


def _is_type(component: Home) -> bool:
    codings = component.get("code", {}).get("coding", ())
    return any(one.get("code") == SPECIMEN_TYPE.value for one in codings)
