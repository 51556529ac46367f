"""What is wrong with a configuration, in words for whoever wrote it: where, what, and what to do. Values are not shown,
but for those that say nothing of anybody: one may be a password that was written where it must not be."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def faults_of(error: ValidationError, place: Callable[[str], str]) -> str:
    """A line each. `place`: file or environment variable that a key at the top comes from. Of what has wrong members,
    these alone: pydantic counts the others, and may find none."""
    found = error.errors()
    told = [one for one in found if one["type"] != "too_short" or not _is_within(found, one["loc"])]
    return "\n".join(_line(one, place) for one in told)


def _is_within(found: list[ErrorDetails], place: tuple[int | str, ...]) -> bool:
    return any(one["loc"][: len(place)] == place != one["loc"] for one in found)


def _line(one: ErrorDetails, place: Callable[[str], str]) -> str:
    path = ".".join(map(str, one["loc"]))
    where = place(str(one["loc"][0]) if one["loc"] else "")
    return f"{where}: {path}: {_said(one)}" if path else f"{where}: {_said(one)}"


def _said(one: ErrorDetails) -> str:
    """Our own words, where pydantic's are of Python."""
    given, context = one["input"], one.get("ctx", {})
    match one["type"]:
        case "value_error":
            return str(context["error"])
        case "model_type" if context["class_name"] == "Secret":
            return "a secret is not written here; say {env: NAME}, an environment variable, or {file: PATH}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "not a map; write {key: value, ...}"
        case "tuple_type":
            return "not a list; write [...], for a single one, too"
        case "string_type" if one["loc"][-1] == "timezone" and isinstance(given, int):
            return 'YAML takes that for a number; quote it, as in "+10:00"'
        case "string_type" if not isinstance(given, dict | list | None):
            return "YAML takes that for no text; quote it"
        case "too_short":
            return "empty; say one at least, or leave the key out"
        case "union_tag_invalid":
            return f"{given[str(context['discriminator']).strip(chr(39))]!r} is no kind; say {context['expected_tags']}"
        case "missing":
            return "is missing"
    return one["msg"]
