"""What a reference says of its target (FHIR R4 references.html)."""

from __future__ import annotations

from bridge.model.group import Json, Resource


def contained_in(owner: Resource, reference: str) -> Resource | None:
    """The resource within `owner` that `#id` means."""
    return next((one for one in owner.get("contained", ()) if f"#{one.get('id')}" == reference), None)


def without_version(reference: Json) -> str:
    """What the element refers to, in whatever version; empty where it only names somebody."""
    return unversioned(str(reference.get("reference", "")))


def unversioned(url: str) -> str:
    """Of the resource, whatever version of it the URL is of."""
    return url.partition("/_history/")[0]


def type_of(reference: Json, target: Resource | None) -> str:
    """Of the target, where it is here; else as the reference says, empty where it does not."""
    if target is not None:
        return str(target["resourceType"])
    return str(reference.get("type") or without_version(reference).rpartition("/")[0].rpartition("/")[2])
