"""The conclusion of a report, as its Conclusion items say it (DCM 121077), or its impressions where there is none (FHIR
R4 DiagnosticReport.conclusion is both): in words, with what modifies them. What was
concluded of somebody else, in another document, or before, or is denied, is none of this one: it is a result, as it
stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Container, ContentItem, Plain
from bridge.translate.basis.node import Home
from bridge.translate.native.asserted import is_qualified, is_quoted
from bridge.translate.native.flow import before_words, is_flow, modified, sentence_of
from bridge.translate.native.own_words import CONCLUSION, is_impression
from bridge.translate.native.subject_context import THE_PATIENT, Named, subject_of_item
from bridge.translate.native.told_before import is_told_before
from bridge.translate.native.values import value_to_fhir

_Concludes = Callable[[ContentItem, Code | None], bool]
"""Of an item in one of that concept."""


def concluded_in(root: ContentItem, patient: Named, mapping: Mapping, zone: str, *, impressions: bool) -> list[str]:
    """In the order of the items. `impressions`: whether they may stand for a Conclusion."""
    found = [*_said_in(root, None, _is_conclusion, patient, mapping, zone)]
    return found or ([*_said_in(root, None, _is_impression, patient, mapping, zone)] if impressions else [])


def _is_conclusion(item: ContentItem, _around: Code | None) -> bool:
    return CONCLUSION.same(item.concept)


def _is_impression(item: ContentItem, around: Code | None) -> bool:
    return not isinstance(item.value, Container) and is_impression(item.concept, around)


def _said_in(
    item: ContentItem, around: Code | None, concludes: _Concludes, patient: Named, mapping: Mapping, zone: str
) -> Iterator[str]:
    """Of the root, or of an item in it."""
    if is_quoted(item) or subject_of_item(item, THE_PATIENT, patient) != THE_PATIENT or is_told_before(item):
        return
    if isinstance(item.value, Container) and is_qualified(item):
        return
    children = item.children
    if concludes(item, around) and isinstance(item.value, Plain) and item.value.value_type == "TEXT":
        home: Home = {}
        value_to_fhir(item.value, home, mapping, zone)
        if "valueString" in home:
            yield modified(home["valueString"], item, mapping, zone)
    elif is_flow(item):
        if any(concludes(child, item.concept) for child in item.children):
            yield sentence_of(item, mapping, zone)
        children = before_words(item)
    for child in children:
        if child.children or concludes(child, item.concept):
            yield from _said_in(child, item.concept, concludes, patient, mapping, zone)
