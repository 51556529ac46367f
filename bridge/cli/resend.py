"""`fhir-dicom resend`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.person import person

HELP = "Look at everything of a route again, or at some of it: after a filter was widened, or a mapping was mended."
EXAMPLE = "Example: fhir-dicom resend ehr-pacs Observation/1f0c --config bridge.yaml"


def resend(
    route: Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")],
    keys: Annotated[list[str] | None, typer.Argument(help="as `status` shows them; all by default")] = None,
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
) -> None:
    from bridge.cli.pause import known_route
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import settings

    configured = settings(config)
    known_route(route, configured.route_names())
    ledger = Ledger(configured.ledger, reading=True)  # beside `serve`
    number = ledger.operations.resend(route, keys or [], person())
    ledger.close()
    print(f"{number} looked at again by the next pass; what is in step stays as it is")
