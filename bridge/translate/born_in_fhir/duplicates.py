"""An item that somebody has copied in the PACS, private elements included, to add another result: it is no second place
of the resource that the first one was made from. The copy is a result that was added."""

from __future__ import annotations

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import text_of
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis.ids import FILES, new_uid
from bridge.translate.remainder.private import Piece, members_of


def without_copied(pieces: dict[Path, Piece], root: ContentItem) -> dict[Path, Piece]:
    """Drops the pieces of copied items, so that each Observation has one: of the item that has its UID, else of the
    first."""
    places: dict[str, list[Path]] = {}
    for path, name in sorted(results_in(pieces).items()):
        places.setdefault(name, []).append(path)
    copies = set[Path]()
    for name, paths in places.items():
        if len(paths) > 1:
            made = new_uid(pieces[()].get("system", FILES), "observation", name.partition("/")[2])
            own = next((one for one in paths if text_of(root.at(one).rest, OBSERVATION_UID) == made), paths[0])
            copies.update(one for one in paths if one != own)
    return {path: piece for path, piece in pieces.items() if not any(path[: len(one)] == one for one in copies)}


def results_in(pieces: dict[Path, Piece]) -> dict[Path, str]:
    """Items that Observations became, with `Observation/id`: a container without facts, too, which would be a
    section."""
    members = members_of(pieces)
    found = dict[Path, str]()
    for path, piece in pieces.items():
        number = piece.get("is", 0)
        if not path or piece.keys() & {"part", "section"} or not 0 <= number < len(members):
            continue
        name = members[number]
        if isinstance(name, str) and name.startswith("Observation/"):
            found[path] = name
    return found
