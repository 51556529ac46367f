"""What waits, whatever a person decides: no pass is made over a paused route."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ledger.ledger import Ledger


def say_paused(ledger: Ledger, route: str | None = None) -> None:
    """The route, or each, that is paused and why, on standard error, after a command whose work the next pass is to
    do."""
    for name, reason in ledger.pauses.reasons().items():
        if route in (None, name):
            print(f"but {name} is paused, and no pass is made before it is resumed: {reason}", file=sys.stderr)
