"""What rejection notes have said of an instance, as far as a route has read them."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.model.version import Version
from bridge.sync.basis.route import Route
from bridge.translate.rejection import voided


def is_rejected(route: Route, ledger: Ledger, version: Version) -> bool:
    """Whether a note that was read says that the content of this version is wrong."""
    return voided(ledger.rejections.of(route.name, version))
