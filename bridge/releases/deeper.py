"""Moves within what stands in a resource, wherever that is: contained resources, and values of extensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.model.group import Json
from bridge.releases.in_place import Home
from bridge.releases.moves import Move


@dataclass(frozen=True, slots=True)
class Contained:
    """Of each contained resource, those of its own type (FHIR R4 references.html#contained)."""

    moves: Mapping[str, Sequence[Move]]

    def forth(self, home: Home) -> None:
        for inner in home.get("contained", ()):
            for move in self.moves.get(inner["resourceType"], ()):
                move.forth(inner)

    def back(self, home: Home) -> None:
        for inner in home.get("contained", ()):
            for move in reversed(self.moves.get(inner["resourceType"], ())):
                move.back(inner)


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Within each element of that name, at any depth."""

    name: str
    move: Move

    def forth(self, home: Home) -> None:
        for inner in _named(home, self.name):
            self.move.forth(inner)

    def back(self, home: Home) -> None:
        for inner in _named(home, self.name):
            self.move.back(inner)


def _named(value: Json, name: str) -> Iterator[Home]:
    if isinstance(value, list):
        for one in value:
            yield from _named(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == name and isinstance(one, dict):
                yield one
            yield from _named(one, name)
