"""What rejection notes have said of an instance, as far as a route has read them."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route
from bridge.translate.rejection import voided


def is_rejected(route: Route, ledger: Ledger, version: Sequence[str]) -> bool:
    """Whether a note that was read says that the content of this version is wrong."""
    return voided(ledger.rejections.of(route.name, version))
