"""Text in the repertoires that a Specific Character Set designates, and in no other (PS3.5 6.1.2.3 to 6.1.2.5, PS3.3
tables C.12-2 to C.12-4). A byte that nothing designates is no text: what it means would be a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_DEFAULT = "iso8859"
"""pydicom's name of the default repertoire, which is ISO 646, and not Latin-1 (PS3.5 6.1.2.1)."""


class _Set(NamedTuple):
    escape: bytes  # designates it
    right: bool  # as G1, of bytes with the eighth bit; else as G0
    codec: str  # of Python


_ASCII, _ROMAJI = _Set(b"\x1b(B", False, "ascii"), _Set(b"\x1b(J", False, "ascii")
_KATAKANA = _Set(b"\x1b)I", True, "shift_jis")
_SETS: dict[str, tuple[_Set, ...]] = {  # by pydicom's name of the Defined Term
    _DEFAULT: (_ASCII,),
    "latin_1": (_Set(b"\x1b-A", True, "latin_1"),),
    "iso8859_2": (_Set(b"\x1b-B", True, "iso8859_2"),),
    "iso8859_3": (_Set(b"\x1b-C", True, "iso8859_3"),),
    "iso8859_4": (_Set(b"\x1b-D", True, "iso8859_4"),),
    "iso8859_15": (_Set(b"\x1b-b", True, "iso8859_15"),),
    "iso_ir_126": (_Set(b"\x1b-F", True, "iso8859_7"),),
    "iso_ir_127": (_Set(b"\x1b-G", True, "iso8859_6"),),
    "iso_ir_138": (_Set(b"\x1b-H", True, "iso8859_8"),),
    "iso_ir_144": (_Set(b"\x1b-L", True, "iso8859_5"),),
    "iso_ir_148": (_Set(b"\x1b-M", True, "iso8859_9"),),
    "iso_ir_166": (_Set(b"\x1b-T", True, "tis_620"),),
    "shift_jis": (_ROMAJI, _KATAKANA),
    "iso2022_jp": (_Set(b"\x1b$B", False, "iso2022_jp"),),
    "iso2022_jp_2": (_Set(b"\x1b$(D", False, "iso2022_jp_2"),),
    "euc_kr": (_Set(b"\x1b$)C", True, "euc_kr"),),
    "iso_ir_58": (_Set(b"\x1b$)A", True, "gb2312"),),
}
_RUN = re.compile(rb"\x1b(?:\$[()].|..)?|[\x00-\x1a\x1c-\x1f]|[\x20-\x7f]+|[\x80-\xff]+", re.DOTALL)


class _Declared(NamedTuple):
    left: _Set  # G0 at the beginning
    right: _Set | None  # G1 at the beginning
    sets: tuple[_Set, ...]  # all of them, those of value 1 first


@lru_cache(maxsize=256)
def _declared(encodings: tuple[str, ...]) -> _Declared | None:
    """None of a character set without code extension, such as UTF-8."""
    if encodings[0] not in _SETS:
        return None
    first = _SETS[encodings[0]]
    right = next((one for one in first if one.right), None)
    others = [one for name in encodings[1:] for one in _SETS.get(name, ())]
    return _Declared(_ROMAJI if _ROMAJI in first else _ASCII, right, (*first, *others, _ASCII))


def decode(raw: bytes, encodings: tuple[str, ...], delimiters: str) -> str:
    """`encodings`: as pydicom names those of the Specific Character Set. Behind a delimiter and a control character
    value 1 is active again; where that has no G1, so is what was designated last: real names say it once. Raises
    UnicodeError where a byte is of no set that is designated there."""
    declared = _declared(encodings)
    if declared is None:
        if b"\x1b" in raw:
            raise UnicodeError("an escape sequence, in a character set without code extension")
        return raw.decode(encodings[0])
    by_escape = {one.escape: one for one in declared.sets}
    left, right, last = declared.left, declared.right, declared.right
    text: list[str] = []
    for run in _RUN.findall(raw):
        if run[0] == 0x1B:
            if run not in by_escape:
                raise UnicodeError("an escape sequence of no declared character set")
            if by_escape[run].right:  # its repertoire has G0, too (table C.12-3), and so libraries write and read it
                left, right = declared.left, by_escape[run]
                last = right
            else:
                left = by_escape[run]
        elif run[0] >= 0x80:
            text.append(_read(run, right or last))  # some say it once for all components of a name
        elif run[0] >= 0x20:
            text.append(_read(run, left))
            if left.codec == "ascii" and any(one in text[-1] for one in delimiters):
                left, right = declared.left, declared.right
        else:
            text.append(chr(run[0]))
            left, right = declared.left, declared.right
    return "".join(text)


def _read(run: bytes, by: _Set | None) -> str:
    if by is None or (by.right and min(run) < 0xA0):  # C1 is not used
        raise UnicodeError("bytes that no character set is designated for")
    if by == _KATAKANA:  # one byte each, where Shift-JIS has two
        return "".join([bytes((one,)).decode(by.codec) for one in run])
    return run.decode(by.codec) if by.right or by.codec == "ascii" else (by.escape + run).decode(by.codec)


def encode(text: str, encodings: tuple[str, ...], delimiters: str) -> bytes:
    """Raises UnicodeError where the repertoires do not hold the text."""
    declared = _declared(encodings)
    if declared is None:
        return text.encode(encodings[0])
    ends = re.escape(delimiters) + r"\x00-\x1f"
    parts = re.findall(f"[{ends}]|[^{ends}]+", text)
    return b"".join([part.encode("ascii") if part.isascii() else _part(part, declared) for part in parts])


def _part(text: str, declared: _Declared) -> bytes:
    """Without delimiters: each time by the set that holds the longest part of what is left."""
    found, left, right = b"", declared.left, declared.right
    at = 0
    while at < len(text):
        length, by = max(((_held(text, at, one), one) for one in declared.sets), key=lambda held: held[0])
        if not length:
            raise UnicodeError("text that no declared character set holds")
        of_left = declared.left if by.right or by.codec == "ascii" else by
        if of_left != left:
            found += of_left.escape
        if by.right and by != right:
            found += by.escape
        found += _written(text[at : at + length], by)
        left, right, at = of_left, by if by.right else right, at + length
    if left != declared.left:
        found += declared.left.escape
    if declared.right is not None and declared.right != right:
        found += declared.right.escape
    return found


def _held(text: str, at: int, by: _Set) -> int:
    """How many characters of the text the set holds, from there on."""
    return next((end for end in range(at, len(text)) if not _holds(by, text[end])), len(text)) - at


@lru_cache(maxsize=65536)
def _holds(by: _Set, character: str) -> bool:
    if character.isascii():
        return by.right or by.codec == "ascii"
    try:
        return _read(_written(character, by), by) == character
    except UnicodeError:
        return False


def _written(text: str, by: _Set) -> bytes:
    raw = text.encode(by.codec)
    return raw if by.right or by.codec == "ascii" else raw[len(by.escape) : -len(_ASCII.escape)]
