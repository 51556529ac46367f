"""Broken files from good ones, each by its number: the same number gives the same bytes."""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from bridge.codecs import json
from bridge.model.group import Json, Number

_VRS = [b"SQ", b"UN", b"OB", b"UT", b"DS", b"CS", b"PN", b"UI", b"FD", b"ZZ", b"\0\0"]
_TEXTS = [
    "",
    " ",
    "\u0000",
    "\ud800",
    "\u202e",
    "a" * 5000,
    "#",
    "Observation/1",
    "urn:uuid:1",
    "9" * 400,
    "2026-02-30",
]
_VALUES: list[Json] = [None, True, 0, -1, [], {}, [[]], {"a": []}, Number("1e9999"), Number("-0"), 1 << 70, "x"]


def bytes_mutant(sources: Sequence[bytes], number: int) -> bytes:
    """One to three changes of the bytes."""
    chance = random.Random(f"bytes {number}")
    data = bytearray(chance.choice(sources))
    for _ in range(chance.randint(1, 3)):
        chance.choice(_BYTE_CHANGES)(data, chance)
    return bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.randint(1, 40)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = data[at : at + chance.randint(2, 400)]


def _length(data: bytearray, chance: random.Random) -> None:
    """A number where a length may stand."""
    at = chance.randrange(132, max(len(data) - 4, 133))
    data[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 7, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]))


def _vr(data: bytearray, chance: random.Random) -> None:
    """Another VR where there is one."""
    places = [
        at for at in range(132, len(data) - 2) if bytes(data[at : at + 2]) in (b"SQ", b"UT", b"CS", b"DS", b"UI", b"PN")
    ]
    if places:
        at = chance.choice(places)
        data[at : at + 2] = chance.choice(_VRS)


_BYTE_CHANGES: list[Callable[[bytearray, random.Random], None]] = [_flip, _cut, _drop, _repeat, _length, _vr]


def json_mutant(sources: Sequence[bytes], number: int) -> bytes:
    """One to three changes of a tree, sometimes of its text."""
    chance = random.Random(f"json {number}")
    source = chance.choice(sources)
    if chance.random() < 0.1:
        return bytes_mutant([source], number)
    value = json.loads(source)
    for _ in range(chance.randint(1, 3)):
        _change(value, chance)
    return _written(value)


def _change(value: Json, chance: random.Random) -> None:
    places = [(parent, key) for parent, key in _places(value)]
    if not places:
        return
    parent, key = chance.choice(places)
    match chance.randrange(7):
        case 0:
            del parent[key]
        case 1:
            parent[key] = chance.choice(_VALUES)
        case 2:
            parent[key] = chance.choice(_TEXTS)
        case 3:
            other, name = chance.choice(places)
            parent[key] = copy.deepcopy(other[name])
        case 4:
            parent[key] = [parent[key], parent[key]]
        case 5 if isinstance(parent, dict):
            parent[chance.choice(["extension", "valueString", "modifierExtension", "contained", "_id", "zzz"])] = (
                parent[key]
            )
        case _:
            if isinstance(parent[key], str):
                parent[key] = parent[key][: chance.randrange(len(parent[key]) + 1)]


def _places(value: Json) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    found = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key])
    return found


def _written(value: Json) -> bytes:
    """Lone surrogates and cyclic values too: what is no JSON any more is a mutant as well."""
    import json as plain

    try:
        return plain.dumps(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b"{"
