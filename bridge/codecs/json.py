"""JSON text <-> resources whose numbers keep their digits (FHIR R4, json.html); nothing else touches JSON files."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from bridge.errors import InvalidFhirError
from bridge.model.group import Base64, Json, Number

MAX_DEPTH = 200
_MAX_PLACES = 60  # after the point, of a number that is spelled without its exponent
MAX_DIGITS = 1000  # of a number: to validate one takes the square of its length, and nothing else runs meanwhile


def loads(text: bytes) -> Json:
    """Raises InvalidFhirError for what is no JSON, repeats a key, nests deeper than 200, or has half a character."""
    try:
        value = json.loads(
            text.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        raise InvalidFhirError(f"line {error.lineno}, column {error.colno}: invalid JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise InvalidFhirError(f"byte {error.start}: not UTF-8") from error
    except RecursionError as error:
        raise InvalidFhirError(f"nested deeper than {MAX_DEPTH}") from error
    _bounded(value, 0)
    if b"\\u" in text:
        _of_characters(value)
    return value


def dumps(value: Json, *, indent: bool = False) -> bytes:
    options = orjson.OPT_PASSTHROUGH_SUBCLASS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_fragment, option=options)


def canonical(value: Json) -> bytes:
    """The same for the same elements, in whatever order they stand."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_SORT_KEYS)


def _decimal(text: str) -> Number | int:
    exponent = text.lower().partition("e")[2]
    if len(exponent) > 5:
        raise InvalidFhirError("a number with an exponent of more than four digits")
    if not exponent:
        return _short(text)
    plain = _plain(_short(text))
    return _integer(plain) if plain.lstrip("-").isdecimal() else _short(plain)


def _plain(text: str) -> str:
    """Without its exponent, where that says no more and no less: digits are precision (FHIR R4, decimal), notation is
    not. Of one number some clients write `5.42e-06`, others `0.00000542`: that is no edit."""
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and -_MAX_PLACES <= exponent <= 0 else text


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= 18 and text != "-0" else _short(text)


def _short(text: str) -> Number:
    if len(text) > MAX_DIGITS:
        raise InvalidFhirError(f"a number of more than {MAX_DIGITS} digits")
    return Number(text)


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.encode("ascii"))
    if isinstance(value, Base64):
        return orjson.Fragment(b'"%b"' % value.encode("ascii"))
    raise TypeError(f"no JSON for {type(value).__name__}")


def _no_number(text: str) -> NoReturn:
    raise InvalidFhirError(f"{text} is no JSON number")


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):  # its name is not said: it may hold anything
        raise InvalidFhirError("a property occurs twice in one object; one of them would be lost")
    return found


def _bounded(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidFhirError(f"nested deeper than {MAX_DEPTH}")
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(child, dict | list):
            _bounded(child, depth + 1)


def _of_characters(value: Json) -> None:
    """An escape may be half of a surrogate pair, which is no character and cannot be written."""
    try:
        orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError as error:
        raise InvalidFhirError("half of a surrogate pair: no character; write it as UTF-8") from error
