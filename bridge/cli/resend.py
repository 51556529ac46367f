"""`fhir-dicom resend`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.paused import say_paused
from bridge.cli.person import person

HELP = "Look at everything of a route again, or at some of it: after a filter was widened, or a mapping was mended."
EXAMPLE = "Example: fhir-dicom resend ehr-pacs Observation/1f0c --config bridge.yaml"


def resend(
    route: Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")],
    keys: Annotated[list[str] | None, typer.Argument(help="as `status` shows them; all by default")] = None,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="what was translated by earlier mappings, or an earlier bridge")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
) -> None:
    from bridge.cli.pause import known_route
    from bridge.errors import UsageError
    from bridge.ledger.ledger import Ledger
    from bridge.mapping.load import load
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    if outdated and keys:
        raise UsageError("--outdated looks for the keys by itself; leave them out, or leave it out")
    ledger = Ledger(configured.ledger, reading=True)  # beside `serve`
    if outdated:
        fhir, dicom = configured.route_stores()[configured.route_names().index(route)]
        revision = load(configured.mappings).revision
        number = ledger.operations.resend_outdated(route, fhir, dicom, revision, person())
    else:
        number = ledger.operations.resend(route, keys or [], person())
    say_paused(ledger, route)
    ledger.close()
    print(f"{number} looked at again by the next pass; what is in step stays as it is")
