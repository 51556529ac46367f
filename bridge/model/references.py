"""What a reference says of its target (FHIR R4 references.html)."""

from __future__ import annotations

import re
from typing import NamedTuple

from bridge.model.group import Json, Resource, references_in

ID = r"[A-Za-z0-9.-]{1,64}"
"""What a FHIR `id` may be (R4 datatypes.html#id)."""
_ID = re.compile(ID)
_LITERAL = re.compile(rf"(.*?/)??([A-Z][A-Za-z]+)/({ID})(?:/_history/.*)?")


class Literal(NamedTuple):
    """What a literal reference says: `[base]/[type]/[id]` (R4 references.html#literal), of whatever version."""

    base: str  # with the slash at its end; empty where the reference is relative
    type: str
    id: str


def literal(reference: str) -> Literal | None:
    """None of a `urn:` or a contained one, of a search, and of what is no reference."""
    found = _LITERAL.fullmatch(reference)
    return Literal(found[1] or "", found[2], found[3]) if found else None


def local(reference: str) -> str | None:
    """`Type/id` of a literal reference, whatever base it is written with."""
    found = literal(reference)
    return f"{found.type}/{found.id}" if found else None


def is_id(value: Json) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def contained_in(owner: Resource, reference: str) -> Resource | None:
    """The resource within `owner` that `#id` means."""
    return next((one for one in owner.get("contained", ()) if f"#{one.get('id')}" == reference), None)


def let_go(owner: Resource, reference: str) -> None:
    """Takes away, in place, what is contained under `#id` and referred to no more (FHIR R4 dom-3)."""
    gone = contained_in(owner, reference)
    if gone is None or reference in references_in(owner):
        return
    owner["contained"] = [one for one in owner["contained"] if one is not gone]
    if not owner["contained"]:
        del owner["contained"]


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
