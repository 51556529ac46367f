"""Which line of an export has which resource, and what it refers to: a temporary file of SQLite's, so that an export of
any size needs the memory of its largest document, and a few bytes for each resource."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bridge.codecs import json
from bridge.convert.files import Line, digest_of, name_of
from bridge.convert.inputs import NO_DOCUMENT, Rejected, Skipped
from bridge.convert.versions import DELETED, OLDER, REPEATED, ResourceVersion, newest, version_of
from bridge.model.group import Resource, references_in
from bridge.model.references import literal
from bridge.translate.gather import BELONGING, FORMING, links

PARTS = FORMING | {"Basic", "ImagingSelection"}
"""Types that decide what forms one document, or that lead to them."""
_ALONG = (BELONGING | {"Patient"}) - PARTS
"""Types that a document takes along."""
_ROOTS = frozenset({"DiagnosticReport", "Observation"})
_UNUSED, _USED, _UNTOLD = range(3)  # rows: in no document; in one; nobody knows whether it stands
_REMEDY = "leave out what does not stand"
_WHICH = (
    f"nothing says which version stands: not all have a meta.versionId and meta.lastUpdated of their own; {_REMEDY}"
)
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE resource (
        row INTEGER PRIMARY KEY, type TEXT, id TEXT, digest BLOB, part INTEGER, version TEXT, updated TEXT,
        file INTEGER, number INTEGER, start INTEGER, size INTEGER, raw BLOB
    );
    CREATE INDEX named ON resource (type, id, digest);
    CREATE TABLE link (source INTEGER, type TEXT, id TEXT);
    CREATE TABLE gone (row INTEGER PRIMARY KEY);
"""  # a deletion is a row without a digest


class Index:
    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._database = sqlite3.connect("")
        self._database.executescript(_TABLES)
        self._state = bytearray()  # by row
        self._left = Counter[tuple[int, str]]()  # by file and reason

    def close(self) -> None:
        self._database.close()

    def add(self, file: int, line: Line, resource: Resource) -> None:
        kind, identifier = resource["resourceType"], resource.get("id")
        named = _relative(f"{kind}/{identifier}") if isinstance(identifier, str) else None
        digest, name = digest_of(json.canonical(resource)), named and named[1]
        there = self._database.execute(
            "SELECT 1 FROM resource WHERE type = ? AND id IS ? AND digest = ?", (kind, name, digest)
        )
        if there.fetchone() is not None:
            self._left[file, f"{kind}: {REPEATED}"] += 1
            return
        row = self._add(file, line, kind, name, digest, version_of(resource))
        referred = {one for one in map(_relative, _references(resource)) if one is not None}
        self._database.executemany("INSERT INTO link VALUES (?, ?, ?)", ((row, *one) for one in sorted(referred)))

    def add_deletion(self, file: int, line: Line, kind: str, name: str, said: ResourceVersion) -> None:
        self._add(file, line, kind, name, None, said)

    def _add(
        self, file: int, line: Line, kind: str, name: str | None, digest: bytes | None, said: ResourceVersion
    ) -> int:
        row = len(self._state)
        self._state.append(_UNUSED)
        part = row if kind in PARTS and not said.is_deletion else None
        self._database.execute(
            "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row, kind, name, digest, part, said.number, said.updated, file, *line[1:]),
        )
        return row

    def settle(self) -> Iterator[Skipped | Rejected]:
        """What has one type and id is versions of one resource: the newest stands, unless it is a deletion. Deletions
        are said by name, and so is that of which nothing says which one stands."""
        several = self._database.execute(
            "SELECT type, id FROM resource WHERE id IS NOT NULL GROUP BY type, id"
            " HAVING count(*) > 1 OR count(digest) = 0"
        )
        for kind, name in several:
            yield from self._settled(kind, name)
        self._database.executescript(
            "DELETE FROM resource WHERE row IN (SELECT row FROM gone);"
            "DELETE FROM link WHERE source IN (SELECT row FROM gone)"
        )

    def _settled(self, kind: str, name: str) -> Iterator[Skipped | Rejected]:
        found = self._database.execute(
            "SELECT row, file, version, updated, digest IS NULL FROM resource WHERE type = ? AND id = ? ORDER BY row",
            (kind, name),
        )
        versions = [
            (row, file, ResourceVersion(number, at, bool(is_deletion))) for row, file, number, at, is_deletion in found
        ]
        stands = newest([said for *_, said in versions])
        is_deleted = stands is None or versions[stands][2].is_deletion
        reason = f"{kind}: {DELETED if is_deleted else OLDER}"
        for place, (row, file, said) in enumerate(versions):
            called = f"{self._line(row).place}#{kind}/{name}"
            if stands is None and kind in PARTS | _ALONG:
                self._state[row] = _UNTOLD
                yield Rejected(called, f"{called}: {_WHICH}")
            elif said.is_deletion:
                yield Skipped(called, reason)
            elif stands not in (None, place):
                self._left[file, reason] += 1
            if said.is_deletion or stands not in (None, place):
                self._database.execute("INSERT INTO gone VALUES (?)", (row,))

    def join(self) -> None:
        """Each part gets the number of its first row."""
        first = array("q", range(len(self._state)))

        def part(row: int) -> int:
            while first[row] != row:
                first[row] = row = first[first[row]]
            return row

        found = self._database.execute(
            "SELECT source, row FROM link JOIN resource USING (type, id) WHERE part IS NOT NULL"
        )
        for source, target in found:
            one, two = sorted((part(source), part(target)))
            first[two] = one
        moved = ((part(row), row) for row in range(len(first)) if first[row] != row)
        self._database.executemany("UPDATE resource SET part = ? WHERE row = ?", moved)
        self._database.executescript(
            "CREATE INDEX parts ON resource (part, row); CREATE INDEX sources ON link (source)"
        )

    def parts(self) -> Iterator[tuple[Line, ...] | Rejected]:
        """Those that have a document; rejected, by the name of each, where nobody knows what stands in it."""
        found = self._database.execute("SELECT part, row, type FROM resource WHERE part IS NOT NULL ORDER BY part, row")
        for _, grouped in groupby(found, key=lambda one: one[0]):
            rows, types = zip(*((row, kind) for _, row, kind in grouped), strict=True)
            if _ROOTS.isdisjoint(types):
                continue
            whole = self._with_what_they_name([*rows])
            untold = next((row for row in whole if self._state[row] == _UNTOLD), None)
            if untold is None:
                self._use(whole)
                yield tuple(map(self._line, whole))
                continue
            roots = [row for row, kind in zip(rows, types, strict=True) if kind in _ROOTS]
            yield from self._rejected([row for row in roots if self._state[row] != _UNTOLD], self._name(untold))

    def _with_what_they_name(self, rows: list[int]) -> list[int]:
        """And what these name."""
        found = set(rows)
        for row in rows:
            for kind, name in self._database.execute("SELECT type, id FROM link WHERE source = ?", (row,)).fetchall():
                if kind in _ALONG:
                    named = self._database.execute("SELECT row FROM resource WHERE type = ? AND id = ?", (kind, name))
                    targets = [one for (one,) in named if one not in found]
                    rows.extend(targets)
                    found.update(targets)
        return rows

    def _use(self, rows: list[int]) -> None:
        for row in rows:
            self._state[row] = _USED

    def _rejected(self, rows: list[int], untold: str) -> Iterator[Rejected]:
        self._use(rows)
        for row in rows:
            called = f"{self._line(row).place}#{self._name(row)}"
            what = f"it goes together with {untold}, of which nothing says which version stands; {_REMEDY}"
            yield Rejected(called, f"{called}: {what}")

    def _name(self, row: int) -> str:
        ((kind, name),) = self._database.execute("SELECT type, id FROM resource WHERE row = ?", (row,))
        return f"{kind}/{name or ''}"

    def _line(self, row: int) -> Line:
        ((file, *place),) = self._database.execute(
            "SELECT file, number, start, size, raw FROM resource WHERE row = ?", (row,)
        )
        return Line(self._files[file], *place)

    def left(self) -> Iterator[Skipped]:
        """What forms no document and is referred to by none, and what does not stand."""
        for row, file, kind in self._database.execute("SELECT row, file, type FROM resource ORDER BY row"):
            if self._state[row] == _UNUSED:
                self._left[file, f"{kind}: {NO_DOCUMENT}"] += 1
        for (file, reason), count in sorted(self._left.items()):
            yield Skipped(name_of(self._files[file]), reason, count)


def _relative(reference: str) -> tuple[str, str] | None:
    """Type and id of a relative reference: an export is of one server."""
    found = literal(reference)
    return (found.type, found.id) if found is not None and not found.base else None


def _references(resource: Resource) -> Iterator[str]:
    yield from links(resource)
    if resource["resourceType"] in _ROOTS:
        yield from references_in(resource.get("subject"))
