"""What is chosen once: the `system` of the FHIR store and the `issuer` of the archive are part of every derived id.
With another one a correction would be a second document, and the first one stay as it was."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import UsageError
from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route

_SYSTEM, _ISSUER = "(system)", "(issuer)"  # among the positions, the names of no stores


def check_chosen(routes: Iterable[Route], ledger: Ledger) -> None:
    """Raises UsageError where a route has documents that were made with others. What an earlier bridge did not keep,
    and an issuer where there was none, is taken as it is configured now."""
    for route in routes:
        _check(route, ledger, _SYSTEM, f"`system` of {route.fhir.name}", route.system)
        _check(route, ledger, _ISSUER, f"`issuer` of {route.dicom.name}", route.issuer or "")


def _check(route: Route, ledger: Ledger, name: str, what: str, now: str) -> None:
    begun = ledger.feeds.position(route.name, name)
    if begun == now:
        return
    if begun and (ledger.links.has_any(route.name) or ledger.studies.some(route.name, 1)):
        raise UsageError(
            f"{route.name}: the {what} was `{begun}` when its first document was made, and is "
            f"{f'`{now}`' if now else 'none'} now: what stands would not be known again; set `{name[1:-1]}: {begun}`"
        )
    if not ledger.dry:
        ledger.feeds.move(route.name, name, now)
