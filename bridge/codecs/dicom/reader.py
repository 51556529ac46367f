"""DICOM file -> canonical data set: little and big endian, explicit and implicit VR, deflated (PS3.5, annex A).

Values stay bytes. Big endian numbers are turned, lengths of sequences forgotten, VRs of implicit files looked up in
pydicom's dictionary; nothing else changes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from bridge.errors import InvalidDicomError
from bridge.model.dataset import DataSet, Element
from bridge.model.names import PRIVATE_CREATOR
from bridge.model.tags import CODE_SEQUENCES

IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
MAX_DEPTH = 200
MAX_INFLATED = 64 << 20  # bytes; twice the longest body that /translate takes by default
MAX_ELEMENTS = 500_000  # with items; one that is empty has 8 bytes in the file, and a hundred times as many in memory
_LONG_VRS = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
VRS = _LONG_VRS | frozenset("AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_VR_OF = {vr.encode("ascii"): (vr, vr in _LONG_VRS) for vr in VRS}
_USUAL_LENGTH = 512  # bytes of a code sequence
_WIDTH = {
    "US": 2,
    "SS": 2,
    "OW": 2,
    "AT": 2,
    "UL": 4,
    "SL": 4,
    "FL": 4,
    "OL": 4,
    "OF": 4,
    "FD": 8,
    "OD": 8,
    "SV": 8,
    "UV": 8,
    "OV": 8,
}
_ITEM, _ITEM_END, _SEQUENCE_END, _UNDEFINED = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0xFFFFFFFF
_BEHIND_META, _BEHIND_ALL = 0x00030000, 0x1_00000000
_BARE = (b"\x08\x00", b"\x02\x00")  # how a file without preamble begins: PS3.10 wants one, old archives wrote none


@dataclass(frozen=True, slots=True)
class DicomFile:
    meta: DataSet  # File Meta Information, group 0002
    dataset: DataSet
    transfer_syntax: str


def is_dicom(data: bytes) -> bool:
    """By how it begins."""
    return data[128:132] == b"DICM" or _is_bare(data)


def _is_bare(data: bytes) -> bool:
    return len(data) >= 8 and data[:2] in _BARE


def read(data: bytes, below: int = _BEHIND_ALL) -> DicomFile:
    """Of the data set the elements with tags below that one; what stands behind them is not looked at. Raises
    InvalidDicomError with the byte offset of the fault."""
    if not is_dicom(data):
        raise InvalidDicomError("not a DICOM file: no `DICM` at byte 128, and no data set at byte 0")
    start = 132 if data[128:132] == b"DICM" else 0
    if start or data[:2] == b"\x02\x00":
        explicit = bool(start) or _guess(data) == EXPLICIT
        reader = _Reader(data, "<", explicit=explicit, room=_Room())
        meta, end = reader.elements(start, len(data), depth=0, below=_BEHIND_META)
        syntax = next(
            (
                e.value.decode("ascii", "replace").strip(" \0")
                for e in meta
                if e.tag == 0x00020010 and isinstance(e.value, bytes)
            ),
            "",
        )
        if not syntax:
            raise InvalidDicomError("no Transfer Syntax UID (0002,0010) in the File Meta Information")
    else:
        meta, end, syntax = (), 0, _guess(data)
    if syntax == DEFLATED:
        data, end = _inflate(data[end:]), 0
    elif syntax not in (IMPLICIT, EXPLICIT, BIG) and not syntax.startswith("1.2.840.10008.1.2."):
        # encapsulated transfer syntaxes are explicit little endian outside the pixel data
        raise InvalidDicomError(f"unknown Transfer Syntax {syntax!r}")
    reader = _Reader(data, ">" if syntax == BIG else "<", explicit=syntax != IMPLICIT, room=_Room())
    dataset, _ = reader.elements(end, len(data), depth=0, below=below)
    if not dataset and below == _BEHIND_ALL:
        raise InvalidDicomError("no data set behind the File Meta Information")
    return DicomFile(meta, dataset, syntax)


def _guess(data: bytes) -> str:
    """Transfer syntax of a data set without preamble, by what stands where a VR would."""
    return EXPLICIT if data[4:6].decode("latin-1") in VRS else IMPLICIT


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(data, MAX_INFLATED)
    except zlib.error as error:
        raise InvalidDicomError(f"deflated data set is damaged: {error}") from error
    if inflater.unconsumed_tail:
        raise InvalidDicomError(f"deflated data set grows beyond {MAX_INFLATED} bytes")
    if not inflater.eof:
        raise InvalidDicomError("deflated data set is truncated")
    return plain


class _Room:
    """For so many elements of one file."""

    def __init__(self) -> None:
        self._left = MAX_ELEMENTS

    def take(self, number: int = 1) -> None:
        self._left -= number
        if self._left < 0:
            raise InvalidDicomError(f"more than {MAX_ELEMENTS} elements and items; real reports have some thousands")


class _Reader:
    """One pass over the bytes of one data set, in one byte order."""

    def __init__(self, data: bytes, order: str, *, explicit: bool, room: _Room) -> None:
        self.data = data
        self.room = room
        self.order = order
        self.explicit = explicit
        self.usual = explicit and order == "<"
        self._start = struct.Struct(order + "HH2sH").unpack_from
        self._tag = struct.Struct(order + "HH").unpack_from
        self._short = struct.Struct(order + "H").unpack_from
        self._long = struct.Struct(order + "I").unpack_from

    def elements(self, at: int, end: int, *, depth: int, below: int = _BEHIND_ALL) -> tuple[DataSet, int]:
        """Elements from `at` to `end`, to an item delimiter, or to a tag that is not below; and where they end."""
        if depth > MAX_DEPTH:
            raise InvalidDicomError(f"at byte {at}: sequences nested deeper than {MAX_DEPTH}")
        found: list[Element] = []
        creators: dict[int, str] = {}
        last, data, header, take = -1, self.data, self._start, self.room.take
        new = tuple.__new__  # which a NamedTuple calls, too, by a way that takes twice as long
        while at < end:
            if at + 8 > end:
                raise InvalidDicomError(f"at byte {at}: truncated inside an element header")
            high, low, code, length = header(data, at)
            tag = high << 16 | low
            if tag == _ITEM_END:
                return tuple(found), at + 8
            if tag >= below:
                break
            start = at + 8
            if not self.explicit or high == 0xFFFE:
                vr, length = _implicit_vr(tag, creators), self._long(data, at + 4)[0]
            else:
                vr, long = _VR_OF.get(code, ("", False))
                if not vr:
                    raise InvalidDicomError(f"at byte {at}: unknown VR {code.decode('latin-1')!r} of {_name(tag)}")
                if long:
                    if at + 12 > end:
                        raise InvalidDicomError(f"at byte {at}: truncated inside an element header")
                    length, start = self._long(data, start)[0], at + 12
            if vr == "UN" and creators.get(low >> 8) == PRIVATE_CREATOR and length != _UNDEFINED:
                vr = "OB"  # of ours, sent in implicit VR by somebody who does not know it: the same content
            if vr == "SQ" or (length == _UNDEFINED and vr == "UN"):
                # PS3.5 6.2.2: UN of undefined length is an implicit little endian sequence
                reader = _Reader(self.data, "<", explicit=False, room=self.room) if vr == "UN" else self
                value: bytes | tuple[DataSet, ...]
                if tag in CODE_SEQUENCES and length <= _USUAL_LENGTH and reader.usual:
                    value, at = self._code_sequence(start, end, length, depth)
                else:
                    value, at = reader._sequence(start, end, length, depth)
                vr = "SQ"
            elif self.usual and start + length <= end:  # what is undefined is longer than any file
                at = start + length
                value = data[start:at]
            else:
                value, at = self._bytes(tag, vr, length, start, end), start + length
            if high % 2 and 0x10 <= low <= 0xFF and isinstance(value, bytes):
                creators[low] = value.decode("latin-1").strip(" \0")
            if tag <= last:
                raise InvalidDicomError(f"at byte {start}: element ({high:04X},{low:04X}) out of order or twice")
            last = tag
            take()
            found.append(new(Element, (tag, vr, value)))
        return tuple(found), at

    def _bytes(self, tag: int, vr: str, length: int, at: int, end: int) -> bytes:
        if length == _UNDEFINED:
            raise InvalidDicomError(
                f"at byte {at}: undefined length of {_name(tag)}: encapsulated values are not read here"
            )
        if at + length > end:
            raise InvalidDicomError(f"at byte {at}: {_name(tag)} wants {length} bytes, {end - at} are left: truncated")
        raw = self.data[at : at + length]
        return _turned(raw, _WIDTH[vr]) if self.order == ">" and vr in _WIDTH else raw

    def _code_sequence(self, at: int, end: int, length: int, depth: int) -> tuple[tuple[DataSet, ...], int]:
        """Read once for all its occurrences."""
        if at + length <= end:
            try:
                usual = _usual_items(self.data[at : at + length])
                self.room.take(length // 8)  # at most
                return usual, at + length
            except InvalidDicomError:  # whose place is counted from the sequence
                pass
        return self._sequence(at, end, length, depth)

    def _sequence(self, at: int, end: int, length: int, depth: int) -> tuple[tuple[DataSet, ...], int]:
        if length != _UNDEFINED and at + length > end:
            raise InvalidDicomError(f"at byte {at}: sequence wants {length} bytes, {end - at} are left: truncated")
        stop = end if length == _UNDEFINED else at + length
        found: list[DataSet] = []
        while at < stop:
            if at + 8 > stop:
                raise InvalidDicomError(f"at byte {at}: truncated inside an item header")
            high, low = self._tag(self.data, at)
            tag, size = high << 16 | low, self._long(self.data, at + 4)[0]
            at += 8
            if tag == _SEQUENCE_END and length == _UNDEFINED:
                return tuple(found), at
            if tag != _ITEM:
                raise InvalidDicomError(f"at byte {at - 8}: ({high:04X},{low:04X}) where an item must stand")
            if size != _UNDEFINED and at + size > stop:
                raise InvalidDicomError(f"at byte {at}: item wants {size} bytes, {stop - at} are left: truncated")
            inner, after = self.elements(at, stop if size == _UNDEFINED else at + size, depth=depth + 1)
            if size == _UNDEFINED and self._tag(self.data, after - 8) != (0xFFFE, 0xE00D):
                raise InvalidDicomError(f"at byte {after}: item without its delimiter: truncated")
            self.room.take()
            found.append(inner)
            at = after
        if length == _UNDEFINED:
            raise InvalidDicomError(f"at byte {at}: sequence without its delimiter: truncated")
        return tuple(found), at


@lru_cache(maxsize=16384)
def _usual_items(raw: bytes) -> tuple[DataSet, ...]:
    """Of a sequence of defined length, explicit little endian."""
    return _Reader(raw, "<", explicit=True, room=_Room())._sequence(0, len(raw), len(raw), 0)[0]


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _implicit_vr(tag: int, creators: dict[int, str]) -> str:
    if tag & 0xFFFF == 0:
        return "UL"  # group length
    if tag >> 16 & 1:
        low = tag & 0xFFFF
        if 0x10 <= low <= 0xFF:
            return "LO"  # private creator
        creator = creators.get(low >> 8)
        try:
            return str(private_dictionary_VR(tag, creator)).split(" ")[0] if creator else "UN"
        except KeyError:
            return "UN"
    try:
        return str(dictionary_VR(tag)).split(" ")[0]  # `US or SS`: the first, same bytes
    except KeyError:
        return "UN"


def _turned(raw: bytes, width: int) -> bytes:
    whole = len(raw) // width * width
    return b"".join(raw[i : i + width][::-1] for i in range(0, whole, width)) + raw[whole:]
