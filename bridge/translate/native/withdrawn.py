"""Observations that are in error or cancelled, and results that stand below them."""

from __future__ import annotations

from collections.abc import Collection

from bridge.model.group import Resource
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.node import Find


def holds_results(observation: Resource, find: Find, elsewhere: Collection[int] = ()) -> bool:
    """Whether a result stands that has its place below it, and not `elsewhere`, by `id`."""
    seen, waiting = {id(observation), *elsewhere}, [observation]
    while waiting:
        for member in map(find, waiting.pop().get("hasMember", ())):
            if member is None or member["resourceType"] != "Observation" or id(member) in seen:
                continue
            if member.get("status") not in WITHDRAWN:
                return True
            seen.add(id(member))
            waiting.append(member)
    return False
