"""What has no time in FHIR is read with that of the document. An amendment has another Content Date and Time: it says
when somebody wrote it, and nothing of what was observed when."""

from __future__ import annotations

from bridge.model.group import Json, Resource

_EFFECTIVE = "effectiveDateTime"


def untimed(
    resource: Resource, entries: list[list[Json]], native: Resource, of_document: str | None
) -> list[list[Json]]:
    """Takes the time away, in place, whatever it has become; returns the entries that are left. `native`: what the
    resource was read as; `of_document`: its Content Date and Time."""
    left = [one for one in entries if one[0] != _EFFECTIVE or len(one) != 2]
    if len(left) == len(entries) or native.get(_EFFECTIVE) != of_document or _EFFECTIVE not in resource:
        return entries  # it had one; or an item says one now
    del resource[_EFFECTIVE]
    return left
