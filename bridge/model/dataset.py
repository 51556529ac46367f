"""DICOM data sets as they were written: every element with its bytes, in canonical explicit little endian (PS3.5)."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pydicom.charset import convert_encodings

from bridge.model import code_extensions
from bridge.model.tags import SPECIFIC_CHARACTER_SET

Charset: TypeAlias = tuple[str, ...]
"""Values of Specific Character Set (0008,0005); empty: the default repertoire."""


UNICODE: Charset = ("ISO_IR 192",)


class Element(NamedTuple):
    tag: int  # group << 16 | element
    vr: str
    value: bytes | tuple[DataSet, ...]  # bytes, padding included; or the items of a sequence


DataSet: TypeAlias = tuple[Element, ...]
"""Elements in ascending order of their tags, each tag once."""

TEXT_VRS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
_WITHOUT_CHARSET = frozenset("AE AS CS DA DS DT IS TM UI UR".split())
_DELIMITERS = {"PN": "\\^=", "LT": "", "ST": "", "UT": ""}  # of values, and of the components of a name
_VALUES = "\\"
_ESCAPE = b"\x1b"  # that begins another character set (PS3.5 6.1.2.5)


def find(dataset: DataSet, tag: int) -> Element | None:
    at = bisect_left(dataset, (tag,))  # which stands before any element of that tag
    return dataset[at] if at < len(dataset) and dataset[at].tag == tag else None


def items(dataset: DataSet, tag: int) -> tuple[DataSet, ...]:
    """The items of a sequence; none where it is absent or no sequence."""
    element = find(dataset, tag)
    return element.value if element is not None and isinstance(element.value, tuple) else ()


def merged(dataset: DataSet, other: Iterable[Element], without: Iterable[int] = ()) -> DataSet:
    """`dataset` with the elements of `other` in place of its own, less those tags in `without`."""
    by_tag = {element.tag: element for element in dataset}
    by_tag.update({element.tag: element for element in other})
    for tag in without:
        by_tag.pop(tag, None)
    return tuple(by_tag[tag] for tag in sorted(by_tag))


def charset_of(dataset: DataSet, inherited: Charset = ()) -> Charset:
    """That of an item overrides the one around it, for all that the item holds (PS3.5 7.5.3)."""
    if not dataset or dataset[0].tag > SPECIFIC_CHARACTER_SET:  # nearly every item of a sequence
        return inherited
    element = find(dataset, SPECIFIC_CHARACTER_SET)
    if element is None or not isinstance(element.value, bytes):
        return inherited
    terms = tuple(term.strip() for term in element.value.decode("ascii", "replace").rstrip(" \0").split("\\"))
    return terms if any(terms) else ()


_LATIN_1 = {"ISO_IR 203": "ISO_IR 100", "ISO 2022 IR 203": "ISO 2022 IR 100"}
"""Terms of Latin-9 (PS3.3 tables C.12-2 and C.12-3), which pydicom does not know, and of what stands in for it."""


@lru_cache(maxsize=256)
def _encodings(charset: Charset) -> tuple[str, ...]:
    """pydicom's names. Raises UnicodeError for a Specific Character Set that there is none for."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = tuple(convert_encodings([_LATIN_1.get(term, term) for term in charset]))
        if not _LATIN_1.keys().isdisjoint(charset):  # and ValueError, where pydicom left some out
            found = tuple("iso8859_15" if one in _LATIN_1 else name for one, name in zip(charset, found, strict=True))
        for name in found:
            "".encode(name)
    except (LookupError, ValueError) as error:
        raise UnicodeError(f"Specific Character Set {charset!r} is unknown") from error
    if any("Unknown encoding" in str(one.message) for one in said):  # pydicom would guess
        raise UnicodeError(f"Specific Character Set {charset!r} is unknown")
    return found


def is_known(charset: Charset) -> bool:
    try:
        _encodings(charset)
    except UnicodeError:
        return False
    return True


def decode_text(value: bytes, vr: str, charset: Charset) -> str:
    """The text, less the pad byte of PS3.5 6.2. Raises UnicodeError where the bytes are not of the charset."""
    pad = b"\0" if vr == "UI" else b" "
    raw = value[:-1] if value.endswith(pad) and len(value) % 2 == 0 else value
    if raw.isascii() and _ESCAPE not in raw:  # whatever the character set
        return raw.decode("ascii")
    return code_extensions.decode(raw, _encodings_of(vr, charset), _DELIMITERS.get(vr, _VALUES))


def _encodings_of(vr: str, charset: Charset) -> tuple[str, ...]:
    return _encodings(() if vr in _WITHOUT_CHARSET else charset)


def encode_text(text: str, vr: str, charset: Charset) -> bytes:
    """The text in that charset, padded to even length. Raises UnicodeError where the charset cannot hold it."""
    if text.isascii() and "\x1b" not in text:
        raw = text.encode("ascii")
    else:
        encodings, delimiters = _encodings_of(vr, charset), _DELIMITERS.get(vr, _VALUES)
        try:
            raw = code_extensions.encode(text, encodings, delimiters)
            held = code_extensions.decode(raw, encodings, delimiters) == text
        except UnicodeError:  # which names the character
            held = False
        if not held:
            raise UnicodeError(f"text that does not fit the Specific Character Set {charset!r}")
    return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw


def is_readable(element: Element, charset: Charset) -> bool:
    """Whether its bytes are of its character set, as all are that are no text."""
    value = element.value
    if element.vr not in TEXT_VRS or isinstance(value, tuple) or (value.isascii() and _ESCAPE not in value):
        return True
    try:
        decode_text(value, element.vr, charset)
    except UnicodeError:
        return False
    return True


def unreadable(dataset: DataSet, charset: Charset) -> set[int]:
    """Tags of the elements, those in sequences included, whose bytes are not of their character set. `charset`: that of
    what holds the data set."""
    charset, found = charset_of(dataset, charset), set[int]()
    for element in dataset:
        if isinstance(element.value, tuple):
            found.update(*(unreadable(one, charset) for one in element.value))
        elif not is_readable(element, charset):
            found.add(element.tag)
    return found


def text_element(tag: int, vr: str, text: str, charset: Charset = ()) -> Element:
    """Raises UnicodeError where the charset cannot hold the text."""
    return Element(tag, vr, encode_text(text, vr, charset))


def text_of(dataset: DataSet, tag: int, charset: Charset = ()) -> str | None:
    """A text element without surrounding blanks; None where absent, empty or not of its character set, which is
    `charset` where the data set does not say its own."""
    element = find(dataset, tag)
    if element is None or not isinstance(element.value, bytes):
        return None
    try:
        text = decode_text(element.value, element.vr, charset_of(dataset, charset))
    except UnicodeError:
        return None
    return text.strip(" \0") or None
