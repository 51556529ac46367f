"""What a server notes on the resources that it holds. What tells one content of a resource from another: its version
alone does not. One that was expunged and is made again begins at version 1 again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bridge.model.group import Resource, with_element

NOTES = ("versionId", "lastUpdated", "source")
_AT = "@"  # in no versionId


def without_notes(resource: Resource, notes: Sequence[str] = NOTES) -> Resource:
    """The resource without what its server adds to `meta` (FHIR R4 resource.html#Meta); `source` is of the request."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in notes}
    return with_element(resource, "meta", meta)


def edition(resource: Resource) -> str:
    """`versionId@lastUpdated`, as far as the server tells them."""
    meta = resource.get("meta", {})
    return _AT.join(filter(None, (meta.get("versionId"), meta.get("lastUpdated"))))


def time_of(text: str) -> datetime | None:
    """When that edition was made, by the clock of its server; None where it does not tell, or none that is one."""
    _, _, time = text.partition(_AT)
    try:
        made = datetime.fromisoformat(time)
    except ValueError:
        return None
    return made if made.tzinfo is not None else None


def without_time(text: str) -> str:
    """The version alone, as ledgers kept it before."""
    return text.partition(_AT)[0]
