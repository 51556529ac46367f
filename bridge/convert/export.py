"""The NDJSON files of one folder are one export (HL7 Bulk Data Access): a file for each type, so what forms a document
is in several of them. It is found by an index on disk, so that an export of any size needs the memory of its largest
document, and a few bytes for each resource."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bridge.codecs import json
from bridge.codecs.fhir import Release
from bridge.convert.entries import REPEATED, entries_of
from bridge.convert.files import Line, digest_of, name_of
from bridge.convert.inputs import NO_DOCUMENT, Input, Rejected, Skipped, called, input_of, read_bytes
from bridge.errors import InvalidFhirError
from bridge.model.group import Resource, references_in
from bridge.translate.gather import BELONGING, FORMING, Entry, gather, links

_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_PARTS = FORMING | {"Basic", "ImagingSelection"}
"""Types that decide what forms one document, or that lead to them."""
_ALONG = (BELONGING | {"Patient"}) - _PARTS
"""Types that a document takes along."""
_BLANK = b" \t\r\n\xef\xbb\xbf"
_ROOTS = frozenset({"DiagnosticReport", "Observation"})
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE resource (
        row INTEGER PRIMARY KEY, type TEXT, id TEXT, digest BLOB, part INTEGER,
        file INTEGER, number INTEGER, start INTEGER, size INTEGER, raw BLOB
    );
    CREATE INDEX named ON resource (type, id, digest);
    CREATE TABLE link (source INTEGER, type TEXT, id TEXT);
"""


@dataclass(frozen=True, slots=True)
class Part:
    """What refers to each other, directly or not, and what it takes along: documents are formed within it."""

    lines: tuple[Line, ...]
    is_bundle: bool = False  # its only line


def parts(files: Sequence[Path]) -> Iterator[Part | Skipped | Rejected]:
    """Of the NDJSON files of one folder; a line that is a Bundle is a part for itself. What is left is rejected where
    the disk has no room for the index."""
    try:
        with closing(_Index(files)) as index:
            for number, file in enumerate(files):
                yield from _indexed(number, file, index)
            index.join()
            yield from map(Part, index.parts())
            yield from index.left()
    except sqlite3.Error as error:
        folder = name_of(files[0].parent)
        what = f"{error}; make room for temporary files (SQLITE_TMPDIR, TMPDIR)"
        yield Rejected(folder, f"{folder}: the index of the export: {what}")


def _indexed(number: int, file: Path, index: _Index) -> Iterator[Part | Skipped | Rejected]:
    start = 0
    try:
        with file.open("rb") as opened:
            for count, text in enumerate(opened, 1):
                line = Line(file, count, start, len(text), digest_of(text))
                start += len(text)
                if text.strip(_BLANK):
                    yield from _taken(number, line, text, index)
    except OSError as error:
        yield Rejected(name_of(file), f"{name_of(file)}: cannot be read: {error.strerror}")


def _taken(number: int, line: Line, text: bytes, index: _Index) -> Iterator[Part | Skipped | Rejected]:
    try:
        value = json.loads(text)
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield Part((line,), is_bundle=True)
            return
        found = entries_of(line.place, value)
    except InvalidFhirError as error:
        yield Rejected(line.place, f"{line.place}: {error}")
        return
    for entry in found.standing:
        index.add(number, line, entry.resource)
    for reason in found.left:
        yield Skipped(line.place, reason)


def read(part: Part, release: Release = "R4") -> Iterator[Input]:
    """The documents of a part."""
    first = part.lines[0].place
    try:
        if part.is_bundle:
            yield from read_bytes(first, part.lines[0].read(), "dicom", release)
            return
        values = [(line, json.loads(line.read())) for line in part.lines]
    except InvalidFhirError as error:
        yield Rejected(first, f"{first}: {error}")
        return
    gathered = gather([Entry(value, line.place) for line, value in values])
    files = {id(value): name_of(line.file) for line, value in values}
    places = {id(value): line.place for line, value in values}
    for group in gathered.groups:
        yield input_of(called(files[id(group.root)], group, places[id(group.root)]), group, release)
    for one in gathered.others:
        if one["resourceType"] in _PARTS:  # any other may be taken along by many
            yield Skipped(files[id(one)], f"{one['resourceType']}: {NO_DOCUMENT}")


class _Index:
    """Which line has which resource, and what it refers to; in a temporary file of SQLite's."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._database = sqlite3.connect("")
        self._database.executescript(_TABLES)
        self._used = bytearray()  # by row
        self._repeated = Counter[tuple[int, str]]()

    def close(self) -> None:
        self._database.close()

    def add(self, file: int, line: Line, resource: Resource) -> None:
        kind, identifier = resource["resourceType"], resource.get("id")
        named = _REFERENCE.fullmatch(f"{kind}/{identifier}") if isinstance(identifier, str) else None
        digest, name = digest_of(json.canonical(resource)), named and named[2]
        there = self._database.execute(
            "SELECT 1 FROM resource WHERE type = ? AND id IS ? AND digest = ?", (kind, name, digest)
        )
        if there.fetchone() is not None:
            self._repeated[file, kind] += 1
            return
        row = len(self._used)
        self._used.append(0)
        self._database.execute(
            "INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row, kind, name, digest, row if kind in _PARTS else None, file, *line[1:]),
        )
        referred = {one.groups() for one in map(_REFERENCE.fullmatch, _references(resource)) if one is not None}
        self._database.executemany("INSERT INTO link VALUES (?, ?, ?)", ((row, *one) for one in sorted(referred)))

    def join(self) -> None:
        """Each part gets the number of its first row."""
        first = array("q", range(len(self._used)))

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

    def parts(self) -> Iterator[tuple[Line, ...]]:
        """Those that have a document."""
        found = self._database.execute("SELECT part, row, type FROM resource WHERE part IS NOT NULL ORDER BY part, row")
        for _, grouped in groupby(found, key=lambda one: one[0]):
            rows, types = zip(*((row, kind) for _, row, kind in grouped), strict=True)
            if not _ROOTS.isdisjoint(types):
                yield tuple(map(self._line, self._with_what_they_name([*rows])))

    def _with_what_they_name(self, rows: list[int]) -> list[int]:
        """And what these name. Of a name that several have two say that nobody knows which one is meant."""
        found = dict.fromkeys(rows, True)
        for row in rows:
            for kind, name in self._database.execute("SELECT type, id FROM link WHERE source = ?", (row,)).fetchall():
                if kind not in _ALONG:
                    continue
                named = self._database.execute(
                    "SELECT row FROM resource WHERE type = ? AND id = ? ORDER BY row LIMIT 2", (kind, name)
                )
                targets = [one for (one,) in named]
                rows += [one for one in targets if one not in found]
                found |= {one: len(targets) == 1 for one in targets if one not in found}
        for row, is_meant in found.items():
            if is_meant:
                self._used[row] = 1
        return [*found]

    def _line(self, row: int) -> Line:
        (file, *place), *_ = self._database.execute(
            "SELECT file, number, start, size, raw FROM resource WHERE row = ?", (row,)
        )
        return Line(self._files[file], *place)

    def left(self) -> Iterator[Skipped]:
        """What forms no document and is referred to by none, and what stands twice."""
        found = Counter[tuple[int, str]]()
        for row, file, kind in self._database.execute("SELECT row, file, type FROM resource ORDER BY row"):
            if not self._used[row]:
                found[file, kind] += 1
        for (file, kind), count in sorted(found.items()):
            yield Skipped(name_of(self._files[file]), f"{kind}: {NO_DOCUMENT}", count)
        for (file, kind), count in sorted(self._repeated.items()):
            yield Skipped(name_of(self._files[file]), f"{kind}: {REPEATED}", count)


def _references(resource: Resource) -> Iterator[str]:
    yield from links(resource)
    if resource["resourceType"] in _ROOTS:
        yield from references_in(resource.get("subject"))
