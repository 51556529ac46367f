"""`fhir-dicom backfill`"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve, known_route, say_idle
from bridge.cli.options import Config, Route
from bridge.cli.person import person

HELP = "Look again at what was changed, or examined, from one day to another."
EXAMPLE = "Example: fhir-dicom backfill ehr-pacs --from 2026-01-01 --until 2026-01-31 --config bridge.yaml"
_DAY = ["%Y-%m-%d"]


def backfill(
    route: Route,
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="first day")],
    last: Annotated[datetime, typer.Option("--until", formats=_DAY, help="last day; it is looked at, too")],
    store: Annotated[str | None, typer.Option(help="name of one of the two; both by default")] = None,
    config: Config = None,
) -> None:
    from bridge.errors import UsageError
    from bridge.settings.settings import settings
    from bridge.sync.listening.backfill import backfill as looked_at
    from bridge.sync.routes import routes_of

    configured = settings(config)
    known_route(route, configured.route_names())
    (found,) = (one for one in routes_of(configured) if one.name == route)
    stores = [one for one in (found.fhir, found.dicom) if store in (None, one.name)]
    if not stores:
        raise UsageError(f"--store: names a store of the route: {found.fhir.name} or {found.dicom.name}")
    if last < first:
        raise UsageError("--until: a day before --from")
    number = 0
    with beside_serve(configured) as ledger:
        for one in stores:
            ledger.operations.backfill(route, one.name, f"{first:%F}", f"{last:%F}", person())
            for day, owed in looked_at(found, ledger, one, first.date(), last.date()):
                number += owed
                if sys.stderr.isatty():
                    print(f"{one.name}: {day}: {owed}", file=sys.stderr)
        say_idle(ledger, configured.route_names(), route)
    print(f"{number} looked at again by the next pass; what is in step stays as it is")
