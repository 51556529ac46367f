"""Routes that no pass looks at, whatever a person decides: paused ones, and those that are configured no more."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ledger.ledger import Ledger


def idle_routes(ledger: Ledger, configured: Collection[str], route: str | None = None) -> dict[str, str]:
    """The one, or each, and why it is not: the rest of a sentence that begins with its name. A retired one of which
    all is in step waits for nothing."""
    paused = {
        name: f"is paused, and no pass is made before it is resumed: {reason}"
        for name, reason in ledger.pauses.reasons().items()
    }
    retired = {
        name: "is configured no more, and no pass looks at it: see `fhir-dicom status`"
        for name in ledger.retired.owing(configured)
    }
    names = [name for name in dict.fromkeys([*paused, *retired]) if route in (None, name)]
    return {name: "; and it ".join(one[name] for one in (paused, retired) if name in one) for name in names}
