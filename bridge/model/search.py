"""FHIR search by identifier: tokens (R4 search.html#escaping), and references that are such searches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from bridge.model.group import Resource, repetitions

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?identifier=([^&]+)")
_TOKEN = re.compile(r"(?:((?:[^\\$,|]|\\[\\$,|])*)\|)?((?:[^\\$,|]|\\[\\$,|])+)")


def identifier_token(system: str | None, value: str) -> str:
    """`system|value`, escaped; the value alone where there is no system."""
    parts = [re.sub(r"([\\$,|])", r"\\\1", part) for part in (system or "", value)]
    return "|".join(parts) if system else parts[1]


def identifier_query(system: str | None, value: str) -> str:
    """As the query part of a URL, such as `ifNoneExist` holds."""
    return "identifier=" + quote(identifier_token(system, value), safe="")


Sought = tuple[str, str | None, str]
"""Type; system, empty for none and None for whichever; value."""


def sought_by(reference: str) -> Sought | None:
    """What `Type?identifier=system|value` asks for (FHIR R4 http.html#trules, conditional references); None for any
    other reference, and for a search by more than one identifier."""
    found = _CONDITIONAL.fullmatch(reference)
    token = found and _TOKEN.fullmatch(unquote(found[2]))
    if not found or not token:
        return None
    system, value = (None if part is None else re.sub(r"\\(.)", r"\1", part) for part in token.groups())
    return found[1], system, value or ""


def meets(resource: Resource) -> Iterator[Sought]:
    """What it is found by."""
    said = resource.get("identifier")
    for one in repetitions(said):
        if isinstance(one, dict) and isinstance(value := one.get("value"), str):
            yield resource["resourceType"], str(one.get("system") or ""), value
            yield resource["resourceType"], None, value
