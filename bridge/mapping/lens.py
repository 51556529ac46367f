"""A lens: one leaf, seen from both sides. Put is derived from it and never written by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from bridge.errors import MappingError
from bridge.model.content import Code, Num
from bridge.model.group import Json, Number
from bridge.model.names import ABSENT_URL, DICOM_UID_SYSTEM, EXTENSION_BASE
from bridge.terminology.editions import version_to_dicom, version_to_fhir
from bridge.terminology.schemes import canonical, designator_of, mdc_to_dicom, mdc_to_fhir, private_designator, uri_of
from bridge.terminology.snomed import sct_of

D = TypeVar("D")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Lens(Generic[D, F]):
    """Law: `to_fhir(to_dicom(f)) == f` for what `to_dicom` accepts; where that is rounded, the remainder keeps
    the rest.

    Both raise ValueError on what they cannot hold.
    """

    to_fhir: Callable[[D], F]
    to_dicom: Callable[[F], D]
    takes: frozenset[str] = frozenset()  # VRs (PS3.5 6.2), and the value types NUM and CODE; empty: any
    gives: frozenset[str] = frozenset()  # types of the FHIR element, `*` where it repeats; empty: any


# -- text -----------------------------------------------------------------------------------------------------------
_NO_STRING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _string(text: str) -> str:
    if not text.strip() or _NO_STRING.search(text) or len(text) > 1_000_000:
        raise ValueError("not a FHIR string")
    return text


def _text(value: str) -> str:
    return _string(value).replace("\t", " ")  # dciodvfy refuses a tab in UT


def _uid(text: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)+", text) or len(text) > 64:
        raise ValueError("not a UID")
    return f"urn:oid:{text}"


def _token(text: str) -> dict[str, Json]:
    """`system|value`, as FHIR searches it (R4 search.html#token); without a bar it is the value alone."""
    system, bar, value = text.partition("|")
    if not bar:
        return {"value": _string(text)}
    if not value.strip() or re.search(r"\s", system):
        raise ValueError("not an identifier")
    return {"system": system, "value": _string(value)} if system else {"value": _string(value)}


def _from_token(identifier: dict[str, Json]) -> str:
    system, value = identifier.get("system", ""), identifier.get("value", "")
    if not value.strip() or "|" in system or re.search(r"\s", system):
        raise ValueError("an identifier without value, or with a system that is no URI")
    return _text(f"{system}|{value}" if system or "|" in value else value)


def _from_uid(value: str) -> str:
    if not value.startswith("urn:oid:"):
        raise ValueError("not a UID")
    _uid(value[8:])
    return value[8:]


# -- dates and times: a FHIR time without zone here; translate/times.py adds and takes it ---------------------------
_DA = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d))?)?")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_TM = re.compile(r"(\d\d)(\d\d)?(\d\d)?(\.\d{1,6})?")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(\.\d+)?")
_DT = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)([+-]\d{4})?")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:\d\d)?")


def _matched(pattern: re.Pattern[str], text: str, name: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"not a {name}")
    return found


def _date(text: str) -> str:
    parts = [part for part in _matched(_DA, text.replace(".", ""), "DICOM date").groups() if part]
    return _real("-".join(parts))


def _from_date(value: str) -> str:
    _matched(_DATE, value, "FHIR date")
    return _real(value).replace("-", "")


def _real(value: str) -> str:
    try:
        date.fromisoformat(value + "0001-01-01"[len(value) :])
    except ValueError as error:
        raise ValueError("not a date of the calendar") from error
    return value


def _time(text: str) -> str:
    hour, minute, second, fraction = _matched(_TM, text, "DICOM time").groups()
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        raise ValueError("not a time of day")
    return f"{hour}:{minute or '00'}:{second or '00'}{fraction or ''}"


def _from_time(value: str) -> str:
    found = _matched(_TIME, value, "FHIR time")
    if len(found[4] or "") > 7:
        raise ValueError("more than six digits of a second")
    return value.replace(":", "")


def _datetime(text: str) -> str:
    found = _DT.fullmatch(text)
    if found is None:
        return _date(text)
    zone = found[3]
    if zone and (int(zone[1:3]) > 14 or int(zone[3:]) > 59):
        raise ValueError("not an offset from UTC")
    return f"{_date(found[1])}T{_time(found[2])}" + (f"{zone[:3]}:{zone[3:]}" if zone else "")


def _from_datetime(value: str) -> str:
    found = _DATETIME.fullmatch(value)
    if found is None:
        return _from_date(value)
    zone = {None: "", "Z": "+0000"}.get(found[3], (found[3] or "").replace(":", ""))
    return _from_date(found[1]) + _from_time(found[2]) + zone


# -- codes ----------------------------------------------------------------------------------------------------------
def coding(code: Code) -> dict[str, Json]:
    """One Coding."""
    return dict(_coding(code.value, code.scheme, code.meaning, code.version))


@lru_cache(maxsize=16384)
def _coding(value: str, scheme: str, meaning: str, version: str | None) -> tuple[tuple[str, str], ...]:
    value = mdc_to_fhir(value) if scheme == "MDC" else value
    if not value.strip() or re.search(r"\s\s|^\s|\s$", value):
        raise ValueError("not a FHIR code")
    found = [("system", uri_of(scheme, EXTENSION_BASE))] if scheme else []
    if (release := version_to_fhir(scheme, version)) is not None:
        found.append(("version", release))
    found.append(("code", value))
    if meaning:
        found.append(("display", _string(meaning)))
    return tuple(found)


def code_of(one: dict[str, Json], text: str | None = None) -> Code:
    """A Coding as code, `text` its meaning where it has no display. A system without designator gets a private one.

    Raises ValueError where there is no code, or no room for it."""
    value = one.get("code")
    if value is None:
        raise ValueError("no code")
    return _code(one.get("system"), value, one.get("display") or text or value, one.get("version"))


@lru_cache(maxsize=16384)
def _code(system: str | None, value: str, meaning: str, version: str | None = None) -> Code:
    scheme = (designator_of(system, EXTENSION_BASE) or private_designator(system)) if system else ""
    if scheme == "MDC":
        value = mdc_to_dicom(value)
    if "\\" in value or "\\" in scheme or len(scheme) > 16:
        raise ValueError("no DICOM code")
    return Code(value, scheme, code_meaning(meaning), version_to_dicom(scheme, version))


def code_meaning(text: str) -> str:
    """LO: 64 characters, no backslash, no control character (PS3.5 6.2)."""
    return re.sub(r"[\x00-\x1f\\]", " ", text)[:64].strip() or "-"


def _concept(code: Code | None) -> dict[str, Json]:
    if code is None:
        return {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]}
    if (code.value, code.scheme) == _IN_WORDS and code.meaning:
        return {"text": _string(code.meaning)}
    codings = [coding(code), *map(coding, code.equivalents)]
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    if sct is not None:  # the retired code first, as written; what it is today beside it
        codings.insert(1, coding(Code(sct, "SCT", code.meaning)))
    return {"coding": codings, "text": codings[0]["display"]} if code.meaning else {"coding": codings}


def _from_concept(value: dict[str, Json]) -> Code | None:
    """The first code, the others as its equivalents; else the text."""
    codes = [code for _, code in codes_of(value)]
    if codes:
        return with_equivalents(codes[0], codes)
    codings = value.get("coding", ())
    said = value.get("text") or next((one["display"] for one in codings if one.get("display")), None)
    return Code(*_IN_WORDS, code_meaning(said)) if said else None


_IN_WORDS = ("TEXT", "99FDB")
"""Code and designator of a concept that FHIR has in words only: its meaning says it."""


def codes_of(value: dict[str, Json]) -> list[tuple[tuple[str, str], Code]]:
    """The codings that a code can hold, in order: as FHIR says them, canonical system and code; and as DICOM does."""
    found = []
    for one in value.get("coding", ()):
        try:
            code = code_of(one, value.get("text"))
            found.append(((canonical(one.get("system", ""), EXTENSION_BASE), one["code"]), code))
        except ValueError:  # no code, or one that is too long
            continue
    return found


def with_equivalents(code: Code, codes: Iterable[Code]) -> Code:
    """`code` with the others, less those that its scheme itself gives: the SCT code of a SNOMED-RT style code."""
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    others = tuple(
        one for one in codes if not one.same(code) and not (one.scheme == "SCT" and one.value == sct is not None)
    )
    return code._replace(equivalents=others) if others else code


# -- numbers --------------------------------------------------------------------------------------------------------
_PLAIN_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def decimal(text: str) -> Number | int:
    """DS text -> JSON number, text kept where JSON allows it; `1.6e-005`, `+5`, `.5` are spelled anew."""
    if _PLAIN_DECIMAL.fullmatch(text) and "e" not in text.lower():
        return Number(text) if len(text) > 18 or not re.fullmatch(r"-?\d+", text) or text == "-0" else int(text)
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not a decimal string") from error
    if not value.is_finite() or abs(value.adjusted()) > 50:
        raise ValueError("not a decimal string")
    return decimal(f"{value:f}")


def _quantity(num: Num) -> dict[str, Json]:
    if len(num.values) != 1:
        raise ValueError("not one number")
    exact = num.floating if num.floating and _rounds_to(num.floating, num.values[0]) else None
    found: dict[str, Json] = {"value": decimal(exact or num.values[0])}
    return found | (unit_of(num.unit) if num.unit is not None else {})


def unit_of(code: Code) -> dict[str, Json]:
    """The unit of a Quantity: UCUM in words and as code."""
    found: dict[str, Json] = {"unit": _string(code.meaning or code.value)}
    return found | {key: value for key, value in coding(code).items() if key in ("system", "code")}


def _rounds_to(exact: str, text: str) -> bool:
    """Whether Floating Point Value says what Numeric Value says, with more digits."""
    number, wanted = float(exact), float(decimal(text))
    return number != wanted and any(float(f"{number:.{digits}g}") == wanted for digits in range(1, 18))


def _from_quantity(value: dict[str, Json]) -> Num:
    if "comparator" in value or not isinstance(value.get("value"), int | Number):
        raise ValueError("no number, or one with a comparator: neither has a place in NUM")
    text = str(value["value"])
    if value.get("code") and value.get("system"):
        code = _code(value["system"], value["code"], value.get("unit") or value["code"])
    elif said := value.get("unit") or value.get("code"):
        code = Code(code_meaning(said), "99FDB", code_meaning(said))
    else:
        code = Code("1", "UCUM", "no units")
    if len(text) <= 16:
        return Num((text,), code, None)
    if not math.isfinite(float(text)) or (float(text) == 0) != (Decimal(text) == 0):
        raise ValueError("beyond what a Floating Point Value holds")
    exact = repr(float(text))
    rounded = next(short for digits in range(16, 0, -1) if len(short := f"{float(text):.{digits}g}") <= 16)
    return Num((rounded,), code, None, exact)


# -- people ---------------------------------------------------------------------------------------------------------
def person_name(pn: str) -> dict[str, Json]:
    """PN, alphabetic group (PS3.5 6.2.1) -> HumanName."""
    parts = [*(part.strip() for part in pn.split("=")[0].split("^")), "", "", "", "", ""][:5]
    found: dict[str, Json] = {}
    if parts[0]:
        found["family"] = parts[0]
    given = [part for part in (parts[1], parts[2]) if part]
    if given:
        found["given"] = given
    if parts[3]:
        found["prefix"] = [parts[3]]
    if parts[4]:
        found["suffix"] = [parts[4]]
    if not found:
        raise ValueError("an empty name")
    return found


def name_of(human: dict[str, Json]) -> str:
    """HumanName -> PN; all given names but the first are middle names."""
    given = human.get("given") or []
    parts = [
        human.get("family") or "",
        given[0] if given else "",
        " ".join(filter(None, given[1:])),
        " ".join(filter(None, human.get("prefix") or [])),
        " ".join(filter(None, human.get("suffix") or [])),
    ]
    text = "^".join(re.sub(r"[\^=\\]", " ", part or "") for part in parts).rstrip("^")
    text = text or re.sub(r"[\^=\\]", " ", human.get("text") or "")
    if not text:
        raise ValueError("an empty name")
    return text[:64]


def person_text(name: dict[str, Json]) -> str:
    """HumanName -> how a person is spoken of."""
    parts = (*name.get("prefix", ()), *name.get("given", ()), name.get("family", ""), *name.get("suffix", ()))
    return name.get("text") or " ".join(filter(None, parts))


def _names(pn: str) -> list[dict[str, Json]]:
    return [person_name(pn)]


def _from_names(names: list[dict[str, Json]]) -> str:
    current = [name for name in names if name.get("use") not in ("old", "maiden")] or names
    by_use = {name.get("use"): name for name in reversed(current)}
    return name_of(by_use.get("official") or by_use.get("usual") or current[0])


_SEX = {"M": "male", "F": "female", "O": "other"}


def _sex(text: str) -> str:
    if text not in _SEX:
        raise ValueError("not a Patient's Sex")
    return _SEX[text]


def _from_sex(value: str) -> str:
    return {"male": "M", "female": "F", "other": "O"}.get(value, "")  # unknown: type 2, empty


def uid_identifier(uid: str) -> list[dict[str, Json]]:
    return [{"system": DICOM_UID_SYSTEM, "value": _uid(uid)}]


def uid_of(identifiers: list[dict[str, Json]]) -> str:
    return _from_uid(next((one.get("value", "") for one in identifiers if one.get("system") == DICOM_UID_SYSTEM), ""))


def lenses() -> dict[str, Lens[Any, Any]]:
    """Ours, and those of other packages by entry point `fhir_dicom.lenses`. A taken name is a MappingError."""
    found = dict(LENSES)
    for point in entry_points(group="fhir_dicom.lenses"):
        if point.name in found:
            raise MappingError([f"{point.value}: lens {point.name!r} is there already; give it another name"])
        found[point.name] = point.load()
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXTS = _words("LO SH ST LT UC UT")
CONCEPT: Lens[Code | None, dict[str, Json]] = Lens(_concept, _from_concept, _words("CODE"), _words("CodeableConcept"))
DATETIME = Lens(_datetime, _from_datetime, _words("DT"), _words("dateTime instant"))
LENSES: dict[str, Lens[Any, Any]] = {
    "string": Lens(_string, _text, _TEXTS, _words("string markdown")),
    "uid-string": Lens(_uid, _from_uid, _words("UI"), _words("string uri")),
    "token": Lens(_token, _from_token, _TEXTS, _words("Identifier")),
    "uid-identifier": Lens(uid_identifier, uid_of, _words("UI"), _words("Identifier*")),
    "date": Lens(_date, _from_date, _words("DA"), _words("date dateTime")),
    "time": Lens(_time, _from_time, _words("TM"), _words("time")),
    "datetime": DATETIME,
    "concept": CONCEPT,
    "quantity": Lens(_quantity, _from_quantity, _words("NUM"), _words("Quantity")),
    "person-name": Lens(_names, _from_names, _words("PN"), _words("HumanName*")),
    "sex": Lens(_sex, _from_sex, _words("CS"), _words("code")),
}
