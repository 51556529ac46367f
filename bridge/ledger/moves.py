"""The undo list of merged patients: what was filed under, or said to be of, the survivor, and of whom it was before.
Ids, UIDs and digests alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from bridge.ledger.database import Database, batched, in_parts, put
from bridge.ledger.tables import LINK, MOVE
from bridge.model.world import World


@dataclass(frozen=True, slots=True)
class Move:
    route: str
    instance: str  # SOP Instance UID; or what its store names a study by
    document: str  # what its intents are named by
    replaced: str  # `Patient/id` of whom it was
    survivor: str  # `Patient/id` of who replaces that one
    before: str  # what its store named it by; the Patient that its resources were of, where only these moved
    after: str  # and since
    digest: str | None  # of the data set before; None where only resources moved
    moved: float  # seconds since the epoch


class Moves:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document: str) -> list[Move]:
        return self._found(MOVE.c.document == document)

    def by(self, route: str, patients: Iterable[str]) -> list[Move]:
        """What was moved by merges of these Patients, as replaced or as survivors."""
        found: dict[str, Move] = {}
        for keys in batched(sorted(set(patients)), 500):
            for patient in (MOVE.c.replaced, MOVE.c.survivor):
                found |= {one.instance: one for one in self._found((MOVE.c.route == route) & patient.in_(keys))}
        return list(found.values())

    def places(self, documents: Iterable[str]) -> list[tuple[World, str, str]]:
        """Where a document was born, key of its root resource, and of its head instance."""
        query = select(LINK.c.born, LINK.c.root, LINK.c.instance)
        with self._database.connect() as connection:
            found = in_parts(connection, query, LINK.c.document, list(documents))
        return [(born, root, instance) for born, root, instance in found]

    def _found(self, wanted: object) -> list[Move]:
        with self._database.connect() as connection:
            found = [Move(*row) for row in connection.execute(select(MOVE).where(wanted))]  # type: ignore[arg-type]
        return sorted(found, key=lambda move: move.instance)  # SQLite would read the whole of a route in that order

    def forget(self, route: str, instances: Sequence[str]) -> None:
        """Drops from the undo list instances that are again what they were."""
        with self._database.begin() as connection:
            for instance in instances:
                connection.execute(delete(MOVE).where((MOVE.c.route == route) & (MOVE.c.instance == instance)))


def remember(connection: Connection, move: Move) -> None:
    """Adds to the undo list, within the transaction of the intent."""
    put(connection, MOVE, {column.name: getattr(move, column.name) for column in MOVE.columns})
