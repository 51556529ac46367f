"""Sections that say what was asked, what was known before, or what a relative has (PS3.16 CID 7001, TID 3802; LOINC):
what is in them is no result of the examination. Nothing in an item says so, only the heading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, Container, ContentItem, Num
from bridge.terminology.schemes import SCT
from bridge.translate.basis.codeable import code_pairs, displayed
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.native.sites import coded_of


class _Said(NamedTuple):
    """In SNOMED CT (situation with explicit context)."""

    concept: Code
    value: Code


_TIME, _PROCEDURE = Code("408731000", "SCT", "Temporal context"), Code("408730004", "SCT", "Procedure context")
_PAST = _Said(_TIME, Code("410513005", "SCT", "In the past"))
_SO_FAR = _Said(_TIME, Code("410511007", "SCT", "Current or past (actual)"))  # a medication may be an active one
_ASKED = _Said(_PROCEDURE, Code("385644000", "SCT", "Requested"))
_RELATIVE = _Said(
    Code("408732007", "SCT", "Subject relationship context"), Code("444148008", "SCT", "Person in family of subject")
)
_SECTIONS: dict[tuple[str, str], _Said | None] = {
    ("121060", "DCM"): _SO_FAR,  # History
    ("121062", "DCM"): _ASKED,  # Request
    ("121064", "DCM"): None,  # Current Procedure Descriptions: of now, and no conclusion
    ("121066", "DCM"): _PAST,  # Prior Procedure Descriptions
    ("121068", "DCM"): _PAST,  # Previous Findings
    ("121069", "DCM"): _PAST,  # Previous Finding
    ("121109", "DCM"): _ASKED,  # Indications for Procedure
    ("11329-0", "LN"): _SO_FAR,
    ("18785-6", "LN"): _ASKED,
    ("18834-2", "LN"): _PAST,
    ("55111-9", "LN"): None,
    ("55114-3", "LN"): _PAST,
    ("55115-0", "LN"): _ASKED,
    ("47519-4", "LN"): _PAST,  # History of Procedures
    ("10160-0", "LN"): _SO_FAR,  # History of Medication Use
    ("10157-6", "LN"): _RELATIVE,  # History of family member diseases
}


def is_told_before(item: ContentItem) -> bool:
    """Whether what is concluded in it is none of this document."""
    return isinstance(item.value, Container) and item.concept is not None and item.concept[:2] in _SECTIONS


def holds_results(item: ContentItem) -> bool:
    """Whether it is such a section, and codes or numbers in it would read as those of today, of the patient."""
    return _said(item) is not None and any(_results(item))


def of_section(item: ContentItem, mapping: Mapping) -> tuple[Home, ...]:
    """The component that each result in it repeats, called as the section is; none of any other item."""
    said = _said(item)
    if said is None or item.concept is None:
        return ()
    value = coded_of(said.value, mapping)
    if title := item.concept.meaning.strip():
        value = value | {"text": title}
    return ({"id": INHERITED, "code": coded_of(said.concept, mapping), "valueCodeableConcept": value},)


def is_of_history(component: Home) -> bool:
    """Whether a heading says no more of it than that it is the patient's history: that holds of him. An item would call
    its code by its meaning."""
    said = component.get("valueCodeableConcept", {})
    return (SCT, _SO_FAR.value.value) in code_pairs(said) and said.get("text") != displayed(said)


def _said(item: ContentItem) -> _Said | None:
    return _SECTIONS[item.concept[:2]] if is_told_before(item) and item.concept is not None else None


def _results(item: ContentItem) -> Iterator[bool]:
    for child in item.children:
        if child.relationship == "CONTAINS":
            yield isinstance(child.value, Coded | Num)
            yield from _results(child)
