"""The NDJSON files of one folder are one export (HL7 Bulk Data Access): a file for each type, so what forms a document
is in several of them, and so may be versions of one resource, and what was deleted since."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bridge.codecs import json
from bridge.convert.deletions import deletions_in
from bridge.convert.entries import entries_of
from bridge.convert.files import Line, digest_of, name_of
from bridge.convert.index import PARTS, Index
from bridge.convert.inputs import NO_DOCUMENT, Input, Rejected, Skipped, called, doubts, input_of, named, read_bytes
from bridge.convert.versions import version_of
from bridge.errors import InvalidFhirError
from bridge.model.group import Resource
from bridge.model.release import Release
from bridge.translate.gather import Entry, gather

_ROOTS = ("DiagnosticReport", "Observation")
_BLANK = b" \t\r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Part:
    """What refers to each other, directly or not, and what it takes along: documents are formed within it."""

    lines: tuple[Line, ...]
    is_bundle: bool = False  # its only line


def parts(files: Sequence[Path]) -> Iterator[Part | Skipped | Rejected]:
    """Of the NDJSON files of one folder; a line that is a Bundle is a part for itself. What is left is rejected where
    the disk has no room for the index."""
    try:
        with closing(Index(files)) as index:
            for number, file in enumerate(files):
                yield from _indexed(number, file, index)
            yield from index.settle()
            index.join()
            for one in index.parts():
                yield one if isinstance(one, Rejected) else Part(one)
            yield from index.left()
    except sqlite3.Error as error:
        folder = name_of(files[0].parent)
        what = f"{error}; make room for temporary files (SQLITE_TMPDIR, TMPDIR)"
        yield Rejected(folder, f"{folder}: the index of the export: {what}")


def _indexed(number: int, file: Path, index: Index) -> Iterator[Part | Skipped | Rejected]:
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


def _taken(number: int, line: Line, text: bytes, index: Index) -> Iterator[Part | Skipped | Rejected]:
    try:
        value = json.loads(text.rstrip())  # of a line that is cut off, its end is not at fault
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield from _bundle(number, line, value, index)
            return
        found = entries_of(line.place, value)
    except InvalidFhirError as error:
        yield Rejected(line.place, f"{line.place}: {error}")
        return
    for entry in found.standing:
        index.add(number, line, entry.resource)
    for reason in found.left:
        yield Skipped(line.place, reason)


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
        if value["resourceType"] in _ROOTS:
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
    gathered = gather([Entry(value, line.place) for line, value in values])
    files = {id(value): name_of(line.file) for line, value in values}
    places = {id(value): line.place for line, value in values}
    for group in gathered.groups:
        name = called(files[id(group.root)], group, places[id(group.root)])
        yield input_of(name, group, release, doubts(group, gathered), places)
    for one in gathered.others:
        if one["resourceType"] in PARTS:  # any other may be taken along by many
            yield Skipped(files[id(one)], f"{one['resourceType']}: {NO_DOCUMENT}")
