"""The audit trail: AuditEvents in a chain of hashes. Whoever changes an entry breaks the chain from there on; whoever
cuts its tail, or writes it anew, contradicts a head that was exported before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from bridge.ledger.audit_event import AuditEvent
from bridge.ledger.database import Database, one_at_a_time
from bridge.ledger.tables import AUDIT


class TrailEntry(NamedTuple):
    number: int
    event: str
    hash: str
    document: str | None = None  # by which `explain` finds it


class Head(NamedTuple):
    """Of the chain, as it was at some time."""

    number: int
    hash: str


def chained(before: str, event: str, document: str | None = None) -> str:
    """SHA-256 of the hash before (empty for the first entry), the event, and the document that it is found by, as JSON:
    nothing that an earlier bridge has hashed begins as an array does."""
    return hashlib.sha256(json.dumps([before, event, document]).encode()).hexdigest()


def _chained_before(before: str, event: str) -> str:
    """By an earlier bridge, whose entries stay what they are: without the document."""
    return hashlib.sha256(f"{before}\n{event}".encode()).hexdigest()


def faults(entries: Iterable[TrailEntry], heads: Iterable[Head]) -> Iterator[str]:
    """Where the chain is broken, or is not the one that these heads were of."""
    left: dict[int, set[str]] = {}
    for head in heads:  # two of one number: the one that was exported first is not there any more
        left.setdefault(head.number, set()).add(head.hash)
    before, last = "", 0
    for entry in entries:
        if entry.number != last + 1:
            yield f"entry {last + 1} is missing"
        elif entry.hash not in (chained(before, entry.event, entry.document), _chained_before(before, entry.event)):
            yield f"entry {entry.number} is not what it was"
        if not all(map(entry.hash.startswith, left.pop(entry.number, ()))):  # of a torn one it is the beginning
            yield f"entry {entry.number} is another than the one whose hash was exported"
        before, last = entry.hash, entry.number
    for number in sorted(left.keys() - {0}):  # of which only a few zeros were written
        yield f"entry {number} was exported, and is missing: the trail ends at {last}"


def record(connection: Connection, event: AuditEvent, document: str | None = None) -> None:
    """Adds an entry to the trail, within another transaction that writes: with it or not at all. Call it last, for the
    chain has one end, and nobody else adds to it until the transaction is over."""
    one_at_a_time(connection, AUDIT)
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    last = connection.execute(_NEWEST).first()
    number, before = (last.number, last.hash) if last is not None else (0, "")
    row = TrailEntry(number + 1, text, chained(before, text, document), document)
    connection.execute(insert(AUDIT).values(**row._asdict()))


class AuditTrail:
    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Head | None:
        with self._database.connect() as connection:
            last = connection.execute(_NEWEST).first()
        return Head(last.number, last.hash) if last is not None else None

    def entries(self) -> Iterator[TrailEntry]:
        """Oldest first."""
        with self._database.connect() as connection:
            for row in connection.execute(select(*_ENTRY).order_by(AUDIT.c.number)):
                yield TrailEntry(*row)


_ENTRY = (AUDIT.c.number, AUDIT.c.event, AUDIT.c.hash, AUDIT.c.document)
_NEWEST = select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)
