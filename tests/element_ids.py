"""Element ids of a resource, which are to be unique in it (FHIR R4 element.html#id)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from bridge.model.group import Resource


def repeated_in(resources: Iterable[Resource]) -> list[tuple[str, str]]:
    """Type of the resource, and the id that it has more than once."""
    found = ((one["resourceType"], Counter(_ids(one))) for one in resources)
    return [(kind, name) for kind, many in found for name, number in many.items() if number > 1]


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "id" in value and "resourceType" not in value:
            yield value["id"]
        for child in value.values():
            yield from _ids(child)
    elif isinstance(value, list):
        for child in value:
            yield from _ids(child)
