"""What the resources of an export refer to, by type and id, by URL, or by an identifier, in tables of its index: what
is meant is decided when all of it is known (HL7 Bulk Data Access: what has that type and id within the file set)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from bridge.model.group import Resource, references_in
from bridge.model.references import unversioned
from bridge.model.search import Sought, meets, sought_by
from bridge.translate.gather import BELONGING, FORMING, links
from bridge.translate.header.identity import TYPE_SYSTEM

PARTS = FORMING | {"Basic", "ImagingSelection"}
"""Types that decide what forms one document, or that lead to them."""
ALONG = (BELONGING | {"Patient"}) - PARTS
"""Types that a document takes along."""
ROOTS = frozenset({"DiagnosticReport", "Observation"})
_NAMED = re.compile(r"(https?://.*/)?([A-Z][A-Za-z]+)/(.+)")
TABLES = """
    CREATE TABLE link (source INTEGER, base TEXT, type TEXT, id TEXT, is_subject INTEGER);
    CREATE TABLE sought (
        source INTEGER, type TEXT, system TEXT, value TEXT, leads INTEGER, target INTEGER, last INTEGER
    );
    CREATE TABLE identifier (type TEXT, system TEXT, value TEXT, row INTEGER);
    CREATE TABLE numbered (row INTEGER PRIMARY KEY);
    CREATE TABLE edge (source INTEGER, target INTEGER, base TEXT);
"""
_ASKED = """
    CREATE INDEX identifiers ON identifier (type, value, system, row);
    UPDATE sought SET
        target = (SELECT min(row) FROM identifier AS one
            WHERE one.type = sought.type AND one.value = sought.value AND one.system IS sought.system),
        last = (SELECT max(row) FROM identifier AS one
            WHERE one.type = sought.type AND one.value = sought.value AND one.system IS sought.system);
    CREATE INDEX asked ON sought (source);
    INSERT INTO edge SELECT source, target, NULL FROM sought WHERE leads AND target = last;
"""
_PERSONS = """
    SELECT DISTINCT id FROM link WHERE is_subject AND type = 'Patient'
    AND (base = '' OR base = ? AND EXISTS (
        SELECT 1 FROM resource WHERE resource.type = 'Patient' AND resource.id = link.id
    ))
    AND NOT EXISTS (
        SELECT 1 FROM resource JOIN numbered USING (row) WHERE resource.type = 'Patient' AND resource.id = link.id
    )
"""


class Named(NamedTuple):
    """What a reference says. The id may be none: what is called so is to be found, and refused."""

    base: str  # empty where the reference is relative
    type: str
    id: str


def named(reference: str) -> Named | None:
    found = _NAMED.fullmatch(unversioned(reference))
    return Named(found[1] or "", found[2], found[3]) if found and "?" not in reference else None


class Links:
    base = ""
    """The base of the server that the export is of, where its references say one."""
    bases: tuple[str, ...] = ()
    """Those of references to what has that type and id in the export, empty for relative ones; three are enough."""
    asks = False
    """Whether anything is referred to by an identifier."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, row: int, resource: Resource) -> None:
        kind = resource["resourceType"]
        if kind in PARTS | ALONG:
            met = ((*one, row) for one in sorted(set(meets(resource)), key=repr))
            self._database.executemany("INSERT INTO identifier VALUES (?, ?, ?, ?)", met)
        if kind == "Patient" and _has_number(resource):
            self._database.execute("INSERT INTO numbered VALUES (?)", (row,))
        subject = resource.get("subject") if kind in ROOTS else None
        whose = subject.get("reference") if isinstance(subject, dict) and not _is_identified(subject) else None
        all_leading = {*leading(resource)}
        said = {(*one, reference == whose) for reference in all_leading if (one := named(reference)) is not None}
        self._database.executemany("INSERT INTO link VALUES (?, ?, ?, ?, ?)", ((row, *one) for one in sorted(said)))
        asked = {
            (what, text in all_leading) for text in references_in(resource) if (what := sought_by(text)) is not None
        }
        if (logical := _logical(subject)) is not None:
            asked.add((logical, True))
        rows = ((row, *what, leads) for what, leads in sorted(asked, key=repr) if what[0] in PARTS | ALONG)
        if asked:
            self.asks = True
            self._database.executemany("INSERT INTO sought VALUES (?, ?, ?, ?, ?, NULL, NULL)", rows)

    def resolve(self) -> None:
        """What stands in the export is known. References by URL are taken for its own where all that find something
        have one base, and none is relative: else nobody knows whose they are, for servers count their ids alike."""
        self._database.execute("INSERT INTO edge SELECT source, row, base FROM link JOIN resource USING (type, id)")
        found = self._database.execute("SELECT DISTINCT base FROM edge LIMIT 3")
        self.bases = tuple(sorted(base for (base,) in found))
        self.base = self.bases[0] if len(self.bases) == 1 else ""
        if len(self.bases) > 1:
            self._database.execute("CREATE TABLE stray AS SELECT * FROM edge WHERE base <> ''")
            self._database.execute("DELETE FROM edge WHERE base <> ''")
        if self.asks:
            self._database.executescript(_ASKED)
        self._database.execute("CREATE INDEX edges ON edge (source)")

    def strays(self) -> Iterator[tuple[int, int, str]]:
        """Source, target and base of references by URL, of which nobody knows whether they are of this server."""
        if len(self.bases) > 1:
            yield from self._database.execute("SELECT source, target, base FROM stray ORDER BY source, target")

    def ambiguous(self, rows: list[int]) -> Iterator[Sought]:
        """What these ask for, and several of the export have."""
        for row in rows if self.asks else ():
            yield from self._database.execute(
                "SELECT type, system, value FROM sought WHERE source = ? AND target <> last", (row,)
            )

    def doubled(self) -> Iterator[tuple[int, int, int]]:
        """Source, and the first and the last of several that have the identifier which it asks for."""
        if self.asks:
            yield from self._database.execute("SELECT source, target, last FROM sought WHERE leads AND target <> last")

    def missing(self) -> Iterator[tuple[int, str, str | None]]:
        """Source, type and id of what is not there; without an id where it is asked for by an identifier. A URL of
        another server is of this one where nobody knows which that is."""
        yield from self._database.execute(
            "SELECT source, type, id FROM link WHERE (base IN ('', ?) OR ?) AND NOT EXISTS (SELECT 1 FROM resource"
            " WHERE resource.type = link.type AND resource.id = link.id) ORDER BY source, type, id",
            (self.base, not self.base),
        )
        yield from self._database.execute("SELECT source, type, NULL FROM sought WHERE leads AND target IS NULL")

    def index_persons(self) -> None:
        self._database.execute("CREATE INDEX subjects ON link (id) WHERE is_subject")

    def persons(self) -> Iterator[str]:
        """Ids that are Patient IDs: of subjects who are not here, or have no identifier."""
        found = self._database.execute(_PERSONS, (self.base,))
        yield from (name for (name,) in found)

    def of_person(self, name: str) -> Iterator[int]:
        found = "SELECT source FROM link WHERE is_subject AND id = ? AND type = 'Patient' AND base IN ('', ?)"
        yield from (row for (row,) in self._database.execute(found, (name, self.base)))


def leading(resource: Resource) -> Iterator[str]:
    """References by which a document may get what belongs to it, and its patient."""
    yield from links(resource)
    if resource["resourceType"] in ROOTS:
        yield from references_in(resource.get("subject"))


def _has_number(patient: Resource) -> bool:
    """Whether Patient ID is one of its identifiers, and not its id; as `identity_of` chooses, of what may be no
    Patient at all."""
    said = [one for one in _dicts(patient.get("identifier")) if one.get("value") and one.get("use") != "old"]
    return any(one.get("system") or _is_record(one.get("type")) for one in said)


def _is_record(kind: object) -> bool:
    codings = _dicts(kind.get("coding")) if isinstance(kind, dict) else []
    return any((one.get("system"), one.get("code")) == (TYPE_SYSTEM, "MR") for one in codings)


def _dicts(said: object) -> list[Resource]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _is_identified(subject: Resource) -> bool:
    """Whether the reference itself says an identifier (FHIR R4 Reference.identifier): Patient ID is that."""
    said = subject.get("identifier")
    return isinstance(said, dict) and bool(said.get("value"))


def _logical(subject: object) -> Sought | None:
    """What a subject asks for that is named by an identifier alone, as `gather` reads it."""
    said = subject.get("identifier") if isinstance(subject, dict) and "reference" not in subject else None
    if not isinstance(said, dict):
        return None
    system, value = said.get("system"), said.get("value")
    is_whole = isinstance(system, str) and isinstance(value, str) and system and value
    return ("Patient", str(system), str(value)) if is_whole else None
