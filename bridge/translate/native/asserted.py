"""Whether what an item says holds, of the patient, now: a finding may be denied, somebody else's, of another time, a
procedure planned or not done (PS3.16 TID 1350; SNOMED CT, situation with explicit context), or what another document
said (TID 1000). DICOM says so
beside the value; a FHIR client who looks at the value alone takes it for the patient's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.schemes import uri_of
from bridge.terminology.snomed import sct_of
from bridge.translate.basis.codeable import code_pairs, displayed
from bridge.translate.basis.element_ids import is_inherited
from bridge.translate.basis.node import Home

EXPLICIT_CONTEXT = frozenset(
    {
        ("121052", "DCM"),  # Presence of property
        ("408729009", "SCT"),  # Finding context
        ("408731000", "SCT"),  # Temporal context
        ("408732007", "SCT"),  # Subject relationship context
    }
)
_RENDERING_INTENT = ("111056", "DCM")  # of what is not for presentation, a CAD has not made a finding
_CONTEXTS = EXPLICIT_CONTEXT | {_RENDERING_INTENT}
_PLAIN = frozenset(
    {
        ("52101004", "SCT"),  # Present
        ("410515003", "SCT"),  # Known present
        ("410512000", "SCT"),  # Current or specified time
        ("15240007", "SCT"),  # Current
        ("410604004", "SCT"),  # Subject of record
        ("111150", "DCM"),  # Presentation Required
        ("111151", "DCM"),  # Presentation Optional
    }
)
_PROCEDURE_CONTEXT = ("408730004", "SCT")  # a CT is with or without contrast by it, too (TID 10013)
_NOT_DONE = frozenset(
    {
        ("385644000", "SCT"),  # Requested
        ("397943006", "SCT"),  # Planned
        ("385660001", "SCT"),  # Not done
        ("262008008", "SCT"),  # Not performed
        ("371900001", "SCT"),  # Not administered
    }
)
_QUOTATION = frozenset({("121001", "DCM"), ("121002", "DCM")})  # Quotation Mode, Quoted Source
_SUBJECT_RELATIONSHIP = ("408732007", "SCT")
_CODED, _PLAINLY, _PROCEDURE, _UNDONE, _RELATIVE = (
    {(uri_of(one, EXTENSION_BASE), value) for value, one in codes}
    for codes in (_CONTEXTS, _PLAIN, {_PROCEDURE_CONTEXT}, _NOT_DONE, {_SUBJECT_RELATIONSHIP})
)


def is_qualified(item: ContentItem) -> bool:
    """Whether a modifier of the item says that it does not simply hold."""
    return any([qualifies(child) for child in item.children])


def qualifies(modifier: ContentItem) -> bool:
    """Whether it says, in whatever relationship, that what it stands below does not simply hold."""
    if _key(modifier.concept) not in _CONTEXTS:
        return is_not_done(modifier)
    match modifier.value:
        case Coded(code) if code is not None:
            return _key(code) not in _PLAIN
        case Plain("TEXT", text):
            return bool(text.strip())
    return False


def is_not_done(item: ContentItem) -> bool:
    """Whether it says of a procedure that it is asked for, planned, or was not done."""
    if _key(item.concept) != _PROCEDURE_CONTEXT or not isinstance(item.value, Coded):
        return False
    return _key(item.value.code) in _NOT_DONE


def is_quoted(item: ContentItem) -> bool:
    """Whether it repeats what somebody has said, or another document (TID 1000)."""
    return any([_key(child.concept) in _QUOTATION for child in item.children])


def is_of_relative(home: Home) -> bool:
    """Whether a component says that it is somebody else's in his family."""
    said = (one for one in home.get("component", ()) if not _RELATIVE.isdisjoint(code_pairs(one.get("code", {}))))
    return any(_PLAINLY.isdisjoint(code_pairs(one.get("valueCodeableConcept", {}))) for one in said)


def _key(code: Code | None) -> tuple[str, str] | None:
    if code is None or code.scheme != "SRT":
        return code[:2] if code is not None else None
    sct = sct_of(code.value)
    return (sct, "SCT") if sct is not None else code[:2]


Members = Mapping[str, Home]
"""Observations that say something against what they stand below, by what refers to them."""


def denials_in(resources: Iterable[Home]) -> Members:
    """Of items with a time, a comment or items of their own, which are no components."""
    observations = (one for one in resources if one.get("resourceType") == "Observation")
    return {f"Observation/{one.get('id')}": one for one in observations if _against(one)}


def qualify(home: Home, members: Members) -> None:
    """In place: the text of a coded value with what its components and members say against it, for whoever reads
    neither."""
    value = home.get("valueCodeableConcept")
    if value is not None and "id" not in value and (words := _words(home, members)):
        value["text"] = _worded(_called(value), words)


def is_as_qualified(home: Home, members: Members) -> bool:
    """Whether the text of its value is that of the code with what its components and members say."""
    value = home.get("valueCodeableConcept")
    if value is None:
        return False
    words = _words(home, members)
    return bool(words) and value.get("text") == _worded(_called(value), words)


def called_in(home: Home) -> str:
    """What its coded value is called, whatever is said against it."""
    return _called(home.get("valueCodeableConcept", {}))


def is_denied(home: Home, members: Members) -> bool:
    """Whether a component or member says something against it."""
    return bool(_words(home, members))


def _words(home: Home, members: Members) -> list[str]:
    below = [members.get(one.get("reference", ""), {}) for one in home.get("hasMember", ())] if members else []
    return [*filter(None, map(_against, (*home.get("component", ()), *below)))]


def may_be_against(home: Home) -> bool:
    """By its concept, whatever it says, but for that of a procedure."""
    concept = code_pairs(home.get("code", {}))
    if not _CODED.isdisjoint(concept):
        return True
    return not (_PROCEDURE.isdisjoint(concept) or _UNDONE.isdisjoint(code_pairs(home.get("valueCodeableConcept", {}))))


def _against(home: Home) -> str:
    """What a component or Observation says against what it stands below."""
    if not may_be_against(home):
        return ""
    said = home.get("valueCodeableConcept", {})
    if not _PLAINLY.isdisjoint(code_pairs(said)):
        return ""
    # what a heading says is called as that is: it is no item that somebody edits
    headed = said.get("text") if is_inherited(home) else None
    return str(headed or _called(said) or home.get("valueString", ""))


def _worded(called: str, words: list[str]) -> str:
    return f"{called} ({', '.join(words)})"


def _called(concept: Home) -> str:
    display = displayed(concept)
    return str(concept.get("text", "") if display is None else display)
