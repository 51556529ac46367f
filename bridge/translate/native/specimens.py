"""What a result was measured in, `Observation.specimen` -> Specimen type (SCT 371439000): glucose of what, if its code
does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridge.model.content import Code, Plain
from bridge.model.group import Resource, references_in, with_element
from bridge.model.references import contained_in
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.codeable import displayed
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.whose import subject_key
from bridge.translate.native.spelled import printable

SPECIMEN_TYPE = Code("371439000", "SCT", "Specimen type")
_LOINC = "http://loinc.org"
_ANY = re.compile(r"\b(?:in|of) (?:unspecified )?(?:specimen|XXX)\b", re.IGNORECASE)
"""In the name of a code of LOINC's System `XXX`: of whatever was taken."""
_UNSEEN_OF_REPORT = (
    "DiagnosticReport.specimen: a DICOM reader does not see it where a result names none, and no code says it; name it"
    " in Observation.specimen"
)
_UNSEEN = "Observation.specimen: a DICOM reader does not see it, and no LOINC code says in what it was measured"


def add_specimen(node: Node, observation: Resource, subjects: dict[str, Resource]) -> str | None:
    """Adds the item; returns a warning of a specimen of which nothing is said here. `subjects`: the resources of the
    group, by what refers to them."""
    specimen = observation.get("specimen")
    if specimen is None or states_specimen(observation):
        return None
    words = _words(specimen, observation, subjects)
    if words is None:
        return _UNSEEN
    if words:
        node.add(Plain("TEXT", words), SPECIMEN_TYPE, None)
        return None
    return None if _is_coded(observation) else _UNSEEN


def unseen_of_report(report: Resource, results: Iterable[Resource]) -> str | None:
    """A warning of results that say no specimen of their own: of a calculated one nobody knows whether that of the
    report is its, and no item says so."""
    unsaid = (one for one in results if "specimen" not in one and one.get("status") not in WITHDRAWN)
    is_unsaid = any(not (_is_coded(one) or states_specimen(one)) for one in unsaid if "hasMember" not in one)
    return _UNSEEN_OF_REPORT if report.get("specimen") and is_unsaid else None


def _is_coded(observation: Resource) -> bool:
    """Whether a LOINC code says it."""
    codings = observation.get("code", {}).get("coding", ())
    return any(one.get("system") == _LOINC and not _ANY.search(one.get("display", "")) for one in codings)


def type_said(observation: Resource) -> str | None:
    """What its Specimen type says in words; None where it has none, or a code."""
    said = (one.get("valueString") for one in observation.get("component", ()) if _is_type(one))
    return next(said, None)


def without_type(native: Resource) -> Resource:
    """Drops the component that repeats what `specimen` says; of a resource as it is read natively."""
    return with_element(native, "component", [one for one in native.get("component", ()) if not _is_type(one)])


def told_since(observation: Resource, words: str | None) -> None:
    """In place: in what it was measured, as the document says since. The Specimen is another's resource, and stays what
    it is; one that is contained, and referred to no more, goes (FHIR R4 dom-3)."""
    former = observation.pop("specimen", {}).get("reference", "")
    if words is not None:
        observation["specimen"] = {"display": words}
    if former.startswith("#") and former not in references_in(observation):
        left = [one for one in observation.pop("contained", ()) if f"#{one.get('id')}" != former]
        if left:
            observation["contained"] = left


def states_specimen(observation: Resource) -> bool:
    """Whether a component says in what it was measured."""
    return any(map(_is_type, observation.get("component", ())))


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
