"""What a result was inferred from, told by `derivedFrom`: a copy of the member, which is where the member is."""

from __future__ import annotations

from collections.abc import Collection

from bridge.model.group import Group, Resource, with_element
from bridge.model.references import without_version
from bridge.translate.basis.node import INHERITED, Home


def with_sources(group: Group) -> Group:
    """Copies are those that name a member, also without our element id, which some servers drop. What another names is
    a source that somebody has put in its place, or that has a place of its own now; and none where the result is gone.
    The very same where there is nothing to follow."""
    if not any("derivedFrom" in one for one in group.members):
        return group
    there = frozenset(group.index())
    new = {id(one): found for one in group.members if (found := _with_sources(one, there)) is not one}
    return group.with_resources(new) if new else group


def _with_sources(observation: Resource, there: frozenset[str]) -> Resource:
    sources = observation.get("derivedFrom", ())
    if not sources:
        return observation
    members = set(map(without_version, observation.get("hasMember", ())))
    stands = there | members
    kept = (one for one in sources if one.get("id") != INHERITED or without_version(one) in stands)
    followed = [_followed(one, members) for one in kept]
    return observation if followed == sources else with_element(observation, "derivedFrom", followed)


def _followed(source: Home, members: Collection[str]) -> Home:
    plainly = {key: said for key, said in source.items() if key != "id"}
    if without_version(source) in members:
        return {"id": INHERITED} | plainly if "id" not in source else source
    return plainly if source.get("id") == INHERITED else source
