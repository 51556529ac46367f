"""Values of content items that FHIR cannot hold: they are there, and no reason is known why they should not be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bridge.mapping.lens import LENSES
from bridge.mapping.numbers import decimal
from bridge.model.content import Num, Plain, Value
from bridge.translate.basis import times

_DIGITS, _LONG = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?"), 1024
_READ: dict[str, Callable[[str], Any]] = {
    "TEXT": LENSES["string"].to_fhir,
    "DATE": LENSES["date"].to_fhir,
    "TIME": LENSES["time"].to_fhir,
    "DATETIME": lambda text: times.to_fhir(text, "+00:00"),
    "UIDREF": LENSES["uid-string"].to_fhir,
    "PNAME": LENSES["person-string"].to_fhir,
}


def is_unread(value: Value) -> bool:
    """Whether it says something that FHIR cannot hold: no number, no date, no UID, or control characters."""
    read: Callable[[str], Any] | None
    if isinstance(value, Num):
        texts, read = value.values, decimal
        if all(map(_DIGITS.fullmatch, texts)):
            return False  # as most are
    elif isinstance(value, Plain):
        texts, read = (value.text,), _READ.get(value.value_type)
        if value.value_type == "TEXT" and value.text.isprintable() and len(value.text) < _LONG:
            return False
    else:
        return False
    try:
        for text in texts:
            if read is not None:
                read(text)
    except ValueError:
        return any(map(_is_said, texts))
    return False


def _is_said(text: str) -> bool:
    """An empty name has its delimiters."""
    return bool(text.strip(" ^="))
