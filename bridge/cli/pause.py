"""`fhir-dicom pause` and `fhir-dicom resume`"""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.beside import beside_serve, known_route
from bridge.cli.options import Config, Route
from bridge.cli.person import person

PAUSE_HELP = "Make no pass over a route until it is resumed."
PAUSE_EXAMPLE = "Example: fhir-dicom pause ehr-pacs --config bridge.yaml"
RESUME_HELP = "Make passes over a route again; with --deleted, what looked deleted was."
RESUME_EXAMPLE = "Example: fhir-dicom resume ehr-pacs --deleted --config bridge.yaml"


def pause(route: Route, config: Config = None) -> None:
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    with beside_serve(configured) as ledger:
        ledger.operations.pause(route, person())
    print(f"{route} is paused; what is under way is finished")


def resume(
    route: Route,
    deleted: Annotated[bool, typer.Option("--deleted", help="what looked deleted was deleted on purpose")] = False,
    config: Config = None,
) -> None:
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    with beside_serve(configured) as ledger:
        was, number = ledger.operations.resume(route, person(), deleted=deleted)
    again = f"; {number} {'deletions are carried over' if deleted else 'are asked for again'}" if number else ""
    print(f"{route} {'is resumed' if was else 'was not paused'}{again}")
