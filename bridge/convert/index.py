"""Which line of an export has which resource, and what it refers to: a temporary file of SQLite's, so that an export of
any size needs the memory of its largest document, and a few bytes for each resource."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from bridge.codecs import json
from bridge.convert import links, unread
from bridge.convert.files import Line, digest_of, name_of
from bridge.convert.inputs import NO_DOCUMENT, Rejected, Skipped
from bridge.convert.links import ALONG, PARTS, ROOTS, Links
from bridge.convert.unread import PARTLY, Gleaned, Unread
from bridge.convert.versions import DELETED, OLDER, REPEATED, ResourceVersion, is_covered, newest, version_of
from bridge.model.group import Resource
from bridge.model.search import Sought

_UNUSED, _USED, _UNTOLD = range(3)  # rows: in no document; in one; nobody knows whether it stands
_REMEDY = "leave out what does not stand"
_WHICH = (
    f"nothing says which version stands: not all have a meta.versionId and meta.lastUpdated of their own; {_REMEDY}"
)
_TOGETHER = "it goes together with {}, of which nothing says which version stands; " + _REMEDY
_STRAYS = (
    "references by URL to what has that type and id here, not used: others are relative, or of another server, and "
    "nothing says of which this export is; if it is of that one, write them as `Type/id`"
)
_TWO_PERSONS = (
    "its Patient ID would be {name}, the id that its server gave, and {where} has one of that id, too: on two servers "
    "these are two persons; give the Patients with their identifiers, convert each export in a run of its own, or put "
    "what is of one server into one folder"
)
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE resource (
        row INTEGER PRIMARY KEY, type TEXT, id TEXT, digest BLOB, part INTEGER, version TEXT, updated TEXT,
        file INTEGER, number INTEGER, start INTEGER, size INTEGER, raw BLOB
    );
    CREATE INDEX named ON resource (type, id, digest);
    CREATE TABLE gone (row INTEGER PRIMARY KEY);
    CREATE TABLE refused (row INTEGER, why TEXT, alone INTEGER);
    CREATE INDEX refusals ON refused (row);
"""  # a deletion is a row without a digest


Shared = Callable[[str], str | None]
"""Which other export of the run has a person of that id."""


class Around(NamedTuple):
    """What the rest of an export says of a part of it. By the number of a line: why no document may have what it
    holds, or none that begins with it."""

    base: str = ""  # of the server; empty where references are relative, or nobody knows whose they are
    ambiguous: frozenset[Sought] = frozenset()
    refused: tuple[tuple[int, str], ...] = ()
    refused_alone: tuple[tuple[int, str], ...] = ()


class Whole(NamedTuple):
    """A part: what refers to each other, and what it takes along."""

    lines: tuple[Line, ...]
    around: Around


class Index:
    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._database = sqlite3.connect("")
        self._database.executescript(_TABLES + links.TABLES + unread.TABLES)
        self._links, self._unread = Links(self._database), Unread(self._database)
        self._state = bytearray()  # by row
        self._refuses = False
        self._left = Counter[tuple[int, str]]()  # by file and reason

    def close(self) -> None:
        self._database.close()

    def add(self, file: int, line: Line, resource: Resource) -> None:
        kind, identifier = resource["resourceType"], resource.get("id")
        name = str(identifier) if isinstance(identifier, str) and identifier else None
        digest = digest_of(json.canonical(resource))
        there = self._database.execute(
            "SELECT 1 FROM resource WHERE type = ? AND id IS ? AND digest = ?", (kind, name, digest)
        )
        if there.fetchone() is not None:
            self._left[file, f"{kind}: {REPEATED}"] += 1
            return
        row = self._add(file, line, kind, name, digest, version_of(resource))
        self._links.add(row, resource)

    def add_unread(self, place: str, said: Gleaned) -> None:
        self._unread.add(said, place)

    def add_partial(self, place: str, resource: Resource) -> None:
        name = resource.get("id")
        said = Gleaned(
            resource["resourceType"], name if isinstance(name, str) else None, tuple(links.leading(resource))
        )
        self._unread.add(said, place, PARTLY, version_of(resource))

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
        several = (
            "SELECT type, id FROM resource WHERE id IS NOT NULL GROUP BY type, id"
            " HAVING count(*) > 1 OR count(digest) = 0"
        )
        if self._unread.exists:
            several += " UNION SELECT type, id FROM unread JOIN resource USING (type, id)"
        for kind, name in self._database.execute(several):
            yield from self._settled(kind, name)
        self._database.executescript(
            "DELETE FROM resource WHERE row IN (SELECT row FROM gone);"
            "DELETE FROM link WHERE source IN (SELECT row FROM gone);"
            "DELETE FROM sought WHERE source IN (SELECT row FROM gone);"
            "DELETE FROM identifier WHERE row IN (SELECT row FROM gone);"
            "DELETE FROM numbered WHERE row IN (SELECT row FROM gone)"
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
        which = _WHICH
        for at, said in self._unread.versions(kind, name):
            if stands is not None and not is_covered(said, versions[stands][2]):
                stands, which = None, f"nothing says whether it stands, for a version of it is at {at}"
        is_deleted = stands is None or versions[stands][2].is_deletion
        reason = f"{kind}: {DELETED if is_deleted else OLDER}"
        for place, (row, file, said) in enumerate(versions):
            called = f"{self._line(row).place}#{kind}/{name}"
            if stands is None and kind in PARTS | ALONG:
                self._state[row] = _UNTOLD
                yield Rejected(called, f"{called}: {which}")
            elif said.is_deletion:
                yield Skipped(called, reason)
            elif stands not in (None, place):
                self._left[file, reason] += 1
            if said.is_deletion or stands not in (None, place):
                self._database.execute("INSERT INTO gone VALUES (?)", (row,))

    def resolve(self, shared: Shared | None) -> Iterator[Skipped]:
        """Decides what references mean, and what no document is made of."""
        self._links.resolve()
        yield from self._strays()
        if self._links.asks:
            self._refuse(self._without_what_nobody_knows())
        if self._unread.exists:
            self._refuse(self._without_what_is_missing())
            self._refuse(self._unread.claimed(), alone=True)
        if shared is None:
            return
        self._links.index_persons()
        for name in self._links.persons():
            if (where := shared(name)) is not None:
                self._refuse((row, _TWO_PERSONS.format(name=name, where=where)) for row in self._links.of_person(name))

    def persons(self) -> Iterator[str]:
        """Ids that are Patient IDs."""
        self._links.resolve()
        self._links.index_persons()
        yield from self._links.persons()

    def _strays(self) -> Iterator[Skipped]:
        count = 0
        for row, target, base in self._links.strays():
            count += 1
            if self._name(target).startswith("Observation/"):
                what = f"it refers to {base}{self._name(target)}, and nothing says that this export is of that server"
                self._refuse([(row, f"{what}; if it is, write that as {self._name(target)}")])
        if count:
            yield Skipped(name_of(self._files[0].parent), _STRAYS, count)

    def _without_what_nobody_knows(self) -> Iterator[tuple[int, str]]:
        """What asks by an identifier for one of several, of which some are versions that nobody can tell apart."""
        for source, *rows in self._links.doubled():
            untold = next((row for row in rows if self._state[row] == _UNTOLD), None)
            if untold is not None:
                yield source, _TOGETHER.format(self._name(untold))

    def _without_what_is_missing(self) -> Iterator[tuple[int, str]]:
        for row, kind, name in self._links.missing():
            if kind in PARTS | ALONG and (instead := self._unread.instead_of(kind, name)) is not None:
                yield row, f"it refers to {f'{kind}/{name}' if name else kind}, {instead}"

    def _refuse(self, found: Iterable[tuple[int, str]], *, alone: bool = False) -> None:
        """`alone`: no document begins with that; others may have it."""
        self._database.executemany(
            "INSERT INTO refused VALUES (?, ?, ?)",
            ((row, f"{self._line(row).place}: {why}", alone) for row, why in found),
        )
        self._refuses = True

    def join(self) -> None:
        """Each part gets the number of its first row."""
        first = array("q", range(len(self._state)))

        def part(row: int) -> int:
            while first[row] != row:
                first[row] = row = first[first[row]]
            return row

        found = self._database.execute(
            "SELECT source, target FROM edge JOIN resource ON row = target WHERE part IS NOT NULL"
        )
        for source, target in found:
            one, two = sorted((part(source), part(target)))
            first[two] = one
        moved = ((part(row), row) for row in range(len(first)) if first[row] != row)
        self._database.executemany("UPDATE resource SET part = ? WHERE row = ?", moved)
        self._database.execute("CREATE INDEX parts ON resource (part, row)")

    def parts(self) -> Iterator[Whole | Rejected]:
        """Those that have a document; rejected, by the name of each, where nobody knows what stands in it."""
        found = self._database.execute("SELECT part, row, type FROM resource WHERE part IS NOT NULL ORDER BY part, row")
        for _, grouped in groupby(found, key=lambda one: one[0]):
            rows, types = zip(*((row, kind) for _, row, kind in grouped), strict=True)
            if ROOTS.isdisjoint(types):
                continue
            whole = self._with_what_they_name([*rows])
            untold = next((row for row in whole if self._state[row] == _UNTOLD), None)
            if untold is None:
                self._use(whole)
                yield Whole(tuple(map(self._line, whole)), self._around(whole))
                continue
            roots = [row for row, kind in zip(rows, types, strict=True) if kind in ROOTS]
            yield from self._rejected([row for row in roots if self._state[row] != _UNTOLD], self._name(untold))

    def _with_what_they_name(self, rows: list[int]) -> list[int]:
        """And what these name."""
        found = set(rows)
        for row in rows:
            named = self._database.execute(
                "SELECT target, type FROM edge JOIN resource ON row = target WHERE source = ? ORDER BY type, id", (row,)
            )
            targets = [one for one, kind in named if kind in ALONG and one not in found]
            rows.extend(dict.fromkeys(targets))
            found.update(targets)
        return rows

    def _around(self, rows: list[int]) -> Around:
        base, ambiguous = self._links.base, frozenset(self._links.ambiguous(rows))
        if not self._refuses:
            return Around(base, ambiguous)
        refused: tuple[list[tuple[int, str]], list[tuple[int, str]]] = [], []
        first = "SELECT alone, why, min(rowid) FROM refused WHERE row = ? GROUP BY alone"
        for place, row in enumerate(rows):
            for alone, why, _ in self._database.execute(first, (row,)):
                refused[alone].append((place, why))
        return Around(base, ambiguous, *map(tuple, refused))

    def _use(self, rows: list[int]) -> None:
        for row in rows:
            self._state[row] = _USED

    def _rejected(self, rows: list[int], untold: str) -> Iterator[Rejected]:
        self._use(rows)
        for row in rows:
            called = f"{self._line(row).place}#{self._name(row)}"
            yield Rejected(called, f"{called}: {_TOGETHER.format(untold)}")

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
