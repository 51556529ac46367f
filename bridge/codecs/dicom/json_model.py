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


def is_data_set(item: Json) -> bool:
    """Whether it has the shape that `from_json` reads (PS3.18 F.2)."""
    return isinstance(item, dict) and all(_is_attribute(name, said) for name, said in item.items())


def _is_attribute(name: str, said: Json) -> bool:
    if _TAG.fullmatch(name) is None or not isinstance(said, dict) or not isinstance(said.get("vr", ""), str):
        return False
    values = said.get("Value") or []
    return isinstance(values, list) and (said.get("vr") != "SQ" or all(map(is_data_set, values)))


def _in_order(elements: Iterable[Element]) -> DataSet:
    return tuple(sorted(elements, key=lambda element: element.tag))


def _elements(item: Json) -> list[Element]:
    found = []
    for name, said in item.items():
        tag, vr, values = int(name, 16), said.get("vr", ""), said.get("Value", [])
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
