"""What JSON of FHIR never holds is refused by its place, and never by its value (FHIR R4 json.html)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from bridge.codecs import json
from bridge.codecs.fhir import validate
from bridge.errors import InvalidFhirError
from bridge.model.group import Resource
from bridge.model.release import Release
from tests.samples import observation

STRUCTURE = {"resourceType": "BodyStructure", "patient": {"reference": "Patient/p"}}
RATIO: Resource = {"numerator": {"value": 1}, "denominator": {"value": 2}}


def read(resource: Resource) -> Resource:
    """As from a file: numbers keep their digits."""
    found: Resource = json.loads(json.dumps(resource))
    return found


@pytest.mark.parametrize("release", get_args(Release))
@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"valueBoolean": "false"}, "valueBoolean"),
        ({"valueBoolean": "no"}, "valueBoolean"),
        ({"valueBoolean": 0}, "valueBoolean"),
        ({"valueInteger": "3"}, "valueInteger"),
        ({"valueInteger": True}, "valueInteger"),
        ({"valueQuantity": {"value": "4.1"}}, "valueQuantity.value"),
        ({"valueRatio": RATIO | {"denominator": {"value": "1"}}}, "valueRatio.denominator.value"),
        ({"component": [{"code": {"text": "x"}, "valueBoolean": "false"}]}, "component.0.valueBoolean"),
    ],
)
def test_what_is_spelled_in_quotes_is_no_boolean_and_no_number(said: Resource, place: str, release: Release) -> None:
    """`"false"` would be true: it is a text that is not empty."""
    with pytest.raises(InvalidFhirError, match=f"invalid Observation: {place}: a boolean is true or false"):
        validate(read(observation(**said)), release)


@pytest.mark.parametrize("release", get_args(Release))
@pytest.mark.parametrize(
    "said",
    [
        {"valueBoolean": False},
        {"valueInteger": 3},
        {"valueQuantity": {"value": 4.10}},
        {"valueString": "false"},
        {"valueString": "3"},
        {"valueDateTime": "2026-03-02"},
        {"valueRatio": RATIO},
        {"_valueString": {"extension": [{"url": "http://example.org", "valueBoolean": True}]}},
    ],
)
def test_what_is_spelled_as_it_is_passes(said: Resource, release: Release) -> None:
    validate(read(observation(**said)), release)


@pytest.mark.parametrize("resource", [STRUCTURE, {"resourceType": "Patient"}], ids=lambda one: str(one["resourceType"]))
def test_whoever_is_active_in_quotes_is_refused(resource: Any) -> None:
    validate(read(resource | {"active": False}))
    with pytest.raises(InvalidFhirError, match="active: a boolean"):
        validate(read(resource | {"active": "false"}))
    with pytest.raises(InvalidFhirError, match="contained.0.active: a boolean"):
        validate(read(observation(contained=[resource | {"active": "false"}])))


def test_an_integer64_of_r5_is_a_string() -> None:
    """R5 json.html#primitive."""
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}}
    form = {"contentType": "text/plain", "data": "Zm9v", "size": "3"}
    validate(read(report | {"presentedForm": [form]}), "R5")
