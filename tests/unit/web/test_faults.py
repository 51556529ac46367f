"""A request that is refused for its form: the answer says what is expected, and repeats nothing."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from bridge.web.deciding import OneRoute, Resent, Resumed, SomeKey, Verdict
from bridge.web.faults import faults_of

LIMIT = Annotated[int, Field(ge=1, le=1000)]


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Verdict, {"holds": "Jane"}, "holds: write 'fhir' or 'dicom'"),
        (Verdict, {}, "holds: is missing"),
        (Verdict, {"holds": "fhir", "Jane": 1}, ": has a key that is not known here; /openapi.json names"),
        (Resumed, {"route": "a", "deleted": "Jane"}, "deleted: write true or false"),
        (OneRoute, {"route": 7}, "route: write a text, in quotes"),
        (SomeKey, {"key": "Jane" * 100}, "key: too long; 256 characters at most"),
        (SomeKey, {"key": ""}, "key: empty, or has control characters"),
        (Resent, {"route": "a", "keys": "Jane"}, "keys: not a list; write [...]"),
        (Resent, {"route": "a", "keys": ["Jane"] * 201}, "keys: too many; 200 at most"),
        (LIMIT, 0, ": too small; write 1 or more"),
        (LIMIT, 1001, ": too large; write 1000 or less"),
        (LIMIT, "Jane", ": write a whole number"),
    ],
)
def test_what_is_expected_is_said(kind: Any, given: Any, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    (fault,) = faults_of(refused.value.errors())
    assert fault.startswith(said) and "Jane" not in fault


def test_of_a_request_it_is_said_as_well() -> None:
    of_fastapi: list[dict[str, Any]] = [
        {"type": "json_invalid", "loc": ("body", 1), "ctx": {"error": "Expecting property name"}},
        {"type": "model_attributes_type", "loc": ("body",), "input": "Jane"},
        {"type": "what_nobody_has_thought_of", "loc": ("query", "after"), "input": "Jane"},
    ]
    assert faults_of(of_fastapi) == [
        "body.1: no JSON; send it as application/json",
        "body: not an object; write {...}, and send it as application/json",
        "query.after: what nobody has thought of",
    ]
