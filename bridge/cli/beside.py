"""What commands do beside a `serve` that goes on."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import Settings


@contextmanager
def beside_serve(configured: Settings) -> Iterator[Ledger]:
    """The ledger, for as long as it is wanted. Raises UsageError where there is none."""
    from bridge.ledger.ledger import Ledger

    ledger = Ledger(configured.ledger, reading=True)
    try:
        yield ledger
    finally:
        ledger.close()


def known_route(route: str, routes: tuple[str, ...]) -> None:
    """Raises UsageError where there is none of that name."""
    from bridge.errors import UsageError

    if route not in routes:
        raise UsageError(f"there is no route {route!r}; there are {', '.join(routes)}")


def say_idle(ledger: Ledger, configured: Collection[str], route: str | None = None) -> None:
    """The route, or each, that no pass looks at and why, on standard error, after a command whose work the next pass
    is to do."""
    from bridge.ledger.idle import idle_routes

    for name, why in idle_routes(ledger, configured, route).items():
        print(f"but {name} {why}", file=sys.stderr)
