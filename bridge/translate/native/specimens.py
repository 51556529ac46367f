"""What a result was measured in, `Observation.specimen` -> Specimen type (SCT 371439000): glucose of what, if its code
does not say."""

from __future__ import annotations

from bridge.model.content import Code, Plain
from bridge.model.group import Resource
from bridge.translate.basis.node import Home, Node
from bridge.translate.native.spelled import printable

SPECIMEN_TYPE = Code("371439000", "SCT", "Specimen type")
_LOINC = "http://loinc.org"
_UNSEEN = "Observation.specimen: a DICOM reader does not see it, and no LOINC code says in what it was measured"


def add_specimen(node: Node, observation: Resource) -> str | None:
    """The item; what is to be warned of: a specimen of which nothing is said here."""
    specimen = observation.get("specimen")
    if specimen is None or any(_is_type(one) for one in observation.get("component", ())):
        return None
    if words := _words(specimen, observation):
        node.add(Plain("TEXT", words), SPECIMEN_TYPE, None)
        return None
    codings = observation.get("code", {}).get("coding", ())
    return None if any(one.get("system") == _LOINC for one in codings) else _UNSEEN


def _words(specimen: Home, observation: Resource) -> str:
    """Of the Specimen in the result, unless something there changes what it means; else of the reference."""
    inner = (one for one in observation.get("contained", ()) if f"#{one.get('id')}" == specimen.get("reference"))
    found: Resource = next(inner, {})
    if found.keys() & {"modifierExtension", "implicitRules"}:
        return ""
    kind = found.get("type", {})
    displays = (one["display"] for one in kind.get("coding", ()) if "display" in one)
    said = kind.get("text") or next(displays, None) or specimen.get("display", "")
    return printable(said).strip()


def _is_type(component: Home) -> bool:
    codings = component.get("code", {}).get("coding", ())
    return any(one.get("code") == SPECIMEN_TYPE.value for one in codings)
