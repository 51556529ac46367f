"""An item that somebody has copied in the PACS, private elements included, to add another result: it is no second place
of the resource that the first one was made from. The copy is a result that was added."""

from __future__ import annotations

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import text_of
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis.ids import FILES, new_uid
from bridge.translate.remainder.private import Piece


def without_copied(pieces: dict[Path, Piece], root: ContentItem) -> dict[Path, Piece]:
    """The pieces, each Observation with one: of the item that has its UID, else of the first."""
    members = pieces.get((), {}).get("group", {}).get("members", ())
    places: dict[int, list[Path]] = {}
    for path in sorted(pieces):
        number = pieces[path].get("is", 0)
        if path and "part" not in pieces[path] and _is_observation(members, number):
            places.setdefault(number, []).append(path)
    copies = set[Path]()
    for number, paths in places.items():
        if len(paths) > 1:
            identifier = members[number].partition("/")[2]
            made = new_uid(pieces[()].get("system", FILES), "observation", identifier)
            own = next((one for one in paths if text_of(root.at(one).rest, OBSERVATION_UID) == made), paths[0])
            copies.update(one for one in paths if one != own)
    return {path: piece for path, piece in pieces.items() if not any(path[: len(one)] == one for one in copies)}


def _is_observation(members: list[object], number: int) -> bool:
    name = members[number] if 0 <= number < len(members) else None
    return isinstance(name, str) and name.startswith("Observation/")
