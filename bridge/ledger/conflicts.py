"""Documents of which both sides have news, until a person, or an agreement, ends it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, func, select

from bridge.ledger.database import Database, put_or
from bridge.ledger.link import VOID
from bridge.ledger.tables import CONFLICT
from bridge.ledger.view import instant
from bridge.model.world import World

BOTH = "both sides have news"
"""Begins the reason why the instance of a conflict is held."""
CIRCLE = "in a circle"
"""What is said of both sides where what the instance says was carried to FHIR again and again, and did not stay."""


@dataclass(frozen=True, slots=True)
class Conflict:
    document: str
    route: str
    root: str  # key of the root resource
    store: str  # of the instance
    instance: str  # key of the newest one
    fhir: str  # state of each side
    dicom: str
    circle: bool = False

    @property
    def name(self) -> str:
        """What people call the conflict before anybody has decided it."""
        return self.after(None)

    def after(self, verdict: World | None) -> str:
        """What people call the conflict as it stands: later news give it another name, and so does a verdict; one on
        the old name is refused, for it is said of something else, or overrules somebody unseen."""
        said = [self.document, self.fhir, self.dicom, *([verdict] if verdict else [])]
        return hashlib.sha256("|".join(said).encode()).hexdigest()[:8]


FIELDS = [CONFLICT.c[name] for name in Conflict.__dataclass_fields__]


class Conflicts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, conflict: Conflict) -> None:
        """Opens or refreshes the conflict: a verdict on other states than these is no verdict any more."""
        row = asdict(conflict) | {"opened": self._database.now(), "verdict": None}
        with self._database.begin() as connection:
            kept = connection.execute(select(*FIELDS).where(_is(conflict.document))).first()
            if kept is not None and Conflict(*kept) == conflict:
                return
            again = {name: value for name, value in row.items() if name not in ("document", "opened")}
            put_or(connection, CONFLICT, row, again)

    def of(self, document: str) -> Conflict | None:
        with self._database.connect() as connection:
            row = connection.execute(select(*FIELDS).where(_is(document))).first()
        return Conflict(*row) if row else None

    def drop(self, route: str, instance: str) -> str | None:
        """Ends the conflict about an instance that is gone, or as it was; returns the key of its root resource."""
        about = (CONFLICT.c.route == route) & (CONFLICT.c.instance == instance)
        with self._database.begin() as connection:
            root: str | None = connection.execute(select(CONFLICT.c.root).where(about)).scalar()
            connection.execute(delete(CONFLICT).where(about))
        return root

    def instances(self, route: str) -> list[str]:
        with self._database.connect() as connection:
            return list(connection.execute(select(CONFLICT.c.instance).where(CONFLICT.c.route == route)).scalars())

    def verdict(self, conflict: Conflict) -> World | None:
        """What a person has said of the conflict in exactly these states."""
        with self._database.connect() as connection:
            row = connection.execute(select(*FIELDS, CONFLICT.c.verdict).where(_is(conflict.document))).first()
        if row is None or Conflict(*row[:-1]) != conflict:
            return None
        verdict: World | None = row[-1]
        return verdict

    def count(self) -> int:
        with self._database.connect() as connection:
            return connection.execute(select(func.count()).select_from(CONFLICT)).scalar_one()

    def open(self, limit: int = 500) -> list[dict[str, str | None]]:
        """For people: the oldest, with the verdict that no pass has carried out yet."""
        query = select(*FIELDS, CONFLICT.c.opened, CONFLICT.c.verdict).order_by(CONFLICT.c.opened).limit(limit)
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
        return [
            {
                "name": Conflict(*row[: len(FIELDS)]).after(row.verdict),
                "route": row.route,
                "resource": row.root,
                "instance": row.instance,
                "fhir": CIRCLE if row.circle else _words(row.fhir),
                "dicom": CIRCLE if row.circle else _words(row.dicom),
                "since": instant(row.opened),
                "verdict": row.verdict,
            }
            for row in rows
        ]


def _is(document: str) -> ColumnElement[bool]:
    return CONFLICT.c.document == document


def _words(state: str) -> str:
    return state if state in VOID else "changed"
