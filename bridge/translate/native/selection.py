"""SCOORD, SCOORD3D and parts of instances <-> ImagingSelection, in R4 as Basic with HL7's cross-version extensions
(FHIR R5 ImagingSelection; PS3.3 C.18.6, C.18.9)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from bridge.mapping.numbers import decimal
from bridge.model.content import Graphic, Reference
from bridge.model.group import Json, Number, Resource
from bridge.model.names import CROSS_VERSION
from bridge.model.values import graphic
from bridge.translate.basis.node import Home
from bridge.translate.header.study import sop_class_coding
from bridge.translate.native.generic import REGIONS

PREFIX = f"{CROSS_VERSION}ImagingSelection."
SUBSET = f"{PREFIX}instance.subset"
"""On a reference: the frames, segments or channels that are meant."""
DERIVED_FROM = f"{CROSS_VERSION}Observation.derivedFrom"
"""R4 Observation.derivedFrom may not point to Basic."""
SELECTION = {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "ImagingSelection"}]}
"""Basic.code."""
_ELEMENT = {"SCOORD": "imageRegion2D", "SCOORD3D": "imageRegion3D"}


def selection_of(value: Graphic, identifier: str, code: Home | None, subject: Home | None) -> Resource:
    """The region, and on it the first image that it was selected from."""
    region = [_part("regionType", "valueCode", REGIONS[value.value_type][value.graphic_type])]
    region += [_part("coordinate", "valueDecimal", _decimal(number)) for number in value.data]
    instance: list[Json] = [{"url": _ELEMENT[value.value_type], "extension": region}]
    extension: list[Json] = [{"url": f"{PREFIX}status", "valueCode": "available"}]
    if code is not None:
        extension.append({"url": f"{PREFIX}code", "valueCodeableConcept": code})
    if value.frame_of_reference is not None:
        extension.append({"url": f"{PREFIX}frameOfReferenceUid", "valueId": value.frame_of_reference})
    extension.append({"url": f"{PREFIX}instance", "extension": instance})
    found: Resource = {"resourceType": "Basic", "id": identifier, "extension": extension, "code": SELECTION}
    if subject is not None:
        found["subject"] = subject
    return found


def select_from(selection: Resource, number: int, reference: Reference) -> Home:
    """Names the instance in the selection; returns the element that stands for it."""
    home = _instance(selection)
    home["id"] = str(number)
    home["extension"][:0] = [
        _part("uid", "valueId", reference.sop_instance),
        _part("sopClass", "valueCoding", sop_class_coding(reference.sop_class)),
        *(_part("subset", "valueString", str(one)) for one in reference.subset),
    ]
    return home


def derive_from(selection: Resource, reference: Home) -> None:
    """The DocumentReference that says which part the instance has: its type is the concept of the item."""
    selection["extension"].append({"url": f"{PREFIX}derivedFrom", "valueReference": reference})


def derived_from(selection: Resource) -> Home:
    said = _all(selection.get("extension", []), f"{PREFIX}derivedFrom")
    return next((one["valueReference"] for one in said if "valueReference" in one), {})


def graphic_of(selection: Resource) -> Graphic | None:
    """None where the Basic is no ImagingSelection with one region."""
    if selection.get("code") != SELECTION:
        return None
    for value_type, element in _ELEMENT.items():
        for region in _all(_instance(selection).get("extension", []), element):
            parts = region.get("extension", [])
            kinds = {fhir: dicom for dicom, fhir in REGIONS[value_type].items()}
            kind = kinds.get(next((str(one.get("valueCode")) for one in _all(parts, "regionType")), ""))
            numbers = [one["valueDecimal"] for one in _all(parts, "coordinate") if "valueDecimal" in one]
            frames = _all(selection["extension"], f"{PREFIX}frameOfReferenceUid")
            try:
                data = tuple(map(_single, numbers))
            except OverflowError:  # no 32-bit float
                return None
            return graphic(value_type, kind, data, next((one.get("valueId") for one in frames), None)) if kind else None
    return None


def concept_of(selection: Resource) -> Home | None:
    codes = _all(selection.get("extension", []), f"{PREFIX}code")
    return next((one.get("valueCodeableConcept") for one in codes), None)


class Selected(NamedTuple):
    sop_class: str
    sop_instance: str
    subset: tuple[int, ...]
    home: Home


def selected_from(selection: Resource) -> Selected | None:
    """The instance; None where the selection names none."""
    home = _instance(selection)
    parts = home.get("extension", [])
    uid = next((one.get("valueId", "") for one in _all(parts, "uid")), "")
    sop_class = next((one.get("valueCoding", {}).get("code", "") for one in _all(parts, "sopClass")), "")
    if not uid or not sop_class.startswith("urn:oid:"):
        return None
    return Selected(sop_class.removeprefix("urn:oid:"), uid, _numbers(_all(parts, "subset")), home)


def subset_extensions(reference: Reference) -> list[Json]:
    return [{"url": SUBSET, "valueString": str(one)} for one in reference.subset]


def subset_of(reference: Home) -> tuple[int, ...]:
    return _numbers(_all(reference.get("extension", []), SUBSET))


def _numbers(extensions: list[Home]) -> tuple[int, ...]:
    texts = [one.get("valueString", "") for one in extensions]
    return tuple(map(int, texts)) if all(text.isascii() and text.isdigit() for text in texts) else ()


def _instance(selection: Resource) -> Home:
    return next(iter(_all(selection.get("extension", []), f"{PREFIX}instance")), {})


def _part(url: str, element: str, value: Json) -> Home:
    return {"url": url, element: value}


def _all(extensions: list[Home], url: str) -> list[Home]:
    return [one for one in extensions if one.get("url") == url]


def _decimal(number: float) -> Number | int:
    """The shortest decimal that is this 32-bit float."""
    for digits in range(6, 10):
        text = f"{number:.{digits}g}"
        if _single(text) == number:
            break
    return decimal(text)


def _single(text: Json) -> float:
    (found,) = struct.unpack("<f", struct.pack("<f", float(text)))
    return float(found)
