"""What an export says is deleted: each line of the files that its manifest lists as `deleted` is a transaction of
nothing but DELETEs (HL7 Bulk Data Access, Complete Status)."""

from __future__ import annotations

from bridge.convert.versions import child
from bridge.model.group import Resource
from bridge.model.references import literal

Name = tuple[str, str]
"""Type and id."""


def deletions_in(bundle: Resource) -> list[Name | None]:
    """What each entry deletes, None for one that does not say it by type and id; empty for a Bundle that is no such
    list: it stands for itself."""
    entries = bundle.get("entry")
    if bundle.get("type") != "transaction" or not isinstance(entries, list):
        return []
    requests = [child(one, "request") if isinstance(one, dict) else {} for one in entries]
    if any(one.get("method") != "DELETE" for one in requests):
        return []
    return [_name(one.get("url")) for one in requests]


def _name(url: object) -> Name | None:
    deleted = literal(url) if isinstance(url, str) else None
    return (deleted.type, deleted.id) if deleted is not None else None
