"""Continuous text: items that are words of one sentence (PS3.3 C.18.8, Continuity of Content CONTINUOUS). What stands
in it says nothing alone: "There is no evidence of" may come before a code."""

from __future__ import annotations

import re

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import spoken
from bridge.model.content import Container, ContentItem, Plain, value_type
from bridge.translate.basis.node import Home
from bridge.translate.native.values import printable, spelled_out, value_to_fhir
from bridge.translate.native.xhtml import in_div

_BEFORE = re.compile(r" +(?=[,.;:!?)])")


def is_flow(item: ContentItem) -> bool:
    """Whether it is one text of several items, under one heading. Many a measurement group says CONTINUOUS, too: there
    a text is of a concept of its own, or its context."""
    if not isinstance(item.value, Container) or item.value.continuity != "CONTINUOUS" or len(item.children) < 2:
        return False
    headings = [one.concept[:2] if one.concept is not None else None for one in item.children]
    of_texts = {heading for heading, one in zip(headings, item.children, strict=True) if _is_text(one)}
    shared = len(of_texts) == 1 and sum(one in of_texts for one in headings) > 1
    return shared and all(one.relationship == "CONTAINS" for one in item.children)


def breaks_flow(item: ContentItem) -> bool:
    """Whether something else than text stands within it: FHIR shows that beside its sentence, as if it were said."""
    return is_flow(item) and not all(map(_is_text, item.children))


def narrative_of(item: ContentItem, mapping: Mapping, zone: str) -> str | None:
    """The whole of it as XHTML; None where nothing of it can be read."""
    said = [words for one in item.children if (words := _words(one, mapping, zone))]
    return in_div(_BEFORE.sub("", " ".join(said)).split("\n")) if said else None


def _words(item: ContentItem, mapping: Mapping, zone: str) -> str:
    """An item that has no words, an image it may be, is named by what it is of."""
    match item.value:
        case Plain("TEXT", text):
            return printable(text).strip()
        case Plain("PNAME", name) if name.strip("^= "):
            return spoken(name)
    home: Home = {}
    if value_type(item.value) in mapping.values:
        value_to_fhir(item.value, home, mapping, zone)
    words = spelled_out(home)
    return (words or (item.concept.meaning if item.concept is not None else "")).strip()


def _is_text(item: ContentItem) -> bool:
    return isinstance(item.value, Plain) and item.value.value_type == "TEXT"
