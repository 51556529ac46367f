"""ImagingSelection of R5 <-> Basic with HL7's cross-version extensions, which is how R4 says it."""

from __future__ import annotations

from bridge.model.extensions import extensions_of
from bridge.model.group import Json, Resource, absent
from bridge.releases.in_place import put_list
from bridge.translate.native.selection import DERIVED_FROM, PREFIX, SELECTION

_PARTS: dict[str, tuple[str | None, bool]] = {  # value[x] of its extension (None: a complex one), and whether a list
    "status": ("valueCode", False),
    "category": ("valueCodeableConcept", True),
    "code": ("valueCodeableConcept", False),
    "studyUid": ("valueId", False),
    "seriesUid": ("valueId", False),
    "seriesNumber": ("valueUnsignedInt", False),
    "frameOfReferenceUid": ("valueId", False),
    "instance": (None, True),
    "uid": ("valueId", False),
    "number": ("valueUnsignedInt", False),
    "sopClass": ("valueCoding", False),
    "subset": ("valueString", True),
    "imageRegion2D": (None, True),
    "imageRegion3D": (None, True),
    "regionType": ("valueCode", False),
    "coordinate": ("valueDecimal", True),
    "derivedFrom": ("valueReference", True),
    "basedOn": ("valueReference", True),
    "focus": ("valueReference", True),
    "endpoint": ("valueReference", True),
}
_KEPT = ("id", "meta", "implicitRules", "language", "text", "contained", "modifierExtension", "identifier", "subject")


def is_selection(resource: Resource) -> bool:
    """Whether a Basic stands for an ImagingSelection."""
    return resource["resourceType"] == "Basic" and resource.get("code") == SELECTION


def selection_in_r5(basic: Resource) -> Resource:
    """What R5 demands and nobody has said is said to be absent."""
    found: Resource = {"resourceType": "ImagingSelection"} | {key: basic[key] for key in _KEPT if key in basic}
    others = _take(found, basic.get("extension", []), PREFIX)
    if others:
        found["extension"] = others
    found.setdefault("status", "unknown")
    found.setdefault("code", absent())
    for instance in found.get("instance", ()):
        if "uid" not in instance:
            instance["_uid"] = absent()
    return found


def selection_in_r4(selection: Resource) -> Resource:
    extensions = _extensions(selection, PREFIX) + selection.get("extension", [])
    found: Resource = {"resourceType": "Basic"} | {key: selection[key] for key in _KEPT if key in selection}
    return found | {"extension": extensions, "code": SELECTION}


def derived_in_r5(observation: Resource) -> None:
    """R4 Observation.derivedFrom may not point to Basic, that of R5 to an ImagingSelection."""
    said = [one for one in extensions_of(observation, DERIVED_FROM) if "valueReference" in one]
    if not said:
        return
    put_list(observation, "extension", [one for one in observation["extension"] if one not in said])
    observation["derivedFrom"] = [*observation.get("derivedFrom", ()), *(one["valueReference"] for one in said)]


def derived_in_r4(observation: Resource, selections: set[str]) -> None:
    """`selections`: references to ImagingSelections."""
    found = observation.get("derivedFrom", [])
    moved = [one for one in found if one.get("reference") in selections]
    if not moved:
        return
    put_list(observation, "derivedFrom", [one for one in found if one not in moved])
    said = [{"url": DERIVED_FROM, "valueReference": one} for one in moved]
    observation["extension"] = [*said, *observation.get("extension", ())]


def _take(home: Resource, extensions: list[Json], prefix: str) -> list[Json]:
    """Puts what the extensions say into `home`; returns those that say something else."""
    others: list[Json] = []
    for one in extensions:
        name = one["url"].removeprefix(prefix)
        element, many = _PARTS.get(name, (None, False))
        said = name in _PARTS and one["url"] == f"{prefix}{name}" and (element or "extension") in one
        if not said or (not many and name in home):
            others.append(one)
            continue
        value = one[element] if element else _complex(one)
        if many:
            home.setdefault(name, []).append(value)
        else:
            home[name] = value
    return others


def _complex(extension: Json) -> Json:
    home: Resource = {"id": extension["id"]} if "id" in extension else {}
    if others := _take(home, extension["extension"], ""):
        home["extension"] = others
    return home


def _extensions(home: Resource, prefix: str) -> list[Json]:
    """In the order of `_PARTS`, which is that of `native/selection.py`: the order of JSON properties says nothing."""
    found: list[Json] = []
    for name, (element, many) in _PARTS.items():
        if name not in home:
            continue
        value = home[name]
        values = value if many else [value]
        if None in values or value == absent():  # a null would move the coordinates behind it
            continue
        for one in values:
            if element:
                found.append({"url": f"{prefix}{name}", element: one})
                continue
            identifier = {"id": one["id"]} if "id" in one else {}
            inner = _extensions(one, "") + one.get("extension", [])
            found.append(identifier | {"url": f"{prefix}{name}", "extension": inner})
    return found
