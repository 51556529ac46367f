"""NUM <-> Quantity. All raise ValueError on what they cannot hold."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from bridge.mapping.codings import code_in, code_meaning, coding
from bridge.mapping.texts import fhir_string
from bridge.model.content import Code, Num
from bridge.model.extensions import values_of
from bridge.model.group import Json, Number
from bridge.model.names import COMPARATOR_URL, PRIVATE_SCHEME

NO_UNITS = Code("1", "UCUM", "no units")
"""As DICOM calls it (PS3.16): a reader of `1` behind a number would take it for a digit."""
_PLAIN_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_ZERO = re.compile(r"-0(\.0+)?")


def decimal(text: str) -> Number | int:
    """DS text -> JSON number, text kept where JSON allows it; `1.6e-005`, `+5`, `.5` are spelled anew, and so is `-0`:
    a server (HAPI) holds decimals that have no such zero."""
    plain = _PLAIN_DECIMAL.fullmatch(text)
    if plain is not None and plain[3] is None:
        text = text.removeprefix("-") if _ZERO.fullmatch(text) else text
        return Number(text) if len(text) > 18 or plain[2] is not None else int(text)
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not a decimal string") from error
    if not value.is_finite() or abs(value.adjusted()) > 50:
        raise ValueError("not a decimal string")
    return decimal(f"{value:f}")


def quantity_to_fhir(num: Num) -> dict[str, Json]:
    if len(num.values) != 1:
        raise ValueError("not one number")
    value = decimal(num.values[0])
    if num.floating and _rounds_to(num.floating, value):
        value = decimal(num.floating)
    return {"value": value} | (_unit(num.unit) if num.unit is not None else {})


def unit_of(code: Code) -> dict[str, Json]:
    """The unit of a Quantity: UCUM in words and as code; without Coding Scheme Designator in words alone, for a code
    needs a system (FHIR R4 qty-3)."""
    return _unit(code).copy()


@lru_cache(maxsize=4096)
def _unit(code: Code) -> dict[str, Json]:
    found: dict[str, Json] = {"unit": fhir_string(code.meaning or code.value)}
    said = coding(code)
    return found | {key: said[key] for key in ("system", "code")} if "system" in said else found


def _rounds_to(exact: str, value: Number | int) -> bool:
    """Whether Floating Point Value says what Numeric Value says, with more digits."""
    number, wanted = float(exact), float(value)
    return number != wanted and any(float(f"{number:.{digits}g}") == wanted for digits in range(1, 18))


def is_another(num: Num) -> bool:
    """Whether Floating Point Value contradicts Numeric Value (PS3.3 C.18.1), which is rounded or cut to what 16
    characters hold."""
    try:
        value = decimal(num.values[0]) if num.floating is not None and len(num.values) == 1 else None
    except ValueError:  # no number
        return False
    if value is None or num.floating is None or _rounds_to(num.floating, value):
        return False
    return not math.isclose(float(num.floating), float(value), rel_tol=_CUT)


_CUT = 1e-6


def _with_exponent(text: str) -> str:
    """The same digits: a small number may fit into the 16 characters of DS so."""
    return f"{Decimal(text):E}".replace("E+", "E")


def is_compared(quantity: dict[str, Json]) -> bool:
    """Whether it is less or more than its number, or is sufficient to achieve it (`ad`, which R5 alone has: in R4 the
    comparator is an extension of HL7's)."""
    return not quantity.keys().isdisjoint({"comparator", "_comparator"})


def comparator_of(quantity: dict[str, Json]) -> str | None:
    """A comparator of which nobody says which is `?`."""
    said = values_of(quantity.get("_comparator", {}), COMPARATOR_URL, "valueCode")
    found: str | None = quantity.get("comparator") or next(iter(said), None)
    return found or ("?" if is_compared(quantity) else None)


def quantity_to_dicom(value: dict[str, Json]) -> Num:
    if is_compared(value) or not isinstance(value.get("value"), int | Number):
        raise ValueError("no number, or one with a comparator: neither has a place in NUM")
    text = str(value["value"])
    if value.get("code") and value.get("system"):
        code = code_in(value["system"], value["code"], value.get("unit") or value["code"])
        code = NO_UNITS if code == NO_UNITS._replace(meaning=NO_UNITS.value) else code
    elif (said := value.get("unit") or value.get("code")) and said != NO_UNITS.value:
        code = Code(code_meaning(said), PRIVATE_SCHEME, code_meaning(said))
    else:
        code = NO_UNITS
    if len(text) <= 16:
        return Num((text,), code, None)
    if len(shorter := _with_exponent(text)) <= 16:
        return Num((shorter,), code, None)
    if not math.isfinite(float(text)) or (float(text) == 0) != (Decimal(text) == 0):
        raise ValueError("beyond what a Floating Point Value holds")
    exact = repr(float(text))
    rounded = next(short for digits in range(16, 0, -1) if len(short := f"{float(text):.{digits}g}") <= 16)
    return Num((rounded,), code, None, exact)
