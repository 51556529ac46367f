"""Value of a content item <-> value[x] of an Observation or a component, by the lens of its value type."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bridge.mapping.codings import code_of, coding
from bridge.mapping.lens import CONCEPT, LENSES, Lens
from bridge.mapping.mapping import Mapping
from bridge.mapping.numbers import unit_of
from bridge.model.content import Code, Coded, Container, Num, Other, Plain, Value, value_type
from bridge.model.group import absent
from bridge.translate.basis import times
from bridge.translate.basis.node import Home
from bridge.translate.basis.ranges import of_quantity, of_range
from bridge.translate.native.generic import VALUE_UNKNOWN
from bridge.translate.native.unread import is_unread

YES, NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")  # CID 230
_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


EMPTY = "empty"
"""Element id of the dataAbsentReason of a NUM that has neither number nor unit nor reason."""
PERSON = "person"
"""Element id of the coding that says what the string is: a PNAME. A primitive has none on HAPI."""


def value_to_fhir(value: Value, into: Home, mapping: Mapping, zone: str) -> None:
    """Sets value[x]; a data absent reason where there is no value that FHIR can hold (obs-6)."""
    kind = value_type(value)
    if isinstance(value, Container) or kind is None:
        return
    element, lens = mapping.values[kind]
    try:
        if isinstance(value, Num):
            into |= _of_number(value, element, lens)
        elif isinstance(value, Plain):
            into |= _of_plain(value, element, lens, zone)
            if value.value_type == "PNAME":
                into |= _marked(into)
        elif isinstance(value, Coded) or value == Other("CODE"):
            code = value.code if isinstance(value, Coded) else None
            if (reason := reason_of(code)) is not None:
                into["dataAbsentReason"] = {"coding": [_UNKNOWN | {"code": reason}]}
            else:
                into[element] = CONCEPT.to_fhir(None) if code is None else lens.to_fhir(code)
        else:
            raise ValueError("no value")
    except ValueError:
        into["dataAbsentReason"] = _reason(value)
    if isinstance(value, Num) and value.values and is_qualifier(value.qualifier):
        into["interpretation"] = [CONCEPT.to_fhir(value.qualifier)]


def is_qualifier(code: Code | None) -> bool:
    """Of CID 42. Where there is a number, it qualifies that (PS3.3 C.18.1): no dataAbsentReason then (FHIR R4 obs-6),
    but an interpretation, which a component may have too."""
    return code is not None and code.scheme == "DCM" and code.value in _REASONS


def qualifier_in(concept: Home) -> Code | None:
    """The Numeric Value Qualifier that an interpretation is; None of any other."""
    said = (one for one in concept.get("coding", ()) if one.get("system") == _DCM and one.get("code") in _REASONS)
    return next(map(code_of, said), None)


def qualified(number: Num, home: Home) -> Num:
    """With the Numeric Value Qualifier that is among the interpretations."""
    if "interpretation" not in home:
        return number
    return replace(number, qualifier=next(filter(None, map(qualifier_in, home["interpretation"])), None))


def _of_number(value: Num, element: str, lens: Lens[Any, Any]) -> Home:
    if len(value.values) == 1:
        return {element: lens.to_fhir(value)}
    if value.values or value.qualifier is not None:
        raise ValueError("several numbers, or none for a reason")
    if value.unit is None:
        return {"dataAbsentReason": {"id": EMPTY, "coding": [_UNKNOWN]}}
    return {element: {"_value": absent()} | unit_of(value.unit)}


def _of_plain(value: Plain, element: str, lens: Lens[Any, Any], zone: str) -> Home:
    if value.value_type == "DATETIME":
        return {element: times.to_fhir(value.text, zone)}
    if value.value_type == "TEXT" and value.text in ("", " "):
        return {"_valueString": absent()}
    return {element: lens.to_fhir(value.text)}


def _reason(value: Value) -> Home:
    """Numeric Value Qualifier (CID 42) says why there is no number; both codes, so that it comes back."""
    if is_unread(value):
        return {"coding": [_UNKNOWN | {"code": "error"}]}
    qualifier = value.qualifier if isinstance(value, Num) and not value.values else None
    if qualifier is None or qualifier.scheme != "DCM":
        return {"coding": [_UNKNOWN]}
    reason = _UNKNOWN | {"code": _REASONS.get(qualifier.value, "unknown")}
    return {"coding": [reason, coding(qualifier)]}


def empty_of(home: Home) -> Value | None:
    """What `value_to_fhir` says of a number without number and unit, and of a value that is no code."""
    if "dataAbsentReason" in home and home["dataAbsentReason"].get("id") == EMPTY and "valueQuantity" not in home:
        return Num((), None, None)
    concept = home.get("valueCodeableConcept")
    return Coded(None) if concept is not None and concept.keys() == {"extension"} else None


def _unit_alone(home: Home) -> Code | None:
    quantity = home.get("valueQuantity", {})
    if "_value" not in quantity or "value" in quantity or "code" not in quantity:
        return None
    try:
        return code_of({"system": quantity.get("system"), "code": quantity["code"], "display": quantity.get("unit")})
    except ValueError:  # a unit that DICOM cannot name
        return None


def _qualifier(home: Home) -> Code | None:
    codings = home.get("dataAbsentReason", {}).get("coding", [])
    return qualifier_in({"coding": codings})


_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_REASONS = {  # CID 42 -> data-absent-reason
    "114000": "not-a-number",
    "114001": "negative-infinity",
    "114002": "positive-infinity",
    "114003": "error",  # divide by zero
    "114004": "error",  # underflow
    "114005": "error",  # overflow; it does not say of which sign, so that it is no infinity
    "114006": "error",  # measurement failure
    "114007": "not-performed",  # measurement not attempted
    "114008": "error",  # calculation failure
    "114009": "error",  # value out of range
    "114010": "unknown",
    "114011": "unknown",  # value indeterminate
}


def value_to_dicom(home: Home, zone: str, *, container: bool) -> Value:
    """The value type that value[x] says; what has no SR form becomes TEXT, what is not there Value unknown, or a
    container where the element may be one."""
    try:
        found = _typed(home, zone)
    except ValueError:  # a comparator, a unit that DICOM cannot name: in words then
        found = None
    if found is not None:
        return found
    if (unit := _unit_alone(home)) is not None:
        return Num((), unit, None)
    if (qualifier := _qualifier(home)) is not None:
        return Num((), None, qualifier)
    if container and "dataAbsentReason" not in home and not any(key.startswith("value") for key in home):
        return Container("SEPARATE")
    if "value" not in home.get("valueQuantity", {"value": None}):
        return Coded(_absent_code(home))  # a unit in words is no value
    words = spelled_out(home)
    return Plain("TEXT", words) if words else Coded(_absent_code(home))


def _absent_code(home: Home) -> Code:
    """CID 42, as far as it says why; else Value unknown."""
    said = {one.get("code") for one in home.get("dataAbsentReason", {}).get("coding", ())}
    said |= {one.get("valueCode") for one in home.get("valueQuantity", {}).get("_value", {}).get("extension", ())}
    return next((code for reason, code in _ABSENT_CODES.items() if reason in said), VALUE_UNKNOWN)


@lru_cache(maxsize=4096)
def reason_of(code: Code | None) -> str | None:
    """What `_absent_code` gives a code for: that there is no answer is no answer."""
    if code is None or code.equivalents:
        return None
    found = (reason for reason, one in _ABSENT_CODES.items() if one.same(code))
    return next(found, "unknown" if VALUE_UNKNOWN.same(code) else None)


_ABSENT_CODES = {
    "not-performed": Code("114007", "DCM", "Measurement not attempted"),
    "not-a-number": Code("114000", "DCM", "Not a number"),
    "negative-infinity": Code("114001", "DCM", "Negative Infinity"),
    "positive-infinity": Code("114002", "DCM", "Positive Infinity"),
    "error": Code("114006", "DCM", "Measurement failure"),
}


def _typed(home: Home, zone: str) -> Value | None:
    if "valueQuantity" in home:
        num = LENSES["quantity"].to_dicom(home["valueQuantity"])
        return qualified(num, home) if isinstance(num, Num) else None
    if "valueCodeableConcept" in home:
        if "coding" not in home["valueCodeableConcept"] and len(home["valueCodeableConcept"].get("text", "")) > 64:
            return _text(home["valueCodeableConcept"]["text"])  # a meaning would be cut
        code = LENSES["concept"].to_dicom(home["valueCodeableConcept"])
        return Coded(code) if code else None
    if "valueString" in home:
        if _names_person(home):
            return Plain("PNAME", LENSES["person-string"].to_dicom(home["valueString"]))
        return _text(home["valueString"])
    if home.get("_valueString") == absent():
        return Plain("TEXT", "")
    if "valueBoolean" in home:
        return Coded(YES if home["valueBoolean"] else NO)
    if "valueInteger" in home:
        return Num((str(home["valueInteger"]),), Code("1", "UCUM", "no units"), None)
    if "valueDateTime" in home:
        if "T" not in home["valueDateTime"] and len(home["valueDateTime"]) == 10:
            return Plain("DATE", LENSES["date"].to_dicom(home["valueDateTime"]))
        return Plain("DATETIME", times.to_dicom(home["valueDateTime"], zone))
    if "valueTime" in home:
        return Plain("TIME", LENSES["time"].to_dicom(home["valueTime"]))
    return None


def _marked(home: Home) -> Home:
    """Codes are shared: the mark goes onto a copy."""
    code = home.get("code", {})
    if "coding" not in code:
        return {}
    first, *others = code["coding"]
    return {"code": code | {"coding": [{"id": PERSON, **first}, *others]}}


def _names_person(home: Home) -> bool:
    return any(one.get("id") == PERSON for one in home.get("code", {}).get("coding", ()))


def _text(text: str) -> Plain:
    try:
        return Plain("UIDREF", LENSES["uid-string"].to_dicom(text))
    except ValueError:  # any other string
        return Plain("TEXT", LENSES["string"].to_dicom(text))


def printable(text: str) -> str:
    """Control characters but the line feed become blanks: dciodvfy refuses them in UT."""
    return _CONTROL.sub(" ", text)


def spelled_out(home: Home) -> str | None:
    """A value that has no SR form of its own. Nothing that changes its meaning may be missing."""
    for key, value in home.items():
        if key.startswith("value") and (words := _WORDS.get(key, str)(value)):
            return printable(words)[:1024].strip() or None
    return None


def _of_ratio(value: Home) -> str:
    return " : ".join(of_quantity(value[part]) if part in value else "?" for part in ("numerator", "denominator"))


def _of_period(value: Home) -> str:
    return f"{value.get('start', '')} - {value.get('end', '')}"


def _of_concept(value: Home) -> str:
    codings = value.get("coding", [{}])
    return str(value.get("text") or codings[0].get("display") or codings[0].get("code") or "")


def _of_samples(value: Home) -> str:
    """What they are; the samples themselves are no words. A value is `sample * factor + origin` (R4 SampledData). R4
    says `period`, in ms; R5 `interval`, in units of its own, or none where `offsets` say each."""
    dimensions, samples = value.get("dimensions", 1), len(value.get("data", "").split())
    many = f"{samples} samples" if str(dimensions) == "1" else f"{samples} samples in {dimensions} dimensions"
    said = [f"sampled data: {many}"]
    said += [f"one every {value['period']} ms"] if "period" in value else []
    said += [f"one every {value['interval']} {value.get('intervalUnit', '')}".rstrip()] if "interval" in value else []
    said += [f"origin {of_quantity(value['origin'])}"] if "origin" in value else []
    said += [f"factor {value['factor']}"] if "factor" in value else []
    said += [f"{name} limit {value[f'{name}Limit']}" for name in ("lower", "upper") if f"{name}Limit" in value]
    return ", ".join(said)


_WORDS: dict[str, Callable[[Any], str]] = {
    "valueQuantity": of_quantity,
    "valueRange": of_range,
    "valueRatio": _of_ratio,
    "valuePeriod": _of_period,
    "valueCodeableConcept": _of_concept,
    "valueSampledData": _of_samples,
}
