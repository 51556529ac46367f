"""Headers in JSON -> data set: the DICOM JSON Model (PS3.18 F), and the keywords that Orthanc has. Texts, numbers as
text, sequences; what else there is, is no part of a header."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydicom.datadict import dictionary_VR, tag_for_keyword

from bridge.model.dataset import TEXT_VRS, UNICODE, DataSet, Element, text_element
from bridge.model.group import Json
from bridge.model.tags import SPECIFIC_CHARACTER_SET

_UNICODE = Element(SPECIFIC_CHARACTER_SET, "CS", b"ISO_IR 192")
_TAG = re.compile("[0-9A-Fa-f]{8}")
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def from_json(item: Json) -> DataSet:
    """In ISO_IR 192, whatever the instance is in. Elements without a value, or of other kinds, are left out."""
    return _in_order((_UNICODE, *_elements(item)))


def from_keywords(item: Json) -> DataSet:
    """Of `{keyword: text, or items}`; unknown keywords are left out."""
    return _in_order((_UNICODE, *_said(item)))


def readable(item: Json) -> dict[str, Json]:
    """Its attributes that have the shape of one (PS3.18 F.2.2); what is none is left out, and the others say what they
    say. Of no JSON object there are none."""
    attributes = item.items() if isinstance(item, dict) else ()
    return {name: said for name, said in attributes if _TAG.fullmatch(name) and _is_attribute(said)}


def _is_attribute(said: Json) -> bool:
    return isinstance(said, dict) and isinstance(said.get("Value") or [], list)


def _in_order(elements: Iterable[Element]) -> DataSet:
    return tuple(sorted(elements, key=lambda element: element.tag))


def _elements(item: Json) -> list[Element]:
    """An item that is empty may be `null` (PS3.18 F.2.5)."""
    found = []
    for name, said in readable(item).items():
        tag, vr, values = int(name, 16), str(said.get("vr") or ""), said.get("Value")
        if tag == SPECIFIC_CHARACTER_SET or not values:
            continue
        if vr == "SQ":
            found.append(Element(tag, vr, tuple(_in_order(_elements(one)) for one in values)))
        elif all(isinstance(one, str | int | dict) for one in values):
            found += _text_element(tag, vr, "\\".join(map(_text, values)))
    return found


def _text_element(tag: int, vr: str, text: str) -> list[Element]:
    """None of what is no text: escape sequences that the archive has left in it."""
    try:
        return [text_element(tag, vr, text, UNICODE)]
    except UnicodeError:
        return []


def _text(value: Json) -> str:
    if isinstance(value, dict):  # a person's name
        return "=".join(str(value.get(group, "")) for group in _NAME_GROUPS).rstrip("=")
    return str(value)


def _said(item: Json) -> list[Element]:
    found = []
    for keyword, value in item.items():
        tag = tag_for_keyword(keyword)
        if tag is None or tag == SPECIFIC_CHARACTER_SET or not value:
            continue
        vr = str(dictionary_VR(tag))
        if isinstance(value, str) and vr in TEXT_VRS:
            found += _text_element(tag, vr, value)
        elif isinstance(value, list) and vr == "SQ":
            found.append(Element(tag, vr, tuple(_in_order(_said(one)) for one in value)))
    return found
