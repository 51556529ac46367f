"""What people and monitors look at: how far each store is, and the way of one document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, func, select, tuple_, union

from bridge.ledger.audit import TrailEntry
from bridge.ledger.database import Database
from bridge.ledger.link import parts_of
from bridge.ledger.tables import ALIAS, AUDIT, CONFLICT, INTENT, LINK, MOVE, SEEN, STATE, WORK


class Count(NamedTuple):
    route: str
    store: str
    state: str
    number: int
    since: float  # seconds since the epoch: the oldest


class View:
    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> list[Count]:
        """Of work, by state."""
        of = (WORK.c.route, WORK.c.store, STATE)
        query = select(*of, func.count(), func.min(WORK.c.since)).group_by(*of).order_by(*of)
        with self._database.connect() as connection:
            return [Count(*row) for row in connection.execute(query)]

    def progress(self) -> list[dict[str, Any]]:
        """Of each store: how much was seen, how much of it is still owed, and since when."""
        of = (SEEN.c.route, SEEN.c.store)
        with self._database.connect() as connection:
            seen = {(route, store): number for route, store, number in
                    connection.execute(select(*of, func.count()).group_by(*of))}  # fmt: skip
        open_work: dict[tuple[str, str], list[Count]] = {place: [] for place in seen}
        for count in self.counts():
            open_work.setdefault((count.route, count.store), []).append(count)
        return [
            {
                "route": route,
                "store": store,
                "seen": seen.get((route, store), 0),
                "open": sum(count.number for count in counts),
                "since": instant(min(count.since for count in counts)) if counts else None,
            }
            for (route, store), counts in sorted(open_work.items())
        ]

    def trail(self, after: int, limit: int) -> list[TrailEntry]:
        """Of the audit trail, the entries after a number."""
        query = select(AUDIT.c.number, AUDIT.c.event, AUDIT.c.hash).where(AUDIT.c.number > after)
        with self._database.connect() as connection:
            return [TrailEntry(*row) for row in connection.execute(query.order_by(AUDIT.c.number).limit(limit))]

    def documents(self, key: str) -> list[dict[str, Any]]:
        """What is known of the documents that a resource key, a SOP Instance UID, or a store's own key belongs to: on
        each route, for it may be a key of several servers."""
        by_alias = select(ALIAS.c.document, ALIAS.c.route).where(ALIAS.c.key == key)
        by_instance = select(LINK.c.document, LINK.c.route).where(LINK.c.instance == key)
        with self._database.connect() as connection:
            found = connection.execute(union(by_alias, by_instance)).all()
        return [self._way(name) for name, _ in found] + self._unlinked(key, {route for _, route in found})

    def _unlinked(self, key: str, routes: set[str]) -> list[dict[str, Any]]:
        """What is open of that key where it is of no document yet: on other routes than these."""
        query = select(WORK).where((WORK.c.key == key) & WORK.c.route.not_in(routes))
        with self._database.connect() as connection:
            work = connection.execute(query.order_by(WORK.c.route, WORK.c.store)).mappings().all()
        none: dict[str, Any] = {
            "document": key,
            "link": None,
            "begun": None,
            "conflict": None,
            "merged": [],
            "done": [],
        }
        return [none | {"open": _open(some)} for _, some in groupby(work, lambda row: row["route"])]

    def _way(self, document: str) -> dict[str, Any]:
        of_link = select(LINK.c.route, LINK.c.instance).where(LINK.c.document == document)
        of_alias = select(ALIAS.c.route, ALIAS.c.key).where(ALIAS.c.document == document)
        of_document = tuple_(WORK.c.route, WORK.c.key).in_(union(of_alias, of_link))
        with self._database.connect() as connection:
            link = connection.execute(select(LINK).where(LINK.c.document == document)).mappings().first()
            intent = connection.execute(select(INTENT).where(INTENT.c.document == document)).mappings().first()
            conflict = connection.execute(select(CONFLICT).where(CONFLICT.c.document == document)).mappings().first()
            work = connection.execute(select(WORK).where(of_document)).mappings().all()
            events = connection.execute(
                select(AUDIT.c.event).where(AUDIT.c.document == document).order_by(AUDIT.c.number)
            )
            moves = connection.execute(select(MOVE).where(MOVE.c.document == document).order_by(MOVE.c.instance))
            return {
                "document": document,
                "link": _link(link) if link else None,
                "begun": parts_of(intent["act"])[0] if intent else None,
                "conflict": {side: conflict[side] for side in ("fhir", "dicom", "verdict")} if conflict else None,
                "merged": [_move(move) for move in moves.mappings()],
                "open": _open(work),
                "done": [json.loads(event) for event in events.scalars()],
            }


def instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _link(link: RowMapping) -> dict[str, Any]:
    names = ("route", "born", "root", "versions", "fhir_digest", "instance", "dicom_digest")
    chain, warnings = [version[3] for version in link["chain"]], link["warnings"].splitlines()
    return {name: link[name] for name in names} | {"chain": chain, "warnings": warnings}


def _move(move: RowMapping) -> dict[str, Any]:
    """What a merge of patients has moved, and would come back."""
    names = ("instance", "replaced", "survivor", "before", "after")
    return {name: move[name] for name in names} | {"moved": instant(move["moved"])}


def _open(work: Any) -> list[dict[str, Any]]:
    names = ("route", "store", "key", "state", "attempts", "reason")
    return [{name: row[name] for name in names} | {"since": instant(row["since"])} for row in work]
