"""What waits, whatever a person decides: no pass is made over a paused route, or one that is configured no more."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ledger.ledger import Ledger


def say_paused(ledger: Ledger, route: str | None = None) -> None:
    """The route, or each, that is paused and why, on standard error, after a command whose work the next pass is to
    do."""
    for name, reason in ledger.pauses.reasons().items():
        if route in (None, name):
            print(f"but {name} is paused, and no pass is made before it is resumed: {reason}", file=sys.stderr)


def say_retired(ledger: Ledger, configured: Collection[str], route: str | None = None) -> None:
    """The route, or each with something that is not in step, that is not among the configured ones, after a command
    whose work no pass is going to do."""
    for name in ledger.view.retired(configured):
        if route in (None, name):
            print(
                f"but {name} is configured no more, and no pass looks at it: see `fhir-dicom status`", file=sys.stderr
            )
