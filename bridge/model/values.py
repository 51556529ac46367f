"""Value of a content item <-> its attributes (PS3.3 table C.17-6, C.18)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bridge.model.codes import code_of, optional_code
from bridge.model.content import ByReference, Coded, Container, Graphic, Num, Other, Plain, Reference, Value
from bridge.model.dataset import Charset, DataSet, Element, charset_of, decode_text, find, text_element
from bridge.model.tags import (
    CONCEPT_CODE,
    CONTINUITY,
    FLOATING,
    FRAME_OF_REFERENCE,
    FRAMES,
    GRAPHIC_DATA,
    GRAPHIC_TYPE,
    MEASURED,
    NUMERIC,
    PLAIN,
    QUALIFIER,
    REFERENCED_ITEM,
    REFERENCED_SOP,
    SOP_CLASS,
    SOP_INSTANCE,
    UNITS,
    subset_tag,
)

_REFERENCES = ("IMAGE", "WAVEFORM", "COMPOSITE")
_GRAPHICS = ("SCOORD", "SCOORD3D")


def value_of(kind: str | None, by_tag: dict[int, Element], charset: Charset) -> Value:
    """`kind`: Value Type."""
    if kind in PLAIN:
        element = by_tag.get(PLAIN[kind][0])
        if element is not None and isinstance(element.value, bytes):
            try:
                return Plain(kind, decode_text(element.value, element.vr, charset))
            except UnicodeError:
                return Other(kind)
        return Other(kind)
    if kind == "CONTAINER":
        return Container(code_string_of(by_tag.get(CONTINUITY)))
    if kind == "CODE":
        return Coded(code_of(by_tag[CONCEPT_CODE], charset)) if CONCEPT_CODE in by_tag else Other(kind)
    if kind == "NUM":
        return _num(by_tag, charset)
    if kind in _REFERENCES:
        return _reference(kind, by_tag)
    if kind in _GRAPHICS:
        return _graphic(kind, by_tag)
    if kind is None and REFERENCED_ITEM in by_tag and isinstance(by_tag[REFERENCED_ITEM].value, bytes):
        raw = by_tag[REFERENCED_ITEM].value
        return ByReference(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))  # type: ignore[arg-type]
    return Other(kind)


def _num(by_tag: dict[int, Element], charset: Charset) -> Value:
    measured = by_tag.get(MEASURED)
    qualifier = code_of(by_tag[QUALIFIER], charset) if QUALIFIER in by_tag else None
    if measured is None or not isinstance(measured.value, tuple):
        return Other("NUM")
    if not measured.value:
        return Num((), None, qualifier)
    inner = measured.value[0]
    numeric, units, floating = find(inner, NUMERIC), find(inner, UNITS), find(inner, FLOATING)
    text = numeric.value.decode("ascii", "replace").strip(" \0") if numeric and isinstance(numeric.value, bytes) else ""
    exact = None
    if floating is not None and isinstance(floating.value, bytes) and len(floating.value) == 8:
        exact = repr(struct.unpack("<d", floating.value)[0])
    values = tuple(part.strip() for part in text.split("\\")) if text else ()
    return Num(values, code_of(units, charset_of(inner, charset)) if units else None, qualifier, exact)


def _reference(kind: str, by_tag: dict[int, Element]) -> Value:
    element = by_tag.get(REFERENCED_SOP)
    if element is None or not isinstance(element.value, tuple) or len(element.value) != 1:
        return Other(kind)
    inner = {part.tag: part for part in element.value[0]}
    sop_class, instance = code_string_of(inner.get(SOP_CLASS)), code_string_of(inner.get(SOP_INSTANCE))
    if sop_class is None or instance is None:
        return Other(kind)
    return Reference(kind, sop_class, instance, _subset(sop_class, inner))


def _subset(sop_class: str, inner: dict[int, Element]) -> tuple[int, ...]:
    tag = subset_tag(sop_class)
    element = inner.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ()
    if tag != FRAMES:
        return struct.unpack(f"<{len(element.value) // 2}H", element.value[: len(element.value) // 2 * 2])
    texts = element.value.decode("ascii", "replace").strip(" \0").split("\\")
    return tuple(map(int, texts)) if all(text.strip().isdigit() for text in texts) else ()


def _graphic(kind: str, by_tag: dict[int, Element]) -> Value:
    data, graphic_type = by_tag.get(GRAPHIC_DATA), code_string_of(by_tag.get(GRAPHIC_TYPE))
    if data is None or not isinstance(data.value, bytes) or graphic_type is None or len(data.value) % 4:
        return Other(kind)
    numbers = struct.unpack(f"<{len(data.value) // 4}f", data.value)
    if not all(map(math.isfinite, numbers)):
        return Other(kind)
    return graphic(kind, graphic_type, numbers, code_string_of(by_tag.get(FRAME_OF_REFERENCE)))


def graphic(value_type: str, graphic_type: str, data: tuple[float, ...], frame_of_reference: str | None) -> Graphic:
    """Tells -0.0 from 0.0, which are equal."""
    zeros = tuple(at for at, number in enumerate(data) if number == 0 and math.copysign(1, number) < 0)
    return Graphic(value_type, graphic_type, data, frame_of_reference, zeros)


def value_elements(value: Value, charset: Charset) -> DataSet:
    """Raises UnicodeError where text does not fit the character set."""
    return _ELEMENTS_OF[type(value)](value, charset)


def _of_plain(value: Plain, charset: Charset) -> DataSet:
    tag, vr = PLAIN[value.value_type]
    return (text_element(tag, vr, value.text, charset),)


def _of_coded(value: Coded, charset: Charset) -> DataSet:
    return (optional_code(CONCEPT_CODE, value.code, charset),)


def _of_container(value: Container, _: Charset) -> DataSet:
    return () if value.continuity is None else (code_string(CONTINUITY, value.continuity),)


def _of_reference(value: Reference, _: Charset) -> DataSet:
    inner: DataSet = (
        text_element(SOP_CLASS, "UI", value.sop_class),
        text_element(SOP_INSTANCE, "UI", value.sop_instance),
    )
    if value.subset:
        inner = tuple(sorted((*inner, _subset_element(value)), key=lambda part: part.tag))
    return (Element(REFERENCED_SOP, "SQ", (inner,)),)


def _of_graphic(value: Graphic, _: Charset) -> DataSet:
    points = Element(GRAPHIC_DATA, "FL", struct.pack(f"<{len(value.data)}f", *value.data))
    shape = (points, code_string(GRAPHIC_TYPE, value.graphic_type))
    if value.frame_of_reference is None:
        return shape
    return (*shape, text_element(FRAME_OF_REFERENCE, "UI", value.frame_of_reference))


def _of_by_reference(value: ByReference, _: Charset) -> DataSet:
    return (Element(REFERENCED_ITEM, "UL", struct.pack(f"<{len(value.identifier)}I", *value.identifier)),)


def _of_other(_: Other, __: Charset) -> DataSet:
    return ()


def _of_num(num: Num, charset: Charset) -> DataSet:
    inner: list[Element] = []
    if num.unit is not None:
        inner.append(optional_code(UNITS, num.unit, charset))
    if num.values:
        inner.append(text_element(NUMERIC, "DS", "\\".join(num.values)))
    if num.floating is not None:
        inner.insert(-1, Element(FLOATING, "FD", struct.pack("<d", float(num.floating))))
    measured = Element(MEASURED, "SQ", (tuple(inner),) if inner else ())
    return (measured,) if num.qualifier is None else (measured, optional_code(QUALIFIER, num.qualifier, charset))


_ELEMENTS_OF: dict[type, Callable[[Any, Charset], DataSet]] = {  # in ascending order of tags
    Plain: _of_plain,
    Coded: _of_coded,
    Num: _of_num,
    Container: _of_container,
    Reference: _of_reference,
    Graphic: _of_graphic,
    ByReference: _of_by_reference,
    Other: _of_other,
}


def _subset_element(reference: Reference) -> Element:
    tag = subset_tag(reference.sop_class)
    if tag == FRAMES:
        return text_element(tag, "IS", "\\".join(map(str, reference.subset)))
    return Element(tag, "US", struct.pack(f"<{len(reference.subset)}H", *reference.subset))


@lru_cache(maxsize=4096)
def code_string(tag: int, text: str) -> Element:
    raw = text.encode("ascii", "replace")
    return Element(tag, "CS", raw + b" " if len(raw) % 2 else raw)


def code_string_of(element: Element | None) -> str | None:
    return _code_string(element.value) if element is not None and isinstance(element.value, bytes) else None


@lru_cache(maxsize=4096)
def _code_string(raw: bytes) -> str | None:
    return raw.decode("ascii", "replace").strip(" \0") or None
