"""`fhir-dicom pause` and `fhir-dicom resume`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.person import person

PAUSE_HELP = "Make no pass over a route until it is resumed."
PAUSE_EXAMPLE = "Example: fhir-dicom pause ehr-pacs --config bridge.yaml"
RESUME_HELP = "Make passes over a route again; with --deleted, what looked deleted was."
RESUME_EXAMPLE = "Example: fhir-dicom resume ehr-pacs --deleted --config bridge.yaml"

Route = Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")]
Config = Annotated[Path | None, typer.Option(help="bridge.yaml")]


def pause(route: Route, config: Config = None) -> None:
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    ledger = Ledger(configured.ledger, reading=True)  # beside `serve`
    ledger.operations.pause(route, person())
    ledger.close()
    print(f"{route} is paused; what is under way is finished")


def resume(
    route: Route,
    deleted: Annotated[bool, typer.Option("--deleted", help="what looked deleted was deleted on purpose")] = False,
    config: Config = None,
) -> None:
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    ledger = Ledger(configured.ledger, reading=True)
    was, number = ledger.operations.resume(route, person(), deleted=deleted)
    ledger.close()
    again = f"; {number} {'deletions are carried over' if deleted else 'are asked for again'}" if number else ""
    print(f"{route} {'is resumed' if was else 'was not paused'}{again}")


def known_route(route: str, routes: tuple[str, ...]) -> None:
    """Raises UsageError where there is none of that name."""
    from bridge.errors import UsageError

    if route not in routes:
        raise UsageError(f"there is no route {route!r}; there are {', '.join(routes)}")
