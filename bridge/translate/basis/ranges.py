"""Quantity and Range in words."""

from __future__ import annotations

from bridge.mapping.numbers import NO_UNITS, comparator_of
from bridge.translate.basis.node import Home


def of_quantity(value: Home) -> str:
    """The unit `1` of UCUM is none: behind a number it would be read as a digit. DICOM calls it `no units`."""
    unit = value.get("unit") or value.get("code")
    parts = (comparator_of(value), value.get("value"), None if unit in ("1", NO_UNITS.meaning) else unit)
    return " ".join(str(part) for part in parts if part is not None)


def of_range(value: Home) -> str:
    low, high = (of_quantity(value[end]) if end in value else "" for end in ("low", "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else f"<= {high}" if high else ""


def normal_ranges(home: Home, *, born: bool) -> list[Home]:
    """Those that TID 312 can say: of everybody (without `appliesTo` and `age`, FHIR R4 means the normal population),
    with limits that are numbers. Of several, which one is the patient's nobody has said: of a document `born` in DICOM
    those that it has items for, which the element ids say; else none. Of a component all of its ranges or none: what a
    resource says beside its range has a place of its own (`lone_range.py`), and what a component says has not."""
    ranges: list[Home] = home["referenceRange"]
    normal = [one for one in ranges if _is_normal(one)]
    if born:
        return normal if len(normal) == 1 else [one for one in normal if _has_item(one)]
    is_whole = "resourceType" in home or len(ranges) == 1
    return normal if len(normal) == 1 and is_whole else []


def _is_normal(one: Home) -> bool:
    if not one.keys() <= {"id", "extension", "low", "high", "text", "type"}:
        return False
    if any(coding.get("code") != "normal" for coding in one.get("type", {"coding": []}).get("coding", [{}])):
        return False
    return not any("comparator" in one.get(limit, {}) for limit in ("low", "high"))


def _has_item(one: Home) -> bool:
    return any("id" in part for part in (one, one.get("low", {}), one.get("high", {})))


def has_unit(quantity: Home) -> bool:
    return bool(quantity.get("unit") or quantity.get("code"))


def in_known_units(ranges: list[Home], home: Home) -> list[Home]:
    """Of a number that has a unit, limits without one in words: a reader of NUM would see that they have none (PS3.3
    C.18.1 asks for a unit), and which they have nobody says."""
    return [_in_words(one) if is_bare(one, home) else one for one in ranges]


def is_bare(one: Home, home: Home) -> bool:
    limits = (one[end] for end in ("low", "high") if end in one)
    return has_unit(home.get("valueQuantity", {})) and not all(map(has_unit, limits))


def _in_words(one: Home) -> Home:
    limits, text = of_range(one), one.get("text", "")
    kept = {key: value for key, value in one.items() if key not in ("low", "high")}
    return kept | {"text": f"{text} ({limits})" if text.strip() else limits}
