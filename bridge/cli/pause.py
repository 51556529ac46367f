"""`fhir-dicom pause` and `fhir-dicom resume`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.beside import beside_serve, known_route
from bridge.cli.options import Config, Route
from bridge.cli.person import person

if TYPE_CHECKING:
    from bridge.errors import UsageError
    from bridge.ledger.ledger import Ledger

PAUSE_HELP = "Make no pass over a route until it is resumed."
PAUSE_EXAMPLE = "Example: fhir-dicom pause ehr-pacs --config bridge.yaml"
RESUME_HELP = "Make passes over a route again; with --deleted, what looked deleted was."
RESUME_EXAMPLE = "Example: fhir-dicom resume ehr-pacs 1f0c9a2b --deleted --config bridge.yaml"


def pause(route: Route, config: Config = None) -> None:
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    with beside_serve(configured) as ledger:
        ledger.operations.pause(route, person())
    print(f"{route} is paused; what is under way is finished")


def resume(
    route: Route,
    pause: Annotated[str | None, typer.Argument(help="its name, as `status` shows it: no other one is ended")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="what looks deleted in PAUSE was deleted")] = False,
    config: Config = None,
) -> None:
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    with beside_serve(configured) as ledger:
        if deleted and pause is None:
            raise _nameless(ledger, route)
        was, number = ledger.operations.resume(route, person(), pause, deleted=deleted)
    again = f"; {number} {'deletions are carried over' if deleted else 'are asked for again'}" if number else ""
    print(f"{route} {'is resumed' if was else 'was not paused'}{again}")


def _nameless(ledger: Ledger, route: str) -> UsageError:
    """Says what --deleted would be said of."""
    from bridge.errors import UsageError

    pause = ledger.pauses.of(route)
    if pause is None:
        return UsageError(f"{route} is not paused: nobody asks whether anything was deleted; see `fhir-dicom status`")
    some = f", such as {', '.join(pause.some)}" if pause.some else ""
    return UsageError(
        f"nothing was done: {pause.absent} of {route} look deleted{some}; if they were deleted, name that pause: "
        f"`fhir-dicom resume {route} {pause.name} --deleted`"
    )
