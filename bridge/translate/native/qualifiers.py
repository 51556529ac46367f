"""Why there is no number, or what is odd about it: Numeric Value Qualifiers (PS3.16 CID 42) <-> dataAbsentReason and
interpretation."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from bridge.mapping.codings import code_of, coding
from bridge.model.content import Code, Num, Value
from bridge.terminology.schemes import DCM
from bridge.translate.basis.codeable import displayed
from bridge.translate.basis.node import Home
from bridge.translate.native.named_concepts import VALUE_UNKNOWN
from bridge.translate.native.unread import is_unread

UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
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
_ABSENT_CODES = {
    "not-performed": Code("114007", "DCM", "Measurement not attempted"),
    "not-a-number": Code("114000", "DCM", "Not a number"),
    "negative-infinity": Code("114001", "DCM", "Negative Infinity"),
    "positive-infinity": Code("114002", "DCM", "Positive Infinity"),
    "error": Code("114006", "DCM", "Measurement failure"),
}
_NOT_APPLICABLE = Code("385432009", "SCT", "Not applicable")
"""No code of CID 42, and as a value an answer: where DICOM says it, it stays one."""
_TOLD = {*_ABSENT_CODES, "unknown", "not-applicable"}


def is_qualifier(code: Code | None) -> bool:
    """Of CID 42. Where there is a number, it qualifies that (PS3.3 C.18.1): no dataAbsentReason then (FHIR R4 obs-6),
    but an interpretation, which a component may have too."""
    return code is not None and code.scheme == "DCM" and code.value in _REASONS


def qualifier_in(concept: Home) -> Code | None:
    """The Numeric Value Qualifier that an interpretation is; None of any other."""
    said = (one for one in concept.get("coding", ()) if one.get("system") == DCM and one.get("code") in _REASONS)
    return next(map(code_of, said), None)


def qualified(number: Num, home: Home) -> Num:
    """With the Numeric Value Qualifier that is among the interpretations."""
    if "interpretation" not in home:
        return number
    return replace(number, qualifier=next(filter(None, map(qualifier_in, home["interpretation"])), None))


def reason_for(value: Value) -> Home:
    """Numeric Value Qualifier (CID 42) says why there is no number; both codes, so that it comes back."""
    if is_unread(value):
        return {"coding": [UNKNOWN | {"code": "error"}]}
    qualifier = value.qualifier if isinstance(value, Num) and not value.values else None
    if qualifier is None or qualifier.scheme != "DCM":
        return {"coding": [UNKNOWN]}
    reason = UNKNOWN | {"code": _REASONS.get(qualifier.value, "unknown")}
    return {"coding": [reason, coding(qualifier)]}


def qualifier_of(home: Home) -> Code | None:
    codings = home.get("dataAbsentReason", {}).get("coding", [])
    return qualifier_in({"coding": codings})


def absent_code(home: Home) -> Code:
    """CID 42, as far as it says why; else Value unknown."""
    said = _reasons_in(home)
    primitives = [one for key, one in home.items() if key.startswith("_value")]
    primitives.append(home.get("valueQuantity", {}).get("_value", {}))
    said |= {one.get("valueCode") for primitive in primitives for one in primitive.get("extension", ())}
    unsaid = _NOT_APPLICABLE if "not-applicable" in said else VALUE_UNKNOWN
    return next((code for reason, code in _ABSENT_CODES.items() if reason in said), unsaid)


def is_interpreted_alone(home: Home) -> bool:
    """Whether an interpretation is the result, and a value not applicable: a pathogen that was detected is not one of
    which nobody knows."""
    return "interpretation" in home and "not-applicable" in _reasons_in(home)


def reason_in_words(reason: Home) -> str | None:
    """What a dataAbsentReason says that the code of the item does not; None where that says all."""
    codings = reason.get("coding", ())
    told = {one["code"] for one in codings if one.get("code") in _TOLD and one.get("system") == UNKNOWN["system"]}
    words = reason.get("text") or (None if told else displayed(reason))
    told |= {one["display"].casefold() for one in codings if one.get("code") in told and "display" in one}
    return words if words and words.casefold() not in told else None


def _reasons_in(home: Home) -> set[str | None]:
    return {one.get("code") for one in home.get("dataAbsentReason", {}).get("coding", ())}


@lru_cache(maxsize=4096)
def reason_of(code: Code | None) -> str | None:
    """What `absent_code` gives a code for: that there is no answer is no answer."""
    if code is None or code.equivalents:
        return None
    found = (reason for reason, one in _ABSENT_CODES.items() if one.same(code))
    return next(found, "unknown" if VALUE_UNKNOWN.same(code) else None)
