"""Which of several versions of one resource stands, be they in a Bundle or in an export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bridge.model.group import Resource

SUPERSEDED, DELETED, REPEATED = "superseded: its history has a newer version", "deleted", "stands there already"
OLDER = "superseded: a newer version stands there"
_NEVER = datetime.min.replace(tzinfo=UTC)


class ResourceVersion(NamedTuple):
    """What a resource says of itself; of one that was deleted, when that was said."""

    number: str | None  # meta.versionId
    updated: str | None  # meta.lastUpdated
    is_deletion: bool = False


def version_of(resource: Resource) -> ResourceVersion:
    meta = child(resource, "meta")
    number, updated = meta.get("versionId"), meta.get("lastUpdated")
    return ResourceVersion(None if number is None else str(number), None if updated is None else str(updated))


def newest(versions: Sequence[ResourceVersion]) -> int | None:
    """The place of the one that is later than all others, by `meta.lastUpdated`: the order of versionIds says nothing
    (FHIR R4 resource.html#Meta), nor does the order in which they stand. None where nothing says it: two versions have
    two versionIds and two times. Deletions have no versionId, and many of them say no more than one."""
    times = [instant(one.updated) for one in versions]
    last = max(range(len(versions)), key=lambda place: times[place] or _NEVER)
    others = (place for place in range(len(versions)) if place != last)
    is_known = all(_is_after(versions[last], times[last], versions[one], times[one]) for one in others)
    return last if is_known else None


def is_covered(said: ResourceVersion, by: ResourceVersion) -> bool:
    """Whether that is the very version, or an older one."""
    return (said == by and said.number is not None) or newest([by, said]) == 0


def _is_after(one: ResourceVersion, time: datetime | None, other: ResourceVersion, before: datetime | None) -> bool:
    if one.is_deletion and other.is_deletion:
        return True
    if not (one.is_deletion or other.is_deletion) and (
        None in (one.number, other.number) or one.number == other.number
    ):
        return False
    return time is not None and before is not None and time > before


def instant(said: Any) -> datetime | None:
    """Of an element of type instant; None for anything else, and where no time zone is said."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None


def child(value: dict[str, Any], element: str) -> dict[str, Any]:
    """The element where it is an object; else an empty one."""
    found = value.get(element)
    return found if isinstance(found, dict) else {}
