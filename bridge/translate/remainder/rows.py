"""By which rows of a site's mapping a document was translated, and whether it would be by the same ones now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from bridge.mapping.former import Key, Rows, by_rows, is_as_then, rows_of, said
from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Json, Resource
from bridge.model.names import EXTENSION_BASE
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.terminology.schemes import canonical


def said_rows(mapping: Mapping, root: ContentItem, resources: Iterable[Resource]) -> dict[str, Json]:
    """Of the document and what it was made from, or became; empty where no row of the site answers for it."""
    if not mapping.site:
        return {}
    rows = rows_of(mapping, codings_in(resources), codes_in(root))
    return {"rows": said(rows)} if rows else {}


def are_resources_as_then(mapping: Mapping, then: Rows, resources: Iterable[Resource]) -> bool:
    return not (mapping.site or then) or is_as_then(mapping, then, codings_in(resources), ())


def are_items_as_then(mapping: Mapping, then: Rows, root: ContentItem) -> bool:
    return not (mapping.site or then) or is_as_then(mapping, then, (), codes_in(root))


def codings_in(resources: Iterable[Resource]) -> set[Key]:
    return {key for one in resources for key in _codings(one)}


def _codings(value: Json) -> Iterator[Key]:
    if isinstance(value, dict):
        for one in value.get("coding", ()):
            yield _system(one.get("system")), one.get("code")
        for child in value.values():
            yield from _codings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _codings(child)


@lru_cache(maxsize=4096)
def _system(said: str | None) -> str:
    return canonical(said or "", EXTENSION_BASE)


def codes_in(item: ContentItem) -> set[Key]:
    own = (item.concept, item.value.code if isinstance(item.value, Coded) else None)
    found = {(code.scheme, code.value) for one in own for code in _each(one)}
    return found.union(*map(codes_in, item.children))


def _each(code: Code | None) -> tuple[Code, ...]:
    return () if code is None else (code, *code.equivalents)


class Reading(NamedTuple):
    """How a document that was made from resources is read."""

    mapping: Mapping
    rows: dict[str, Json]  # that its resources say, where these are not those in force
    unedited: bool = False  # only as long as its items say all that they said


def readings(mapping: Mapping, then: Rows, document: Document) -> tuple[Reading, ...]:
    """In the order in which they are tried. `then`: rows that the document was made by. What nobody has edited is as it
    was. Of an edited one, too, where some of these rows are gone; where others have come, those in force hold."""
    now = Reading(mapping, {})
    if are_items_as_then(mapping, then, document.root):
        return (now,)
    instance = text_of(document.header, SOP_INSTANCE_UID)
    former = Reading(by_rows(mapping, then), {"rows": said(then), "instance": instance})
    edited = () if then <= mapping.site else (former,)
    return former._replace(unedited=True), *edited, now
