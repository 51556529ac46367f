"""Continuous text: items that are words of one sentence (PS3.3 C.18.8, Continuity of Content CONTINUOUS). What stands
in it says nothing alone: "There is no evidence of" may come before a code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile, takewhile

from bridge.mapping.mapping import Mapping
from bridge.mapping.people import spoken
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, value_type
from bridge.model.document import template_of
from bridge.translate.basis.node import Home
from bridge.translate.native.asserted import qualifies
from bridge.translate.native.spelled import printable, spelled_out
from bridge.translate.native.values import value_to_fhir
from bridge.translate.native.xhtml import in_div

COMMENT = Code("121106", "DCM", "Comment")
_GROUP = Code("125007", "DCM", "Measurement Group")
_OF_DOSE = {  # containers of PS3.16 TID 10001 to 10040
    ("113500", "DCM"),  # Radiopharmaceutical Radiation Dose Report
    ("113502", "DCM"),  # Radiopharmaceutical Administration
    ("113517", "DCM"),  # Organ Dose Information
    ("113701", "DCM"),  # X-Ray Radiation Dose Report
    ("113702", "DCM"),  # Accumulated X-Ray Dose Data
    ("113706", "DCM"),  # Irradiation Event X-Ray Data
    ("113771", "DCM"),  # X-Ray Filters
    ("113811", "DCM"),  # CT Accumulated Dose Data
    ("113819", "DCM"),  # CT Acquisition
    ("113822", "DCM"),  # CT Acquisition Parameters
    ("113829", "DCM"),  # CT Dose
    ("113831", "DCM"),  # CT X-Ray Source Parameters
    ("122505", "DCM"),  # Calibration
    ("130500", "DCM"),  # Accumulated Dose Data
    ("130501", "DCM"),  # Irradiation Event Summary Data
    ("130502", "DCM"),  # Reference Point Dosimetry
    ("130505", "DCM"),  # Irradiation Details
    ("130514", "DCM"),  # Radiation Output
}
"""A machine writes them: text there is what something is called (Identification of the X-Ray Source, Acquisition
Protocol), and denies nothing, whatever the container says of its continuity. GE and Philips say CONTINUOUS."""
_WORDING = (
    ("121046", "DCM"),  # Country of Language
    ("121049", "DCM"),  # Language of Content Item and Descendants
    ("121050", "DCM"),  # Equivalent Meaning of Concept Name
    ("121051", "DCM"),  # Equivalent Meaning of Value
)
_BEFORE = re.compile(r" +(?=[,.;:!?)])")


def is_flow(item: ContentItem) -> bool:
    """Whether words in it may say something of what stands beside: it is one text of several items, under one heading,
    a text comes before a code or number, or any text stands beside one. Many a measurement group says CONTINUOUS, too:
    there a text after a value is its context, and a comment is one."""
    if not isinstance(item.value, Container) or item.value.continuity != "CONTINUOUS" or len(item.children) < 2:
        return False
    if item.concept is not None and item.concept[:2] in _OF_DOSE:
        return False
    said = _said(item)
    return any(map(_is_text, said)) and (_is_led(said) or _is_one_text(said) or _is_worded(item, said))


def _is_worded(item: ContentItem, said: Sequence[ContentItem]) -> bool:
    """Whether a value beside a text may be denied by words after it, or by what the writer calls a comment: below the
    root a code alone, and none in a group, which its name or a template of its own (TID 1501, TID 3708) tells."""
    is_root = item.relationship is None
    if not is_root and (_GROUP.same(item.concept) or template_of(item.rest) is not None):
        return False
    values = Coded | Num if is_root else Coded
    return any(isinstance(one.value, values) for one in said)


def _is_led(said: Sequence[ContentItem]) -> bool:
    """Whether a value may be denied by words before it, whatever each piece is called."""
    begun = dropwhile(lambda one: not _is_text(one) or COMMENT.same(one.concept), said)
    return any(isinstance(one.value, Coded | Num) for one in begun)


def _is_one_text(said: Sequence[ContentItem]) -> bool:
    headings = [one.concept[:2] if one.concept is not None else None for one in said]
    of_texts = {heading for heading, one in zip(headings, said, strict=True) if _is_text(one)}
    return len(of_texts) == 1 and COMMENT[:2] not in of_texts and sum(one in of_texts for one in headings) > 1


def _said(item: ContentItem) -> list[ContentItem]:
    """Without its context, which is no part of the sentence."""
    return [one for one in item.children if one.relationship == "CONTAINS"]


def before_words(item: ContentItem) -> tuple[ContentItem, ...]:
    """The containers in it that no words come before: any other may continue the sentence, and say what it denies."""
    begun = takewhile(lambda one: not _is_text(one) or one.relationship != "CONTAINS", item.children)
    return tuple(one for one in begun if isinstance(one.value, Container))


def breaks_flow(item: ContentItem) -> bool:
    """Whether something else than text stands within it: FHIR shows that beside its sentence, as if it were said."""
    return is_flow(item) and not all(map(_is_text, _said(item)))


def narrative_of(item: ContentItem, mapping: Mapping, zone: str) -> str | None:
    """The whole of it as XHTML; None where nothing of it can be read."""
    said = sentence_of(item, mapping, zone)
    return in_div(said.split("\n")) if said else None


def sentence_of(item: ContentItem, mapping: Mapping, zone: str) -> str:
    """The whole of it. A container in it has a narrative of its own."""
    said = (worded(one, mapping, zone) for one in _said(item) if not isinstance(one.value, Container))
    return _BEFORE.sub("", " ".join(filter(None, said)))


def worded(item: ContentItem, mapping: Mapping, zone: str) -> str:
    """With what modifies it."""
    return modified(_own_words(item, mapping, zone), item, mapping, zone)


def modified(words: str, item: ContentItem, mapping: Mapping, zone: str) -> str:
    """The words of the item with what modifies it, that it is absent it may be, in brackets."""
    modifiers = [_own_words(one, mapping, zone) for one in item.children if _modifies(one)]
    return f"{words} ({', '.join(modifiers)})" if modifiers else words


def _modifies(item: ContentItem) -> bool:
    """Its language and other words for the same modify nothing; that it is denied may be said as a property, too."""
    said = item.concept[:2] if item.concept is not None else None
    return qualifies(item) or (item.relationship == "HAS CONCEPT MOD" and said not in _WORDING)


def _own_words(item: ContentItem, mapping: Mapping, zone: str) -> str:
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
