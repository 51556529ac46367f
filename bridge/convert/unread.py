"""What an export holds that cannot be read: a line that was cut off, a file, a part of a resource. A document without
it would mislead, so nothing is made of what may belong together with it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bridge.convert.links import Named, named
from bridge.convert.versions import ResourceVersion

_CLAIMING = (None, "DiagnosticReport", "Observation", "Composition")
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,64})"')
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"resourceType"\s*:\s*"([A-Z][A-Za-z]{1,40})"(?:\s*,\s*"id"\s*:\s*"([^"\\]{1,64})")?'
)
_REFERENCE = re.compile(rb'"reference"\s*:\s*"((?:[^"\\]|\\/)+)"')
TORN = "which cannot be read; mend it, or export it anew"
PARTLY = "only a part of it (SUBSETTED); fetch it whole"
_UNSAID = ResourceVersion(None, None)
TABLES = """
    CREATE TABLE unread (
        number INTEGER PRIMARY KEY, type TEXT, id TEXT, place TEXT, why TEXT, version TEXT, updated TEXT
    );
    CREATE INDEX unreads ON unread (type, id);
    CREATE INDEX reasons ON unread (type, why);
    CREATE TABLE claim (type TEXT, id TEXT, unread INTEGER);
"""


class Gleaned(NamedTuple):
    """What a line still says that is no JSON, or no resource."""

    type: str | None
    id: str | None
    references: tuple[str, ...]


def gleaned(text: bytes, before: str | None = None) -> Gleaned:
    """A file of an export is of one type: what does not say it is of that `before`."""
    head = _HEAD.match(text)
    kind, first = head.groups() if head else (None, None)
    of_type = _text(kind) if kind else before
    if of_type is not None and first is None and (other := _ID.search(text)) is not None:  # of an element, perhaps
        first = other[1]
    return Gleaned(of_type, _text(first) if first else None, tuple(map(_text, _REFERENCE.findall(text))))


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").replace("\\/", "/")


class Unread:
    exists = False

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, said: Gleaned, place: str, why: str = TORN, version: ResourceVersion = _UNSAID) -> None:
        """A type that nobody knows may be any."""
        self.exists = True
        added = self._database.execute(
            "INSERT INTO unread VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (said.type, said.id, place, why, version.number, version.updated),
        )
        claims = _observations(said.references) if said.type in _CLAIMING else ()
        rows = ((one.type, one.id, added.lastrowid) for one in claims)
        self._database.executemany("INSERT INTO claim VALUES (?, ?, ?)", rows)

    def versions(self, kind: str, name: str) -> list[tuple[str, ResourceVersion]]:
        """Those of one resource, and where they are."""
        found = self._database.execute(
            "SELECT place || ', ' || why, version, updated FROM unread WHERE type = ? AND id = ? ORDER BY number",
            (kind, name),
        )
        return [(place, ResourceVersion(number, updated)) for place, number, updated in found] if self.exists else []

    def instead_of(self, kind: str, name: str | None) -> str | None:
        """What may be that, which is not there."""
        exact = self._first("type = ? AND id = ?", kind, name)
        if exact is not None:
            return "which is at " + exact
        whole = name is not None  # else by an identifier, which a part of one may have, too
        other = self._first("type = ? AND why = ?", kind, TORN) if whole else self._first("type = ?", kind)
        other = other or self._first("type IS NULL")
        return other and "which may be at " + other

    def _first(self, condition: str, *values: str | None) -> str | None:
        chosen = f"SELECT place, why FROM unread WHERE {condition} ORDER BY number LIMIT 1"  # noqa: S608
        found = self._database.execute(chosen, values).fetchone()
        return found and ", ".join(found)

    def claimed(self) -> Iterator[tuple[int, str]]:
        """Rows that one of them refers to, and why no document begins with that."""
        yield from self._database.execute(
            "SELECT row, 'it is referred to by ' || place || ', ' || why FROM claim JOIN resource USING (type, id)"
            " JOIN unread ON unread.number = claim.unread ORDER BY row, unread.number"
        )


def _observations(references: Iterable[str]) -> list[Named]:
    found = {one._replace(base="") for text in references if (one := named(text)) is not None}
    return sorted(one for one in found if one.type == "Observation")
