"""Element ids of a document born in DICOM say the places of its items. Where an edit moves items their ids follow, so
that a place is no edit of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import is_not

from bridge.model.content import Path
from bridge.model.group import Group, Json
from bridge.translate.basis.node import BETWEEN, OWN, Home, element_id

_WHOLE = ("section", "entry")
"""Their ids say the whole way from the root; others say its last step."""


def placed(group: Group, homes: dict[Path, Json], places: Mapping[Path, Home]) -> tuple[Group, dict[Path, Json]]:
    """Gives elements the ids that say where their items are; returns the group, and the `homes` of the items in it.
    `places`: the element of each item whose id says its place."""
    moved = {id(place): path for path, place in places.items() if not _says(place, path)}
    if not moved:
        return group, homes
    made = {id(one): _moved(one, moved, whole=False) for one in group.resources()}
    return group.with_resources(made), {path: made.get(id(home), home) for path, home in homes.items()}


def of_their_own(places: Mapping[Path, Home]) -> int:
    """How many elements of items have an id that says no place."""
    ids = [str(one.get("id", "")) for one in places.values() if "resourceType" not in one]
    return sum(1 for one in ids if one.endswith(BETWEEN * 2) or not _SAYS_PLACE.fullmatch(one))


_SAYS_PLACE = re.compile(rf"(\d+(\.\d+)*{re.escape(BETWEEN)}?)?|{OWN}")


def _says(place: Home, path: Path) -> bool:
    """A resource is no element: its id is a name."""
    return "resourceType" in place or place.get("id") in (element_id(path), element_id(path[-1:]))


def _moved(value: Json, moved: Mapping[int, Path], *, whole: bool) -> Json:
    """The very same where nothing in it has moved."""
    if isinstance(value, list):
        found = [_moved(child, moved, whole=whole) for child in value]
        return found if any(map(is_not, found, value)) else value
    if not isinstance(value, dict):
        return value
    copy = {key: _moved(child, moved, whole=key in _WHOLE) for key, child in value.items()}
    if (path := moved.get(id(value))) is not None:
        return {"id": element_id(path if whole else path[-1:])} | {k: v for k, v in copy.items() if k != "id"}
    return copy if any(copy[key] is not value[key] for key in value) else value
