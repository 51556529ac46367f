"""Elements as JSON in a remainder: DICOM JSON (PS3.18 F.2), less what the dictionary says.

An element of its VR of PS3.6 is its text, or the list of its items; a Content Template Sequence of DCMR its Template
Identifier. Anything else says its VR, as DICOM JSON does, with the bytes where text would not come back."""

from __future__ import annotations

import base64
from functools import lru_cache

from pydicom.datadict import dictionary_VR

from bridge.errors import DamagedRemainderError
from bridge.model.dataset import (
    TEXT_VRS,
    Charset,
    DataSet,
    Element,
    charset_of,
    decode_text,
    encode_text,
    text_element,
)
from bridge.model.group import Json
from bridge.model.tags import MAPPING_RESOURCE, SPECIFIC_CHARACTER_SET, TEMPLATE, TEMPLATE_ID

_CHARSET = f"{SPECIFIC_CHARACTER_SET:08X}"


@lru_cache(maxsize=4096)
def _vr(tag: int) -> str:
    try:
        return str(dictionary_VR(tag))
    except KeyError:  # private, or unknown to the dictionary
        return ""


def element_json(element: Element, charset: Charset) -> Json:
    tag, vr, value = element
    known = vr == _vr(tag)
    if isinstance(value, tuple):
        items = [dataset_json(item, charset) for item in value]
        if known and tag == TEMPLATE and (identifier := _template(value)):
            return identifier
        return items if known else {"vr": vr, "Value": items}
    if not value:
        return "" if known else {"vr": vr}
    if vr in TEXT_VRS:
        try:
            text = decode_text(value, vr, charset)
            if text and encode_text(text, vr, charset) == value and text.isprintable():
                return text if known else {"vr": vr, "Value": [text]}
        except UnicodeError:
            pass  # not of its character set: the bytes say it
    return {"vr": vr, "InlineBinary": base64.b64encode(value).decode()}


def dataset_json(dataset: DataSet, charset: Charset) -> dict[str, Json]:
    """`charset`: that of what holds the data set."""
    inner = charset_of(dataset, charset)
    return {f"{element.tag:08X}": element_json(element, inner) for element in dataset}


def element_of(tag: int, found: Json, charset: Charset) -> Element:
    if isinstance(found, str):
        if tag == TEMPLATE and found:
            return Element(tag, "SQ", template_items(found))
        vr = _vr(tag)
        return Element(tag, vr, encode_text(found, vr, charset) if found else b"")
    if isinstance(found, list):
        return Element(tag, "SQ", tuple(dataset_of(item, charset) for item in found))
    vr = found["vr"]
    if "InlineBinary" in found:
        return Element(tag, vr, base64.b64decode(found["InlineBinary"]))
    if vr == "SQ":
        return Element(tag, vr, tuple(dataset_of(item, charset) for item in found.get("Value", ())))
    return Element(tag, vr, encode_text(found["Value"][0], vr, charset) if "Value" in found else b"")


def dataset_of(found: dict[str, Json], charset: Charset) -> DataSet:
    try:
        tags = [(int(tag, 16), element) for tag, element in sorted(found.items())]
    except ValueError as error:
        raise DamagedRemainderError from error
    inner = charset_said(found, charset)
    return tuple(element_of(tag, element, inner) for tag, element in tags)


def charset_said(found: dict[str, Json], charset: Charset) -> Charset:
    """That of elements; `charset` where they say none."""
    if _CHARSET not in found:
        return charset
    return charset_of((element_of(SPECIFIC_CHARACTER_SET, found[_CHARSET] or "", ()),))


def without_charset(found: dict[str, Json]) -> dict[str, Json]:
    return {tag: element for tag, element in found.items() if tag != _CHARSET}


def _template(items: tuple[DataSet, ...]) -> str | None:
    """The identifier, where there is nothing else to say."""
    if len(items) != 1 or len(items[0]) != 2 or not isinstance(items[0][1].value, bytes):
        return None
    identifier = items[0][1].value.decode("ascii", "replace").strip(" ")
    return identifier if identifier and items == template_items(identifier) else None


def template_items(identifier: str) -> tuple[DataSet, ...]:
    """Value of a Content Template Sequence: a template of DCMR, PS3.16."""
    text = identifier.encode("ascii", "replace").decode()
    return (
        (
            text_element(MAPPING_RESOURCE, "CS", "DCMR"),
            text_element(TEMPLATE_ID, "CS", text),
        ),
    )
