"""Data set -> DICOM file, explicit little endian, defined lengths; the same data set gives the same bytes."""

from __future__ import annotations

import struct
from functools import lru_cache

from bridge.codecs.dicom.reader import _LONG_VRS, EXPLICIT
from bridge.errors import InvalidDicomError
from bridge.model.dataset import DataSet, Element, find
from bridge.model.names import NAMESPACE
from bridge.model.tags import CODE_SEQUENCES

IMPLEMENTATION_CLASS_UID = f"2.25.{NAMESPACE.int}"
_SHORT_HEADER, _LONG_HEADER, _ITEM = struct.Struct("<HH2sH"), struct.Struct("<HH2sHI"), struct.Struct("<HHI")


def write(dataset: DataSet) -> bytes:
    """A whole file with preamble and File Meta Information. SOP Class and SOP Instance UID must be there."""
    media = [_uid(dataset, 0x00080016, "SOP Class UID"), _uid(dataset, 0x00080018, "SOP Instance UID")]
    meta = encode(
        (
            Element(0x00020001, "OB", b"\0\1"),
            Element(0x00020002, "UI", media[0]),
            Element(0x00020003, "UI", media[1]),
            Element(0x00020010, "UI", _padded(EXPLICIT)),
            Element(0x00020012, "UI", _padded(IMPLEMENTATION_CLASS_UID)),
        )
    )
    length = encode((Element(0x00020000, "UL", struct.pack("<I", len(meta))),))
    return b"\0" * 128 + b"DICM" + length + meta + encode(dataset)


def encode(dataset: DataSet) -> bytes:
    parts: list[bytes] = []
    for tag, vr, value in dataset:
        if not isinstance(value, bytes):
            value = (_code_sequence if tag in CODE_SEQUENCES else _sequence)(value)
        parts += (_header(tag, vr, len(value)), value)
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _header(tag: int, vr: str, length: int) -> bytes:
    if vr in _LONG_VRS:
        return _LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    if length > 0xFFFF:  # implicit VR has room that explicit VR has not: PS3.5 6.2.2 says UN
        return _LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, b"UN", 0, length)
    return _SHORT_HEADER.pack(tag >> 16, tag & 0xFFFF, vr.encode(), length)


def _sequence(items: tuple[DataSet, ...]) -> bytes:
    parts: list[bytes] = []
    for item in items:
        raw = encode(item)
        parts += (_ITEM.pack(0xFFFE, 0xE000, len(raw)), raw)
    return b"".join(parts)


_code_sequence = lru_cache(maxsize=16384)(_sequence)
"""Written once for all its occurrences."""


def _padded(uid: str) -> bytes:
    raw = uid.encode("ascii")
    return raw + b"\0" if len(raw) % 2 else raw


def _uid(dataset: DataSet, tag: int, name: str) -> bytes:
    element = find(dataset, tag)
    if element is None or not isinstance(element.value, bytes) or not element.value.strip(b"\0 "):
        raise InvalidDicomError(f"no {name}: a file without it cannot be written")
    return element.value
