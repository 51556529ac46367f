"""The NDJSON files of one folder are one export (HL7 Bulk Data Access): a file for each type, so what forms a document
is in several of them, and so may be versions of one resource, and what was deleted since."""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.codecs import json
from bridge.convert.deletions import deletions_in
from bridge.convert.entries import entries_of
from bridge.convert.files import Line, digest_of, name_of
from bridge.convert.formats import LINES
from bridge.convert.index import Around, Index
from bridge.convert.inputs import (
    NO_DOCUMENT,
    Input,
    Rejected,
    Skipped,
    called,
    doubts,
    input_of,
    named,
    names_in,
    read_bytes,
)
from bridge.convert.links import PARTS, ROOTS
from bridge.convert.unread import Gleaned, gleaned
from bridge.convert.versions import version_of
from bridge.errors import InvalidFhirError
from bridge.model.group import Resource
from bridge.model.release import Release
from bridge.translate.gather import Entry, gather

_MEND = "; mend it, and convert into an empty folder: what it refers to may have become a document of its own"
_OF_EXPORT = re.compile(rf"({'|'.join(map(re.escape, LINES))})(\.[a-z0-9]+)?$", re.IGNORECASE)
_PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
_KIND = re.compile(r"(?<![A-Za-z])[A-Z][a-z]+[A-Za-z]*")
"""A type, in a name such as `1.Observation.ndjson.gz`."""
_BLANK = b" \t\r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Part:
    """What refers to each other, directly or not, and what it takes along: documents are formed within it."""

    lines: tuple[Line, ...]
    is_bundle: bool = False  # its only line
    around: Around = Around()


def exports(many: Sequence[Sequence[Path]]) -> Iterator[Part | Skipped | Rejected]:
    """The parts of each. Where there are several, each is looked at twice: a Patient ID that is but the id that a
    server gave is of two persons if two of them have it, whichever comes first."""
    if len(many) < 2:
        for files in many:
            yield from parts(files)
        return
    with closing(Persons()) as persons:
        for files in many:
            persons.add(files)
        for files in many:
            yield from parts(files, persons)


def parts(files: Sequence[Path], persons: Persons | None = None) -> Iterator[Part | Skipped | Rejected]:
    """Of the NDJSON files of one folder; a line that is a Bundle is a part for itself. What is left is rejected where
    the disk has no room for the index."""
    folder = name_of(files[0].parent)
    try:
        with closing(Index(files)) as index:
            for number, file in enumerate(files):
                yield from _indexed(number, file, index)
            for place, kind in _beside(files[0].parent):
                index.add_unread(place, Gleaned(kind, None, ()))
            yield from index.settle()
            yield from index.resolve(partial(persons.elsewhere, folder) if persons is not None else None)
            index.join()
            for one in index.parts():
                yield one if isinstance(one, Rejected) else Part(one.lines, around=one.around)
            yield from index.left()
    except sqlite3.Error as error:
        what = f"{error}; make room for temporary files (SQLITE_TMPDIR, TMPDIR)"
        yield Rejected(folder, f"{folder}: the index of the export: {what}")


class Persons:
    """Which export has which Patient IDs that are ids of its server: a temporary file of SQLite's."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript(_TABLES)
        self._full: sqlite3.Error | None = None

    def close(self) -> None:
        self._database.close()

    def add(self, files: Sequence[Path]) -> None:
        """What cannot be read, or has no room, is said by who converts it."""
        folder = name_of(files[0].parent)
        with suppress(sqlite3.Error), closing(Index(files)) as index:
            for number, file in enumerate(files):
                deque(_indexed(number, file, index), maxlen=0)
            deque(index.settle(), maxlen=0)
            for name in index.persons():
                self._put(folder, name)

    def _put(self, folder: str, name: str) -> None:
        try:
            self._database.execute("INSERT OR IGNORE INTO person VALUES (?, ?)", (name, folder))
        except sqlite3.Error as error:
            self._full = self._full or error
            raise

    def elsewhere(self, folder: str, name: str) -> str | None:
        """Another one that has it; raises sqlite3.Error where nobody knows."""
        if self._full is not None:
            raise self._full
        chosen = "SELECT min(folder) FROM person WHERE name = ? AND folder <> ?"
        found: str | None = self._database.execute(chosen, (name, folder)).fetchone()[0]
        return found


_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE person (name TEXT, folder TEXT, PRIMARY KEY (name, folder)) WITHOUT ROWID;
"""


def _indexed(number: int, file: Path, index: Index) -> Iterator[Part | Skipped | Rejected]:
    start, kind = 0, None
    try:
        with file.open("rb") as opened:
            for count, text in enumerate(opened, 1):
                line = Line(file, count, start, len(text), digest_of(text))
                start += len(text)
                if text.strip(_BLANK):
                    kind = yield from _taken(number, line, text, index, kind)
    except OSError as error:
        index.add_unread(name_of(file), Gleaned(kind, None, ()))
        yield Rejected(name_of(file), f"{name_of(file)}: cannot be read: {error.strerror}")


def _beside(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Files of the same export that are packed, or links to nothing: their places, and the type that their names say.
    Whoever looks for files names them."""
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            if _OF_EXPORT.search(path.name) and (path.suffix.lower() in _PACKED or not path.exists()):
                kind = _KIND.search(path.name)
                yield name_of(path), kind[0] if kind else None


def _taken(
    number: int, line: Line, text: bytes, index: Index, before: str | None
) -> Generator[Part | Skipped | Rejected, None, str | None]:
    """Returns the type of what it holds. A file of an export is of one type: what cannot be read is of that `before`,
    where it does not say another."""
    try:
        value = json.loads(text.rstrip())  # of a line that is cut off, its end is not at fault
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield from _bundle(number, line, value, index)
            return before
        found = entries_of(line.place, value)
    except InvalidFhirError as error:
        said = gleaned(text, before)
        index.add_unread(line.place, said)
        remedy = _MEND if said.type in (None, "DiagnosticReport") else ""
        yield Rejected(line.place, f"{line.place}: {error}{remedy}")
        return before
    for entry in found.standing:
        index.add(number, line, entry.resource)
    for reason in found.left:
        index.add_partial(line.place, value)
        yield Skipped(line.place, reason)
    return str(value["resourceType"])


def _bundle(number: int, line: Line, bundle: Resource, index: Index) -> Iterator[Part | Rejected]:
    deleted = deletions_in(bundle)
    if not deleted:
        yield Part((line,), is_bundle=True)
    at = version_of(bundle)._replace(number=None, is_deletion=True)
    for place, name in enumerate(deleted):
        if name is not None:
            index.add_deletion(number, line, *name, at)
            continue
        called = f"{line.place}#Bundle.entry[{place}]"
        yield Rejected(called, f"{called}.request.url: not `Type/id`; look up what was deleted, and leave that out")


def rejected(part: Part, what: str, at: str = "") -> Iterator[Rejected]:
    """Each report and result of a part that fails as a whole. `at`: the line that is at fault, if it is one."""
    if part.is_bundle:
        place = part.lines[0].place
        yield Rejected(place, f"{place}: {what}")
        return
    why = f"it goes together with {at}: {what}" if at else what
    for line in part.lines:
        try:
            value = json.loads(line.read())
        except InvalidFhirError as error:
            yield Rejected(line.place, f"{line.place}: {error}")
            continue
        if value["resourceType"] in ROOTS:
            name = named(value)
            source = f"{name_of(line.file)}#{name}" if name else line.place
            yield Rejected(source, f"{source}: {why}", [name or line.place], what)


def read(part: Part, release: Release = "R4") -> Iterator[Input]:
    """The documents of a part."""
    at = part.lines[0].place
    try:
        if part.is_bundle:
            yield from read_bytes(at, part.lines[0].read(), "dicom", release)
            return
        values = []
        for line in part.lines:
            at = line.place
            values.append((line, json.loads(line.read())))
    except InvalidFhirError as error:
        yield from rejected(part, str(error), at)
        return
    around = part.around
    gathered = gather(
        [Entry(value, _url(value, around.base) or line.place) for line, value in values], around.ambiguous
    )
    files = {id(value): name_of(line.file) for line, value in values}
    places = {id(value): line.place for line, value in values}
    alone = {id(values[place][1]): why for place, why in around.refused_alone}
    of_any = {id(values[place][1]): why for place, why in around.refused}
    for group in gathered.groups:
        name = called(files[id(group.root)], group, places[id(group.root)])
        refused = (of_any[id(one)] for one in group.whole() if id(one) in of_any)
        if (why := next(refused, alone.get(id(group.root)))) is not None:
            yield Rejected(name, f"{name}: {why}", names_in(name, group, places), why)
            continue
        yield input_of(name, group, release, doubts(group, gathered), places)
    for one in gathered.others:
        if one["resourceType"] in PARTS:  # any other may be taken along by many
            yield Skipped(files[id(one)], f"{one['resourceType']}: {NO_DOCUMENT}")


def _url(resource: Resource, base: str) -> str | None:
    """Where the server has it."""
    name = resource.get("id")
    return f"{base}{resource['resourceType']}/{name}" if base and isinstance(name, str) else None
