"""What is chosen once: the `system` of the FHIR store and the `issuer` of the archive are part of every derived id.
With another one a correction would be a second document, and the first one stay as it was. So are the names of stores:
what is known of a route is kept by them."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import UsageError
from bridge.ledger.ledger import Ledger
from bridge.ledger.positions import ISSUER, SYSTEM, TIMEZONE
from bridge.settings.issuer import likely_meant
from bridge.sync.basis.route import Route


def check_chosen(routes: Iterable[Route], ledger: Ledger) -> list[str]:
    """Keeps what is chosen, and says what is odd of it. Raises UsageError where a route has documents that were made
    with others. What an earlier bridge did not keep, and an issuer where there was none, is taken as it is configured
    now."""
    named = list(routes)
    configured = {one.name for one in named} | {name for one in named for name, _ in one.beside}
    odd = list[str]()
    for route in named:
        _check_renamed(route, ledger, configured)
        _check(route, ledger, SYSTEM, f"`system` of {route.fhir.name}", route.system)
        _check(route, ledger, ISSUER, f"`issuer` of {route.dicom.name}", route.issuer or "")
        if route.issuer and (why := likely_meant(route.issuer)) and not _has_begun(route.name, ledger):
            odd.append(f"`issuer` of {route.dicom.name}: `{route.issuer}` {why}; it stays with the first document")
    return odd


def heed_zone(route: Route, ledger: Ledger) -> str | None:
    """Keeps the `timezone` of the archive, and says once that it is another: it is part of no id, and is corrected."""
    before = ledger.feeds.position(route.name, TIMEZONE)
    if before == route.timezone:
        return None
    if not ledger.dry:
        ledger.feeds.move(route.name, TIMEZONE, route.timezone)
    if not before or not _has_begun(route.name, ledger):
        return None
    return (
        f"{route.name}: the `timezone` of {route.dicom.name} was `{before}`, and is `{route.timezone}` now: what "
        f"crossed before keeps its times; to have it read again, `fhir-dicom resend {route.name}`"
    )


def _check_renamed(route: Route, ledger: Ledger, configured: set[str]) -> None:
    """Of the ledger's documents a store that was renamed would know none, and take each for one that was lost."""
    if ledger.shared or _has_begun(route.name, ledger):  # on a shared one another process may have others configured
        return
    alike = ledger.feeds.routes_at(SYSTEM, route.system) & ledger.feeds.routes_at(ISSUER, route.issuer or "")
    fhir, dicom = f"{route.fhir.name}-", f"-{route.dicom.name}"  # a route is called as its two stores are
    alike |= {one for one in ledger.feeds.routes_of(SYSTEM) if one.startswith(fhir) or one.endswith(dicom)}
    for other in sorted(alike - configured):
        if _has_begun(other, ledger):
            raise UsageError(
                f"{route.name}: the ledger has documents of {other}, which is configured no more, and has a store of "
                "that name, or the same `system` and `issuer`; if a store was renamed, name it as before; if that "
                "route is over, "
                f"`fhir-dicom forget {other}`"
            )


def _has_begun(route: str, ledger: Ledger) -> bool:
    return ledger.links.has_any(route) or bool(ledger.studies.some(route, 1))


def _check(route: Route, ledger: Ledger, name: str, what: str, now: str) -> None:
    begun = ledger.feeds.position(route.name, name)
    if begun == now:
        return
    if begun and _has_begun(route.name, ledger):
        raise UsageError(
            f"{route.name}: the {what} was `{begun}` when its first document was made, and is "
            f"{f'`{now}`' if now else 'none'} now: what stands would not be known again; set `{name[1:-1]}: {begun}`, "
            "or begin anew as docs/reference/configuration.md has it"
        )
    if not ledger.dry:
        ledger.feeds.move(route.name, name, now)
