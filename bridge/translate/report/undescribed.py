"""Observers of whom a document says no more than the type: a FHIR client sees that somebody observed, and not who."""

from __future__ import annotations

from bridge.model.group import Group
from bridge.translate.report.odd_items import line

_UNDESCRIBED = "an Observer Type, and nothing that says who or what it was (PS3.16 TID 1003, 1004)"
_BARE = {"resourceType", "id", "extension"}


def undescribed_observers(group: Group) -> list[str]:
    """Returns one warning at most, with the first place."""
    observers = group.index()
    authors = [
        author
        for one in group.members
        if one["resourceType"] == "Composition"
        for author in one["author"]
        if author.get("reference") in observers and observers[author["reference"]].keys() <= _BARE
    ]
    return [line(_UNDESCRIBED, [f"1.{author['id']}" for author in authors])] if authors else []
