"""Observations that are in error or cancelled, and results that stand below them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bridge.mapping.mapping import Mapping
from bridge.model.content import Code
from bridge.model.group import Resource
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.node import INHERITED, OWN, Find, Home
from bridge.translate.native.asserted import EXPLICIT_CONTEXT
from bridge.translate.native.shared_context import concept_of, is_context, is_shared

_OF_VALUE = EXPLICIT_CONTEXT | {("121401", "DCM")}  # Derivation
"""Modifiers of what is withdrawn: a heading of theirs would say it of what was measured."""


def holds_results(observation: Resource, find: Find, elsewhere: Collection[int] = ()) -> bool:
    """Whether a result stands that has its place below it, and not `elsewhere`, by `id`."""
    return any(one.get("status") not in WITHDRAWN for one in _below(observation, find, elsewhere))


def context_of(observation: Resource, find: Find, mapping: Mapping) -> list[Home]:
    """Components of one that is in error that are context of what stands below it, and no result: by what they are of,
    or because results there repeat them, as they do whatever acquisition context their container has. What modifies a
    value goes with that."""
    components = [one for one in observation.get("component", ()) if one.get("id") not in (INHERITED, OWN)]
    below = _below(observation, find) if components else ()
    has_value = any(key.startswith("value") for key in observation)
    repeated = {concept_of(part) for one in below for part in one.get("component", ()) if is_shared(part)}
    return [
        one
        for one in components
        if concept_of(one) in repeated
        or _is_context(mapping.concept(one.get("code", {})), mapping, has_value=has_value)
    ]


def _is_context(concept: Code | None, mapping: Mapping, *, has_value: bool) -> bool:
    modifies = has_value and concept is not None and concept[:2] in _OF_VALUE
    return not modifies and is_context(concept, mapping)


def _below(observation: Resource, find: Find, elsewhere: Collection[int] = ()) -> Iterator[Resource]:
    seen, waiting = {id(observation), *elsewhere}, [observation]
    while waiting:
        for member in map(find, waiting.pop().get("hasMember", ())):
            if member is None or member["resourceType"] != "Observation" or id(member) in seen:
                continue
            yield member
            seen.add(id(member))
            waiting.append(member)
