"""What a relative reference of another server is here: nobody's `reference`, but a mark that says what it is there
(docs/reference/extensions.md), which is the identifier, too, where there is no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from re import compile as compiled
from typing import Literal
from urllib.parse import quote

from bridge.model.extensions import values_of
from bridge.model.group import Json, Resource
from bridge.model.names import EXTENSION_BASE, SAID_AT_URL
from bridge.model.references import unversioned

_SYSTEM = compiled(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ATTACHMENTS = ("presentedForm", "photo", "image", "content", "document")
_BEFORE_URL = ("contentType", "language", "data")
Element = Literal["reference", "url"]


def named_of(resource: Json, server: str) -> Iterator[str]:
    """What the resource names by an identifier: `Type/id` at that server."""
    for home, mark in _marked(resource, system_of(server)):
        if "reference" not in home and "url" not in home:
            yield unversioned(mark["value"])


def pointed(value: Json, server: str, there: Collection[str]) -> Json:
    """A copy whose references point to what has crossed from that server, and is `there` by its name."""

    def point(home: Resource, _: str) -> Resource:
        mark = mark_of(home, system_of(server))
        if mark is None or "reference" in home or unversioned(mark["value"]) not in there:
            return home
        filler = home.get("identifier") if home.get("identifier") == mark else None
        return {"reference": unversioned(mark["value"])} | {key: one for key, one in home.items() if one is not filler}

    return over_homes(value, point)


def compared(value: Json) -> Json:
    """A copy to compare, which says the same whether what is meant is there or not, and nothing of where a reference
    was said that has been edited since."""
    return over_homes(value, _compared)


def _compared(home: Resource, name: str) -> Resource:
    element = element_of(name)
    home = settled(home, element)
    marks = _marks(home)
    return {key: one for key, one in home.items() if not marks or (key != element and one not in marks)}


def as_said(value: Json) -> Json:
    """A copy with each reference as the server said it that a mark names, whoever that is."""
    return over_homes(value, _as_said)


def _as_said(home: Resource, name: str) -> Resource:
    element = element_of(name)
    home = settled(home, element)
    for mark in _marks(home):
        home = with_literal(unmarked(home, mark), element, mark)
    return home


def over_homes(value: Json, change: Callable[[Resource, str], Resource], name: str = "") -> Json:
    """A copy in which each element, inner ones first, is what `change` makes of it and of the name that it goes by."""
    if isinstance(value, list):
        return [over_homes(one, change, name) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: over_homes(one, change, key) if isinstance(one, dict | list) else one for key, one in value.items()}
    return change(inner, name)


def settled(home: Resource, element: Element) -> Resource:
    """Without a mark of what the element said before somebody has edited it."""
    for one in _marks(home) if element in home else ():
        if home[element] != unversioned(one["value"]):
            home = unmarked(home, one)
    return home


def element_of(name: str) -> Element:
    """Which element of it says a URL, by the name of that which it is."""
    return "url" if name in _ATTACHMENTS or name.lower().endswith("attachment") else "reference"


def system_of(server: str) -> str:
    """A URI, as Identifier.system is; a folder, and files, have a name alone."""
    return server if _SYSTEM.fullmatch(server) else f"{EXTENSION_BASE}/store/{quote(server, safe='')}"


def _marks(home: Resource) -> list[Resource]:
    said = values_of(home, SAID_AT_URL, "valueIdentifier")
    return [one for one in said if isinstance(one.get("value"), str)]


def mark_of(home: Resource, system: str) -> Resource | None:
    return next((one for one in _marks(home) if one.get("system") == system), None)


def _marked(value: Json, system: str) -> Iterator[tuple[Resource, Resource]]:
    if isinstance(value, dict):
        if (mark := mark_of(value, system)) is not None:
            yield value, mark
        for child in value.values():
            yield from _marked(child, system)
    elif isinstance(value, list):
        for child in value:
            yield from _marked(child, system)


def with_mark(home: Resource, mark: Resource) -> Resource:
    return home | {"extension": [*home.get("extension", ()), {"url": SAID_AT_URL, "valueIdentifier": mark}]}


def with_literal(home: Resource, element: Element, mark: Resource) -> Resource:
    """In the place of the identifier that stood for it, else where FHIR has it: what only R5 says is kept as text."""
    stood = element if element in home else "identifier" if home.get("identifier") == mark else None
    if stood is not None:
        return {element if key == stood else key: mark["value"] if key == stood else home[key] for key in home}
    keys = list(home)
    keys.insert(_place(keys, element), element)
    return {key: mark["value"] if key == element else home[key] for key in keys}


def _place(keys: list[str], element: Element) -> int:
    """Of the element among the others (FHIR R4 datatypes.html#Attachment, references.html#Reference)."""
    before = [at for at, key in enumerate(keys) if element == "url" and key.lstrip("_") in _BEFORE_URL]
    first = next((at for at, key in enumerate(keys) if key not in ("id", "extension")), len(keys))
    return max(before) + 1 if before else first


def unmarked(home: Resource, mark: Resource) -> Resource:
    left = [one for one in home["extension"] if one.get("valueIdentifier") is not mark]
    return {key: left if key == "extension" else one for key, one in home.items() if key != "extension" or left}
