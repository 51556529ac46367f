"""What a result was inferred from, told by `derivedFrom`: a copy of the member, which goes where the member goes."""

from __future__ import annotations

from bridge.model.group import Group, Resource, with_element
from bridge.translate.basis.node import INHERITED


def with_sources(group: Group) -> Group:
    """Without copies of members that were removed; the very same where there are none."""
    new = {id(one): found for one in group.members if (found := _with_sources(one)) is not one}
    return group.with_resources(new) if new else group


def _with_sources(observation: Resource) -> Resource:
    sources = observation.get("derivedFrom", ())
    members = {one.get("reference") for one in observation.get("hasMember", ())}
    kept = [one for one in sources if one.get("id") != INHERITED or one.get("reference") in members]
    return observation if len(kept) == len(sources) else with_element(observation, "derivedFrom", kept)
