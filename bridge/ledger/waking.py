"""What waits, or is held, because of something else: owed again once that is settled. Attempts count on: nothing turns
for ever."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from bridge.ledger.database import Database, batched
from bridge.ledger.link import Link
from bridge.ledger.tables import ALIAS, LINK, WORK
from bridge.ledger.work_item import State

# made once: to make a statement takes longer than to run it
_ROUTE: BindParameter[str] = bindparam("of_route")
_KEYS = select(ALIAS.c.key).where((ALIAS.c.route == _ROUTE) & (ALIAS.c.document == bindparam("of_document")))
_STATES: BindParameter[Sequence[str]] = bindparam("of_states", expanding=True)
_OURS = (WORK.c.route == _ROUTE) & WORK.c.state.in_(_STATES) & WORK.c.key.in_(_KEYS)
_WAKE = update(WORK).where(_OURS).values(state="owed", due=bindparam("now"), reason=None)
_HELD = (WORK.c.route == _ROUTE) & (WORK.c.state == "held") & WORK.c.key.in_(bindparam("of_keys", expanding=True))
_WAKE_HELD = update(WORK).where(_HELD).values(state="owed", due=bindparam("now"), reason=None)
_AWAITING = (WORK.c.route == _ROUTE) & (WORK.c.awaits == bindparam("of_key")) & (WORK.c.state == bindparam("of_state"))
_WAKE_AWAITING = update(WORK).where(_AWAITING).values(state="owed", due=bindparam("now"), awaits=None)


class Waking:
    def __init__(self, database: Database) -> None:
        self._database = database

    def wake(self, route: str, instance: str) -> None:
        """Owes again what waits for the instance, which is settled."""
        now = self._database.now()
        with self._database.begin() as connection:
            _wake_awaiting(connection, route, instance, "waiting", now)
            of_instance = (LINK.c.route == route) & (LINK.c.instance == instance)
            if (document := connection.execute(select(LINK.c.document).where(of_instance)).scalar()) is not None:
                wake_document(connection, route, document, ("waiting",), now)

    def free(self, route: str, key: str) -> None:
        """Owes again what was held because of the resource, which is gone."""
        with self._database.begin() as connection:
            _wake_awaiting(connection, route, key, "held", self._database.now())


def wake_document(connection: Connection, route: str, document: str, states: Sequence[State], now: float) -> None:
    """Owes again what goes by that document and is in one of these states."""
    of = {"of_route": route, "of_document": document, "of_states": list(states), "now": now}
    connection.execute(_WAKE, of)


def wake_agreed(connection: Connection, link: Link, now: float) -> None:
    """Owes again what was held, or waited, for both sides to agree; what another document has, too, goes by that one's
    name."""
    wake_document(connection, link.route, link.document, ("held", "waiting"), now)
    for some in batched(link.versions, 500):
        connection.execute(_WAKE_HELD, {"of_route": link.route, "of_keys": some, "now": now})


def _wake_awaiting(connection: Connection, route: str, awaited: str, state: State, now: float) -> None:
    of = {"of_route": route, "of_key": awaited, "of_state": state, "now": now}
    connection.execute(_WAKE_AWAITING, of)
