"""What is linked, owed, held and dead, and why: in bounded memory, however much it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, case, func, literal_column, not_, select, tuple_

from bridge.ledger.conflicts import BOTH
from bridge.ledger.tables import CONFLICT, INTENT, LINK, PAUSE, STANDING, STATE, WORK
from bridge.ledger.work_item import ASIDE, OPEN

_CAUSES = 20
_REASONED = WORK.c.reason.is_not(None)
_WAITING = ("route", "store", "key", "state", "attempts", "reason")
_CAUSE = ("route", "store", "state", "reason")
_ASIDE = WORK.c.state.in_(ASIDE)
_OF_CONFLICTS = select(CONFLICT.c.route, CONFLICT.c.store, CONFLICT.c.instance)
_DISPUTED = (WORK.c.state == "held") & tuple_(WORK.c.route, WORK.c.store, WORK.c.key).in_(_OF_CONFLICTS)
_WAITS_FOR = {"person": _ASIDE & not_(_DISPUTED), "conflict": _DISPUTED, "pass": not_(_ASIDE)}
"""What ends it: a person, the verdict on a conflict (which is asked for as such), or a pass, by itself."""


def status(connection: Connection, limit: int) -> dict[str, Any]:
    """Counts; of the reasons why something is not in step the first `limit` of each kind, how many `more` there are,
    and of all of them the most frequent; and the most frequent warnings of what is in step."""
    counts = _counted(connection, WORK, STATE)
    reasons = [one for waits_for in _WAITS_FOR for one in _reasons(connection, waits_for, limit)]
    waits_for = {name: _all(connection, WORK, _REASONED & which) for name, which in _WAITS_FOR.items()}
    undecided = _all(connection, CONFLICT, CONFLICT.c.verdict.is_(None))
    paused = _all(connection, PAUSE)
    return {
        "linked": _counted(connection, LINK, LINK.c.born),
        "owed": sum(counts.get(state, 0) for state in (*OPEN, "deleted")),
        "absent": counts.get("absent", 0),
        "held": counts.get("held", 0),
        "blocked": counts.get("blocked", 0),
        "dead": counts.get("dead", 0),
        "intents": _all(connection, INTENT),
        "conflicts": _all(connection, CONFLICT),
        "undecided": undecided,
        "for_a_person": paused + undecided + waits_for["person"],
        "reasons": reasons,
        "waits_for": waits_for,
        "more": sum(waits_for.values()) - len(reasons),
        "causes": _causes(connection),
        "warned": _warned(connection),
    }


def _reasons(connection: Connection, waits_for: str, limit: int) -> list[dict[str, Any]]:
    columns = [WORK.c[name] for name in _WAITING]
    query = select(*columns).where(_REASONED & _WAITS_FOR[waits_for])
    rows = connection.execute(query.order_by(WORK.c.store, WORK.c.key, WORK.c.route).limit(limit))
    return [dict(zip(_WAITING, row, strict=True)) | {"waits_for": waits_for} for row in rows]


def _causes(connection: Connection) -> list[dict[str, Any]]:
    """All conflicts are one: the reason of each has its name."""
    disputed = WORK.c.reason.startswith(literal_column(f"'{BOTH}'"))
    cause = case((disputed, literal_column(f"'{BOTH}; see `fhir-dicom conflicts`'")), else_=WORK.c.reason)
    columns = [*(WORK.c[name] for name in _CAUSE[:-1]), cause.label("cause")]
    number = func.count().label("number")
    query = select(*columns, number).where(_REASONED).group_by(*columns).order_by(number.desc(), *columns)
    rows = connection.execute(query.limit(_CAUSES))
    return [dict(zip((*_CAUSE, "number"), row, strict=True)) for row in rows]


def _warned(connection: Connection) -> dict[str, Any]:
    """Documents whose translation had to warn; of those that have the same warnings, how many, and one of them."""
    warned = (LINK.c.warnings != "") & STANDING
    columns, number = (LINK.c.route, LINK.c.warnings), func.count().label("number")
    query = select(*columns, number, func.min(LINK.c.root)).where(warned).group_by(*columns)
    most = [
        {"route": route, "warnings": warnings.splitlines(), "number": number, "root": root}
        for route, warnings, number, root in connection.execute(query.order_by(number.desc(), *columns).limit(_CAUSES))
    ]
    return {"number": connection.execute(select(func.count()).where(warned)).scalar_one(), "most": most}


def _counted(connection: Connection, table: Table, column: ColumnElement[str]) -> dict[str, int]:
    found = connection.execute(select(column, func.count()).select_from(table).group_by(column))
    return {value: number for value, number in found}


def _all(connection: Connection, table: Table, which: ColumnElement[bool] | None = None) -> int:
    query = select(func.count()).select_from(table)
    return connection.execute(query.where(which) if which is not None else query).scalar_one()
