"""FHIR search tokens (R4 search.html#escaping)."""

from __future__ import annotations

import re
from urllib.parse import quote


def identifier_token(system: str | None, value: str) -> str:
    """`system|value`, escaped; the value alone where there is no system."""
    parts = [re.sub(r"([\\$,|])", r"\\\1", part) for part in (system or "", value)]
    return "|".join(parts) if system else parts[1]


def identifier_query(system: str | None, value: str) -> str:
    """As the query part of a URL, such as `ifNoneExist` holds."""
    return "identifier=" + quote(identifier_token(system, value), safe="")
