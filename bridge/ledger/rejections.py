"""What rejection notes said of instances, known or not: a note may come before what it rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from bridge.ledger.database import Database, put
from bridge.ledger.tables import REJECTION
from bridge.model.version import Version

# made once: to make a statement takes longer than to run it
_OF_INSTANCE = (REJECTION.c.route == bindparam("of_route")) & (REJECTION.c.instance == bindparam("of_instance"))
_OF_INSTANCE &= REJECTION.c.study.is_(None) | (REJECTION.c.study == bindparam("of_study"))
_REASONS = select(REJECTION.c.reason).where(_OF_INSTANCE)
_NOTES = select(REJECTION.c.note, REJECTION.c.reason).where(_OF_INSTANCE).order_by(REJECTION.c.note)


class Note(NamedTuple):
    uid: str  # SOP Instance UID
    reason: str  # code of CID 7011
    instances: frozenset[str]  # SOP Instance UIDs that it rejects
    rewritten: int  # how often it was lost, and written again


class Rejections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, route: str, instances: Mapping[str, str], note: str, reason: str, key: str) -> bool:
        """Keeps what a note rejects; whether the note was new. `instances`: by SOP Instance UID, the study that each is
        to be of. `key`: what its store names the note by."""
        of_note = (REJECTION.c.route == route) & (REJECTION.c.note == note)
        with self._database.begin() as connection:
            known = connection.execute(select(REJECTION.c.note).where(of_note).limit(1)).first()
            for instance, study in instances.items():
                row = {"route": route, "instance": instance, "note": note, "reason": reason, "study": study}
                row["key"] = key
                put(connection, REJECTION, row)
        return known is None

    def of(self, route: str, version: Version) -> frozenset[str]:
        """Codes of the reasons for which an instance was rejected (CID 7011)."""
        with self._database.connect() as connection:
            found = connection.execute(_REASONS, _named(route, version))
            return frozenset(found.scalars())

    def note_at(self, route: str, key: str) -> Note | None:
        """The note that its store names so, or named so when it was there."""
        of_key = (REJECTION.c.route == route) & (REJECTION.c.key == key)
        query = select(REJECTION).where(of_key)
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return None
        rewritten = max(row.rewritten for row in rows)
        return Note(rows[0].note, rows[0].reason, frozenset(row.instance for row in rows), rewritten)

    def key_of(self, route: str, note: str) -> str | None:
        """What its store named the note by when it was last read; None where that was not kept."""
        of_note = (REJECTION.c.route == route) & (REJECTION.c.note == note)
        with self._database.connect() as connection:
            return connection.execute(select(REJECTION.c.key).where(of_note).limit(1)).scalar()

    def refile(self, route: str, note: str, key: str) -> None:
        """Its store names the note otherwise now."""
        of_note = (REJECTION.c.route == route) & (REJECTION.c.note == note)
        with self._database.begin() as connection:
            connection.execute(update(REJECTION).where(of_note).values(key=key))

    def count(self, route: str, note: Note, rewritten: int) -> None:
        """Keeps how often the note was written again."""
        of_note = (REJECTION.c.route == route) & (REJECTION.c.note == note.uid)
        with self._database.begin() as connection:
            connection.execute(update(REJECTION).where(of_note).values(rewritten=rewritten))

    def notes(self, route: str, versions: Sequence[Version]) -> dict[tuple[str, str], list[str]]:
        """Instances by the note that rejects them, and its reason; in their own order."""
        found: dict[tuple[str, str], list[str]] = {}
        with self._database.connect() as connection:
            for version in versions:
                for note, reason in connection.execute(_NOTES, _named(route, version)):
                    found.setdefault((note, reason), []).append(version.sop_instance)
        return found


def _named(route: str, version: Version) -> dict[str, str]:
    return {"of_route": route, "of_instance": version.sop_instance, "of_study": version.study}
