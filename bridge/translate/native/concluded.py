"""The conclusion of a report, as its Conclusion items say it (DCM 121077): in words, with what modifies them. What was
concluded of somebody else, in another document, or before, or is denied, is none of this one: it is a result, as it
stands."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping.mapping import Mapping
from bridge.model.content import Container, ContentItem, Plain
from bridge.translate.basis.node import Home
from bridge.translate.native.asserted import is_qualified, is_quoted
from bridge.translate.native.flow import before_words, is_flow, modified, sentence_of
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.native.subject_context import THE_PATIENT, Named, subject_of_item
from bridge.translate.native.told_before import is_told_before
from bridge.translate.native.values import value_to_fhir


def conclusions_in(item: ContentItem, patient: Named, mapping: Mapping, zone: str) -> Iterator[str]:
    """Of the root, or of an item in it."""
    if is_quoted(item) or subject_of_item(item, THE_PATIENT, patient) != THE_PATIENT or is_told_before(item):
        return
    if isinstance(item.value, Container) and is_qualified(item):
        return
    children = item.children
    if CONCLUSION.same(item.concept) and isinstance(item.value, Plain) and item.value.value_type == "TEXT":
        home: Home = {}
        value_to_fhir(item.value, home, mapping, zone)
        if "valueString" in home:
            yield modified(home["valueString"], item, mapping, zone)
    elif is_flow(item):
        if any(CONCLUSION.same(child.concept) for child in item.children):
            yield sentence_of(item, mapping, zone)
        children = before_words(item)
    for child in children:
        if child.children or CONCLUSION.same(child.concept):
            yield from conclusions_in(child, patient, mapping, zone)
