"""Components whose item would be read as another element of their Observation: *Normality* as interpretation, *Finding
Site* as bodySite. In a document of ours such an item says that it is a component, and goes with what was edited."""

from __future__ import annotations

from bridge.model.content import Path
from bridge.model.group import Group, Json, Resource
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.private import Piece


def parts_of(group: Group, homes: dict[Path, Json], image: FhirImage) -> frozenset[Path]:
    """Items that are components of the group, and none of the image."""
    said = {id(part) for one in group.spoken() for part in one.get("component", ())}
    read = {id(part) for one in image.group.members for part in one.get("component", ())}
    return frozenset(
        path for path, home in homes.items() if id(home) in said and _is_element(image.homes.get(path), read)
    )


def _is_element(home: Resource | None, components: set[int]) -> bool:
    return home is not None and id(home) not in components and "resourceType" not in home


def parts_in(pieces: dict[Path, Piece]) -> frozenset[Path]:
    return frozenset(path for path, piece in pieces.items() if piece.get("part"))


def marked(pieces: dict[Path, Piece], parts: frozenset[Path]) -> dict[Path, Piece]:
    return pieces | {path: pieces.get(path, {}) | {"part": 1} for path in parts}
