"""`fhir-dicom serve`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Keep the stores in step, pass after pass, with a status page, an API and webhooks; and translate on request."
EXAMPLE = "Example: fhir-dicom serve --config bridge.yaml --port 8000"


def serve(
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on; `serve.host` by default")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port; `serve.port` by default")] = None,
    sync: Annotated[bool, typer.Option("--sync/--no-sync", help="make passes; without, only answer")] = True,
) -> None:
    from bridge.ledger.ledger import Ledger
    from bridge.mapping.load import load
    from bridge.settings.settings import listening, settings
    from bridge.sync.routes import routes_of
    from bridge.web import logs, server
    from bridge.web.app import create_app
    from bridge.web.meters import Meters
    from bridge.web.passes import Passes

    configured = listening(settings(config), host, port)
    mapping = load(configured.mappings)
    routes = routes_of(configured)
    meters = Meters((route.name, store.name) for route in routes for store in (route.fhir, route.dicom))
    passes = None
    if sync:
        passes = Passes(
            routes,
            Ledger(configured.ledger),
            mapping,
            configured.interval,
            configured.reconcile,
            meters,
            configured.workers,
            configured.audit_heads,
        )
    app = create_app(configured, passes, meters)
    logs.configure()
    server.run(app, configured.serve)
