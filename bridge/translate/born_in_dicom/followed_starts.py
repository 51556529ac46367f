"""When an event was observed, where that repeats the item that says when it started (PS3.16 TID 10003, 10022): a copy,
which follows that item; and so does the time of all that is below."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import find
from bridge.model.group import Group, Json, Resource
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.translate.native.observed import started_in
from bridge.translate.remainder.json_patch import guard

FOLLOWS = "Observation.effectiveDateTime repeats the start of an event, which was edited: it follows that"


def starts_in(homes: Mapping[Path, Json], root: ContentItem) -> list[str]:
    """Digests of the events whose time repeats that they started then: an Observation DateTime is no copy."""
    return [
        _digest(home)
        for path, home in homes.items()
        if _repeats(home) and not find(root.at(path).rest, OBSERVATION_DATETIME)
    ]


def with_followed(group: Group, starts: Collection[str]) -> tuple[Group, list[str]]:
    """The group whose copies say what was edited; the very same, without a warning, where nothing was. A copy that was
    edited itself is an edit."""
    new: dict[int, Resource] = {}
    for one in group.resources() if starts else ():
        start, before = started_in(one), one.get("effectiveDateTime")
        if start and before and start != before and _digest(one) in starts:
            _follow(one, before, start, group.index(), new)
    if not new:
        return group, []
    return group.with_resources(new), [FOLLOWS]


def _follow(one: Resource, before: str, now: str, index: Mapping[str, Resource], new: dict[int, Resource]) -> None:
    new[id(one)] = one | {"effectiveDateTime": now}
    for reference in one.get("hasMember", ()):
        member = index.get(reference.get("reference", ""), {})
        if id(member) not in new and member.get("effectiveDateTime") == before and started_in(member) is None:
            _follow(member, before, now, index, new)


def _repeats(home: Json) -> bool:
    return "effectiveDateTime" in home and started_in(home) == home["effectiveDateTime"]


def _digest(resource: Resource) -> str:
    return guard([resource.get("id"), resource["effectiveDateTime"]])
