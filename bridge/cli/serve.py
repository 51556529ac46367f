"""`fhir-dicom serve`"""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.options import Config

HELP = "Keep the stores in step, pass after pass, with a status page, an API and webhooks; and translate on request."
EXAMPLE = "Example: fhir-dicom serve --config bridge.yaml --port 8000"


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="address to listen on; `serve.host` by default")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port; `serve.port` by default")] = None,
    sync: Annotated[bool, typer.Option("--sync/--no-sync", help="make passes; without, only answer")] = True,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="threads; `workers` by default")] = None,
) -> None:
    from bridge.settings.settings import listening, settings
    from bridge.web import logs, server
    from bridge.web.app import create_app
    from bridge.web.certificate import Certificate
    from bridge.web.crowd import Crowd
    from bridge.web.listen import listeners
    from bridge.web.passes import passes_of

    configured = listening(settings(config), host, port)
    service, crowd = configured.serve, Crowd()
    certificate = Certificate(service.tls) if service.tls is not None else None
    at = listeners(service.host, service.port, crowd)  # before the ledger is opened, and anything is synced
    passes = passes_of(configured, workers or configured.workers) if sync else None
    app = create_app(configured, passes)
    logs.configure()
    server.run(app, service, crowd, at, certificate)
