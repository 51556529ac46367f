"""What people decide, each with its entry in the audit trail, in one transaction. `by`: who it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Update, delete, select, true, union, update

from bridge.errors import UsageError
from bridge.ledger.audit import record
from bridge.ledger.audit_event import decided
from bridge.ledger.conflicts import FIELDS, Conflict
from bridge.ledger.database import Database, put
from bridge.ledger.owing import ANEW, owe
from bridge.ledger.pauses import pause_of
from bridge.ledger.retention import DROPPED, Keep
from bridge.ledger.tables import CONFLICT, GONE, LINK, PAUSE, SEEN, STANDING, UNTOLD, WORK
from bridge.ledger.work_item import ASIDE
from bridge.model.world import World

_RETRIED = (*ASIDE, "waiting")
_SOME = 200  # dead letters of one entry in the audit trail
_CONFLICTS = select(*FIELDS, CONFLICT.c.verdict)


class Operations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def retry(self, by: str, key: str | None = None) -> int:
        """Owes again all that is put aside, or waits, or that key alone; returns how much."""
        aside = WORK.c.state.in_(_RETRIED) & (WORK.c.key == key if key is not None else true())
        with self._database.begin() as connection:
            values = {"state": "owed", "due": self._database.now(), "attempts": 0, "crashes": ANEW}
            number = connection.execute(update(WORK).where(aside).values(**values)).rowcount
            about = [key] if key is not None else []
            record(connection, decided("retry", by, None, about, self._database.now()))
            return number

    def resend(self, route: str, keys: Sequence[str], by: str) -> int:
        """Owes again what was ever seen of the route's stores, or these keys, and what was deleted while the other side
        could not be told; returns how much."""
        now = self._database.now()
        seen = select(SEEN.c.store, SEEN.c.key).where((SEEN.c.route == route) & SEEN.c.version.not_like("%deleted"))
        untold = select(UNTOLD.c.store, UNTOLD.c.key).where(UNTOLD.c.route == route)
        if keys:
            seen, untold = seen.where(SEEN.c.key.in_(keys)), untold.where(UNTOLD.c.key.in_(keys))
        with self._database.begin() as connection:
            found = connection.execute(union(seen, untold)).all()
            for store in sorted({store for store, _ in found}):
                owe(connection, route, store, *(key for of, key in found if of == store), now=now)
            record(connection, decided("resend", by, route, keys, now))
        return len(found)

    def resend_outdated(self, route: str, fhir: str, dicom: str, revision: str, by: str) -> int:
        """Owes again what stands on both sides and was translated by another revision, on the side that it was born on;
        returns how much. `fhir`, `dicom`: names of the route's stores."""
        now = self._database.now()
        outdated = (LINK.c.route == route) & (LINK.c.revision != revision) & STANDING
        number = 0
        with self._database.begin() as connection:
            for born, store, column in (("fhir", fhir, LINK.c.root), ("dicom", dicom, LINK.c.instance)):
                keys = connection.execute(select(column).where(outdated & (LINK.c.born == born))).scalars().all()
                owe(connection, route, store, *keys, now=now)
                number += len(keys)
            record(connection, decided("resend --outdated", by, route, [], now))
        return number

    def prune(self, before: float, by: str, keep: Keep) -> int:
        """Drops dead letters that were tried last `before` that time (seconds since the epoch), some at a time, each
        kept first; returns how many. What was seen of them stays: they are looked at again when they change."""
        dead = select(*(WORK.c[name] for name in DROPPED)).where((WORK.c.state == "dead") & (WORK.c.due < before))
        number = 0
        while True:
            with self._database.begin() as connection:
                some = dead.order_by(WORK.c.route, WORK.c.store, WORK.c.key).limit(_SOME)
                found = connection.execute(some.with_for_update(skip_locked=True)).all()  # news of it wait
                if not found:
                    return number
                route = found[0].route
                rows = [dict(row._mapping) for row in found if row.route == route]
                keep(rows)
                for row in rows:
                    of_key = (WORK.c.store == row["store"]) & (WORK.c.key == row["key"])
                    connection.execute(delete(WORK).where((WORK.c.route == route) & of_key))
                keys = [row["key"] for row in rows]
                record(connection, decided("prune dead letters", by, route, keys, self._database.now()))
                number += len(rows)

    def backfill(self, route: str, store: str, first: str, last: str, by: str) -> None:
        """Records that a person has a store looked at again, from one day to another."""
        with self._database.begin() as connection:
            record(connection, decided(f"backfill {first} to {last}", by, route, [store], self._database.now()))

    def decide(self, name: str, holds: World, by: str) -> str:
        """Keeps the verdict on a conflict, and owes its instance again. Returns its route. Raises UsageError where no
        conflict has that name (any more): there are other news, or somebody has decided it."""
        now = self._database.now()
        with self._database.begin() as connection:
            found = [(Conflict(*fields), verdict) for *fields, verdict in connection.execute(_CONFLICTS)]
            conflict, before = next((one for one in found if one[0].after(one[1]) == name), (None, None))
            kept = conflict and connection.execute(_as_it_stands(conflict, before).values(verdict=holds)).rowcount
            if conflict is None or not kept:
                raise UsageError(f"there is no conflict {name!r} (any more): look at `conflicts` again")
            owe(connection, conflict.route, conflict.store, conflict.instance, now=now)
            about = [conflict.root, conflict.instance]
            record(
                connection,
                decided(f"conflict {name}: {holds} holds", by, conflict.route, about, now),
                conflict.document,
            )
        return conflict.route

    def pause(self, route: str, by: str) -> None:
        now = self._database.now()
        with self._database.begin() as connection:
            put(connection, PAUSE, {"route": route, "reason": f"by {by}", "since": now})
            record(connection, decided("pause", by, route, [], now))

    def resume(self, route: str, by: str, pause: str | None = None, *, deleted: bool = False) -> tuple[bool, int]:
        """Ends the pause of a route, or that of the name `pause` alone: what looks deleted was `deleted`, as that
        person says of a pause by its name, or is asked for again. Returns whether it was paused, and how much was
        absent. Raises UsageError where it has no pause of that name (any more)."""
        now = self._database.now()
        with self._database.begin() as connection:
            stands = pause_of(connection, route) if pause is not None else None
            was = connection.execute(delete(PAUSE).where(PAUSE.c.route == route)).rowcount > 0
            connection.execute(delete(GONE).where(GONE.c.route == route))  # they were right, a person says
            of_route = WORK.c.route == route
            absent = update(WORK).where(of_route & (WORK.c.state == "absent"))
            values = {"state": "deleted" if deleted else "owed", "due": now, "attempts": 0}
            number = connection.execute(absent.values(**values, reason=None)).rowcount
            # another person, or worker, may have been there since it was read
            meant = stands is not None and was and (stands.name, stands.absent) == (pause, number)
            if (deleted or pause is not None) and not meant:
                raise UsageError(f"{route} has no pause {pause!r} (any more): look at `status` again")
            waiting = update(WORK).where(of_route & (WORK.c.state == "waiting"))
            connection.execute(waiting.values(state="owed", due=now, attempts=0))
            said = f"resume {pause} --deleted" if deleted else "resume"
            record(connection, decided(said, by, route, [], now))
            return was, number


def _as_it_stands(conflict: Conflict, verdict: World | None) -> Update:
    """Of that conflict, and of none where a pass, or another person, has been there since it was read."""
    same = (CONFLICT.c.document == conflict.document) & (CONFLICT.c.fhir == conflict.fhir)
    same &= (CONFLICT.c.dicom == conflict.dicom) & CONFLICT.c.verdict.is_not_distinct_from(verdict)
    return update(CONFLICT).where(same)
