"""What no item says a time of is read with that of the document. An amendment has another Content Date and Time: it
says when somebody wrote it, and nothing of what was observed when."""

from __future__ import annotations

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import text_of
from bridge.model.group import Json, Resource
from bridge.model.tags import OBSERVATION_DATETIME

_EFFECTIVE = "effectiveDateTime"
DATED = "no Observation DateTime is said of it: it has the Content Date and Time of the document"


def is_untimed(native: Resource, root: ContentItem, path: Path, of_document: str | None) -> bool:
    """Whether the resource that the item at the path became has its time of the document."""
    if native.get(_EFFECTIVE) != of_document or of_document is None:
        return False
    around = [root.at(path[:depth]) for depth in range(len(path) + 1)]
    return not any(text_of(item.rest, OBSERVATION_DATETIME) for item in around)


def untimed(resource: Resource, entries: list[list[Json]]) -> list[list[Json]]:
    """Takes that time away, in place, where the resource had none; returns the entries that are left."""
    left = [one for one in entries if one[0] != _EFFECTIVE or len(one) != 2]
    if len(left) != len(entries):
        resource.pop(_EFFECTIVE, None)
    return left


def was_timed(entries: list[list[Json]]) -> bool:
    """Whether the resource had a time that its item said: else they would say another one, or none."""
    return not any(one[0].startswith("effective") for one in entries)
