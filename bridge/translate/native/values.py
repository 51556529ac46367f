"""Value of a content item <-> value[x] of an Observation or a component, by the lens of its value type."""

from __future__ import annotations

from typing import Any

from bridge.mapping.codings import code_of
from bridge.mapping.lens import CONCEPT, LENSES, Lens
from bridge.mapping.mapping import Mapping
from bridge.mapping.numbers import NO_UNITS, unit_of
from bridge.model.content import Code, Coded, Container, Num, Other, Plain, Value, value_type
from bridge.model.group import absent
from bridge.translate.basis import times
from bridge.translate.basis.element_ids import EMPTY, PERSON, has_mark
from bridge.translate.basis.node import Home
from bridge.translate.native.qualifiers import (
    UNKNOWN,
    absent_code,
    is_interpreted_alone,
    is_qualifier,
    qualified,
    qualifier_of,
    reason_for,
    reason_of,
)
from bridge.translate.native.spelled import spelled_out

YES, NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")  # CID 230


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
                into["dataAbsentReason"] = {"coding": [UNKNOWN | {"code": reason}]}
            else:
                into[element] = CONCEPT.to_fhir(None) if code is None else lens.to_fhir(code)
        else:
            raise ValueError("no value")
    except ValueError:
        into["dataAbsentReason"] = reason_for(value)
    if isinstance(value, Num) and value.values and is_qualifier(value.qualifier):
        into["interpretation"] = [CONCEPT.to_fhir(value.qualifier)]


def _of_number(value: Num, element: str, lens: Lens[Any, Any]) -> Home:
    if len(value.values) == 1:
        return {element: lens.to_fhir(value)}
    if value.values or value.qualifier is not None:
        raise ValueError("several numbers, or none for a reason")
    if value.unit is None:
        return {"dataAbsentReason": {"id": EMPTY, "coding": [UNKNOWN]}}
    return {element: {"_value": absent()} | unit_of(value.unit)}


def _of_plain(value: Plain, element: str, lens: Lens[Any, Any], zone: str) -> Home:
    if value.value_type == "DATETIME":
        return {element: times.to_fhir(value.text, zone)}
    if value.value_type == "TEXT" and value.text in ("", " "):
        return {"_valueString": absent()}
    return {element: lens.to_fhir(value.text)}


def empty_of(home: Home) -> Value | None:
    """What `value_to_fhir` says of a number without number and unit, and of a value that is no code."""
    if "dataAbsentReason" in home and has_mark(home["dataAbsentReason"], EMPTY) and "valueQuantity" not in home:
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
    if (qualifier := qualifier_of(home)) is not None:
        return Num((), None, qualifier)
    is_said = any(key.startswith(("value", "_value")) for key in home)
    if container and not is_said and ("dataAbsentReason" not in home or is_interpreted_alone(home)):
        return Container("SEPARATE")
    if "value" not in home.get("valueQuantity", {"value": None}):
        return Coded(absent_code(home))  # a unit in words is no value
    words = spelled_out(home)
    return Plain("TEXT", words) if words else Coded(absent_code(home))


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
        return Num((str(home["valueInteger"]),), NO_UNITS, None)
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
    return any(has_mark(one, PERSON) for one in home.get("code", {}).get("coding", ()))


def _text(text: str) -> Plain:
    try:
        return Plain("UIDREF", LENSES["uid-string"].to_dicom(text))
    except ValueError:  # any other string
        return Plain("TEXT", LENSES["string"].to_dicom(text))
