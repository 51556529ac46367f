"""Validation by fhir.resources (R4B classes for R4, its own for R5), one resource at a time."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from bridge.errors import InvalidFhirError
from bridge.model.group import Json, Number, Resource
from bridge.model.release import Release

_SAID = 20  # faults; a list of a hundred thousand is one mistake, and would be kept in the ledger


def validate(resource: Resource, release: Release = "R4", *, made: bool = False) -> None:
    """Raises InvalidFhirError with the place of each fault, never with a value. `made`: by us, of an SR, which may hold
    what was said in the other release."""
    kind = resource.get("resourceType")
    model = _model_of(kind, release)
    if model is None:
        raise InvalidFhirError(_no_resource(kind, release))
    if place := _misfit(resource, "", release):
        raise InvalidFhirError(f"invalid {kind}: {place}")
    try:
        read = model.model_validate(_plain(resource))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        said = "; ".join(_fault(fault["loc"], fault["type"], fault["msg"], release) for fault in faults[:_SAID])
        more = f"; and {len(faults) - _SAID} more" if len(faults) > _SAID else ""
        other = "R5" if release == "R4" else "R4"
        remedy = f"if it is of {other}, convert it with `--fhir-version {other}`"
        if made:
            raise InvalidFhirError(f"{kind} cannot be written as FHIR {release}: {said}{more}; {remedy}") from error
        remedy = f"; correct it, or, {remedy}" if any(fault["type"] == _UNKNOWN for fault in faults) else ""
        raise InvalidFhirError(f"invalid {kind}: {said}{more}{remedy}") from error
    except (AttributeError, TypeError) as error:  # how fhir.resources fails where `_element` is no object
        raise InvalidFhirError(f"invalid {kind}: an element has the shape of another type") from error
    if place := _retyped(read, resource, ""):
        raise InvalidFhirError(f"invalid {kind}: {place}")
    for name, codes in _BINDINGS.get(str(kind), {}).items():
        allowed = [*codes.split(), *_MORE_IN_R5.get(str(kind), "").split()] if release == "R5" else codes.split()
        if name in resource and resource[name] not in allowed:
            raise InvalidFhirError(f"invalid {kind}: {name}: not one of {', '.join(allowed)}")


_UNKNOWN = "extra_forbidden"

_BINDINGS = {  # required bindings that decide what is done with a resource; the models do not check them
    "Observation": {
        "status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    },
    "DiagnosticReport": {
        "status": "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
    },
    "Composition": {"status": "preliminary final amended entered-in-error"},
    "Patient": {"gender": "male female other unknown"},
}
_MORE_IN_R5 = {
    "DiagnosticReport": "modified",
    "Composition": "registered partial corrected appended cancelled deprecated unknown",
}


def _model_of(kind: Json, release: Release) -> type[BaseModel] | None:
    return _model(kind, release) if isinstance(kind, str) and re.fullmatch("[A-Z][A-Za-z]+", kind) else None


def _no_resource(kind: Json, release: Release) -> str:
    named = f" {kind}" if isinstance(kind, str) and re.fullmatch("[A-Z][A-Za-z]{1,40}", kind) else ""
    return f"resourceType{named} is no FHIR {release} resource"


@cache
def _model(kind: str, release: Release) -> type[BaseModel] | None:
    if release == "R5":
        from fhir.resources import get_fhir_model_class
    else:
        from fhir.resources.R4B import get_fhir_model_class

    try:
        model: type[BaseModel] = get_fhir_model_class(kind)
    except (LookupError, ModuleNotFoundError, AttributeError, ValueError):  # as R4B and R5 say it
        return None
    return model


_TEMPORAL = re.compile(r"[a-z].*(Date|DateTime|Instant|Time)|issued|birthDate|lastUpdated|date")


def _misfit(value: Json, path: str, release: Release) -> str | None:
    """What JSON of FHIR never holds and the models let pass: null outside of a list, a number for a date. And within a
    resource one that FHIR does not know, for which they raise what nobody expects."""
    if isinstance(value, dict):
        if path and "resourceType" in value and _model_of(value["resourceType"], release) is None:
            return f"{path}: {_no_resource(value['resourceType'], release)}"
        for key, child in value.items():
            place = f"{path}.{key}".lstrip(".")
            if child is None or child in ({}, []):
                return f"{place}: null or empty; leave it out"
            if _TEMPORAL.fullmatch(key) and not isinstance(child, str | dict | list):
                return f"{place}: a date or time is a string"
            if (found := _misfit(child, place, release)) is not None:
                return found
    elif isinstance(value, list):
        for index, child in enumerate(value):
            if (found := _misfit(child, f"{path}.{index}", release)) is not None:
                return found
    return None


_INTEGER64 = ("Integer64", ".size")
"""Of R5, which JSON has as a string (R5 json.html#primitive)."""


def _retyped(read: Any, said: Json, path: str) -> str | None:
    """Where the models take a text for what it spells: `"false"` is no boolean, and true wherever one asks for it (FHIR
    R4 json.html)."""
    if isinstance(read, BaseModel) and isinstance(said, dict):
        names = _names(type(read))
        inner = ((getattr(read, names[key]), one, key) for key, one in said.items() if key in names)
    elif isinstance(read, list) and isinstance(said, list):
        inner = ((one, other, str(index)) for index, (one, other) in enumerate(zip(read, said, strict=False)))
    else:
        is_text = isinstance(read, int | Decimal) and isinstance(said, str) and not isinstance(said, Number)
        is_text = is_text and not path.endswith(_INTEGER64)
        is_other = is_text or isinstance(read, bool) != isinstance(said, bool)
        return f"{path}: a boolean is true or false, a number has digits, and neither has quotes" if is_other else None
    found = (_retyped(one, other, f"{path}.{key}".lstrip(".")) for one, other, key in inner)
    return next(filter(None, found), None)


@cache
def _names(model: type[BaseModel]) -> dict[str, str]:
    """By the key in JSON, which may be no name in Python: `class`."""
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _fault(where: tuple[int | str, ...], fault: str, said: str, release: Release) -> str:
    """An element that FHIR does not know is not named: it may hold anything."""
    if fault != _UNKNOWN:
        return f"{'.'.join(map(str, where))}: {said}"
    place = f"{'.'.join(map(str, where[:-1]))}: " if where[:-1] else ""
    return f"{place}an element that FHIR {release} does not know"


def _plain(value: Json) -> Any:
    if isinstance(value, Number):
        return Decimal(value)
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value
