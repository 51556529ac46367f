"""Extensions of a FHIR element, by their URL (R4 extensibility.html)."""

from __future__ import annotations

from collections.abc import Callable

from bridge.model.group import Json, Resource


def extensions_of(home: Resource, url: str) -> list[Resource]:
    """Those with that URL, which may repeat."""
    return [one for one in home.get("extension", ()) if one.get("url") == url]


def values_of(home: Resource, url: str, element: str) -> list[Json]:
    """What those with that URL say in `element`, a `value[x]`; one that says it otherwise, or not, says nothing."""
    return [one[element] for one in extensions_of(home, url) if element in one]


def drop_extensions(home: Json, is_gone: Callable[[Json], bool]) -> None:
    """In place."""
    if kept := [one for one in home.get("extension", ()) if not is_gone(one)]:
        home["extension"] = kept
    else:
        home.pop("extension", None)
