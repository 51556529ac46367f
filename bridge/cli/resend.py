"""`fhir-dicom resend`"""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.beside import beside_serve, known_route, say_idle
from bridge.cli.options import Config, Route
from bridge.cli.person import person

HELP = "Look at everything of a route again, or at some of it: after a filter was widened, or a mapping was mended."
EXAMPLE = "Example: fhir-dicom resend ehr-pacs Observation/1f0c --config bridge.yaml"


def resend(
    route: Route,
    keys: Annotated[list[str] | None, typer.Argument(help="as `status` shows them; all by default")] = None,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="what was translated by earlier mappings, or an earlier bridge")
    ] = False,
    config: Config = None,
) -> None:
    from bridge.errors import UsageError
    from bridge.settings.revisions import revisions_of
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    if outdated and keys:
        raise UsageError("--outdated looks for the keys by itself; leave them out, or leave it out")
    with beside_serve(configured) as ledger:
        if outdated:
            fhir, dicom = configured.route_stores()[configured.route_names().index(route)]
            revision = revisions_of(configured)[route]
            number = ledger.operations.resend_outdated(route, fhir, dicom, revision, person())
        else:
            number = ledger.operations.resend(route, keys or [], person())
        say_idle(ledger, configured.route_names(), route)
    print(f"{number} looked at again by the next pass; what is in step stays as it is")
