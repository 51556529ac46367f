"""What a CodeableConcept says by code, and by the words of its codes."""

from __future__ import annotations

from bridge.model.group import Json
from bridge.translate.basis.node import Home


def codes_in(concept: Home) -> list[Json]:
    """System and code of each of its codings, None for what is missing; as lists, of which digests are made."""
    return [[one.get("system"), one.get("code")] for one in concept.get("coding", ())]


def code_pairs(concept: Home) -> set[tuple[str | None, str | None]]:
    """The same, to look for one of them."""
    return {(one.get("system"), one.get("code")) for one in concept.get("coding", ())}


def displays_in(concept: Home) -> list[str]:
    return [one["display"] for one in concept.get("coding", ()) if "display" in one]


def displayed(concept: Home) -> str | None:
    """The first display of its codings; None where none has one."""
    return next(iter(displays_in(concept)), None)
