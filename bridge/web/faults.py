"""What is wrong with a request, in words for whoever sent it: what was expected, and never what was sent, which may be
of a patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_SAID = {  # type of the error, as pydantic has it -> words; {...} is of its context
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "extra_forbidden": "has a key that is not known here; /openapi.json names those that are",
    "greater_than_equal": "too small; write {ge} or more",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "json_invalid": "no JSON; send it as application/json",
    "less_than_equal": "too large; write {le} or less",
    "literal_error": "write {expected}",
    "missing": "is missing",
    "model_attributes_type": "not an object; write {{...}}, and send it as application/json",
    "string_pattern_mismatch": "empty, or has control characters; write the key alone",
    "string_too_long": "too long; {max_length} characters at most",
    "string_type": "write a text, in quotes",
    "too_long": "too many; {max_length} at most",
    "tuple_type": "not a list; write [...], for a single one, too",
}


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """`place: what` of each; two of one place are one."""
    found = {_place(one["loc"], one["type"]): _said(one) for one in errors}
    return [f"{place}: {said}" for place, said in found.items()]


def _said(one: Mapping[str, Any]) -> str:
    found = _SAID.get(one["type"])
    return found.format_map(one.get("ctx", {})) if found else str(one["type"]).replace("_", " ")


def _place(parts: tuple[int | str, ...], fault: str) -> str:
    """A name that should not be there is the caller's word."""
    return ".".join(map(str, parts[:-1] if fault == "extra_forbidden" else parts))
